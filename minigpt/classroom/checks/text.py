"""Checks of `read_text`: the text comes back whole and unchanged."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minigpt.classroom.checks.machinery.messages import said_by
from minigpt.classroom.checks.machinery.run import CheckFailed, check

STORY = "The cat sat on the mat.\nDid it sleep? No!\n\nIt dreamed of fish."


def read(read_text: Callable[..., Any], content: str, as_path: bool = True) -> Any:
    """What the learner's function makes of a file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "story.txt"
        path.write_bytes(content.encode("utf-8"))
        return read_text(path if as_path else str(path))


@check("read_text", "is_a_string", "the text comes back as one string")
def is_a_string(read_text: Callable[..., Any]) -> None:
    text = read(read_text, STORY, as_path=False)
    if isinstance(text, str):
        return
    mistake = "open the file as text, and return what .read() gives"
    if text is None:
        mistake = "the function has no `return`"
    elif isinstance(text, bytes):
        mistake = 'the file is opened as bytes ("rb"): open it as text, with encoding="utf-8"'
    elif isinstance(text, list):
        mistake = "a list of lines or words is returned: .read() gives one string, .readlines() and .split() a list"
    raise CheckFailed("a str", f"a {type(text).__name__}", mistake)


@check("read_text", "whole", "every line of the file is in it")
def whole(read_text: Callable[..., Any]) -> None:
    text = _as_text(read(read_text, STORY, as_path=False))
    lost = [word for word in STORY.lower().split() if word.strip(".?!") not in text.lower()]
    if lost:
        only_first = "mat" in text and "dreamed" not in text
        mistake = (
            "only the first line is read: .readline() reads one line, .read() all of them"
            if only_first
            else "a part of the file is cut off"
        )
        raise CheckFailed(f"all {len(STORY.split())} words of the file", f"{', '.join(lost[:3])} … are not there", mistake)
    if len(text.split()) < len(STORY.split()):
        raise CheckFailed(
            f"{len(STORY.split())} words",
            f"{len(text.split())}, among them {_longest(text)!r}",
            "the lines are joined with nothing between them, so that two words become one: keep the line ends, or put a space",
        )


@check("read_text", "unchanged", "capitals and punctuation are kept")
def unchanged(read_text: Callable[..., Any]) -> None:
    text = " ".join(_as_text(read(read_text, STORY, as_path=False)).split())
    expected = " ".join(STORY.split())
    if text.startswith(expected[:23]) or expected in text or text in expected:
        return
    if text == expected.lower():
        raise CheckFailed(f"{expected[:23]!r}", f"{text[:23]!r}", "the text is lower-cased here: that is the tokenizer's work")
    raise CheckFailed(
        f"{expected[:23]!r}", f"{text[:23]!r}", "punctuation is removed or changed here: that is the tokenizer's work"
    )


@check("read_text", "utf8", "letters of every language are read as UTF-8")
def utf8(read_text: Callable[..., Any]) -> None:
    content = "Zoë says: naïve café, „Größe“, नमस्ते"
    try:
        text = _as_text(read(read_text, content, as_path=False))
    except UnicodeError as error:
        raise CheckFailed(
            repr(content), type(error).__name__, 'the file is read with another encoding: use encoding="utf-8"'
        ) from None
    if all(word in text.lower() for word in ("zoë", "größe", "नमस्ते")):  # lower case has a check of its own
        return
    mistake = 'the file is read with another encoding, such as latin-1: use encoding="utf-8"'
    if len(text) < len(content):
        mistake = 'letters outside ASCII are thrown away (errors="ignore" or encoding="ascii"): use encoding="utf-8"'
    raise CheckFailed(repr(content), repr(text[:40]), mistake)


@check("read_text", "path_object", "a pathlib.Path works as well as a string")
def path_object(read_text: Callable[..., Any]) -> None:
    try:
        _as_text(read(read_text, STORY, as_path=True))
    except (TypeError, AttributeError) as error:
        mistake = "the path is used as if it were a string: open(path) and pathlib.Path(path) take both"
        raise CheckFailed("the text of pathlib.Path('story.txt')", said_by(error), mistake) from None


@check("read_text", "given_path", "it reads the file that it is given")
def given_path(read_text: Callable[..., Any]) -> None:
    first, second = (_as_text(read(read_text, content, as_path=False)) for content in ("one sentence here", "quite another"))
    if "sentence" not in first or "another" not in second:
        raise CheckFailed(
            "two texts for two files",
            f"{first[:30]!r} and {second[:30]!r}",
            "the path in the function is fixed: use the argument instead of a path of your own",
        )


@check("read_text", "missing_file", "a file that is not there is an error")
def missing_file(read_text: Callable[..., Any]) -> None:
    _as_text(read(read_text, STORY, as_path=False))  # what fails on every file does not pass here
    with tempfile.TemporaryDirectory() as folder:
        try:
            text = read_text(str(Path(folder) / "no_such_file.txt"))
        except Exception:
            return
    raise CheckFailed(
        "an error that names the file",
        repr(text)[:40],
        "the error is swallowed (try … except: return), so a wrong path goes unnoticed until much later: let the error come",
    )


def _as_text(text: Any) -> str:
    """As a string whatever came, so that the check of the type is the only one that a wrong type costs."""
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    if isinstance(text, (list, tuple)):
        return " ".join(map(str, text))
    if not isinstance(text, str):
        raise CheckFailed(
            "a str", f"a {type(text).__name__}", "the function has no `return`" if text is None else "return a string"
        )
    return text


def _longest(text: str) -> str:
    return max(text.split(), key=len, default="")
