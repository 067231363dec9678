"""Keep a submission from harming what comes after it: its memory, its files, the processes that it leaves behind.

On Linux the kernel's Landlock also forbids it to write outside its folder, to open connections and to signal other
processes. macOS has neither Landlock nor a limit on memory. None of this stops an attacker.
"""

import contextlib
import ctypes
import os
import resource
import struct
import sys
import time
from collections.abc import Collection
from pathlib import Path

import psutil

LARGEST_FILE = 200_000_000  # bytes that a submission may write into one file
LINUX = sys.platform == "linux"

# From linux/prctl.h and linux/landlock.h; the numbers of the system calls are the same on every processor. They are called
# through ctypes, because neither Python nor psutil offers them.
PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 38, 36
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
CHANGES = sum(1 << bit for bit in (1, *range(4, 15)))  # write, remove, make, link, truncate
CONNECTIONS = 0b11  # bind and connect over TCP
SIGNALS = 0b10  # to processes outside
LIBC = ctypes.CDLL(None) if LINUX else None


def enter(folder: Path, memory: int) -> None:
    """Confine this process to a folder, its HOME and TMPDIR from now on, and so many bytes above what it has already."""
    os.environ.update(HOME=str(folder), TMPDIR=str(folder), TEMP=str(folder), TMP=str(folder))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    if LINUX:
        most = psutil.Process().memory_info().data + memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        _forbid_changes_outside(folder)


def landlock_version() -> int:
    """The version of Landlock that this kernel offers: 3 or later forbids writing, 6 or later also signals."""
    return LIBC.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)) if LIBC else 0


def _forbid_changes_outside(folder: Path) -> None:
    version = landlock_version()
    if LIBC is None or version < 3:
        return
    rules = struct.pack("=QQQ", CHANGES, CONNECTIONS, SIGNALS)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = LIBC.syscall(LANDLOCK_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), ctypes.c_uint32(0))
    for path, allowed in ((folder, CHANGES), (os.devnull, WRITE_FILE | TRUNCATE)):
        descriptor = os.open(path, os.O_PATH)
        rule = struct.pack("=Qi", allowed, descriptor)
        LIBC.syscall(LANDLOCK_ADD_RULE, ruleset, ctypes.c_int(1), rule, ctypes.c_uint32(0))
        os.close(descriptor)
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    LIBC.syscall(LANDLOCK_RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
    os.close(ruleset)


def adopt_orphans() -> set[int]:
    """Let orphans become children of this process, so that `kill_orphans` finds them; return the children that it has now."""
    if LIBC:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return {child.pid for child in psutil.Process().children()}


def kill_orphans(known: Collection[int], seconds: float = 2.0) -> None:
    """Kill the children of this process but for the known ones; they have left the group of the submission that made them.

    After some seconds it gives up on one that multiplies faster than it is killed.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        orphans = [child for child in psutil.Process().children() if child.pid not in known]
        if not orphans:
            return
        for orphan in orphans:  # the children of each come to us in their turn
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan.kill()
        psutil.wait_procs(orphans, timeout=1)
