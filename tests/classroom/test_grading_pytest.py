"""`python -m pytest --submission PATH`, from any folder; and no trace of it where it is not asked for."""

import sys

import pytest
from test_grading_contained import POINTS, RIGHT, run_command

from minigpt.classroom.pytest_plugin import skip_reasons

NOT_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="grading needs Linux or macOS")
FLOATS = RIGHT.replace("int32", "float32").replace("def read_text", "def read_no_text")  # all checks of create_dataset meet it


def check(name, status, mistake=""):
    message = f"  expected: {name}\n  likely mistake: {mistake}\n" if mistake else ""
    return {"name": name, "stage": name.split("/")[0], "status": status, "message": message}


def test_what_was_not_handed_in_is_skipped_and_one_mistake_fails_once():
    checks = [
        check("a/1", "missing", "not written"),
        check("b/1", "failed", "floats"),
        check("b/2", "passed"),
        check("b/3", "error", "floats"),
        check("b/4", "failed", "padded"),
        check("c/1", "failed", "floats"),
    ]
    assert skip_reasons(checks) == {"a/1": "a was not handed in", "b/3": "the same mistake as in b/1"}


def test_an_empty_submission_fails():
    assert list(skip_reasons([check(f"a/{n}", "missing", "not written") for n in range(3)])) == ["a/1", "a/2"]


CONFTEST = """
import pytest

@pytest.fixture(autouse=True)
def always():
    yield

def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.theirs)
        assert item.path and item.nodeid and item.location
"""


@pytest.mark.slow
@NOT_WINDOWS
@pytest.mark.parametrize("where", ["beside it", "an empty folder", "another project"])
def test_pytest_checks_a_submission_from_any_folder(tmp_path, where):
    (tmp_path / "points.toml").write_text(POINTS)
    (tmp_path / "homework.py").write_text(FLOATS)
    folder, path = tmp_path, "homework.py"
    if where != "beside it":
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        path = "../homework.py" if where == "an empty folder" else tmp_path / "homework.py"
    if where == "another project":
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "pytest.ini").write_text("[pytest]\naddopts = -ra --strict-markers\nmarkers = theirs\ntestpaths = suite\n")
        (folder / "suite").mkdir()
        (folder / "suite" / "test_theirs.py").write_text("def test_theirs():\n    assert False\n")
        (folder / "minigpt").mkdir()  # perhaps the learner's own
        (folder / "minigpt" / "broken.py").write_text("1 / 0")
    options = ["--submission", path, "--submission-points", tmp_path / "points.toml", "--junitxml", "junit.xml"]
    done = run_command(folder, *options, module="pytest")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 13 skipped" in done.stdout
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1 and "homework.py::create_dataset/two_arrays" in failed[0]
    assert "homework.py: 0 of 100 points" in done.stdout and "read_text              0.00 / 40.00  not handed in" in done.stdout
    junit = (folder / "junit.xml").read_text()
    assert 'tests="14"' in junit and 'name="read_text/whole"' in junit and 'name="max_points"' in junit
    assert "read_text was not handed in" in junit and "the same mistake as in create_dataset/two_arrays" in junit


@pytest.mark.slow
@NOT_WINDOWS
def test_pytest_passes_a_right_submission_and_selects_by_keyword(tmp_path):
    (tmp_path / "points.toml").write_text(POINTS)
    (tmp_path / "homework.py").write_text(RIGHT)
    options = ["--submission", "homework.py", "--submission-points", "points.toml", "-k", "create_dataset"]
    done = run_command(tmp_path, *options, module="pytest")
    assert done.returncode == 0 and "7 passed, 7 deselected" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_a_path_that_is_not_there_is_reported_in_one_line(tmp_path):
    done = run_command(tmp_path, "--submission", "no_such.py", module="pytest")
    assert done.returncode == 4 and "no_such.py" in done.stderr and "Traceback" not in done.stdout + done.stderr


def test_other_projects_tests_run_as_ever(tmp_path):
    """Another plugin may have an option --points, and nothing heavy is imported."""
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser):\n    parser.addoption('--points')\n")
    (tmp_path / "test_theirs.py").write_text(
        "import sys\ndef test_theirs(pytestconfig):\n    assert pytestconfig.getoption('--points') == '3'\n"
        "    assert 'minigpt.classroom.pytest_plugin' in sys.modules\n"
        "    assert not {'keras', 'tensorflow', 'numpy', 'psutil'} & set(sys.modules)\n"
    )
    done = run_command(tmp_path, "--points", 3, module="pytest")
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr
