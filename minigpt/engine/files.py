"""Where the texts of the class lie, and how a file is written so that a crash loses nothing."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from minigpt.errors import TextNotFound, TrainingError


def data_path(name: str = "data.txt") -> Path:
    """Find a file of the class, in the repository or in the installed package.

    Args:
        name: "data.txt" (the story) or "questions.txt" (the dialogue about it).

    Returns:
        The path of the file.

    Raises:
        TextNotFound: no such file comes with minigpt.

    Example:
        >>> data_path("data.txt").name
        'data.txt'
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "data", package.parent / "data"):  # the wheel carries data/ inside the package
        if (folder / name).is_file():
            return folder / name
    raise TextNotFound(f"minigpt brings no file named {name!r}: install it again, or give the path of a text of your own")


def write_atomic(path: str | Path, content: bytes) -> None:
    """Write a file under a temporary name and move it into place: readers see the old file or the new one, never half."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: str | Path, doing: str) -> Iterator[None]:
    """Keep every other process that asks for this lock out of a folder while the block runs."""
    import fcntl

    path = Path(folder) / ".minigpt.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrainingError(f"another process is saving or training in {folder}: use another folder") from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
