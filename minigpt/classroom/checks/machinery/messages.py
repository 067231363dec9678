"""How a failure is told to a student: four labelled lines, and a learner's exception at the learner's own line."""

import linecache
import os
import re
import sys
import sysconfig
import traceback
from pathlib import Path

from minigpt.errors import MinigptError


class CheckFailed(MinigptError):
    """A learner's object does not do what it should; the message has four labelled lines.

    Args:
        expected: what should have come.
        came: what came.
        mistake: the misconception that explains it, in words.
        reread: the notebook that explains it; by default the one of the stage.
    """

    def __init__(self, expected: str, came: str, mistake: str, reread: str = "", title: str = "") -> None:
        self.expected, self.came, self.mistake, self.reread, self.title = expected, came, mistake, reread, title
        super().__init__(self._message())

    def _message(self) -> str:
        lines = [
            f"  expected:       {_one_line(self.expected)}",
            f"  what came:      {_one_line(self.came)}",
            f"  likely mistake: {_one_line(self.mistake)}",
            f"  reread:         notebook {self.reread}",
        ]
        return "\n".join([self.title, *lines] if self.title else lines)

    def told(self, title: str, reread: str) -> "CheckFailed":
        """The same with a title, and with the notebook to reread."""
        return type(self)(self.expected, self.came, self.mistake, self.reread or reread, title)


def _one_line(text: str) -> str:
    line = " ".join(text.split())  # what a learner's code returned or raised may have any length and line breaks
    return line if len(line) <= 400 else f"{line[:400]} …"


def explain(error: BaseException, what: str) -> CheckFailed:
    """Tell a learner's exception at the learner's own line, with its likely meaning."""
    place = learner_line(error)
    return CheckFailed(
        f"{what}; and no exception", f"{said_by(error)}{f', at {place}' if place else ''}", likely_meaning(error)
    )


def said_by(error: BaseException) -> str:
    """The kind of an exception and what it says, on one short line."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # Keras prints in colours
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        lines = lines[1:]  # Keras puts this line in front of the real message
    if "Error encountered:" in text:
        lines = text.split("Error encountered:")[1].strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def learner_line(error: BaseException) -> str:
    """Where the learner's own code stood when it failed: the cell or file, the line and its text."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_learners(frame.filename)]
    if not frames:
        return ""
    frame = frames[-1]
    source = (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()
    return f"{place_name(frame.filename)}, line {frame.lineno}: {source}"


def place_name(filename: str) -> str:
    """The name of a file without its folder; for a notebook cell, its number."""
    if "IPython" in sys.modules:
        from IPython import get_ipython

        shell = get_ipython()
        label = shell.compile.format_code_name(filename) if shell and hasattr(shell.compile, "format_code_name") else None
        if label:
            return " ".join(label)
    return Path(filename).name


_LIBRARIES = tuple(
    {
        os.path.realpath(path) + os.sep
        for key, path in sysconfig.get_paths().items()
        if key in ("stdlib", "platstdlib", "purelib", "platlib")
    }
)
_OURS = str(Path(__file__).resolve().parents[1]) + os.sep


def _is_learners(filename: str) -> bool:
    real = os.path.realpath(filename)
    return not filename.startswith("<frozen") and not real.startswith((*_LIBRARIES, _OURS))


_MEANINGS = (
    (NotImplementedError, "", "the blank is not filled yet: write your code in place of `raise NotImplementedError`"),
    (NameError, "", "a name is used that is not defined: run the cell that defines or imports it, or mend its spelling"),
    (SystemExit, "", "your code calls sys.exit: return a value instead"),
    (RecursionError, "", "the function calls itself without end: has it the name of the function that you meant to call?"),
    (TypeError, r"unexpected keyword argument '(\w+)'", "your definition has no argument named {0}: add it"),
    (
        TypeError,
        r"missing \d+ required",
        "your definition asks for more arguments than the contract has: give the extra ones a default",
    ),
    (
        TypeError,
        r"takes .*positional argument",
        "your definition takes fewer arguments than the contract has: compare its first line",
    ),
    (TypeError, r"NoneType", "a value is None: has a function no `return`?"),
    (AttributeError, r"NoneType", "a value is None: has a function no `return`?"),
    (AttributeError, r"has no attribute '(\w+)'", "there is no {0} on this object: define it, or mend its spelling"),
    (KeyError, "", "a key is looked up that is not there: for an unknown word, use the id of oov_token"),
    (IndexError, "", "an index is past the end: count from 0, and look at the length"),
    (ModuleNotFoundError, "", "a package is imported that is not installed"),
    (FileNotFoundError, "", "a file or folder is not there: use the path that was given, and make the folder first"),
    (
        Exception,
        r"(?i)shape|dimension|broadcast|incompatible",
        "two shapes do not fit: print the shapes of both just before this line",
    ),
)


def likely_meaning(error: BaseException) -> str:
    """Say in words what an exception most often means in a student's code."""
    for kind, pattern, meaning in _MEANINGS:
        found = re.search(pattern, said_by(error))
        if isinstance(error, kind) and found:
            return meaning.format(*found.groups())
    return "read the last line of the message, and print the values that this line uses"
