"""Reports: a table to read, JSON, Gradescope's results.json, and the CSV of a class."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from minigpt.classroom.grading.marks import Mark
from minigpt.engine.files import write_atomic

SIGNS = {"passed": "✓", "failed": "✗", "error": "!", "missing": "·", "not run": "?"}


def table(mark: Mark) -> str:
    """A report to read: the points of each stage, and what to fix."""
    stages = mark.stages()
    width = max(len(stage) for stage in stages)
    lines = [f"{mark.submission}: {mark.score:g} of {mark.max_score:g} points ({mark.seconds:.1f} s)", ""]
    for stage, (score, maximum) in stages.items():
        signs = "".join(SIGNS[check.status] for check in mark.checks if check.stage == stage)
        lines.append(f"  {stage:<{width}}  {score:6.2f} / {maximum:<6.2f} {signs}")
    lines.append(f"  {'total':<{width}}  {mark.score:6.2f} / {mark.max_score:<6.2f}")
    lines.append("  " + "   ".join(f"{sign} {status}" for status, sign in SIGNS.items()))
    for check in mark.checks:
        if check.status not in ("passed", "missing"):
            details = [f"    {line.strip()}" for line in check.message.splitlines() if line.strip()]
            lines += ["", f"{SIGNS[check.status]} {check.name}: {check.what}", *details]
    if mark.notes:
        lines += ["", "Notes", *(f"  {note}" for note in mark.notes)]
    return "\n".join(lines) + "\n"


def to_json(mark: Mark, fingerprint: str = "") -> str:
    """Everything that is known about a submission. The fingerprint shows later whether the mark still holds."""
    stages = [{"name": name, "score": score, "max_score": maximum} for name, (score, maximum) in mark.stages().items()]
    return json.dumps({**asdict(mark), "stages": stages, "fingerprint": fingerprint}, indent=1, ensure_ascii=False) + "\n"


def to_gradescope(mark: Mark) -> str:
    """The results.json of Gradescope.

    Reference: https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    missing = sorted({check.stage for check in mark.checks if check.status == "missing"})
    lines = [*mark.notes, *([f"Not found: {', '.join(missing)}"] if missing else [])]
    tests = [
        {
            "score": check.score,
            "max_score": check.max_score,
            "status": "passed" if check.status == "passed" else "failed",
            "name": f"{check.stage}: {check.what}",
            "number": str(number),
            "output": check.message,
            "tags": [check.stage, check.name],
            "visibility": check.visibility,
        }
        for number, check in enumerate(mark.checks, start=1)
    ]
    results = {
        "score": mark.score,
        "execution_time": mark.seconds,
        "output": "\n".join(lines),
        "output_format": "text",
        "test_output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return json.dumps(results, indent=1, ensure_ascii=False) + "\n"


def write_csv(path: Path, marks: Sequence[Mark]) -> None:
    """The marks of a class, a row for each submission, a column for each stage."""
    text = io.StringIO()
    stages = list(marks[0].stages()) if marks else []
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["submission", "score", "max_score", *stages, "seconds", "notes"])
    for mark in sorted(marks, key=lambda mark: mark.submission):
        scores = [score for score, _ in mark.stages().values()]
        notes = " | ".join(" ".join(note.split()) for note in mark.notes)
        writer.writerow([_plain(mark.submission), mark.score, mark.max_score, *scores, mark.seconds, _plain(notes)])
    write_atomic(path, text.getvalue().encode("utf-8-sig"))  # -sig, so that Excel reads it as UTF-8


def _plain(text: str) -> str:
    """Text that a spreadsheet does not read as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
