"""Whole runs of `minigpt grade`, each in a process of its own: hostile submissions, reports, resuming, pytest, the kit."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hostile_submissions import SUBMISSIONS
from test_grading_marks import assert_gradescope

from minigpt.classroom.grading import containment, gradescope_kit

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "minigpt"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="grading needs Linux or macOS")]

# A run with points for two stages only takes seconds.
LIMITS = ["--check-seconds", 1, "--total-seconds", 60, "--memory", 200]
POINTS = "[points]\nread_text = 40\ncreate_dataset = 60\n[visibility]\ncreate_dataset = 'hidden'\n"
SEVENTH = 60 / 7  # create_dataset has seven checks
SIGNALS_FORBIDDEN = containment.landlock_version() >= 6

RIGHT = """
import numpy as np
def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
def create_dataset(sequence, window_size):
    starts = range(len(sequence) - window_size)
    return tuple(np.array([sequence[i + k : i + k + window_size] for i in starts], dtype="int32") for k in (0, 1))
"""


def run_command(folder, *arguments, module="minigpt grade"):
    """Run a module as a program, with a temporary folder of its own."""
    (folder / "tmp").mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-m", *module.split(), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=300)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of the hostile submissions and two right ones, first and last; its rows by name, and the folder."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "points.toml").write_text(POINTS)
    (folder / "class").mkdir()
    for name, text in {"a_right.py": RIGHT, "z_right.py": RIGHT, **SUBMISSIONS}.items():
        if name != "kills_the_grader.py" or SIGNALS_FORBIDDEN:
            (folder / "class" / name).write_text(text)
    before = {path: path.read_bytes() for path in [*(folder / "class").iterdir(), *PACKAGE.glob("classroom/**/*.py")]}
    done = run_command(folder, folder / "class", "--csv", "marks.csv", "-j", 2, "--points", "points.toml", *LIMITS)
    assert done.returncode == 0, done.stderr
    with open(folder / "marks.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    return rows, folder, before


WRONG_SHIFT = 60 - 2 * SEVENTH  # shifted_by_one and random_texts fail


@pytest.mark.parametrize(
    ("name", "read_text", "create_dataset"),
    [
        ("a_right.py", 40, 60),
        ("closes_everything.py", 40, 0),
        ("deletes_files.py", 40, 60),
        ("eats_memory.py", 40, 0),
        ("empty.py", 0, 0),
        ("exits_in_function.py", 40, 0),
        ("exits_on_import.py", 40, 60),
        ("fakes_report.py", 40, WRONG_SHIFT),
        ("half_written.py", 0, 0),
        ("kills_itself.py", 40, 0),
        ("kills_the_grader.py", 40, 60),
        ("leaves_children.py", 40, 60),
        ("loops_on_import.py", 40, 60),
        ("not_a_notebook.ipynb", 0, 0),
        ("overwrites_checks.py", 40, WRONG_SHIFT),
        ("patches_numpy.py", 40, 0),  # it does so at each call, so that nothing of it can be believed
        ("prints_forever.py", 40, 0),
        ("swallows_everything.py", 40, 0),
        ("sys_exit_in_function.py", 40, 0),
        ("sys_exit_on_import.py", 40, 60),
        ("z_right.py", 40, 60),
    ],
)
def test_a_hostile_submission_gets_what_really_works(graded, name, read_text, create_dataset):
    rows, folder, _ = graded
    if name == "kills_the_grader.py" and not SIGNALS_FORBIDDEN:
        pytest.skip("nothing forbids it here")
    report = (folder / "marks" / f"{name}.txt").read_text()
    assert (float(rows[name]["read_text"]), float(rows[name]["create_dataset"])) == pytest.approx(
        (read_text, create_dataset), abs=0.02
    ), report
    assert float(rows[name]["max_score"]) == 100


def test_every_submission_has_a_row_and_its_reports(graded):
    rows, folder, _ = graded
    submissions = {path.name for path in (folder / "class").iterdir()}
    assert set(rows) == submissions
    assert {path.name for path in (folder / "marks").iterdir()} == {
        f"{name}.{kind}" for name in submissions for kind in ("txt", "json")
    }


def test_submissions_and_checks_are_as_they_were(graded):
    _, _, before = graded
    assert [str(path) for path, content in before.items() if not path.is_file() or path.read_bytes() != content] == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_process_and_no_folder_is_left(graded):
    _, folder, _ = graded
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            left += [process.name] if os.readlink(process / "cwd").startswith(str(folder / "tmp")) else []
        except OSError:  # it has just ended, or is not ours
            continue
    assert left == []
    assert list((folder / "tmp").iterdir()) == []


def test_endless_output_is_cut(graded):
    _, folder, _ = graded
    output = json.loads((folder / "marks" / "prints_forever.py.json").read_text())["output"]
    assert 1000 < len(output) <= 20_000


def test_a_patch_is_reported(graded):
    rows, _, _ = graded
    assert "it changed numpy.array_equal, which was put back" in rows["patches_numpy.py"]["notes"]
    assert "run_check, which was put back" in rows["overwrites_checks.py"]["notes"]


def test_a_second_run_marks_only_what_is_new(graded):
    _, folder, _ = graded
    shutil.copytree(folder / "class", folder / "again", ignore=shutil.ignore_patterns("[b-y]*"))
    shutil.copytree(folder / "marks", folder / "second")
    (folder / "again" / "z_right.py").write_text(RIGHT.replace("read_text", "read_no_text"))
    (folder / "second" / "a_right.py.txt").write_text("kept")
    again = [folder / "again", "--csv", "second.csv", "--points", "points.toml"]
    done = run_command(folder, *again, *LIMITS)
    assert "1 of 2 are marked already" in done.stdout
    rows = list(csv.DictReader((folder / "second.csv").read_text("utf-8-sig").splitlines()))
    assert [(row["submission"], float(row["score"])) for row in rows] == [("a_right.py", 100), ("z_right.py", 60)]
    assert (folder / "second" / "a_right.py.txt").read_text() == "kept"

    done = run_command(folder, *again, *LIMITS, "--memory", 300)
    assert "marked already" not in done.stdout, "a mark holds under the limits that it was given under"
    (folder / "points.toml").write_text(POINTS.replace("40", "30"))
    done = run_command(folder, *again, *LIMITS, "--memory", 300)
    assert "marked already" not in done.stdout and " 90.00 " in done.stdout, "a mark holds for the points that it was given for"
    (folder / "points.toml").write_text(POINTS)


def test_one_submission_with_all_reports(tmp_path):
    (tmp_path / "points.toml").write_text(POINTS)
    (tmp_path / "essay.pdf").write_text("no program")
    done = run_command(tmp_path, "essay.pdf", "--points", "points.toml", "--json", "r.json", "--gradescope", "results.json")
    assert done.returncode == 0, done.stderr
    assert "essay.pdf: 0 of 100 points" in done.stdout and "nothing to grade" in done.stdout
    results = assert_gradescope((tmp_path / "results.json").read_text())
    assert sum(test["max_score"] for test in results["tests"]) == pytest.approx(100)
    assert {test["visibility"] for test in results["tests"]} == {"visible", "hidden"}
    assert json.loads((tmp_path / "r.json").read_text())["score"] == 0


def test_a_new_python_for_each_child_gives_the_same(tmp_path):
    """As on macOS, where nothing can be forked."""
    (tmp_path / "homework.py").write_text(RIGHT)
    (tmp_path / "exits.py").write_text(SUBMISSIONS["exits_on_import.py"])
    program = """
