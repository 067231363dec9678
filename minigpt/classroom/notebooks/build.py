"""One source for three things: the complete notebook, the live one with blanks, and the instructor's running order.

Only `notebooks/source/NN_name.py` is edited by hand. What a student should write is between the markers that users of
nbgrader know; the live notebook has a blank there.
"""

import ast
import copy
import hashlib
import importlib
import json
import re
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minigpt.engine.files import data_path
from minigpt.errors import MinigptError

# "    ### BEGIN SOLUTION: what to write", the solution, "    ### END SOLUTION"
SOLUTION = re.compile(
    r"^(?P<indent> *)### BEGIN SOLUTION: (?P<task>[^\n]+)\n(?P<code>.*?)^ *### END SOLUTION *$", re.MULTILINE | re.DOTALL
)
SHORT_LINE = 15  # a line of a solution with fewer characters, such as `return x`, may occur elsewhere too
TEXT_LINE = "TEXT = None"


class NotebookError(MinigptError):
    """A notebook that cannot be found or built, or that does not match its source."""


@dataclass
class Blank:
    """A place in a notebook where the student writes code."""

    number: int  # from 1, through the whole notebook
    name: str  # of the function or class around it, such as "create_dataset" or "WordTokenizer.encode"; "" outside
    message: str  # what to write
    solution: str  # the lines between the markers
    empty: str  # the text in the live notebook


def notebooks_folder() -> Path:
    """Find the notebooks: they are beside data/, in the repository as in the installed package."""
    folder = data_path().parent.with_name("notebooks")
    if not (folder / "live").is_dir():
        raise NotebookError(f"there is no {folder}: install minigpt again from its folder (the one with README.md)")
    return folder


def find_notebooks(folder: Path, pattern: str, numbers: list[str]) -> list[Path]:
    """The files in a folder, in the order of the class, or only those with these numbers ("03" or "3")."""
    files = {path.name[:2]: path for path in sorted(folder.glob(pattern))}
    if not files:
        raise NotebookError(f"there are no notebooks in {folder}: the sources come with the repository, not with the package")
    if unknown := [number for number in numbers if number.zfill(2) not in files]:
        raise NotebookError(f"there is no notebook {', '.join(unknown)}: the numbers are {', '.join(files)}")
    return [files[number.zfill(2)] for number in numbers] if numbers else list(files.values())


def import_tool(name: str) -> Any:
    """Import a package that only the authors of notebooks need."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        install = 'python -m pip install -e ".[dev]"  in the project\'s folder (the one with README.md)'
        raise NotebookError(f"this needs {name}, which is not installed: type  {install}") from error


def read_notebook(path: Path) -> Any:
    return import_tool("nbformat").read(path, as_version=4)


def read_source(path: Path) -> Any:
    """Make the complete notebook, without outputs, from its source in percent format.

    Each cell may have `minutes=…` and `teach="…"`; they become the running order in the metadata of the notebook.
    """
    notebook = import_tool("jupytext").reads(path.read_text("utf-8"), fmt="py:percent")
    order = []
    for number, cell in enumerate(notebook.cells, 1):
        minutes, teach = cell.metadata.pop("minutes", 0), cell.metadata.pop("teach", "")
        order.append({"cell": number, "minutes": minutes, "what": _title(cell.source), "teach": teach})
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's own note about empty lines in the source
    notebook.metadata.clear()
    notebook.metadata.update(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        minigpt={"minutes": sum(step["minutes"] for step in order), "running_order": order},
    )
    set_ids(notebook)
    return notebook


def set_ids(notebook: Any) -> None:
    """Derive the id of each cell from its content, so that the same source gives the same file."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] += 1  # the same cell twice needs two ids
        cell.id = hashlib.sha256(f"{content}\n{seen[content]}".encode()).hexdigest()[:12]


def blanks_of(notebook: Any) -> list[Blank]:
    """The blanks of a complete notebook, in order."""
    blanks: list[Blank] = []
    for _, cell in code_cells(notebook):
        for match in SOLUTION.finditer(cell.source):
            number, indent = len(blanks) + 1, match["indent"]
            message = f"blank {number}: {match['task'].strip()}"
            empty = f"{indent}# YOUR CODE HERE (blank {number}), in place of the next line\n"
            empty += f"{indent}raise NotImplementedError({json.dumps(message, ensure_ascii=False)})"
            name = _definition(cell.source[: match.start()], indent)
            blanks.append(Blank(number, name, message, match["code"].removesuffix("\n"), empty))
    return blanks


