"""Where the texts of the class are, and how files are written so that no crash, full disk or second process damages them."""

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from minigpt.errors import FolderInUse, TextNotFound

LOCK = ".minigpt.lock"  # there only while a process saves or trains in the folder, or after one was killed


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
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")  # no two processes or threads share one
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until a file is on the disk, so that a power cut cannot lose it."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def check_room(folder: Path, needed: float) -> None:
    """Raise OSError unless so many bytes are free: HDF5 itself can crash the process on a full disk."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"{needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free")


def reason(error: BaseException) -> str:
    """Why something failed, in one line that fits into a sentence."""
    text = str(getattr(error, "strerror", None) or error).strip()
    return (text.splitlines() or [type(error).__name__])[0][:200]


@contextlib.contextmanager
def locked(folder: str | Path, doing: str, wait: float = 0.0) -> Iterator[None]:
    """Keep every other process that asks for this lock out of a folder while the block runs.

    The system releases the lock when the process ends, even by a kill. It guards only against those who ask for it too.

    Args:
        folder: made if it is not there.
        doing: what the block does, for the message, such as "saving a model".
        wait: seconds to wait for another process to finish.

    Raises:
        FolderInUse: another process holds the lock.
        OSError: the folder cannot be made or written.
    """
    path = Path(folder) / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, poll_interval=0.02)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise FolderInUse(
            f"another process is saving or training in {folder}, so {doing} there is not possible now: "
            "wait until it is done, or use another folder"
        ) from None
    try:
        yield
    finally:
        # filelock leaves the file on Linux. Deleted while it is locked, it tells whoever waits for it to take a new one.
        with contextlib.suppress(OSError):  # on Windows, where the release deletes it
            path.unlink()
        lock.release()
