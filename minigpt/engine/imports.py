"""What happens when TensorFlow and Keras are imported, by us or by a student, after `import minigpt`.

Two things that neither does by itself, without starting either before it is needed:

- `keras.models.load_model("model.h5")` knows our layer. Keras can load a custom layer only once the module that defines it was
  imported; that module imports Keras, so it is imported right behind it.
- TensorFlow's page of remarks on CUDA and oneDNN, which no setting turns off and which looks like an error, is not shown.
"""

import contextlib
import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder


def watch_imports() -> None:
    """Register our layer now if Keras is loaded, else as soon as it will be."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # remarks off, warnings on
    if "keras" in sys.modules:
        importlib.import_module("minigpt.layers")
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Hands out TensorFlow and Keras with a loader that does the two things; finds nothing else."""

    def __init__(self) -> None:
        self.awaited = {"tensorflow", "keras"}

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in self.awaited:
            return None
        self.awaited.remove(fullname)  # so that the next line asks the other finders
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module) -> None:
        module.__spec__.loader = module.__loader__ = self.loader
        with silent_stderr():
            self.loader.exec_module(module)
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
        failed = True
        try:
            yield
            failed = False
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            if failed:
                held.seek(0)
                sys.stderr.write(held.read().decode(errors="replace"))