import sys, pathlib
from minigpt.classroom.grading.runner import run_submissions
from minigpt.classroom.grading.outcome import Limits
if __name__ == "__main__":
    for outcome in run_submissions([pathlib.Path(path) for path in sys.argv[1:]], Limits(1, 100), fork=False):
        print(outcome.path.name, sum(status == "passed" for status, _ in outcome.results.values()))
"""
    (tmp_path / "program.py").write_text(program)
    done = run_command(tmp_path, "homework.py", "exits.py", module="program")
    assert done.stdout.split("\n")[:2] == ["homework.py 14", "exits.py 14"], done.stderr
    assert "resource_tracker" not in done.stderr, "it was killed as an orphan"


def test_the_gradescope_kit_grades_with_what_it_carries(tmp_path):
    done = run_command(tmp_path, "--gradescope-kit", "autograder.zip")
    assert done.returncode == 0, done.stderr
    box = tmp_path / "box"
    with zipfile.ZipFile(tmp_path / "autograder.zip") as content:
        assert {"setup.sh", "run_autograder", "points.toml", "minigpt/__init__.py", "minigpt/data/data.txt"} <= set(
            content.namelist()
        )
        assert all(content.getinfo(name).external_attr >> 16 & 0o111 for name in ("setup.sh", "run_autograder"))
        content.extractall(box / "source")
    (box / "submission").mkdir()
    (box / "submission" / "homework.py").write_text(RIGHT)
    (box / "venv" / "bin").mkdir(parents=True)  # what setup.sh would install
    python = box / "venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for script in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", box / "source" / script], check=True)
    environment = {**os.environ, "AUTOGRADER": str(box)}
    subprocess.run(
        ["bash", box / "source" / "run_autograder"], env=environment, cwd=tmp_path, check=True, capture_output=True, timeout=300
    )
    assert assert_gradescope((box / "results" / "results.json").read_text())["score"] == 17


# Grades with nothing but some distributions and what they require, as if no other were installed.
BARE = """
import importlib.metadata as metadata, runpy, sys
from packaging.requirements import Requirement

