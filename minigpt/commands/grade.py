"""minigpt grade: mark a submission, or the submissions of a class."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from minigpt.classroom.grading import reports
from minigpt.classroom.grading.gradebook import Gradebook, submissions
from minigpt.classroom.grading.gradescope_kit import write_kit
from minigpt.classroom.grading.marks import Mark, mark, read_points
from minigpt.classroom.grading.outcome import Limits, Outcome
from minigpt.engine.console import Bar, say
from minigpt.engine.files import write_atomic
from minigpt.errors import MinigptError

DESCRIPTION = """\
Mark a module (.py), a notebook (.ipynb), a package folder, or with --csv every submission in a folder. Each runs in a
process group of its own with limits on time and memory, and may write to its own folder only, so that accidents and cheap
tricks harm nobody else. This is no security boundary: where you expect an attack, grade in a container without
network, a virtual machine, or Gradescope's own box."""


class GradeError(MinigptError):
    """A way to call `minigpt grade` that cannot work."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="a submission; with --csv a folder of them")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write everything that is known as JSON")
    parser.add_argument("--gradescope", type=Path, metavar="OUT", help="write Gradescope's results.json")
    parser.add_argument("--csv", type=Path, metavar="OUT", help="mark a class: a row each, the reports in a folder beside it")
    parser.add_argument("-j", "--jobs", type=int, default=1, metavar="N", help="submissions at a time, about one for each core")
    parser.add_argument("--points", type=Path, metavar="TOML", help="points for each stage, instead of the ones of minigpt")
    parser.add_argument("--check-seconds", type=float, default=10, metavar="S", help="computing time for a check (default 10)")
    parser.add_argument("--total-seconds", type=float, default=120, metavar="S", help="time for a submission (default 120)")
    parser.add_argument("--memory", type=int, default=1000, metavar="MB", help="memory beside TensorFlow's (default 1000)")
    parser.add_argument("--gradescope-kit", type=Path, metavar="ZIP", help="write the autograder to upload to Gradescope")


def run(arguments: argparse.Namespace) -> int:
    if arguments.gradescope_kit:
        write_kit(arguments.gradescope_kit, arguments.points)
        say(f"{arguments.gradescope_kit} written: upload it to Gradescope as the autograder of a programming assignment")
        return 0
    if sys.platform == "win32":
        raise GradeError("grading needs Linux or macOS, to stop what hangs: on Windows use WSL, a container or Gradescope")
    if arguments.path is None:
        raise GradeError("nothing to grade: give the path of a submission, such as minigpt grade homework.ipynb")
    if not arguments.path.exists():
        raise GradeError(f"there is no file or folder {arguments.path}: check the path")
    if min(arguments.jobs, arguments.check_seconds, arguments.total_seconds, arguments.memory) <= 0:
        raise GradeError("--jobs, --check-seconds, --total-seconds and --memory must be more than 0")
    paths = submissions(arguments.path, arguments.csv) if arguments.csv else []
    for target in (arguments.json, arguments.gradescope, arguments.csv):
        if target is not None and not os.access(target.parent, os.W_OK):
            raise GradeError(f"{target} cannot be written: give a folder that is there and that you may write to")

    from minigpt.classroom.grading.worker import prepare  # only now, because TensorFlow takes its time

    checks = [check for stage_checks in prepare().values() for check in stage_checks]
    points = read_points(checks, arguments.points)
    limits = Limits(arguments.check_seconds, arguments.total_seconds, arguments.memory * 1_000_000)
    if arguments.csv:
        _grade_class(Gradebook(arguments.csv, paths, checks, points, limits), arguments.jobs)
    else:
        _grade_one(arguments, limits, lambda outcome: mark(outcome, checks, points))
    return 0


def _grade_one(arguments: argparse.Namespace, limits: Limits, to_mark: Callable[[Outcome], Mark]) -> None:
    from minigpt.classroom.grading.runner import run_submissions

    def write(outcome: Outcome) -> None:
        """After each check, so that a crash of ours leaves what was found so far, with the full maximum."""
        if arguments.json:
            write_atomic(arguments.json, reports.to_json(to_mark(outcome)).encode())
        if arguments.gradescope:
            write_atomic(arguments.gradescope, reports.to_gradescope(to_mark(outcome)).encode())

    write(Outcome(arguments.path))
    for outcome in run_submissions([arguments.path], limits, each_result=write):
        write(outcome)
        say(reports.table(to_mark(outcome)).rstrip("\n"), indent=4)


def _grade_class(book: Gradebook, jobs: int) -> None:
    marked = len(book.marks)
    if marked:
        say(f"{marked} of {len(book.paths)} are marked already, in {book.folder}")
    progress = Bar("marking", len(book.paths) - marked)
    progress.update(0)
    for result in book.grade(jobs):
        progress.say(f"{result.score:6.2f}  {result.seconds:5.1f} s  {result.submission}")
        progress.update(len(book.marks) - marked)
    mean = sum(m.score for m in book.marks) / len(book.marks)
    summary = f"{len(book.marks)} marked, {mean:.1f} points on average · {progress.seconds():.0f} s"
    progress.finish(f"{summary} · {book.csv}, reports in {book.folder}")
