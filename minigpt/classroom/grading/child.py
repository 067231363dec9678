"""The parent's end of a child process: its two pipes, what it tells, what it prints, its end."""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from minigpt.classroom.grading import containment
from minigpt.classroom.grading.worker import Job, run_forked

LINE_KEPT = 1_000_000  # bytes of one piece of news; more is none of ours


class Child:
    """A process that works on one submission.

    Args:
        sources: what it loads, copies in its folder.
        folder: the only one it may write to.
        definitions_only: take the definitions of a module, do not run it.
        done: names of the checks that are not to be run any more.
        memory: bytes it may take.
        fork: let it branch off from this process, which has imported TensorFlow; False starts a new Python.
    """

    def __init__(
        self, sources: Sequence[Path], folder: Path, definitions_only: bool, done: Collection[str], memory: int, fork: bool
    ) -> None:
        self.secret = secrets.token_hex(16)
        self.news_pipe, write_news = os.pipe()
        self.output_pipe, write_output = os.pipe()
        self.pipes = {self.news_pipe, self.output_pipe}
        job = Job(
            [str(source) for source in sources], str(folder), definitions_only, list(done), memory, write_news, self.secret
        )
        self.pid = _fork(job, write_output) if fork else _start(job, write_output)
        os.close(write_news)
        os.close(write_output)
        for pipe in self.pipes:
            os.set_blocking(pipe, False)
        self.line, self.output = b"", b""
        self.ended = False
        self.deadline, self.computing_limit = float("inf"), float("inf")

    def give_time(self, seconds: float, computing: float) -> None:
        """From now on it has so many seconds on the clock, and of computing."""
        self.deadline = time.monotonic() + seconds
        self.computing_limit = containment.processor_seconds(self.pid) + computing

    def is_late(self) -> bool:
        """Whether its time is over."""
        return time.monotonic() >= self.deadline or containment.processor_seconds(self.pid) >= self.computing_limit

    def read(self, pipe: int) -> list[dict[str, Any]]:
        """Take what has come through one of its pipes; return the news in it."""
        try:
            content = os.read(pipe, 65536)
        except BlockingIOError:
            return []
        if not content:  # the process has ended, or has closed the pipe
            os.close(pipe)
            self.pipes.remove(pipe)
            self.ended |= pipe == self.news_pipe
            return []
        if pipe == self.output_pipe:
            self.output += content
            return []
        *lines, self.line = (self.line + content).split(b"\n")
        self.line = self.line[:LINE_KEPT]
        secret = self.secret.encode()
        return [json.loads(line[len(secret) :]) for line in lines if line.startswith(secret)]

    def take_output(self) -> bytes:
        """What it has printed since this was last asked."""
        output, self.output = self.output, b""
        return output

    def stop(self) -> int:
        """Kill it with all of its group, and return its exit status."""
        status = containment.kill_group(self.pid)
        if self.output_pipe in self.pipes:
            self.read(self.output_pipe)  # what it printed last
        for pipe in self.pipes:
            os.close(pipe)
        self.pipes = set()
        return status


def _fork(job: Job, output: int) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        run_forked(job, output)
    return pid


def _start(job: Job, output: int) -> int:
    child = subprocess.Popen(
        [sys.executable, "-m", "minigpt.classroom.grading.worker"],
        stdin=subprocess.PIPE,  # for the job: a command line could be read by anybody
        stdout=output,
        stderr=output,
        pass_fds=[job.pipe],
        start_new_session=True,
    )
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(json.dumps(asdict(job)).encode())
        child.stdin.close()
    child.returncode = 0  # `stop` waits for it
    return child.pid
