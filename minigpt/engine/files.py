"""Where the texts of the class lie, and how a file is written so that a crash loses nothing."""

import os
from pathlib import Path

from minigpt.errors import TextNotFound


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
