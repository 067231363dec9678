"""One submission: keeps what its child processes report, and where one breaks, lets the next go on behind that check."""

import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from signal import SIGABRT, Signals
from typing import Any

from minigpt.classroom.grading.child import OUTPUT_KEPT, Child
from minigpt.classroom.grading.outcome import Limits, Outcome
from minigpt.classroom.grading.submission import find_submission
from minigpt.classroom.grading.worker import Job

STARTING_SECONDS = 120  # for TensorFlow, on the slowest machine
CLOCK_FACTOR = 3  # seconds on the clock for one of computing
BROKEN_CHILDREN = 2  # of one stage, after which the rest of its checks are not run

EachResult = Callable[[Outcome], None]  # called after each check, for whoever wants to write the outcome down


class Session:
    """The grading of one submission, by one child process after another until every check is decided.

    The arguments are those of `run_submissions`; `stages` has the stage of each check, by its name.
    """

    def __init__(
        self, path: Path, stages: dict[str, str], limits: Limits, fork: bool, each_result: EachResult, alone: bool
    ) -> None:
        self.path, self.stages, self.limits, self.alone = path, stages, limits, alone
        self.fork, self.each_result = fork, each_result
        self.outcome = Outcome(path)
        self.started = time.monotonic()
        self.definitions_only = False
        self.broken: dict[str, int] = {}  # how many children each stage has cost
        self.child: Child | None = None

    def run(self) -> Generator[None, None, None]:
        """Grade the submission; with each `yield` it lets others have their turn, instead of waiting for its child."""
        with tempfile.TemporaryDirectory(prefix="minigpt-grade-", ignore_cleanup_errors=True) as folder:
            try:
                self.submission = find_submission(self.path, set(self.stages.values()), self.alone)
                if self.path not in self.submission.sources:
                    graded = (str(source.relative_to(self.path)) for source in self.submission.sources)
                    self.outcome.notes.append(f"graded in this folder: {', '.join(graded)}")
                while len(self.outcome.results) < len(self.stages):
                    yield from self._run_child(Path(tempfile.mkdtemp(dir=folder)))
            except Exception as error:  # a broken submission never stops the rest
                self._give_up(str(error))
            finally:
                if self.child is not None:
                    self.child.stop()
        self.outcome.seconds = time.monotonic() - self.started

    def _run_child(self, home: Path) -> Iterator[None]:
        """Let a child run as many checks as it can; if it breaks, charge the check that it was at."""
        sources = self.submission.copy_to(home)  # each time, because the last child may have spoiled its own
        job = Job(sources, home, self.definitions_only, list(self.outcome.results), self.limits.memory)
        self.child = child = Child(job, self.fork)
        child.give_time(STARTING_SECONDS, STARTING_SECONDS)
        self.doing, why = "starting", ""
        while not (child.ended or why or self.doing == "end"):
            yield
            for message in child.read():
                self._take(child, message)
            if self._is_over():
                why = f"the {self.limits.total_seconds:g} s for the whole submission are up"
            elif child.is_late():
                why = "it did not end in time: is there an endless loop?"
        status, self.child = child.stop(), None
        self.outcome.output = (self.outcome.output + child.printed.decode("utf-8", "replace"))[:OUTPUT_KEPT]
        if self.doing != "end":
            self._handle_break(why or _describe_exit(status))

    def _take(self, child: Child, message: dict[str, Any]) -> None:
        broken = self.broken.get(self.stages.get(message.get("name", ""), ""), 0)
        seconds = self.limits.check_seconds / (1 + 3 * broken)  # where one check has hung, the next ones get less
        child.give_time(CLOCK_FACTOR * seconds, seconds)
        self.doing = message["event"]
        if self.doing == "loaded":
            changed = [f"it changed {name}, which was put back" for name in message["changed"][:5]]
            self.outcome.notes += [note for note in [*message["notes"], *changed] if note not in self.outcome.notes]
        elif self.doing == "result":
            self._decide([message["name"]], message["status"], message["message"])
        elif self.doing == "check":
            self.doing = message["name"]

    def _decide(self, names: Iterable[str], status: str, message: str) -> None:
        """Give these checks a result, unless they have one."""
        for name in names:
            self.outcome.results.setdefault(name, (status, message))
        self.each_result(self.outcome)

    def _handle_break(self, why: str) -> None:
        if self.doing in self.stages:
            self._charge(self.stages[self.doing], why)
        elif self.doing == "loading" and not self.definitions_only and any(s.suffix == ".py" for s in self.submission.sources):
            self.definitions_only = True
            self.outcome.notes.append(f"it cannot be run as a whole ({why}): its definitions were taken")
        elif self.doing == "result" and not self.broken.get("result"):  # a thread of an earlier check has ended it
            self.broken["result"] = 1
        else:
            self._give_up(f"it cannot be loaded: {why}")
        if self._is_over():
            self._give_up(why)

    def _charge(self, stage: str, why: str) -> None:
        self._decide([self.doing], "error", why)
        self.broken[stage] = self.broken.get(stage, 0) + 1
        if self.broken[stage] >= BROKEN_CHILDREN:
            names = [name for name, other in self.stages.items() if other == stage]
            self._decide(names, "error", f"not run, because {BROKEN_CHILDREN} checks of {stage} did not end")

    def _give_up(self, why: str) -> None:
        if len(self.outcome.results) < len(self.stages):
            self.outcome.notes.append(why)
            self._decide(self.stages, "error", why)

    def _is_over(self) -> bool:
        return time.monotonic() >= self.started + self.limits.total_seconds


def _describe_exit(status: int) -> str:
    """Why a child has ended without being asked to."""
    if status >= 0:
        return "it ended the process itself (os._exit or the like), or closed files that were not its own"
    if status == -SIGABRT:
        return "the process crashed (SIGABRT): most often it wanted more memory than is allowed"
    return f"the process crashed ({Signals(-status).name})"
