"""Read the text that the model should learn from."""

import stat
from collections.abc import Iterable
from pathlib import Path

from minigpt.errors import TextError, TextNotFound

TEXT_SUFFIXES = (".txt", ".md")
OTHER_KINDS = {  # what a file of another kind begins with; UTF-32 begins like UTF-16, so it is looked for first
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP (a .docx is one)",
}


def read_text(path: str | Path | Iterable[str | Path]) -> str:
    """Read a file, several files, or all the .txt and .md files of a folder, as one text.

    Args:
        path: a path, or a list of them. The files of a folder and its subfolders are read in the order of their names.

    Returns:
        The text. Several files are joined by an empty line.

    Raises:
        TextNotFound: there is no such file, or no text in the folder.
        TextError: a file is empty, or is not UTF-8 text; the message names the file and the byte.

    Example:
        >>> from minigpt.engine.files import data_path
        >>> len(read_text(data_path()).split()) > 800
        True
    """
    paths = [path] if isinstance(path, (str, bytes, Path)) or not isinstance(path, Iterable) else list(path)
    wrong = [item for item in paths if not isinstance(item, (str, Path)) or item == ""]
    if wrong or not paths:
        shown = f"{wrong[0]!r:.60} is not a path" if wrong else "no path was given"
        raise TextNotFound(f"{shown}: give the path of a text, such as read_text('data/data.txt')")
    return "\n\n".join(_read_file(file) for item in paths for file in _text_files(Path(item)))


def _text_files(path: Path) -> list[Path]:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # a name that no file can have, such as a whole text, ends here too
        shown = str(path) if len(str(path)) < 200 else f"{str(path)[:60]}… (this looks like a text, not like its path)"
        raise TextNotFound(f"there is no file {shown}, looked for in {Path.cwd()}: check the name and the folder") from error
    if stat.S_ISREG(mode):
        return [path]
    if not stat.S_ISDIR(mode):  # reading it may never end
        raise TextError(f"{path} is a device, a pipe or a socket: save its text as a .txt file and give the path of that")
    files = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in TEXT_SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not files:
        raise TextNotFound(f"the folder {path} has no {' or '.join(TEXT_SUFFIXES)} file: put your text there as a .txt file")
    return files


def _read_file(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TextError(f"{path} cannot be read ({error.strerror}): check that you may open it") from error
    kind = next((kind for start, kind in OTHER_KINDS.items() if content.startswith(start)), None)
    if kind:
        raise TextError(f"{path} is {kind}, not UTF-8 text: save it as plain text with the encoding UTF-8")
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")  # a byte order mark is not part of the text
    except UnicodeDecodeError as error:
        raise TextError(
            f"{path} is not UTF-8 text: byte 0x{content[error.start]:02x} at position {error.start} cannot be read: "
            "open it in an editor and save it with the encoding UTF-8"
        ) from error
    if "\0" in text:
        raise TextError(f"{path} is not text: it has a zero byte at position {content.index(0)}: give a .txt file")
    if not text or text.isspace():
        raise TextError(f"{path} is empty: put some text into it")
    return text.replace("\r\n", "\n").replace("\r", "\n")
