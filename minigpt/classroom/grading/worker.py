"""The child process: loads one submission, runs the checks on it, and reports each result to the parent as it comes.

It reports through a pipe of its own, each line after a secret that only parent and child know, so that whatever a
submission prints or writes is no result. `sys.exit` and every exception count against one check only.
"""

import contextlib
import gc
import json
import os
import secrets
import shutil
import sys
import tempfile
import traceback
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from minigpt.classroom.grading import containment
from minigpt.classroom.grading.guard import Guard
from minigpt.classroom.grading.loading import Loaded, load
from minigpt.engine.files import data_path
from minigpt.errors import MinigptError

if TYPE_CHECKING:
    from minigpt.classroom.checks import Check

MESSAGES = 3  # the file descriptor of the pipe to the parent


@dataclass
class Job:
    """What the child is to do."""

    sources: Sequence[Path]  # the modules, notebooks or packages to load, copied into `folder`
    folder: Path  # the only one that it may write to
    definitions_only: bool  # do not run a module, take its definitions
    done: Collection[str]  # names of the checks not to run again
    memory: int  # bytes that it may take
    secret: str = field(default_factory=lambda: secrets.token_hex(16))  # begins each line of its messages


def prepare() -> "dict[str, list[Check]]":
    """Import the checks, and return them by stage, without computing anything: TensorFlow can be forked until it has."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # small models: the GPU would only make them wait, and cannot be forked
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    import minigpt.generation
    import minigpt.saving
    import minigpt.training  # noqa: F401
    from minigpt.classroom.checks import CHECKS

    gc.freeze()  # the collector no longer touches TensorFlow's million objects, so that children go on sharing their memory
    return CHECKS


def work(job: Job) -> None:
    """Load the submission and run its checks; returns when all are done."""
    secret, write = job.secret.encode(), os.write

    def tell(**message: Any) -> None:
        write(MESSAGES, b"\n" + secret + json.dumps(message).encode() + b"\n")  # on a line of its own, whatever is before it

    checks = {stage: tuple(stage_checks) for stage, stage_checks in prepare().items()}
    from minigpt.classroom.checks import run_check

    tempfile.tempdir = None  # the parent's is forbidden: look it up again
    containment.enter(job.folder, job.memory)
    os.chdir(job.sources[0].parent)
    sys.path.append(str(job.folder))  # for sources in a folder such as src/
    if not Path("data/data.txt").exists():  # a notebook reads it
        with contextlib.suppress(MinigptError, OSError):
            Path("data").mkdir(exist_ok=True)
            shutil.copyfile(data_path(), "data/data.txt")
    guard = Guard()

    tell(event="loading")
    try:
        loaded = load(job.sources, list(checks), job.definitions_only)
    except BaseException as error:  # whatever a submission has done to Python
        loaded = Loaded(notes=[f"it cannot be loaded: {type(error).__name__}: {error}"])
    tell(event="loaded", notes=loaded.notes, changed=guard.restore())
    for stage, stage_checks in checks.items():
        student_object: Any = loaded.objects.get(stage)
        if stage == "load_gpt":
            student_object = loaded.objects.get("save_gpt"), student_object
        for check in stage_checks:
            if check.name in job.done:
                continue
            tell(event="check", name=check.name)
            try:
                result = run_check(check, student_object)
                status, message = result.status, result.message
            except BaseException as error:  # such as KeyboardInterrupt, raised by the submission
                status, message = "error", f"{type(error).__name__}: {error}"
            changed = guard.restore()
            if changed and status == "passed":
                status, message = "failed", f"during the check it changed {', '.join(changed[:5])}: leave that as it is"
            tell(event="result", name=check.name, status=status, message=message)
    tell(event="end")


def run_child(job: Job, messages: Connection, output: Connection) -> NoReturn:
    """The whole life of a child process: cut the ties to its parent, do the job, end."""
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        os.dup2(messages.fileno(), MESSAGES, inheritable=False)
        os.closerange(MESSAGES + 1, os.sysconf("SC_OPEN_MAX"))  # the parent's files, and the pipes of other children
        for name in ("stdout", "__stdout__", "stderr", "__stderr__"):
            setattr(sys, name, os.fdopen(1, "w", buffering=1, closefd=False, errors="replace"))
        work(job)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)
