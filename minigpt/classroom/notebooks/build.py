"""From one source, three uses: the complete notebook, the live one with blanks, and the instructor's running order.

`notebooks/source/NN_name.py` is all that is edited by hand. What a student shall write stands there between the markers
that users of nbgrader know; the live notebook has a blank in its place.
"""

import ast
import copy
import hashlib
import re
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minigpt.errors import MinigptError

# "    ### BEGIN SOLUTION: what to write", the solution, "    ### END SOLUTION"
SOLUTION = re.compile(
    r"^(?P<indent>[ ]*)### BEGIN SOLUTION: (?P<task>[^\n]+)\n(?P<lines>.*?)^[ ]*### END SOLUTION[ ]*$", re.MULTILINE | re.DOTALL
)
BLANK = "# YOUR CODE HERE (blank {number}), in place of the next line"
SHORT_LINE = 15  # a line of a solution with fewer characters, such as `return x`, may stand elsewhere too
TEXT_LINE = "TEXT = None"
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class NotebookError(MinigptError):
    """A notebook that cannot be found or built, or that does not match its source."""


@dataclass
class Blank:
    """A part that the student writes."""

    number: int  # counted through the notebook, from 1
    name: str  # what it is a part of, such as "create_dataset" or "WordTokenizer.encode"; "" outside of a definition
    message: str  # what to write
    marked: str  # the solution with its markers, as it stands in the complete notebook
    empty: str  # what stands there in the live notebook

    @property
    def solution(self) -> str:
        """The lines between the markers."""
        return "\n".join(self.marked.split("\n")[1:-1])


def notebooks_folder() -> Path:
    """Find the notebooks, in the repository or in the installed package."""
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "notebooks", package.parent / "notebooks"):  # the wheel carries them inside the package
        if (folder / "live").is_dir():
            return folder
    raise NotebookError("this installation of minigpt brings no notebooks: install it again")


def find_notebooks(folder: Path, pattern: str, numbers: list[str]) -> list[Path]:
    """The files of a folder, in the order of the class, or those with the given numbers ("03" or "3").

    Raises:
        NotebookError: there is no notebook with such a number, or none at all.
    """
    files = {path.name[:2]: path for path in sorted(folder.glob(pattern))}
    if not files:
        raise NotebookError(f"there are no notebooks in {folder}: their sources come with the repository, not with the package")
    if unknown := [number for number in numbers if number.zfill(2) not in files]:
        raise NotebookError(f"there is no notebook {', '.join(unknown)}: the numbers are {', '.join(files)}")
    return [files[number.zfill(2)] for number in numbers] if numbers else list(files.values())


def read_source(path: Path) -> Any:
    """Make the complete notebook, without outputs, of a percent-format source.

    Each cell may carry `minutes=…` and `teach="…"`; they become the running order in the metadata of the notebook.
    """
    try:
        import jupytext
    except ImportError as error:
        raise NotebookError("building notebooks needs jupytext: type python -m pip install jupytext") from error
    notebook = jupytext.reads(path.read_text("utf-8"), fmt="py:percent")
    order = []
    for number, cell in enumerate(notebook.cells, 1):
        minutes, teach = cell.metadata.pop("minutes", 0), cell.metadata.pop("teach", "")
        order.append({"cell": number, "minutes": minutes, "what": _title(cell.source), "teach": teach})
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's own note on empty lines in the source
    notebook.metadata.clear()
    notebook.metadata.update(copy.deepcopy(KERNEL))
    notebook.metadata["minigpt"] = {"minutes": sum(step["minutes"] for step in order), "running_order": order}
    set_ids(notebook)
    return notebook


