"""Load the public names from a submission; what fails to load costs nothing else."""

import ast
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from minigpt.classroom.grading.definitions import Cell, keep_definitions, read_cells


@dataclass
class Loaded:
    """What was found in a submission: the object of each public name, and notes for whoever reads the report."""

    objects: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def load(sources: Sequence[Path], names: Sequence[str], definitions_only: bool = False) -> Loaded:
    """Load the public names of a submission; what fails to load is noted and left out.

    Where several sources define a name, the last one counts. From a notebook only the definitions are taken; with
    `definitions_only` also from a module. A package is always imported.
    """
    loaded = Loaded()
    for source in sources:
        one = _load_package(source, names) if source.is_dir() else _load_file(source, names, definitions_only)
        if again := [name for name, value in one.objects.items() if loaded.objects.get(name, value) is not value]:
            loaded.notes.append(f"{source.name} defines {', '.join(again)} again: this last definition counts")
        loaded.objects |= one.objects
        loaded.notes += one.notes
    for name, value in list(loaded.objects.items()):
        home = sys.modules.get(getattr(value, "__module__", None) or "")
        if home is not None and home.__name__.split(".")[0] == "minigpt" and getattr(home, name, None) is value:
            del loaded.objects[name]
            loaded.notes.append(f"{name} is imported from minigpt, which earns no points: write your own")
    if used := sorted(set(_taken_from_minigpt(sources)) & set(names)):
        loaded.notes.append(f"it uses minigpt's own {', '.join(used)}: check that the work is the student's")
    return loaded


def _taken_from_minigpt(sources: Sequence[Path]) -> Iterator[str]:
    """What a submission and the modules beside it take from minigpt: a function that only calls ours passes every check."""
    modules = {file for source in sources for file in source.parent.rglob("*.py")}
    for file in sorted(modules.union(source for source in sources if source.is_file())):
        try:
            texts = [cell.source for cell in read_cells(file)]
            nodes = [node for text in texts if _is_python(text) for node in ast.walk(ast.parse(text))]
        except (ValueError, OSError):
            continue
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "minigpt":
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "minigpt":
                yield node.attr


def _load_file(path: Path, names: Sequence[str], definitions_only: bool) -> Loaded:
    try:
        cells = read_cells(path)
    except ValueError as error:
        return Loaded(notes=[f"{path.name} cannot be read: {error}"])
    notes = list[str]()
    if path.suffix == ".py" and not definitions_only and _is_python(path.read_text("utf-8", errors="replace")):
        module, problem, _ = _import(path, path.stem)
        if module is not None:
            return Loaded(_find(module, names))
        notes.append(f"{path.name} does not run to its end ({problem}): its definitions were taken")
    loaded = _load_definitions(path, cells, names)
    return Loaded(loaded.objects, notes + loaded.notes)


def _find(module: ModuleType, names: Iterable[str]) -> dict[str, Any]:
    return {name: vars(module)[name] for name in names if name in vars(module)}


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _load_definitions(path: Path, cells: Sequence[Cell], names: Sequence[str]) -> Loaded:
    """Import the definitions as a module beside the original; a statement that fails is left out."""
    file, failed, problems = path.with_name(f"{path.name}.definitions.py"), set[int](), list[str]()
    while True:
        source, notes = keep_definitions(cells, names, failed)
        file.write_text(source, "utf-8")
        module, problem, line = _import(file, "submission")
        if module is not None:
            return Loaded(_find(module, names), notes + problems)
        problems.append(problem)
        if not line or line in failed:
            return Loaded({}, notes + problems)
        failed.add(line)


def _load_package(folder: Path, names: Sequence[str]) -> Loaded:
    package, problem, _ = _import(folder / "__init__.py", folder.name)
    if package is None:
        return Loaded(notes=[f"the package {folder.name} cannot be imported: {problem}"])
    loaded = Loaded()
    for name in names:
        try:
            loaded.objects[name] = getattr(package, name)
        except AttributeError:
            pass  # perhaps in a module of the package, below
        except BaseException as error:
            loaded.notes.append(f"{name} cannot be imported: {_describe(error)}")
    for file in sorted(folder.rglob("*.py")):
        text, path = file.read_text("utf-8", errors="replace"), file.relative_to(folder.parent)
        wanted = [name for name in names if name not in loaded.objects and name in text]
        if not wanted or file.name == "__main__.py":
            continue
        try:
            module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
            loaded.objects |= _find(module, wanted)
        except BaseException as error:
            loaded.notes.append(f"{path.as_posix()} cannot be imported: {_describe(error)}")
    return loaded


def _import(file: Path, name: str) -> tuple[ModuleType | None, str, int]:
    """Import a file under a name; or None, why not, and the line of the file at which it failed."""
    if getattr(sys.modules.get(name), "__file__", None) == str(file):  # another source has imported it
        return sys.modules[name], "", 0
    if name in sys.modules or not name.isidentifier():
        name = "submission"  # a student's random.py must not replace Python's own
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None  # it is a .py file
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    folder = str(file.parent.parent if file.name == "__init__.py" else file.parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # sys.exit too
        sys.modules.pop(name, None)
        lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        return None, _describe(error), lines[0] if lines else 0
    finally:
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.append(folder)  # for an import inside a function, after everything that is installed
    return module, "", 0


def _describe(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error}"  # it includes the place
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen")]
    place = f", line {frames[-1].lineno} of {Path(frames[-1].filename).name}" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
