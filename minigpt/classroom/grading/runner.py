"""The parent process: goes through the submissions, some of them at a time, in a single thread."""

from collections.abc import Generator, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from pathlib import Path

from minigpt.classroom.grading import containment
from minigpt.classroom.grading.outcome import Limits, Outcome
from minigpt.classroom.grading.session import EachResult, Session
from minigpt.classroom.grading.worker import prepare

CLOCK_SECONDS = 0.2  # between two looks at the clock


def run_submissions(
    paths: Sequence[Path],
    limits: Limits | None = None,
    jobs: int = 1,
    fork: bool = containment.LINUX,
    each_result: EachResult = lambda outcome: None,
    alone: bool = False,
) -> Iterator[Outcome]:
    """Run the checks on submissions, `jobs` of them at a time; yield the outcome of each as it ends.

    Call it in a process of its own, such as the command line, that has not computed anything with TensorFlow yet: its
    children branch off from there, and share the four seconds that TensorFlow takes to start. Without `fork`, as on macOS,
    each starts a new Python; then the program must call this under `if __name__ == "__main__"`.

    `each_result` is called after each check with the outcome so far; `alone` is as for `find_submission`.
    """
    stages = {check.name: stage for stage, checks in prepare().items() for check in checks}
    if not fork:
        resource_tracker.ensure_running()  # a child of ours that is not an orphan
    others = containment.adopt_orphans()
    waiting, running = list(paths), dict[Session, Generator[None, None, None]]()
    children = set[int]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                session = Session(waiting.pop(0), stages, limits or Limits(), fork, each_result, alone)
                running[session] = session.run()
            for session in [session for session, steps in running.items() if next(steps, "over") == "over"]:
                del running[session]
                yield session.outcome
            before, children = children, {session.child.pid for session in running if session.child}
            if before - children:  # a child has ended, and may have left some of its own
                containment.kill_orphans(children | others)
            if running:
                wait([pipe for session in running if session.child for pipe in session.child.pipes], CLOCK_SECONDS)
    finally:
        for steps in running.values():
            steps.close()
        containment.kill_orphans(others)
