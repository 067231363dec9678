"""What a check is, and how checks are run: each on its own, in a private folder."""

import contextlib
import inspect
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minigpt.classroom.checks.machinery.messages import CheckFailed, explain_exception
from minigpt.engine.files import data_path

NOTEBOOKS = {
    "read_text": "01 read the data",
    "WordTokenizer": "02 tokenizer",
    "create_dataset": "03 windows",
    "PositionalEncoding": "04 positional encoding",
    "transformer_block": "05 decoder block",
    "build_gpt_model": "06 the GPT",
    "train_model": "07 training",
    "save_gpt": "08 save and look inside",
    "load_gpt": "08 save and look inside",
    "generate_text": "09 generate",
}


@dataclass(frozen=True)
class Check:
    """One thing that a student's object must do.

    Args:
        name: such as "create_dataset/shifted_by_one".
        stage: the public name that is checked.
        what: what the check establishes, as a sentence without its full stop.
        run: takes the student's object; raises CheckFailed, or whatever the student's code raises.
    """

    name: str
    stage: str
    what: str
    run: Callable[[Any], None]


@dataclass(frozen=True)
class Result:
    """The outcome of one check.

    Args:
        check: the check.
        status: "passed", "failed" (the wrong result), "error" (an exception), or "missing" (no such object).
        message: empty if passed, else the four labelled lines.
        failure: the same in parts (expected, got, mistake, notebook); None if passed.
    """

    check: Check
    status: str
    message: str = ""
    failure: CheckFailed | None = None


CHECKS: dict[str, list[Check]] = {}  # by public name, in the order of the class


def check(stage: str, name: str, what: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register a function as a check of a stage."""

    def register(function: Callable[[Any], None]) -> Callable[[Any], None]:
        CHECKS.setdefault(stage, []).append(Check(f"{stage}/{name}", stage, what, function))
        return function

    return register


def run_check(check: Check, student_object: Any) -> Result:
    """Run one check in a private folder; whatever the student's object does, this returns a Result.

    Args:
        check: the check.
        student_object: the student's function or class; None if there is none. For the checks of `load_gpt`, the pair
            (save_gpt, load_gpt).
    """
    if student_object is None or (isinstance(student_object, tuple) and None in student_object):
        missing = CheckFailed(f"a definition of {check.stage}", "none", "it is not written yet, or has another name")
        return _not_passed(check, "missing", missing)
    try:
        with _private_folder(), _quiet_and_repeatable():
            check.run(student_object)
    except CheckFailed as failure:
        return _not_passed(check, "failed", failure)
    except KeyboardInterrupt:  # from the person at the keyboard
        raise
    except BaseException as error:  # from the student's code: it may raise anything, or call sys.exit
        return _not_passed(check, "error", explain_exception(error, check.what))
    return Result(check, "passed")


def _not_passed(check: Check, status: str, failure: CheckFailed) -> Result:
    failure.notebook = NOTEBOOKS[check.stage]
    return Result(check, status, str(failure), failure)


def run_checks(name: str, student_object: Any) -> list[Result]:
    """Run every check of a public name, each on its own, so that one failure does not hide what works.

    Args:
        name: a public name, a key of `CHECKS`.
        student_object: as for `run_check`.

    Returns:
        A Result for each check, in order.

    Example:
        >>> from minigpt import create_dataset
        >>> [result.status for result in run_checks("create_dataset", create_dataset)][:2]
        ['passed', 'passed']
    """
    return [run_check(check, student_object) for check in CHECKS[name]]


def print_or_raise(name: str, student_object: Any) -> None:
    """Run every check of a name: print a line for each if all pass, else raise the first failure."""
    results = run_checks(name, student_object)
    passed = [result for result in results if result.status == "passed"]
    for result in results:
        if result.failure is not None:
            count = f"{len(passed)} of {len(results)} checks passed"
            result.failure.title = f"{name}: {count}; the first that did not: {result.check.what}"
            raise result.failure.with_traceback(None) from None
    print(f"✓ {name}: {len(passed)} checks passed")
    for result in passed:
        print(f"  - {result.check.what}")


_folder: ContextVar[Path] = ContextVar("_folder")  # of the check that is running


def private_path(*names: str) -> Path:
    """A path in the private folder of this check, even after the student's code has changed the current folder."""
    return _folder.get().joinpath(*names)


@contextlib.contextmanager
def _private_folder() -> Iterator[None]:
    """Work in a new folder that is deleted afterwards, so that no check leaves a file in the student's own.

    The class's text is at its usual relative path, data/data.txt, and imports are found where they were found before.
    """
    before = _current_folder()
    search_path = sys.path.copy()
    with tempfile.TemporaryDirectory(prefix="minigpt-check-", ignore_cleanup_errors=True) as folder:
        _folder.set(Path(folder).resolve())
        private_path("data").mkdir()
        shutil.copyfile(data_path(), private_path("data", "data.txt"))
        sys.path[:] = [os.path.join(before, entry) for entry in search_path]  # "" means the current folder
        os.chdir(private_path())
        try:
            yield
        finally:
            sys.path[:] = search_path
            with contextlib.suppress(OSError):  # the student's code may have deleted it
                os.chdir(before)


def _current_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # deleted meanwhile
        return tempfile.gettempdir()


@contextlib.contextmanager
def _quiet_and_repeatable() -> Iterator[None]:
    """The same initial weights each time, and no library warnings about the many small models built here."""
    import keras

    keras.utils.set_random_seed(7)
    loggers = [logging.getLogger("tensorflow"), logging.getLogger("absl")]
    before = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def has_argument(function: Any, name: str) -> bool:
    """Whether a function or class names this argument itself."""
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):  # Python does not know the signature of some built-in functions
        return False
