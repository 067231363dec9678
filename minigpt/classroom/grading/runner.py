"""The parent process: goes through the submissions, some of them at a time, in a single thread."""

import select
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from minigpt.classroom.grading import containment
from minigpt.classroom.grading.session import Limits, Outcome, Session
from minigpt.classroom.grading.worker import prepare

LOOK_EVERY = 0.2  # seconds, at the clock


def run_submissions(
    paths: Sequence[Path],
    limits: Limits | None = None,
    jobs: int = 1,
    fork: bool = containment.LINUX,
    each_result: Callable[[Outcome], None] = lambda outcome: None,
) -> Iterator[Outcome]:
    """Run the checks on submissions, `jobs` of them at a time.

    Call it in a process of its own, such as the command line, that has not computed anything with TensorFlow yet: its
    children branch off from there, and share the four seconds that TensorFlow takes to start.

    Args:
        paths: modules, notebooks, packages.
        limits: what each may take.
        jobs: how many at a time.
        fork: let children branch off; False starts a new Python for each, as must be on macOS.
        each_result: is called after each check with the outcome so far, for whoever wants to write it down.

    Yields:
        The outcome of each submission as it ends.
    """
    prepare()
    from minigpt.classroom.checks import CHECKS

    others = containment.adopt_orphans()
    stages = {check.name: stage for stage, checks in CHECKS.items() for check in checks}
    waiting, running = list(paths), list[Session]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(Session(waiting.pop(0), stages, limits or Limits(), fork, each_result))
            known = {trial.child.pid for trial in running if trial.child}
            pipes = {pipe: trial for trial in running if trial.child for pipe in trial.child.pipes}
            for pipe in select.select(list(pipes), [], [], LOOK_EVERY if pipes else 0)[0]:
                pipes[pipe].read(pipe)
            for trial in running:
                trial.look_at_the_clock()
            alive = {trial.child.pid for trial in running if trial.child}
            if known - alive:  # a child has ended, and may have left some of its own
                containment.kill_orphans(alive | others)
            for trial in [trial for trial in running if trial.child is None]:
                running.remove(trial)
                yield trial.outcome
    finally:
        for trial in running:
            trial.stop()
        containment.kill_orphans(others)
