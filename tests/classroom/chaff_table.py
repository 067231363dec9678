"""The wheats and chaffs: solutions for testing the checks. As a program, this writes CHAFFS.md, or each chaff as a file.

A wheat is a right solution, a file in `wheats/`: it passes every check of the names that it defines. To add one, put a
file there. A chaff is a wrong one, with one misconception of a student: a section of `chaffs/NAME.toml` that changes a few
words of a right solution at the top of that file. To add one, add a section:

    [every_second]
    misconception = "The start moves by two words."
    of = "right"                                         # the solution that it changes; may be left out
    caught_by = { every_start = "moves by 2 words" }     # the check that must catch it, and words of its message
    change = [["old text, which occurs once", "new text"], …]
"""

import argparse
import ast
import importlib.util
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

INTRODUCTION = """\
# What each wrong solution is caught by

Written by `python tests/classroom/chaff_table.py`. One row for each chaff (`tests/classroom/chaffs/`), a wrong solution with
one misconception of a student: the check that must catch it, the others that it fails too, and what the student reads."""

HERE = Path(__file__).resolve().parent
TABLE = HERE / "CHAFFS.md"
WHEATS = sorted((HERE / "wheats").glob("*.py"))


@dataclass(frozen=True)
class Solution:
    """The source of one solution.

    Args:
        stage: the public name that it defines.
        name: its own name, such as "every_second".
        source: Python.
        caught_by: the check that must catch it; empty for a right solution.
        says: words of the message.
    """

    stage: str
    name: str
    source: str
    caught_by: str = ""
    says: str = ""

    def __str__(self) -> str:
        return f"{self.stage}__{self.name}"

    def write(self, folder: Path) -> Path:
        """Write it as a file that stands alone; return its path."""
        path = folder / f"{self}.py"
        path.write_text(self.source, "utf-8")
        return path


def _read_solutions() -> tuple[list[Solution], list[Solution]]:
    right, wrong = [], []
    for path in sorted((HERE / "chaffs").glob("*.toml")):
        content = tomllib.loads(path.read_text("utf-8"))
        sources = {name: source for name, source in content.items() if isinstance(source, str)}
        right += [Solution(path.stem, name, source) for name, source in sources.items()]
        wrong += [chaff(path.stem, name, sources, **content[name]) for name in sorted(content.keys() - sources.keys())]
    return right, wrong


def chaff(
    stage: str,
    name: str,
    sources: dict[str, str],
    misconception: str,
    caught_by: dict[str, str],
    change: list[tuple[str, str]],
    of: str = "right",
) -> Solution:
    """A section of a .toml file as a solution; ValueError where a change does not fit."""
    source = sources[of]
    for old, new in change:
        if source.count(old) != 1:
            raise ValueError(f"{stage}__{name}: the text to change occurs {source.count(old)} times, not once: {old!r}")
        source = source.replace(old, new)
    [(check, says)] = caught_by.items()
    docstring = f'"""{misconception} Caught by {stage}/{check}."""\n\n'
    return Solution(stage, name, docstring + source, f"{stage}/{check}", says)


RIGHT, CHAFFS = _read_solutions()


def load(path: Path) -> ModuleType:
    """Import a solution as a module of its own."""
    name = f"solution_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def student_object(module: ModuleType, name: str) -> Any:
    """What a module defines under a public name, as `run_checks` wants it; None where it defines nothing."""
    if name == "load_gpt":
        return (module.save_gpt, module.load_gpt) if hasattr(module, "load_gpt") else None
    return getattr(module, name, None) if name in defined(Path(module.__file__ or "")) else None


def defined(path: Path) -> set[str]:
    """The functions and classes that a file defines itself; what it imports is not the student's."""
    nodes = ast.parse(path.read_text("utf-8")).body
    return {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def table() -> str:
    """Run every chaff through every check of its stage; return the result as Markdown."""
    from minigpt.classroom import checks

    lines = [INTRODUCTION]
    for stage in checks.CHECKS:
        print(f"running the chaffs of {stage}")
        lines += [
            "",
            f"## {stage}",
            "",
            "Checks: " + "; ".join(f"**{_short(check.name)}** {check.what}" for check in checks.CHECKS[stage]) + ".",
            "",
            "| Chaff | Caught by | Also fails | The likely mistake, in the words of the message |",
            "|---|---|---|---|",
        ]
        for chaff in (chaff for chaff in CHAFFS if chaff.stage == stage):
            with tempfile.TemporaryDirectory() as folder:
                results = checks.run_checks(stage, student_object(load(chaff.write(Path(folder))), stage))
            failed = {result.check.name: result for result in results if result.status != "passed"}
            caught = failed.pop(chaff.caught_by, None)
            mistake = caught.failure.mistake.replace("|", "\\|") if caught and caught.failure else "NOT CAUGHT"
            others = ", ".join(map(_short, failed)) or "–"
            lines.append(f"| {chaff.name} | {_short(chaff.caught_by)} | {others} | {mistake} |")
    return "\n".join(lines) + "\n"


def _short(name: str) -> str:
    return name.split("/")[1]


def main() -> None:
    """Write CHAFFS.md (some minutes), or the chaffs as files."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", metavar="FOLDER", type=Path, help="write each chaff as a file of its own into a new folder")
    folder = parser.parse_args().write
    if folder is None:
        TABLE.write_text(table(), "utf-8")
        print(f"{TABLE.name}: {len(CHAFFS)} chaffs")
        return
    if folder.exists():
        parser.error(f"{folder} exists already: give a new folder")
    folder.mkdir(parents=True)
    for chaff in CHAFFS:
        chaff.write(folder)
    print(f"{folder}: {len(CHAFFS)} chaffs")


if __name__ == "__main__":
    main()
