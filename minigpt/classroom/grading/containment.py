"""Keep a submission from harming what comes after it: its memory, its files, the processes it leaves behind.

On Linux the kernel's Landlock also forbids it to write outside its folder, to open connections and to signal other
processes. On macOS there is no such thing, and no limit of memory. Neither makes a wall against an attacker.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Collection
from pathlib import Path

LARGEST_FILE = 200_000_000  # bytes that a submission may write into one file
LINUX = sys.platform == "linux"

# From linux/prctl.h and linux/landlock.h; the numbers of the system calls are the same on every processor.
PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 38, 36
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
CHANGES = sum(1 << bit for bit in (1, *range(4, 15)))  # write, remove, make, link, truncate
CONNECTIONS = 0b11  # bind and connect over TCP
SIGNALS = 0b10  # to processes outside


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def enter(folder: Path, memory: int) -> None:
    """Confine this process: a group of its own, its folder for a home, limits.

    Args:
        folder: where it may write; its cwd, HOME and TMPDIR from now on.
        memory: bytes it may take, above what it has already.
    """
    os.chdir(folder)
    os.environ.update(HOME=str(folder), TMPDIR=str(folder), TEMP=str(folder), TMP=str(folder))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    if LINUX:
        status = Path("/proc/self/status").read_text()
        taken = int(status.split("VmData:")[1].split()[0]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (taken + memory, taken + memory))
        _forbid_changes_outside(folder)


def _forbid_changes_outside(folder: Path) -> None:
    libc = ctypes.CDLL(None)
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 3:  # an older kernel, or one without it
        return
    rules = _Ruleset(CHANGES, CONNECTIONS if version >= 4 else 0, SIGNALS if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    for path, allowed in ((str(folder), CHANGES), (os.devnull, WRITE_FILE | TRUNCATE)):
        rule = _PathRule(allowed, os.open(path, os.O_PATH))
        libc.syscall(LANDLOCK_ADD_RULE, ruleset, ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint32(0))
        os.close(rule.folder)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
    os.close(ruleset)


def adopt_orphans() -> set[int]:
    """Let processes whose parent has ended become children of this one, so that `kill_orphans` finds them.

    Returns:
        The children that this process has already, which are none of them.
    """
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return set(_children())


def processor_seconds(pid: int) -> float:
    """How long a process has computed so far, on all its threads; 0 where that cannot be told."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def kill_group(leader: int) -> int:
    """Kill a child of ours with its process group, and return its exit status."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(leader, signal.SIGKILL)
    return os.waitpid(leader, 0)[1]


def kill_orphans(known: Collection[int], seconds: float = 2.0) -> int:
    """Kill the children of this process that it did not start; they have left the group of the submission that did.

    Args:
        known: the children that we have started.
        seconds: when to give up on one that multiplies faster than it is killed.

    Returns:
        How many there were.
    """
    killed, deadline = 0, time.monotonic() + seconds
    while (orphans := [pid for pid in _children() if pid not in known]) and time.monotonic() < deadline:
        for pid in orphans:  # the children of each come to us in their turn
            os.kill(pid, signal.SIGKILL)
        for pid in orphans:
            os.waitpid(pid, 0)
        killed += len(orphans)
    return killed


def _children() -> list[int]:
    if not LINUX:
        return []
    me, children = str(os.getpid()), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it may end while we look
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[1] == me:
                    children.append(int(entry.name))
    return children
