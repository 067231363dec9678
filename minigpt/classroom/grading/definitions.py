"""Take definitions out of a notebook (or a script) without running the rest of it: no training, no magics, no downloads.

The functions, classes, imports and assignments that the wanted names need, directly or through each other, are kept in
their order. A cell that is not Python is left out, and noted.
"""

import ast
import json
import re
import symtable
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_MAGIC = re.compile(r"^(\s*)(?:[\w, ]+=\s*)?[%!].*$|^(\s*)(?:\?.*|[\w.]+\?+\s*)$", re.MULTILINE)
_CELL_MAGIC_OF_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")


@dataclass
class Cell:
    """A piece of source."""

    source: str
    title: str  # where it is, for messages


def read_cells(path: Path) -> list[Cell]:
    """The code cells of a notebook, in order, or a module as a single cell; without magics.

    Raises:
        ValueError: a file that ends in .ipynb is not a notebook.
    """
    text = path.read_text("utf-8", errors="replace")
    if path.suffix != ".ipynb":
        return [Cell(without_magics(text), path.name)]
    try:
        sources = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is not a notebook of format 4: open it in Jupyter and save it again") from error
    return [Cell(without_magics(source), f"{path.name}, code cell {n}") for n, source in enumerate(sources, start=1)]


def without_magics(source: str) -> str:
    """The source of a cell without what only IPython understands.

    Example:
        >>> without_magics("%matplotlib inline\\n!pip install keras\\nx = 1")
        'pass\\npass\\nx = 1'
    """
    if source.startswith("%%"):
        first, _, rest = source.partition("\n")
        source = f"\n{rest}" if first.split()[0] in _CELL_MAGIC_OF_PYTHON else ""
    try:
        ast.parse(source)
    except SyntaxError:  # only then is a line that begins with % or ! not part of a longer expression
        return _MAGIC.sub(lambda match: f"{match[1] or match[2] or ''}pass", source)
    return source


def keep_definitions(cells: Sequence[Cell], wanted: Iterable[str], without: Collection[int] = ()) -> tuple[str, list[str]]:
    """Blank every line that the wanted names do not need, and the statements on the lines `without`, because they fail.

    Returns a module of as many lines as the cells have together, and notes on what is not Python.

    Example:
        >>> keep_definitions([Cell("import keras\\nx = 2\\nprint(x)\\ndef f(): return x", "cell 1")], ["f"])[0]
        '\\nx = 2\\n\\ndef f(): return x\\n'
    """
    lines, notes, statements = list[str](), list[str](), list[tuple[ast.stmt, range]]()
    for cell in cells:
        before, source = len(lines), cell.source.splitlines()
        lines += source
        try:
            body = ast.parse(cell.source).body
        except (SyntaxError, ValueError) as error:
            line, reason = getattr(error, "lineno", "?"), getattr(error, "msg", error)
            notes.append(f"{cell.title}, line {line}: left out, not Python ({reason})")
            continue
        for statement in body:
            first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
            place = range(before + first, before + (statement.end_lineno or first) + 1)
            if not set(place) & set(without):
                statements.append((statement, place))
    kept = _needed(statements, wanted)
    return "".join(f"{line if n in kept else ''}\n" for n, line in enumerate(lines, start=1)), notes


def _needed(statements: Iterable[tuple[ast.stmt, range]], wanted: Iterable[str]) -> set[int]:
    """The lines of the statements that define the wanted names, and the names that those use."""
    names, lines = set(wanted), set[int]()
    others = [(_defined(statement), _used(statement), place) for statement, place in statements]
    while found := [entry for entry in others if entry[0] & names or "*" in entry[0]]:
        others = [entry for entry in others if entry not in found]
        for _, used, place in found:
            names |= used
            lines.update(place)
    return lines


def _defined(statement: ast.stmt) -> set[str]:
    """The names that a statement defines; none for a statement that does something else, such as a training."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {alias.asname or alias.name.split(".")[0] for alias in names}
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
        case ast.If() | ast.Try():  # such as `try: from tensorflow import keras` / `except ImportError: import keras`
            allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef, ast.ClassDef, ast.Pass)
            top = [*statement.body, *statement.orelse, *(s for h in getattr(statement, "handlers", []) for s in h.body)]
            return set().union(*map(_defined, top)) if all(isinstance(s, allowed) for s in top) else set()
    return set()


def _used(statement: ast.stmt) -> set[str]:
    """The names of the module that a statement reads, when it runs or when what it defines is called."""
    names: set[str] = set()
    tables = [symtable.symtable(ast.unparse(statement), "definition", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        at_top = table.get_type() == "module"
        names |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (at_top or s.is_global())}
    return names
