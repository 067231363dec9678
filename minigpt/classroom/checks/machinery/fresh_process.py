"""Run a student's `load_gpt` in a fresh process: import it from its file, or copy its source from a notebook."""

import ast
import inspect
import sys
import textwrap
import types
from pathlib import Path
from typing import Any

_PRINT_PREDICTIONS = """
def print_predictions(loaded, text, ids):
    import json, numpy, keras
    model, tokenizer = loaded
    probabilities = keras.ops.convert_to_numpy(model(numpy.array(ids, dtype="int32")))
    print()
    print(json.dumps({"ids": [int(i) for i in tokenizer.encode(text)], "probabilities": probabilities.tolist()}))
"""


def as_program(function: Any) -> str:
    """A Python program that defines `load_gpt`, whatever the function is called here, and `print_predictions`."""
    search_path = f"import sys\nsys.path[:] = {sys.path!r}\n"
    module = sys.modules.get(function.__module__)
    file = getattr(module, "__file__", None)
    if file and Path(file).is_file() and function.__module__ != "__main__":
        code = _import_by_name(function, file)
    else:
        code = "\n".join(_sources(function, {}).values()) + f"\nload_gpt = {function.__name__}\n"
    return search_path + code + _PRINT_PREDICTIONS


def _import_by_name(function: Any, file: str) -> str:
    return (
        "import importlib, importlib.util\n"
        f"name, file = {function.__module__!r}, {file!r}\n"
        "try:\n"
        "    module = importlib.import_module(name)\n"
        "    assert module.__file__ == file\n"
        "except (ImportError, AssertionError):\n"  # a file that was loaded by its path
        "    spec = importlib.util.spec_from_file_location(name, file)\n"
        "    module = sys.modules[name] = importlib.util.module_from_spec(spec)\n"
        "    spec.loader.exec_module(module)\n"
        f"load_gpt = module.{function.__qualname__}\n"
    )


def _sources(thing: Any, found: dict[str, str]) -> dict[str, str]:
    """The source of a function or class of a notebook, after that of everything it names."""
    source = textwrap.dedent(inspect.getsource(thing))
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    around = getattr(thing, "__globals__", None) or vars(sys.modules[thing.__module__])
    for name in sorted(names & around.keys() - found.keys() - {thing.__name__}):
        value = around[name]
        if isinstance(value, types.ModuleType):
            found[name] = f"import importlib\n{name} = importlib.import_module({value.__name__!r})"
        elif isinstance(value, (types.FunctionType, type)) and value.__module__ == thing.__module__:
            found[name] = ""  # so that two functions that name each other do not go on for ever
            _sources(value, found)
        elif isinstance(value, (types.FunctionType, type)):
            found[name] = f"from {value.__module__} import {value.__qualname__} as {name}"
        elif isinstance(value, (str, int, float, bool, type(None), tuple)):
            found[name] = f"{name} = {value!r}"
        elif isinstance(value, Path):
            found[name] = f"import pathlib\n{name} = pathlib.Path({str(value)!r})"
        # Anything else, such as a model that lives in the notebook, does not exist in a fresh process. That is the check.
    found.pop(thing.__name__, None)
    found[thing.__name__] = source
    return found
