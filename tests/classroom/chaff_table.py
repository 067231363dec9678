"""The wheats and chaffs, and what the checks say of them. Run as a program, it writes CHAFFS.md (some minutes).

A wheat is a right solution, and passes every check of the names that it defines. A chaff is a wrong one, with one
misconception of a student: its CAUGHT_BY names the check that must catch it, its SAYS words of the message.
"""

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from minigpt.engine.files import write_atomic

HERE = Path(__file__).resolve().parent
TABLE = HERE / "CHAFFS.md"


def specimens(kind: str) -> list[Path]:
    """The files of the wheats or of the chaffs, in the order of their names."""
    return sorted((HERE / kind).glob("*.py"))


def load(path: Path) -> ModuleType:
    """Import a specimen as a module of its own."""
    name = f"specimen_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def learner_object(module: ModuleType, name: str) -> Any:
    """What a module defines under a public name, as `run_checks` wants it; None where it defines nothing."""
    if name == "load_gpt":
        return (module.save_gpt, module.load_gpt) if hasattr(module, "load_gpt") else None
    return getattr(module, name, None) if name in defined(Path(module.__file__ or "")) else None


def defined(path: Path) -> set[str]:
    """The functions and classes that a file defines itself; what it imports is not the learner's."""
    nodes = ast.parse(path.read_text("utf-8")).body
    return {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def stage_of(path: Path) -> str:
    """The public name that a chaff gets wrong: the first part of its file name."""
    return path.stem.split("__")[0]


def table() -> str:
    """Run every chaff through every check of its stage; return the result as Markdown."""
    from minigpt.classroom import checks
    from minigpt.engine.console import track

    lines = [
        "# What each wrong solution is caught by",
        "",
        "Written by `python tests/classroom/chaff_table.py`. One row for each chaff, a wrong solution with one",
        "misconception of a student: the check that must catch it, the others that it fails too, and what the student reads.",
    ]
    for stage in checks.CHECKS:
        chaffs = [path for path in specimens("chaffs") if stage_of(path) == stage]
        lines += [
            "",
            f"## {stage}",
            "",
            "Checks: " + "; ".join(f"**{_short(one.name)}** {one.what}" for one in checks.CHECKS[stage]) + ".",
        ]
        if chaffs:
            lines += [
                "",
                "| Chaff | Caught by | Also fails | The likely mistake, in the words of the message |",
                "|---|---|---|---|",
            ]
        for path in track(chaffs, stage):
            module = load(path)
            failed = [result for result in checks.run_checks(stage, learner_object(module, stage)) if result.status != "passed"]
            caught = next((result for result in failed if result.check.name == module.CAUGHT_BY), None)
            mistake = caught.failure.mistake.replace("|", "\\|") if caught and caught.failure else "NOT CAUGHT"
            others = ", ".join(_short(result.check.name) for result in failed if result is not caught)
            lines.append(f"| {path.stem.split('__')[1]} | {_short(module.CAUGHT_BY)} | {others or '–'} | {mistake} |")
    return "\n".join(lines) + "\n"


def _short(name: str) -> str:
    return name.split("/")[1]


if __name__ == "__main__":
    write_atomic(TABLE, table().encode())
    print(f"written: {TABLE.name}, {len(specimens('chaffs'))} chaffs")