def closure(requirements, found):
    for requirement in map(Requirement, requirements):
        if requirement.name.lower() not in found and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            found.add(requirement.name.lower())
            closure(metadata.requires(requirement.name) or [], found)
    return {name.replace("_", "-") for name in found}

allowed = closure(REQUIREMENTS, set())
class Finder:
    def find_spec(name, path=None, target=None):
        owners = metadata.packages_distributions().get(name, []) if "." not in name else []
        if owners and name != "minigpt" and not allowed & {owner.lower().replace("_", "-") for owner in owners}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

if __name__ == "__main__":
    sys.meta_path.insert(0, Finder)
    runpy.run_module("minigpt", run_name="__main__", alter_sys=True)
"""


def test_the_gradescope_kit_installs_what_grading_needs(tmp_path):
    requirements = re.findall(r'"([a-z_]+>=[^"]+)"', gradescope_kit.SETUP)
    assert set(requirements) <= set(re.findall(r'"([^"]+)"', (HERE.parents[1] / "pyproject.toml").read_text())), "other floors"
    (tmp_path / "bare.py").write_text(BARE.replace("REQUIREMENTS", repr(requirements)))
    (tmp_path / "homework.py").write_text(RIGHT)
    done = run_command(tmp_path, "homework.py", "--gradescope", "results.json", module="bare grade")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 17


HELPED = "from helpers import SIZE\nassert open('data.txt').read() == 'the data'\n" + RIGHT.replace(
    "window_size):", "window_size=SIZE):", 1
)


def test_a_folder_is_graded_with_what_its_module_imports_and_opens(tmp_path):
    (tmp_path / "points.toml").write_text(POINTS)
    for path, text in {"homework.py": HELPED, "helpers/__init__.py": "SIZE = 3", "data.txt": "the data"}.items():
        (tmp_path / "zip" / "anna" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "zip" / "anna" / path).write_text(text)
    for path in ("zip", "zip/anna", "zip/anna/homework.py"):
        done = run_command(tmp_path, path, "--points", "points.toml")
        assert " 100 of 100 points" in done.stdout, done.stdout + done.stderr
    assert "does not run" not in done.stdout
    done = run_command(tmp_path, "zip", "--points", "points.toml")
    assert "graded in this folder: anna/homework.py" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give the path of a submission"),
        (["no_such.py"], "there is no file or folder no_such.py"),
        ([__file__, "--jobs", 0], "must be more than 0"),
        ([HERE, "--csv", f"{HERE}.csv"], "among the submissions"),
        ([__file__, "--csv", "marks.csv"], "is not a folder"),
        ([__file__, "--json", "no/such/folder.json"], "cannot be written"),
    ],
)
def test_a_wrong_call_is_reported_in_one_line(tmp_path, arguments, said):
    done = run_command(tmp_path, *arguments)
    assert done.returncode == 1 and said in done.stderr and done.stderr.count("\n") == 1