def set_ids(notebook: Any) -> None:
    """Give each cell an id that follows from its content, so that the same source gives the same file."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] += 1  # the same cell twice: two ids
        cell.id = hashlib.sha256(f"{content}\n{seen[content]}".encode()).hexdigest()[:12]


def blanks_of(notebook: Any) -> list[Blank]:
    """The blanks of a complete notebook, in their order."""
    blanks: list[Blank] = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for match in SOLUTION.finditer(cell.source):
            number, indent = len(blanks) + 1, match["indent"]
            message = f"blank {number}: {match['task'].strip()}"
            empty = f"{indent}{BLANK.format(number=number)}\n{indent}raise NotImplementedError({_quoted(message)})"
            blanks.append(Blank(number, _place(cell.source[: match.start()], indent), message, match[0], empty))
    return blanks


def make_live(complete: Any) -> Any:
    """Make the live notebook: the solutions out, blanks in their place, no outputs. The cells keep their ids."""
    live = strip_outputs(complete)
    blanks = iter(blanks_of(complete))
    for cell in live.cells:
        if cell.cell_type == "code":
            cell.source = SOLUTION.sub(lambda _: next(blanks).empty, cell.source)
    return live


def fill_in(live: Any, blanks: list[Blank]) -> Any:
    """Put the solutions back into the blanks of a live notebook."""
    filled = copy.deepcopy(live)
    for blank in blanks:
        for cell in filled.cells:
            if cell.cell_type == "code":
                cell.source = cell.source.replace(blank.empty, blank.marked)
    return filled


def strip_outputs(notebook: Any) -> Any:
    """A copy without outputs: the part of a notebook that follows from its source."""
    bare = copy.deepcopy(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def with_text(notebook: Any, text: Path) -> Any:
    """A copy that reads another text: the line `TEXT = None` of its first code cell says which."""
    changed = copy.deepcopy(notebook)
    cell = next(cell for cell in changed.cells if cell.cell_type == "code")
    cell.source = cell.source.replace(TEXT_LINE, f"TEXT = {str(text)!r}", 1)
    return changed


def source_problems(complete: Any) -> list[str]:
    """What is wrong with the source of a notebook, each in a line."""
    problems = []
    code = [cell.source for cell in complete.cells if cell.cell_type == "code"]
    if not code or not code[0].startswith(TEXT_LINE):
        problems.append(f"the first code cell must begin with '{TEXT_LINE}', where a student puts the name of another text")
    said = re.search(r"about (\d+) minutes in class", complete.cells[0].source)
    minutes = complete.metadata["minigpt"]["minutes"]
    if not said or abs(int(said[1]) - minutes) > 5:
        problems.append(f"the first cell must say 'about {minutes:g} minutes in class', as its cells say together")
    for number, cell in enumerate(complete.cells, 1):
        if cell.cell_type != "code":
            continue
        problems += _syntax_problem(f"cell {number}", cell.source)
        if "SOLUTION" in SOLUTION.sub("", cell.source):
            problems.append(
                f"cell {number}: write '### BEGIN SOLUTION: what to write' and '### END SOLUTION' around a solution"
            )
        for match in SOLUTION.finditer(cell.source):
            before = cell.source[: match.start()].rstrip().rpartition("\n")[2].strip()
            if not before.startswith("#"):
                problems.append(f"cell {number}: a comment '# Hint: …' is missing before '{match['task']}'")
    return problems


def live_problems(live: Any, complete: Any) -> list[str]:
    """What is wrong with a live notebook beside its complete one, each in a line."""
    problems, blanks = [], blanks_of(complete)
    text = {line.strip() for cell in live.cells for line in cell.source.split("\n")}
    for number, cell in enumerate(live.cells, 1):
        if cell.cell_type == "code":
            problems += _syntax_problem(f"live cell {number}", cell.source)
            if cell.outputs:
                problems.append(f"live cell {number} has outputs")
    for blank in blanks:
        for line in blank.solution.split("\n"):
            if len(line.strip()) >= SHORT_LINE and not line.strip().startswith("#") and line.strip() in text:
                problems.append(f"the live notebook shows a line of the solution of blank {blank.number}: {line.strip()}")
    if fill_in(live, blanks) != strip_outputs(complete):
        problems.append("the live notebook with its blanks filled in differs from the complete one")
    return problems


def _syntax_problem(where: str, code: str) -> list[str]:
    try:
        ast.parse(code)
    except SyntaxError as error:
        return [f"{where} does not parse: {error}"]
    return []


def _place(before: str, indent: str) -> str:
    """The function, class or method in which a blank of this indentation stands, after the code before it."""
    outer = re.findall(r"^(?:def|class) (\w+)", before, re.MULTILINE)
    if not indent or not outer:
        return ""
    methods = re.findall(r"^    def (\w+)", before.rpartition(f" {outer[-1]}")[2], re.MULTILINE)
    return ".".join([outer[-1], *methods[-1:]])


def _title(source: str) -> str:
    """The first line of a cell that says something, for the running order."""
    lines = [line.strip("#* ") for line in source.split("\n") if line.strip()]
    return textwrap.shorten(lines[0], 60, placeholder=" …") if lines else ""


def _quoted(message: str) -> str:
    return '"' + message.replace("\\", "\\\\").replace('"', '\\"') + '"'
