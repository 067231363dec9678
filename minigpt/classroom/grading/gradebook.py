"""The marks of a class: a row for each submission in a CSV file, and the reports on each in a folder beside it.

A submission that has been marked already is marked again only if something has changed that its mark depends on.
"""

import hashlib
import json
import platform
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from minigpt.classroom.grading import reports
from minigpt.classroom.grading.marks import CheckMark, Mark, Points, mark
from minigpt.classroom.grading.outcome import Limits
from minigpt.classroom.grading.submission import SubmissionError, find_submission
from minigpt.engine.files import data_path, write_atomic

if TYPE_CHECKING:
    from minigpt.classroom.checks.machinery.run import Check

PACKAGE = Path(__file__).resolve().parents[2]


class Gradebook:
    """The marks of a class: in `marks` those of an earlier run that still hold, and those that `grade` adds.

    The rows go into the file `csv`, the reports into a folder of the same name.
    """

    def __init__(self, csv: Path, paths: Sequence[Path], checks: Sequence["Check"], points: Points, limits: Limits) -> None:
        self.csv, self.paths, self.checks, self.points, self.limits = csv, paths, checks, points, limits
        self.folder = csv.with_suffix("")
        self.folder.mkdir(parents=True, exist_ok=True)
        rules, names = rules_in_force(points, limits), {check.stage for check in checks}
        self.fingerprints = {path: fingerprint(path, rules, names) for path in paths}
        earlier = {path: earlier_mark(self._report(path), known) for path, known in self.fingerprints.items()}
        self.marks = [found for found in earlier.values() if found]
        self.unmarked = [path for path in paths if not earlier[path]]

    def grade(self, jobs: int) -> Iterator[Mark]:
        """Mark what is not marked yet, `jobs` submissions at a time; each mark is written down when it comes."""
        from minigpt.classroom.grading.runner import run_submissions

        for outcome in run_submissions(self.unmarked, self.limits, jobs, alone=True):
            result = mark(outcome, self.checks, self.points)
            self.marks.append(result)
            report = self._report(outcome.path)
            write_atomic(report.with_suffix(".txt"), reports.table(result).encode())
            write_atomic(report, reports.to_json(result, self.fingerprints[outcome.path]).encode())
            reports.write_csv(self.csv, self.marks)
            yield result
        reports.write_csv(self.csv, self.marks)

    def _report(self, path: Path) -> Path:
        return self.folder / f"{path.name}.json"


def submissions(folder: Path, csv: Path) -> list[Path]:
    """The submissions in a folder, each a file or a folder, whatever it holds.

    Raises:
        SubmissionError: there are none, or the reports would be put among them.
    """
    if not folder.is_dir():
        raise SubmissionError(f"{folder} is not a folder: with --csv give the folder that holds the submissions")
    reports_folder = csv.with_suffix("")
    if reports_folder.resolve() == folder.resolve():
        raise SubmissionError(f"the reports would be put among the submissions: give --csv another name than {csv}")
    own = {csv.resolve(), reports_folder.resolve()}
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__")) and path.resolve() not in own)
    if not paths:
        raise SubmissionError(f"the folder {folder} is empty: put the submissions into it, a file or a folder each")
    return paths


def rules_in_force(points: Points, limits: Limits) -> str:
    """Everything that a mark depends on, besides the submission: points and limits, versions, and the code of minigpt."""
    import keras
    import numpy
    import tensorflow

    code = hashlib.sha256()
    for file in [*sorted(PACKAGE.rglob("*.py")), data_path()]:
        code.update(hashlib.sha256(file.read_bytes()).digest())
    versions = (platform.python_version(), keras.__version__, numpy.__version__, tensorflow.__version__)
    return repr((points, limits, versions, code.hexdigest()))


def fingerprint(path: Path, rules: str, names: Collection[str]) -> str:
    """A hash that changes when the rules change, or a file of the submission that is graded."""
    digest = hashlib.sha256(rules.encode())
    try:
        submission = find_submission(path, names, alone=True)
        for file in submission.files:
            digest.update(repr((file.relative_to(submission.root), hashlib.sha256(file.read_bytes()).hexdigest())).encode())
    except (SubmissionError, OSError) as error:
        digest.update(repr(error).encode())
    return digest.hexdigest()


def earlier_mark(report: Path, wanted: str) -> Mark | None:
    """The mark in the report of an earlier run, if it is of the same submission under the same rules."""
    try:
        content = json.loads(report.read_text("utf-8"))
        if content.pop("fingerprint") != wanted:
            return None
        del content["stages"]
        return Mark(**{**content, "checks": [CheckMark(**check) for check in content["checks"]]})
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is damaged
        return None
