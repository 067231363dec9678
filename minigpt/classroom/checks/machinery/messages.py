"""How a failure is explained to a student: four labelled lines, and an exception at the student's own line."""

import contextlib
import linecache
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path

from minigpt.errors import MinigptError


class CheckFailed(MinigptError):
    """A student's object does not do what it should; the message has four labelled lines.

    Args:
        expected: what the check expected.
        got: what it got.
        mistake: the misconception that most likely explains the difference, and how to mend it.
    """

    def __init__(self, expected: str, got: str, mistake: str) -> None:
        super().__init__(expected, got, mistake)
        self.expected, self.got, self.mistake = expected, got, mistake
        self.title = self.notebook = ""  # filled in where the check is run, which knows both

    def __str__(self) -> str:
        lines = [
            f"  expected:       {_one_line(self.expected)}",
            f"  got:            {_one_line(self.got)}",
            f"  likely mistake: {_one_line(self.mistake)}",
            f"  reread:         notebook {self.notebook}",
        ]
        return "\n".join([self.title, *lines] if self.title else lines)


def _one_line(text: str) -> str:
    line = " ".join(text.split())  # what a student's code returned or raised may be long and have line breaks
    return line if len(line) <= 400 else f"{line[:400]} …"


def explain_exception(error: BaseException, what: str) -> CheckFailed:
    """Say where in the student's own code an exception was raised, and what it most often means."""
    line = student_line(error)
    got = f"{describe(error)}, at {line}" if line else describe(error)
    return CheckFailed(f"{what}, without an exception", got, likely_meaning(error))


@contextlib.contextmanager
def exception_means(mistake: str, expected: str, *kinds: type[Exception]) -> Iterator[None]:
    """Where an exception of these kinds (by default of any kind) has one likely explanation, give that one."""
    kinds = kinds or (Exception,)
    try:
        yield
    except CheckFailed:
        raise
    except kinds as error:
        raise CheckFailed(expected, describe(error), mistake) from None


def describe(error: BaseException) -> str:
    """The kind of an exception and its message, on one short line."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # Keras prints in colours
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        lines = lines[1:]  # Keras puts this line in front of the real message
    if "Error encountered:" in text:
        lines = text.split("Error encountered:")[1].strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def student_line(error: BaseException) -> str:
    """The last line of the student's own code that was running: its file or cell, its number, its text."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_students(frame.filename)]
    if not frames:
        return ""
    frame = frames[-1]
    source = (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()
    return f"{_file_or_cell(frame.filename)}, line {frame.lineno}: {source}"


def _file_or_cell(filename: str) -> str:
    if "IPython" in sys.modules:
        from IPython import get_ipython

        shell = get_ipython()
        label = shell.compile.format_code_name(filename) if shell and hasattr(shell.compile, "format_code_name") else None
        if label:
            return " ".join(label)  # such as "Cell In[3]"
    return Path(filename).name


_LIBRARIES = tuple({os.path.realpath(path) + os.sep for key, path in sysconfig.get_paths().items() if key.endswith("lib")})
_CHECKS = str(Path(__file__).resolve().parents[1]) + os.sep


def _is_students(filename: str) -> bool:
    return not filename.startswith("<frozen") and not os.path.realpath(filename).startswith((*_LIBRARIES, _CHECKS))


NO_RETURN = "a value is None: does a function have no `return`?"
_MEANINGS = (  # the kind of the exception, a pattern in its message, what it most often means
    (NotImplementedError, "", "the blank is not filled in yet: replace `raise NotImplementedError` with your code"),
    (NameError, "", "this name is not defined: run the cell that defines or imports it, or correct the spelling"),
    (SystemExit, "", "your code calls sys.exit: return a value instead"),
    (RecursionError, "", "the function calls itself without end: does it have the name of the function you meant to call?"),
    (TypeError, r"unexpected keyword argument '(\w+)'", "your definition has no argument named {0}: add it"),
    (
        TypeError,
        r"missing \d+ required",
        "your definition requires more arguments than it is given: give the extra ones defaults",
    ),
    (
        TypeError,
        r"takes .*positional argument",
        "your definition takes too few arguments: compare its first line with the notebook",
    ),
    (TypeError, r"NoneType", NO_RETURN),
    (AttributeError, r"NoneType", NO_RETURN),
    (AttributeError, r"has no attribute '(\w+)'", "this object has no {0}: define it, or correct the spelling"),
    (KeyError, "", "this key is not in the dictionary: for an unknown word, use the id of oov_token"),
    (IndexError, "", "an index is past the end: indices start at 0 and end at length - 1"),
    (ModuleNotFoundError, "", "this package is not installed"),
    (FileNotFoundError, "", "this file or folder does not exist: use the path that was given, and create the folder first"),
    (Exception, r"(?i)shape|dimension|broadcast|incompatible", "two shapes do not fit: print both just before this line"),
)


def likely_meaning(error: BaseException) -> str:
    """What an exception most often means in a student's code."""
    for kind, pattern, meaning in _MEANINGS:
        found = re.search(pattern, describe(error))
        if isinstance(error, kind) and found:
            return meaning.format(*found.groups())
    return "read the last line of the message, and print the values used in this line"
