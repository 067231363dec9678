"""minigpt notebooks: build and check the notebooks; print their solutions and running orders for the instructor."""

import argparse
import copy
import time
from collections.abc import Callable
from pathlib import Path

from minigpt.classroom.notebooks import build as notebook_build
from minigpt.classroom.notebooks import run as notebook_run
from minigpt.engine.console import say
from minigpt.engine.files import write_atomic
from minigpt.text import read_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    build = actions.add_parser("build", help="make the notebooks from notebooks/source: run them, and write all or nothing")
    check = actions.add_parser("check", help="compare the notebooks with their source, and run each one alone")
    for action in (build, check):
        action.add_argument("numbers", nargs="*", metavar="NN", help="numbers of notebooks, such as 03; by default all")
    check.add_argument("--text", type=Path, help="run them with this text instead of the story of the class")
    reveal = actions.add_parser("reveal", help="print the solutions of a notebook")
    reveal.add_argument("number", metavar="NN", help="number of the notebook, such as 03")
    reveal.add_argument("blank", nargs="?", metavar="BLANK", help="number or name of one blank, such as 2 or create_dataset")
    plan = actions.add_parser("plan", help="print the running order of a notebook: cell by cell, with minutes")
    plan.add_argument("number", metavar="NN", help="number of the notebook, such as 03")


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line says; return the exit code: 0, or 1 where a check has found something."""
    options = {name: value for name, value in vars(arguments).items() if name != "action"}
    actions: dict[str, Callable[..., int]] = {"build": build, "check": check, "reveal": reveal, "plan": plan}
    return actions[arguments.action](**options)


def build(numbers: list[str]) -> int:
    """Make and run the notebooks with these numbers (none: all), and write them all, or none."""
    folder = notebook_build.notebooks_folder()
    files: dict[Path, str] = {}
    for source in notebook_build.find_notebooks(folder / "source", "[0-9][0-9]_*.py", numbers):
        complete = notebook_build.read_source(source)
        live = notebook_build.make_live(complete)
        problems = notebook_build.source_problems(complete) + notebook_build.live_problems(live, complete)
        if not problems:
            say(f"{source.stem}: running …")
            try:
                seconds = notebook_run.run_notebook(complete)
            except notebook_build.NotebookError as error:
                raise notebook_build.NotebookError(f"{source.name}: {error}") from error
            say(f"{source.stem}: {_seconds(seconds)}")
            problems = notebook_run.output_problems(complete)
        if problems:
            raise notebook_build.NotebookError("\n  ".join([f"{source.name} cannot be built; nothing was written:", *problems]))
        for path, notebook in ((folder / f"{source.stem}.ipynb", complete), (folder / "live" / f"{source.stem}.ipynb", live)):
            files[path] = notebook_build.import_tool("nbformat").writes(notebook) + "\n"
    for path, content in files.items():
        write_atomic(path, content.encode())
    say(f"{len(files)} notebooks written")
    return 0


def check(numbers: list[str], text: Path | None = None) -> int:
    """Check the notebooks with these numbers (none: all), a line for each; return 1 if anything is wrong."""
    if text is not None:
        read_text(text)  # a file that is no text is named here, once
        text = text.resolve()
    folder = notebook_build.notebooks_folder()
    wrong, started = 0, time.perf_counter()
    for source in notebook_build.find_notebooks(folder / "source", "[0-9][0-9]_*.py", numbers):
        problems, seconds = check_notebook(folder, source, text)
        say(f"{source.stem:<24} {_seconds(seconds)}  {'WRONG' if problems else 'good'}")
        for problem in problems:
            say(f"  {problem}")
        wrong += bool(problems)
    say(f"{wrong} wrong, {time.perf_counter() - started:.0f} s")
    return 1 if wrong else 0


def check_notebook(folder: Path, source: Path, text: Path | None) -> tuple[list[str], list[float]]:
    """What is wrong with a notebook and its live version, and the seconds of the cells of the complete one."""
    complete = notebook_build.read_source(source)
    problems = notebook_build.source_problems(complete)
    paths = folder / f"{source.stem}.ipynb", folder / "live" / f"{source.stem}.ipynb"
    if missing := [path.name for path in paths if not path.is_file()]:
        return [*problems, f"{', '.join(missing)} was never built: type minigpt notebooks build {source.stem[:2]}"], []
    committed, live = map(notebook_build.read_notebook, paths)
    if notebook_build.strip_outputs(committed) != complete or live != notebook_build.make_live(complete):
        problems.append(f"differs from its source: type minigpt notebooks build {source.stem[:2]}")
    problems += notebook_run.output_problems(committed) + notebook_build.live_problems(live, committed)

    seconds: list[float] = []
    try:
        alone = notebook_build.strip_outputs(committed)
        if text:
            alone = notebook_build.with_text(alone, text)
        seconds = notebook_run.run_notebook(alone)
        problems += [problem for problem in notebook_run.output_problems(alone) if not text or "path" not in problem]
    except notebook_build.NotebookError as error:
        problems.append(str(error))
    blanks = [] if text else notebook_build.blanks_of(committed)  # it stops where it stops, whatever the text
    if blanks and (problem := notebook_run.stops_at_blank(copy.deepcopy(live), blanks[0].message)):
        problems.append(problem)
    return problems, seconds


def reveal(number: str, blank: str | None) -> int:
    """Print the solution of a blank, or of all blanks, of a notebook."""
    blanks = notebook_build.blanks_of(_read_complete(number))
    chosen = [item for item in blanks if blank in (None, str(item.number), item.name, *item.name.split("."))]
    if not chosen:
        names = ", ".join(f"{item.number}{f' ({item.name})' if item.name else ''}" for item in blanks) or "none"
        raise notebook_build.NotebookError(f"notebook {number} has no blank {blank or ''}: its blanks are {names}")
    for item in chosen:
        print(f"# {item.message}\n{item.solution}\n")  # unfolded: it is code
    return 0


def plan(number: str) -> int:
    """Print the running order of a notebook."""
    notebook = _read_complete(number)
    for step in notebook.metadata["minigpt"]["running_order"]:
        say(f"{step['minutes']:>5g} min  cell {step['cell']:>2}  {step['what']}", indent=20)
        if step["teach"]:
            say(f"{'':19}→ {step['teach']}", indent=21)
    say(f"{notebook.metadata['minigpt']['minutes']:>5g} min  together")
    return 0


def _read_complete(number: str):
    (path,) = notebook_build.find_notebooks(notebook_build.notebooks_folder(), "[0-9][0-9]_*.ipynb", [number])
    return notebook_build.read_notebook(path)


def _seconds(seconds: list[float]) -> str:
    if not seconds:
        return "not run"
    slowest = max(range(len(seconds)), key=seconds.__getitem__)
    return f"{len(seconds):>2} cells  {sum(seconds):5.1f} s (cell {slowest + 1}: {seconds[slowest]:.1f} s)"
