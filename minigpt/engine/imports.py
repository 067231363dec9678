"""Keras knows a custom layer only once its module was imported, which imports Keras; and no setting turns off TensorFlow's
page of remarks at its start: so, to keep `import minigpt` light, both are seen to when Keras and TensorFlow are imported."""

import contextlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.abc import MetaPathFinder
from types import ModuleType


def watch_imports() -> None:
    """Register our layer now if Keras is loaded, else as soon as it will be."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # remarks off, warnings on
    if "keras" in sys.modules:
        importlib.import_module("minigpt.layers")
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds TensorFlow and Keras, with a loader that does a little more; finds nothing else."""

    asked = False

    def find_spec(self, fullname, path=None, target=None):
        if self.asked or fullname not in ("tensorflow", "keras"):
            return None
        self.asked = True  # so that the next line asks the other finders
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self.asked = False
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module
            spec.loader.exec_module = lambda module: _execute(module, execute)  # type: ignore[method-assign]
        return spec


def _execute(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    with silent_stderr():
        execute(module)
        if module.__name__ == "tensorflow":
            module.config.list_physical_devices()  # looks for a GPU, and remarks on that too
    if module.__name__ == "keras":
        importlib.import_module("minigpt.layers")


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, by C++ code too; show it only if the block fails."""
    try:
        saved = os.dup(2)
    except OSError:  # a process without stderr, such as pythonw
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
