"""The parent's end of a child process: its messages, what it prints, its time, its end."""

import contextlib
import json
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from typing import Any

import psutil

from minigpt.classroom.grading.worker import Job, run_child

LONGEST_LINE = 1_000_000  # bytes; the child's own messages are shorter
OUTPUT_KEPT = 20_000  # bytes of what a submission prints


class Child:
    """A process that works on one submission; with `fork` it shares what this process has imported.

    The parent reads the bytes of its pipes as they come, rather than objects of `multiprocessing`: a submission can write
    anything into a pipe, and unpickling it would let it run code in the parent.
    """

    def __init__(self, job: Job, fork: bool) -> None:
        context: Any = multiprocessing.get_context("fork" if fork else "spawn")
        self.messages, messages = context.Pipe(duplex=False)
        self.output, output = context.Pipe(duplex=False)
        self.pipes: set[Connection] = {self.messages, self.output}
        self.process = context.Process(target=run_child, args=(job, messages, output))
        self.process.start()
        self.pid: int = self.process.pid
        messages.close()
        output.close()
        for pipe in self.pipes:
            os.set_blocking(pipe.fileno(), False)
        self.secret = job.secret.encode()
        self.line, self.printed = b"", b""
        self.ended = False
        self.deadline, self.computing_limit = float("inf"), float("inf")

    def give_time(self, seconds: float, computing: float) -> None:
        """From now on it has so many seconds on the clock, and of computing."""
        self.deadline = time.monotonic() + seconds
        self.computing_limit = self._seconds_of_computing() + computing

    def is_late(self) -> bool:
        """Whether its time is over."""
        return time.monotonic() >= self.deadline or self._seconds_of_computing() >= self.computing_limit

    def _seconds_of_computing(self) -> float:
        """On all its threads, and by its own children that have ended."""
        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.Error:  # it has just ended
            return 0.0
        return times.user + times.system + times.children_user + times.children_system

    def read(self) -> list[dict[str, Any]]:
        """Take what has come through its pipes; return the messages in it."""
        messages = []
        for pipe in list(self.pipes):
            try:
                content = os.read(pipe.fileno(), 65536)
            except BlockingIOError:
                continue
            if not content:  # the process has ended, or has closed the pipe
                self.pipes.remove(pipe)
                pipe.close()
                self.ended |= pipe is self.messages
            elif pipe is self.output:
                self.printed = (self.printed + content)[:OUTPUT_KEPT]
            else:
                *lines, self.line = (self.line + content).split(b"\n")
                self.line = self.line[:LONGEST_LINE]
                messages += [json.loads(line.removeprefix(self.secret)) for line in lines if line.startswith(self.secret)]
        return messages

    def stop(self) -> int:
        """Kill it with all of its group; return its exit status, negative for the signal that ended it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it may not have one yet, or not any more
            os.killpg(self.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.read()  # what it printed last
        for pipe in self.pipes:
            pipe.close()
        self.pipes = set()
        return self.process.exitcode
