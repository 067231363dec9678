"""The tests of the tests: right solutions pass every check, wrong ones are caught by the right check, and told why."""

import subprocess
import sys

import chaff_table
import pytest
from chaff_table import CHAFFS, RIGHT, WHEATS

from minigpt.classroom import checks

EVERY_CHECK = {check.name for stage in checks.CHECKS.values() for check in stage}


def names_of(path):
    return [name for name in checks.CHECKS if name in chaff_table.defined(path)]


def not_passed(path, name):
    results = checks.run_checks(name, chaff_table.student_object(chaff_table.load(path), name))
    assert results
    return [f"{result.check.name}\n{result.message}" for result in results if result.status != "passed"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path in WHEATS for name in names_of(path)], ids=lambda part: getattr(part, "stem", part)
)
def test_a_wheat_passes_every_check(path, name):
    assert not_passed(path, name) == []


@pytest.mark.slow
@pytest.mark.parametrize("solution", RIGHT, ids=str)
def test_what_a_chaff_changes_is_right(solution, tmp_path):
    assert not_passed(solution.write(tmp_path), solution.stage) == []


@pytest.mark.slow
@pytest.mark.parametrize("chaff", CHAFFS, ids=str)
def test_a_chaff_is_caught_by_the_right_check_and_told_why(chaff, tmp_path):
    check = next(check for check in checks.CHECKS[chaff.stage] if check.name == chaff.caught_by)
    module = chaff_table.load(chaff.write(tmp_path))
    result = checks.run_check(check, chaff_table.student_object(module, chaff.stage))
    assert result.status == "failed", f"{check.name}: {result.status} {result.message}"
    assert chaff.says in result.failure.mistake, result.message


def test_there_are_enough_of_them():
    assert len(WHEATS) >= 12
    assert len(CHAFFS) >= 174
    assert {chaff.stage for chaff in CHAFFS} == set(checks.CHECKS)
    assert {name for path in WHEATS for name in names_of(path)} == set(checks.CHECKS)


def test_every_check_catches_some_chaff():
    catching = {chaff.caught_by for chaff in CHAFFS}
    assert catching <= EVERY_CHECK, f"no such check: {sorted(catching - EVERY_CHECK)}"
    assert catching >= EVERY_CHECK, f"checks that no chaff needs: {sorted(EVERY_CHECK - catching)}"


@pytest.mark.parametrize("old", ["x = 2", "1"])
def test_a_change_that_does_not_fit_fails_by_name(old):
    sources = {"right": "x = 1\ny = 1\n"}
    with pytest.raises(ValueError, match=r"read_text__mine: the text to change occurs [02] times"):
        chaff_table.chaff("read_text", "mine", sources, "A misconception.", {"whole": "words"}, [(old, "3")])


def test_each_chaff_is_written_as_a_file_that_stands_alone(tmp_path):
    command = [sys.executable, chaff_table.__file__, "--write", tmp_path / "new"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.endswith(f"{len(CHAFFS)} chaffs\n")
    paths = sorted((tmp_path / "new").iterdir())
    assert [path.stem for path in paths] == sorted(map(str, CHAFFS))
    for path in paths:
        assert path.name.split("__")[0] in chaff_table.defined(path)
        assert ". Caught by " in path.read_text("utf-8").splitlines()[0]
    again = subprocess.run(command, check=False, capture_output=True, text=True)
    assert again.returncode == 2 and "exists already" in again.stderr


def test_the_table_is_up_to_date():
    text = chaff_table.TABLE.read_text("utf-8")
    again = f"write {chaff_table.TABLE.name} again with python tests/classroom/chaff_table.py"
    assert "NOT CAUGHT" not in text
    for chaff in CHAFFS:
        rows = text.split(f"\n## {chaff.stage}\n")[1].split("\n## ")[0].splitlines()
        row = next((row for row in rows if row.startswith(f"| {chaff.name} | {chaff.caught_by.split('/')[1]} |")), "")
        assert chaff.says in row, f"{chaff}: {again}"
    for check in (check for stage in checks.CHECKS.values() for check in stage):
        assert f"**{check.name.split('/')[1]}** {check.what}" in text, f"{check.name}: {again}"
