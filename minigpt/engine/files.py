"""Where the texts of the class are, and how files are written so that no crash, full disk or second process damages them."""

import contextlib
import errno
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from minigpt.errors import FolderInUse, TextNotFound

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

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
    deadline = time.monotonic() + wait
    while (held := _try_lock(path)) is None:
        if time.monotonic() >= deadline:
            raise FolderInUse(
                f"another process is saving or training in {folder}, so {doing} there is not possible now: "
                "wait until it is done, or use another folder"
            )
        time.sleep(0.02)
    try:
        yield
    finally:
        if sys.platform == "win32":  # an open file cannot be deleted there, nor one that another process has opened since
            os.close(held)
            with contextlib.suppress(OSError):
                path.unlink()
        else:
            path.unlink(missing_ok=True)  # before it is released: see _try_lock
            os.close(held)


def _try_lock(path: Path) -> int | None:
    """Lock a file and return its descriptor; None while another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    held = False
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The process before us may have deleted the file between our two lines: then another file is the lock now.
        held = os.path.samestat(os.fstat(descriptor), os.stat(path))
        return descriptor if held else None
    except (BlockingIOError, PermissionError, FileNotFoundError):
        return None
    finally:
        if not held:
            os.close(descriptor)