def make_live(complete: Any) -> Any:
    """Make the live notebook: blanks in place of the solutions, and no outputs. The cells keep their ids."""
    live = strip_outputs(complete)
    blanks = iter(blanks_of(complete))
    for _, cell in code_cells(live):
        cell.source = SOLUTION.sub(lambda _: next(blanks).empty, cell.source)
    return live


def strip_outputs(notebook: Any) -> Any:
    """A copy without outputs, which is what the source determines."""
    bare = copy.deepcopy(notebook)
    for _, cell in code_cells(bare):
        cell.outputs, cell.execution_count = [], None
    return bare


def with_text(notebook: Any, text: Path) -> Any:
    """A copy that reads another text, by the line `TEXT = None` in its first code cell."""
    changed = copy.deepcopy(notebook)
    first = code_cells(changed)[0][1]
    first.source = first.source.replace(TEXT_LINE, f"TEXT = {str(text)!r}", 1)
    return changed


def source_problems(complete: Any) -> list[str]:
    """What is wrong with the source of a notebook, a line for each problem."""
    problems = []
    cells = code_cells(complete)
    if not cells or not cells[0][1].source.startswith(TEXT_LINE):
        problems.append(f"the first code cell must begin with '{TEXT_LINE}', where a student can name another text")
    stated = re.search(r"about (\d+) minutes in class", complete.cells[0].source)
    minutes = complete.metadata["minigpt"]["minutes"]
    if not stated or abs(int(stated[1]) - minutes) > 5:
        problems.append(f"the first cell must say 'about {minutes:g} minutes in class', the sum of the cells' minutes")
    for number, cell in cells:
        problems += _syntax_problem(f"cell {number}", cell.source)
        if "SOLUTION" in SOLUTION.sub("", cell.source):
            markers = "'### BEGIN SOLUTION: what to write' and '### END SOLUTION'"
            problems.append(f"cell {number}: a solution is not between {markers}")
        for match in SOLUTION.finditer(cell.source):
            before = cell.source[: match.start()].rstrip().rpartition("\n")[2].strip()
            if not before.startswith("#"):
                problems.append(f"cell {number}: a comment '# Hint: …' is missing before '{match['task']}'")
    return problems


def live_problems(live: Any, complete: Any) -> list[str]:
    """What is wrong with a live notebook, compared with the complete one, a line for each problem."""
    problems = [problem for number, cell in code_cells(live) for problem in _syntax_problem(f"live cell {number}", cell.source)]
    shown = {line.strip() for cell in live.cells for line in cell.source.split("\n")}
    for blank in blanks_of(complete):
        for line in map(str.strip, blank.solution.split("\n")):
            if len(line) >= SHORT_LINE and not line.startswith("#") and line in shown:
                problems.append(f"the live notebook shows a line of the solution of blank {blank.number}: {line}")
    if live != make_live(complete):
        problems.append("the live notebook differs from the complete one with blanks")
    return problems


def code_cells(notebook: Any) -> list[tuple[int, Any]]:
    """The code cells, each with its number in the notebook, from 1."""
    return [(number, cell) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]


def _syntax_problem(where: str, code: str) -> list[str]:
    try:
        ast.parse(code)
    except SyntaxError as error:
        return [f"{where} does not parse: {error}"]
    return []


def _definition(before: str, indent: str) -> str:
    """The function, class or method that a blank of this indentation is in, given the code before it."""
    outer = re.findall(r"^(?:def|class) (\w+)", before, re.MULTILINE)
    if not indent or not outer:
        return ""
    methods = re.findall(r"^    def (\w+)", before.rpartition(f" {outer[-1]}")[2], re.MULTILINE)
    return ".".join([outer[-1], *methods[-1:]])


def _title(source: str) -> str:
    """The first line of a cell that is not empty, for the running order."""
    lines = [line.strip("#* ") for line in source.split("\n") if line.strip()]
    return textwrap.shorten(lines[0], 60, placeholder=" …") if lines else ""
