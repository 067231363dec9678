"""`minigpt notebooks`: build and check the notebooks; for the instructor, the solutions and the running order."""

import argparse
import copy
import sys
import time
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line of `minigpt notebooks`."""
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
    if arguments.action == "build":
        return build(arguments.numbers)
    if arguments.action == "check":
        return check(arguments.numbers, arguments.text)
    if arguments.action == "reveal":
        return reveal(arguments.number, arguments.blank)
    return plan(arguments.number)


def build(numbers: list[str]) -> int:
    """Make and run the notebooks with these numbers (none: all), and write them all, or none."""
    from minigpt.classroom.notebooks.build import (
        NotebookError,
        find_notebooks,
        import_tool,
        live_problems,
        make_live,
        notebooks_folder,
        read_source,
        source_problems,
    )
    from minigpt.classroom.notebooks.run import output_problems, run_notebook
    from minigpt.engine.files import write_atomic

    folder = notebooks_folder()
    files: dict[Path, str] = {}
    for source in find_notebooks(folder / "source", "[0-9][0-9]_*.py", numbers):
        complete = read_source(source)
        live = make_live(complete)
        problems = source_problems(complete) + live_problems(live, complete)
        if not problems:
            _print(f"{source.stem}: running …")
            try:
                seconds = run_notebook(complete)
            except NotebookError as error:
                raise NotebookError(f"{source.name}: {error}") from error
            _print(f"{source.stem}: {_seconds(seconds)}")
            problems = output_problems(complete)
        if problems:
            raise NotebookError("\n  ".join([f"{source.name} cannot be built; nothing was written:", *problems]))
        for path, notebook in ((folder / f"{source.stem}.ipynb", complete), (folder / "live" / f"{source.stem}.ipynb", live)):
            files[path] = import_tool("nbformat").writes(notebook) + "\n"
    for path, content in files.items():
        write_atomic(path, content.encode())
    _print(f"{len(files)} notebooks written")
    return 0


def check(numbers: list[str], text: Path | None = None) -> int:
    """Check the notebooks with these numbers (none: all), a line for each; return 1 if anything is wrong."""
    from minigpt.classroom.notebooks.build import find_notebooks, notebooks_folder
    from minigpt.text import read_text

    if text is not None:
        read_text(text)  # a file that is no text is named here, and not in ten notebooks
        text = text.resolve()
    folder = notebooks_folder()
    wrong, started = 0, time.perf_counter()
    for source in find_notebooks(folder / "source", "[0-9][0-9]_*.py", numbers):
        problems, seconds = check_notebook(folder, source, text)
        _print(f"{source.stem:<24} {_seconds(seconds)}  {'WRONG' if problems else 'good'}")
        for problem in problems:
            _print(f"  {problem}")
        wrong += bool(problems)
    _print(f"{wrong} wrong, {time.perf_counter() - started:.0f} s")
    return 1 if wrong else 0


def check_notebook(folder: Path, source: Path, text: Path | None) -> tuple[list[str], list[float]]:
    """What is wrong with a notebook and its live version, and the seconds of the cells of the complete one."""
    from minigpt.classroom.notebooks.build import (
        NotebookError,
        blanks_of,
        live_problems,
        make_live,
        read_notebook,
        read_source,
        source_problems,
        strip_outputs,
        with_text,
    )
    from minigpt.classroom.notebooks.run import output_problems, run_notebook, stops_at_blank

    complete = read_source(source)
    problems = source_problems(complete)
    paths = folder / f"{source.stem}.ipynb", folder / "live" / f"{source.stem}.ipynb"
    if missing := [path.name for path in paths if not path.is_file()]:
        return [*problems, f"{', '.join(missing)} was never built: type minigpt notebooks build {source.stem[:2]}"], []
    committed, live = map(read_notebook, paths)
    if strip_outputs(committed) != complete or live != make_live(complete):
        problems.append(f"differs from its source: type minigpt notebooks build {source.stem[:2]}")
    problems += output_problems(committed) + live_problems(live, committed)

    seconds: list[float] = []
    try:
        alone = with_text(strip_outputs(committed), text) if text else strip_outputs(committed)
        seconds = run_notebook(alone)
        problems += [problem for problem in output_problems(alone) if not text or "path" not in problem]
    except NotebookError as error:
        problems.append(str(error))
    blanks = [] if text else blanks_of(committed)  # it stops where it stops, whatever the text
    if blanks and (problem := stops_at_blank(copy.deepcopy(live), blanks[0].message)):
        problems.append(problem)
    return problems, seconds


def reveal(number: str, blank: str | None) -> int:
    """Print the solution of a blank, or of all blanks, of a notebook."""
    from minigpt.classroom.notebooks.build import NotebookError, blanks_of

    blanks = blanks_of(_read_complete(number))
    chosen = [item for item in blanks if blank in (None, str(item.number), item.name, *item.name.split("."))]
    if not chosen:
        names = ", ".join(f"{item.number}{f' ({item.name})' if item.name else ''}" for item in blanks) or "none"
        raise NotebookError(f"notebook {number} has no blank {blank or ''}: its blanks are {names}")
    for item in chosen:
        print(f"# {item.message}\n{item.solution}\n")
    return 0


def plan(number: str) -> int:
    """Print the running order of a notebook."""
    notebook = _read_complete(number)
    for step in notebook.metadata["minigpt"]["running_order"]:
        print(f"{step['minutes']:>5g} min  cell {step['cell']:>2}  {step['what']}")
        if step["teach"]:
            print(f"{'':19}→ {step['teach']}")
    print(f"{notebook.metadata['minigpt']['minutes']:>5g} min  together")
    return 0


def _read_complete(number: str):
    from minigpt.classroom.notebooks.build import find_notebooks, notebooks_folder, read_notebook

    (path,) = find_notebooks(notebooks_folder(), "[0-9][0-9]_*.ipynb", [number])
    return read_notebook(path)


def _seconds(seconds: list[float]) -> str:
    if not seconds:
        return "not run"
    slowest = max(range(len(seconds)), key=seconds.__getitem__)
    return f"{len(seconds):>2} cells  {sum(seconds):5.1f} s (cell {slowest + 1}: {seconds[slowest]:.1f} s)"


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    from minigpt.errors import MinigptError

    parser = argparse.ArgumentParser(prog="minigpt notebooks", description=__doc__)
    add_arguments(parser)
    try:
        sys.exit(run(parser.parse_args()))
    except MinigptError as error:
        sys.exit(f"{error}")
