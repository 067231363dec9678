"""One submission on trial: what its children tell is written down, and where one breaks, the next goes on behind it."""

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGABRT, Signals
from typing import Any

from minigpt.classroom.grading.child import Child
from minigpt.classroom.grading.submission import copy_sources, find_sources

OUTPUT_KEPT = 20_000  # bytes of what a submission prints
STARTING_SECONDS = 120  # for TensorFlow, on the slowest machine
WAITING = 3  # seconds on the clock for one of computing
BROKEN_CHILDREN = 2  # of one stage; the checks left in it are not tried


@dataclass(frozen=True)
class Limits:
    """What a submission may take.

    Args:
        check_seconds: of computing, for one check or for loading the submission. A check that waits rather than
            computes may take three times as long; so a slow or busy machine fails nobody.
        total_seconds: for everything, on the clock.
        memory: bytes, above what TensorFlow takes.
    """

    check_seconds: float = 10
    total_seconds: float = 120
    memory: int = 1_000_000_000


@dataclass
class Outcome:
    """What came out of one submission.

    Args:
        path: of the submission.
        results: for each check that was decided, its status and message.
        notes: remarks on what could not be loaded, or had to be stopped.
        output: the beginning of what it printed.
        seconds: from start to end.
    """

    path: Path
    results: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    output: str = ""
    seconds: float = 0.0


class Session:
    """A submission, with the child that is at work on it, until it is finished.

    Args:
        path: of the submission.
        stages: the stage of each check, by its name.
        limits: what it may take.
        fork: as for `Child`.
        each_result: is called after each check.
    """

    def __init__(
        self, path: Path, stages: dict[str, str], limits: Limits, fork: bool, each_result: Callable[[Outcome], None]
    ) -> None:
        self.stages, self.limits, self.fork, self.each_result = stages, limits, fork, each_result
        self.outcome = Outcome(path)
        self.started = time.monotonic()
        self.definitions_only = False
        self.broken: dict[str, int] = {}  # how many children each stage has cost
        self.output = b""
        self.child: Child | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="minigpt-grade-"))
        try:
            self.sources = find_sources(path)
            self._start_child()
        except Exception as error:  # a broken submission never stops the rest
            self._give_up(str(error))

    def _start_child(self) -> None:
        home = Path(tempfile.mkdtemp(dir=self.folder))  # a new copy each time: the last child may have spoiled its own
        sources, done = copy_sources(self.sources, home), self.outcome.results
        self.child = Child(sources, home, self.definitions_only, done, self.limits.memory, self.fork)
        self.child.give_time(STARTING_SECONDS, STARTING_SECONDS)
        self.doing = "starting"

    def read(self, pipe: int) -> None:
        """Take what has come through a pipe of the child."""
        if self.child is None or pipe not in self.child.pipes:  # its child has just been replaced
            return
        for news in self.child.read(pipe):
            self._take(self.child, news)
        self._keep_output(self.child)
        if self.child.ended:
            self._end_child("")

    def look_at_the_clock(self) -> None:
        """Stop a child whose time is up."""
        if self.child is None:
            return
        if self._is_over():
            self._end_child(f"the {self.limits.total_seconds:g} s for the whole submission are over")
        elif self.child.is_late():
            self._end_child("it did not end in its time: is there a loop without end?")

    def stop(self) -> None:
        """Give up, with nothing left behind."""
        if self.child is not None:
            self.child.stop()
            self.child = None
        _remove(self.folder)

    def _take(self, child: Child, news: dict[str, Any]) -> None:
        broken = self.broken.get(self.stages.get(news.get("name", ""), ""), 0)
        seconds = self.limits.check_seconds / (1 + 3 * broken)  # where one check has hung, the next ones get less
        child.give_time(WAITING * seconds, seconds)
        self.doing = news["event"]
        if news["event"] == "loaded":
            changed = [f"it changed {name}, which was put back" for name in news["changed"][:5]]
            self.outcome.notes += [note for note in [*news["notes"], *changed] if note not in self.outcome.notes]
        elif news["event"] == "check":
            self.doing = news["name"]
        elif news["event"] == "result":
            self._decide(news["name"], news["status"], news["message"])

    def _decide(self, name: str, status: str, message: str) -> None:
        self.outcome.results.setdefault(name, (status, message))
        self.each_result(self.outcome)

    def _end_child(self, why: str) -> None:
        """The child has ended or must be ended: charge the check it was at, and go on with the next ones."""
        assert self.child is not None
        status = self.child.stop()
        self._keep_output(self.child)
        self.child = None
        why = why or _in_words(status)
        if self.doing == "end":
            self._finish()
        elif self.doing in self.stages:
            self._charge(self.stages[self.doing], why)
            self._go_on(why)
        elif self.doing == "loading" and not self.definitions_only and any(source.suffix == ".py" for source in self.sources):
            self.definitions_only = True
            self.outcome.notes.append(f"it cannot be run as a whole ({why}): its definitions were taken")
            self._go_on(why)
        elif self.doing == "result" and not self.broken.get("result"):  # a thread of an earlier check has ended it
            self.broken["result"] = 1
            self._go_on(why)
        else:
            self._give_up(f"it cannot be loaded: {why}")

    def _charge(self, stage: str, why: str) -> None:
        self._decide(self.doing, "error", why)
        self.broken[stage] = self.broken.get(stage, 0) + 1
        if self.broken[stage] >= BROKEN_CHILDREN:
            for name in [name for name, other in self.stages.items() if other == stage and name not in self.outcome.results]:
                self._decide(name, "error", f"not tried, after {BROKEN_CHILDREN} checks of {stage} that did not end")

    def _go_on(self, why: str) -> None:
        if len(self.outcome.results) == len(self.stages):
            self._finish()
        elif self._is_over():
            self._give_up(why)
        else:
            self._start_child()

    def _give_up(self, why: str) -> None:
        self.outcome.notes.append(why)
        for name in self.stages:
            if name not in self.outcome.results:
                self._decide(name, "error", why)
        self._finish()

    def _finish(self) -> None:
        self.outcome.output = self.output.decode("utf-8", "replace")
        self.outcome.seconds = time.monotonic() - self.started
        self.stop()

    def _is_over(self) -> bool:
        return time.monotonic() >= self.started + self.limits.total_seconds

    def _keep_output(self, child: Child) -> None:
        self.output += child.take_output()[: OUTPUT_KEPT - len(self.output)]


def _in_words(status: int) -> str:
    """Why a child has ended without being asked to."""
    if not os.WIFSIGNALED(status):
        return "it ended the process itself (os._exit or the like), or closed what was not its own"
    if os.WTERMSIG(status) == SIGABRT:
        return "the process broke down (SIGABRT): most often it wanted more memory than is allowed"
    return f"the process broke down ({Signals(os.WTERMSIG(status)).name})"


def _remove(folder: Path) -> None:
    """Delete a folder whose permissions the submission may have changed."""

    def allow_and_retry(function: Callable, path: str, _: object) -> None:
        with contextlib.suppress(OSError):
            os.chmod(Path(path).parent, stat.S_IRWXU)
            os.chmod(path, stat.S_IRWXU)
            function(path)

    shutil.rmtree(folder, onerror=allow_and_retry)
