"""Checks of `read_text`: the text comes back whole and unchanged."""

from collections.abc import Callable
from typing import Any

from minigpt.classroom.checks.machinery.messages import exception_means
from minigpt.classroom.checks.machinery.run import CheckFailed, check, private_path

Read = Callable[..., Any]
STORY = "The cat sat on the mat.\nDid it sleep? No!\n\nIt dreamed of fish."
FIRST_LINE = STORY.splitlines()[0]


def read(read_text: Read, content: str = STORY, as_path: bool = False) -> Any:
    """What the student's function returns for a file with this content."""
    path = private_path("story.txt")
    path.write_bytes(content.encode("utf-8"))
    return read_text(path if as_path else str(path))


def as_text(text: Any) -> str:
    """Whatever was returned as a string, so that only the check of the type fails for a wrong type."""
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    if isinstance(text, (list, tuple)):
        return " ".join(map(str, text))
    if not isinstance(text, str):
        mistake = "the function has no `return`" if text is None else "return a string"
        raise CheckFailed("a str", f"a {type(text).__name__}", mistake)
    return text


@check("read_text", "is_a_string", "the text comes back as one string")
def is_a_string(read_text: Read) -> None:
    text = read(read_text)
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
def whole(read_text: Read) -> None:
    text = as_text(read(read_text))
    count = len(STORY.split())
    lost = [word for word in STORY.lower().split() if word.strip(".?!") not in text.lower()]
    if lost:
        mistake = "part of the file is cut off"
        if "mat" in text and "dreamed" not in text:
            mistake = "only the first line is read: .readline() reads one line, .read() the whole file"
        raise CheckFailed(f"all {count} words of the file", f"without {', '.join(lost[:3])} …", mistake)
    if len(text.split()) < count:
        longest = max(text.split(), key=len)
        mistake = "the lines are joined with nothing between them, so two words become one: keep the line ends, or add a space"
        raise CheckFailed(f"{count} words", f"{len(text.split())}, among them {longest!r}", mistake)


@check("read_text", "unchanged", "capitals and punctuation are kept")
def unchanged(read_text: Read) -> None:
    text = " ".join(as_text(read(read_text)).split())
    expected = " ".join(STORY.split())
    if text.startswith(FIRST_LINE) or expected in text or text in expected:
        return
    mistake = "punctuation is removed or changed here: that is the tokenizer's job"
    if text == expected.lower():
        mistake = "the text is lower-cased here: that is the tokenizer's job"
    raise CheckFailed(repr(FIRST_LINE), repr(text[: len(FIRST_LINE)]), mistake)


@check("read_text", "utf8", "letters of every language are read as UTF-8")
def utf8(read_text: Read) -> None:
    content = "Zoë says: naïve café, „Größe“, नमस्ते"
    mistake = 'the file is read with another encoding, such as latin-1: use encoding="utf-8"'
    with exception_means(mistake, repr(content), UnicodeError):
        text = as_text(read(read_text, content))
    if all(word in text.lower() for word in ("zoë", "größe", "नमस्ते")):  # lower case has a check of its own
        return
    if len(text) < len(content):
        mistake = 'letters outside ASCII are dropped (errors="ignore" or encoding="ascii"): use encoding="utf-8"'
    raise CheckFailed(repr(content), repr(text[:40]), mistake)


@check("read_text", "path_object", "a pathlib.Path works as well as a string")
def path_object(read_text: Read) -> None:
    mistake = "the path is used as if it were a string: open(path) and pathlib.Path(path) accept both"
    with exception_means(mistake, "the text of pathlib.Path('story.txt')", TypeError, AttributeError):
        as_text(read(read_text, as_path=True))


@check("read_text", "given_path", "it reads the file that it is given")
def given_path(read_text: Read) -> None:
    first, second = (as_text(read(read_text, content)) for content in ("one sentence here", "quite another"))
    if "sentence" not in first or "another" not in second:
        mistake = "the path is hard-coded in the function: use the argument instead"
        raise CheckFailed("two texts for two files", f"{first[:30]!r} and {second[:30]!r}", mistake)


@check("read_text", "missing_file", "a file that does not exist is an error")
def missing_file(read_text: Read) -> None:
    as_text(read(read_text))  # a function that fails on every file does not pass here
    try:
        text = read_text(str(private_path("no_such_file.txt")))
    except Exception:
        return
    mistake = "the error is swallowed (try … except: return), so a wrong path goes unnoticed: let the error through"
    raise CheckFailed("an error that names the file", repr(text)[:40], mistake)
