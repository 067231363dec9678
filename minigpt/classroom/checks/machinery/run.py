"""What a check is, and how checks are run."""

import contextlib
import inspect
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from minigpt.classroom.checks.machinery.messages import CheckFailed, explain

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
    """One thing that a learner's object must do.

    Args:
        name: such as "create_dataset/shifted_by_one".
        stage: the public name that is checked.
        what: what the check establishes, as a sentence without its full stop.
        run: takes the learner's object; raises CheckFailed, or whatever the learner's code raises.
    """

    name: str
    stage: str
    what: str
    run: Callable[[Any], None]


@dataclass(frozen=True)
class Result:
    """How one check came out.

    Args:
        check: the check.
        status: "passed", "failed" (another result than expected), "error" (an exception), or "missing" (no such object).
        message: empty if passed, else the four labelled lines.
        failure: the same in parts: expected, came, mistake, reread; None if passed.
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


def run_check(one: Check, learner_object: Any) -> Result:
    """Run one check; whatever the learner's object does, this returns a Result.

    Args:
        one: the check.
        learner_object: the learner's function or class; None if there is none. For the checks of `load_gpt`, the pair
            (save_gpt, load_gpt).
    """
    notebook = NOTEBOOKS[one.stage]
    if learner_object is None or (isinstance(learner_object, tuple) and None in learner_object):
        missing = CheckFailed(f"a definition of {one.stage}", "none", "it is not written yet, or has another name", notebook)
        return Result(one, "missing", str(missing), missing)
    try:
        with _quiet_and_repeatable():
            one.run(learner_object)
    except CheckFailed as failure:
        told = failure.told("", notebook)
        return Result(one, "failed", str(told), told)
    except KeyboardInterrupt:  # the person at the keyboard
        raise
    except BaseException as error:  # of the learner's code: it may raise anything, or call sys.exit
        told = explain(error, one.what).told("", notebook)
        return Result(one, "error", str(told), told)
    return Result(one, "passed")


def run_checks(name: str, learner_object: Any) -> list[Result]:
    """Run every check of a public name, each on its own, so that one failure does not hide what works.

    Args:
        name: a public name, a key of `CHECKS`.
        learner_object: as for `run_check`.

    Returns:
        A Result for each check, in order.

    Example:
        >>> from minigpt import create_dataset
        >>> [result.status for result in run_checks("create_dataset", create_dataset)][:2]
        ['passed', 'passed']
    """
    return [run_check(one, learner_object) for one in CHECKS[name]]


def report(name: str, learner_object: Any) -> None:
    """Run every check of a name: print a line if all pass, else raise the first failure as CheckFailed."""
    results = run_checks(name, learner_object)
    passed = [result for result in results if result.status == "passed"]
    for result in results:
        if result.failure is not None:
            title = f"{name}: {len(passed)} of {len(results)} checks passed; the first that did not: {result.check.what}"
            raise result.failure.told(title, NOTEBOOKS[name]) from None
    print(f"✓ {name}: {len(passed)} checks passed")
    for result in passed:
        print(f"  - {result.check.what}")


@contextlib.contextmanager
def _quiet_and_repeatable() -> Iterator[None]:
    """The same first weights each time, and no remarks of libraries on the many small models that are built here."""
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


def accepts(function: Any, name: str) -> bool:
    """Whether a function or class names this argument itself."""
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):  # of some built-in functions Python does not know
        return False
