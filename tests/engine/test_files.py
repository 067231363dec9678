"""Files that are written whole or not at all, and folders in which one process works at a time."""

import os
import signal
import subprocess
import sys

import pytest

from minigpt.engine.files import LOCK, check_room, locked, reason, write_atomic
from minigpt.errors import FolderInUse, SavedModelError, TrainingError

HOLD = """
import sys, time
from minigpt.engine.files import locked
with locked(sys.argv[1], "training"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(folder, seconds):
    """Start a process that holds the lock of a folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_a_folder_in_use_is_told_or_waited_for(tmp_path):
    process = hold(tmp_path / "run", 2)
    for error in (FolderInUse, SavedModelError, TrainingError):
        told = pytest.raises(error, match=r"another process is saving or training in .*run, so saving a model there")
        with told, locked(tmp_path / "run", "saving a model"):
            pytest.fail("two processes in one folder")
    with locked(tmp_path / "run", "saving a model", wait=60):
        assert os.listdir(tmp_path / "run") == [LOCK]
    assert process.wait() == 0
    assert os.listdir(tmp_path / "run") == [], "nothing is left behind"


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    process = hold(tmp_path, 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert os.listdir(tmp_path) == [LOCK]
    with locked(tmp_path, "training"):
        pass
    assert os.listdir(tmp_path) == []


def test_an_error_releases_the_lock(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyError), locked(tmp_path, "training"):
            raise KeyError
    assert os.listdir(tmp_path) == []


COUNT = """
import pathlib, sys
from minigpt.engine.files import locked
number = pathlib.Path(sys.argv[1], "number")
for _ in range(200):
    with locked(sys.argv[1], "counting", wait=60):
        number.write_text(str(int(number.read_text()) + 1))
"""


@pytest.mark.slow
def test_many_processes_take_turns(tmp_path):
    (tmp_path / "number").write_text("0")
    processes = [subprocess.Popen([sys.executable, "-c", COUNT, tmp_path]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert (tmp_path / "number").read_text() == "800"


def test_a_full_disk_is_noticed_before_it_is_written_to(tmp_path):
    check_room(tmp_path, 1)
    with pytest.raises(OSError, match=r"MB are needed and .* MB are free") as error:
        check_room(tmp_path, 1e18)
    assert reason(error.value).startswith("1000000000000 MB")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has it")
def test_an_unwritable_place_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="Not a directory"):
        write_atomic("/dev/full/file", b"content")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomic(tmp_path / "folder", b"content")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_reason_is_one_line():
    assert reason(OSError(28, "No space left on device")) == "No space left on device"
    assert reason(ValueError("one\ntwo")) == "one" and reason(KeyError()) == "KeyError"
    assert len(reason(ValueError("x" * 1000))) == 200
