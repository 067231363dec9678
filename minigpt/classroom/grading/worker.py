"""The child process: loads one submission, runs the checks on it, and tells the parent each result as it comes.

What it tells goes through a pipe of its own, each line after a secret that only parent and child know, so that whatever
a submission prints or writes is no result. `sys.exit` and every exception count against the one check only.
"""

import contextlib
import gc
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from minigpt.classroom.grading import containment
from minigpt.classroom.grading.guard import Guard
from minigpt.classroom.grading.loading import Loaded, load
from minigpt.engine.files import data_path, write_atomic
from minigpt.errors import MinigptError


@dataclass
class Job:
    """What the child is to do.

    Args:
        sources: the module, notebook or package, copied into `folder`.
        folder: the only one it may write to.
        definitions_only: do not run a module, take its definitions.
        done: names of the checks that are not to be run any more.
        memory: bytes that it may take.
        pipe: file descriptor for the results.
        secret: begins each line of them.
    """

    sources: Sequence[str]
    folder: str
    definitions_only: bool
    done: Collection[str]
    memory: int
    pipe: int
    secret: str


def prepare() -> None:
    """Import what all checks need, without computing anything: TensorFlow can be forked as long as it has not."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # small models: the GPU would only make them wait, and cannot be forked
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    import minigpt.classroom.checks
    import minigpt.generation
    import minigpt.saving
    import minigpt.training  # noqa: F401

    gc.freeze()  # the collector looks at TensorFlow's million objects no more, so that children go on sharing them


def work(job: Job) -> None:
    """Load the submission and run its checks; returns when all are done."""
    secret, pipe, write = job.secret.encode(), job.pipe, os.write

    def tell(**news: Any) -> None:
        write(pipe, b"\n" + secret + json.dumps(news).encode() + b"\n")  # on a line of its own, whatever stands before

    prepare()
    from minigpt.classroom.checks import CHECKS, run_check

    checks = {stage: tuple(stage_checks) for stage, stage_checks in CHECKS.items()}
    folder = Path(job.folder)
    tempfile.tempdir = None  # the parent's is forbidden: look it up again
    containment.enter(folder, job.memory)
    with contextlib.suppress(MinigptError, OSError):  # a notebook reads "data/data.txt"
        (folder / "data").mkdir(exist_ok=True)
        write_atomic(folder / "data" / "data.txt", data_path().read_bytes())
    guard = Guard()

    tell(event="loading")
    try:
        loaded = load([Path(source) for source in job.sources], list(checks), job.definitions_only)
    except BaseException as error:  # whatever a submission has done to Python
        loaded = Loaded(notes=[f"it cannot be loaded: {type(error).__name__}: {error}"])
    tell(event="loaded", found=list(loaded.objects), notes=loaded.notes, changed=guard.restore())
    for stage, stage_checks in checks.items():
        learners = learner_object(stage, loaded.objects)
        for check in stage_checks:
            if check.name in job.done:
                continue
            tell(event="check", name=check.name)
            try:
                result = run_check(check, learners)
                status, message = result.status, result.message
            except BaseException as error:  # such as KeyboardInterrupt, raised by the submission
                status, message = "error", f"{type(error).__name__}: {error}"
            changed = guard.restore()
            if changed and status == "passed":
                status, message = "failed", f"while it was checked, it changed {', '.join(changed[:5])}: leave it as it is"
            tell(event="result", name=check.name, status=status, message=message)
    tell(event="end")


def learner_object(stage: str, objects: dict[str, Any]) -> Any:
    """What the checks of a stage are given: the learner's object, None if there is none, or the pair that saves and loads."""
    if stage == "load_gpt":
        return objects.get("save_gpt"), objects.get("load_gpt")
    return objects.get(stage)


def run_forked(job: Job, output: int) -> NoReturn:
    """What a process does that has just branched off: cut the ties to its parent, do the job, end."""
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        for number in map(int, os.listdir("/proc/self/fd")):
            if number > 2 and number != job.pipe:
                with contextlib.suppress(OSError):
                    os.close(number)
        for name in ("stdout", "__stdout__", "stderr", "__stderr__"):
            setattr(sys, name, os.fdopen(1, "w", buffering=1, closefd=False, errors="replace"))
        work(job)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


if __name__ == "__main__":
    work(Job(**json.loads(sys.stdin.read())))
    sys.stdout.flush()
    os._exit(0)
