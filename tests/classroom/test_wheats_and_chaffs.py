"""The tests of the tests: right solutions pass every check, wrong ones are caught by the right check, and told by name."""

import re

import chaff_table
import pytest

from minigpt.classroom import checks

WHEATS, CHAFFS = chaff_table.specimens("wheats"), chaff_table.specimens("chaffs")


def names_of(path):
    return [name for name in checks.CHECKS if name in chaff_table.defined(path)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path in WHEATS for name in names_of(path)], ids=lambda part: getattr(part, "stem", part)
)
def test_a_wheat_passes_every_check(path, name):
    results = checks.run_checks(name, chaff_table.learner_object(chaff_table.load(path), name))
    assert results
    assert not [f"{result.check.name}\n{result.message}" for result in results if result.status != "passed"]


@pytest.mark.slow
@pytest.mark.parametrize("path", CHAFFS, ids=lambda path: path.stem)
def test_a_chaff_is_caught_by_the_right_check_and_named(path):
    module, stage = chaff_table.load(path), chaff_table.stage_of(path)
    one = next(one for one in checks.CHECKS[stage] if one.name == module.CAUGHT_BY)
    result = checks.run_check(one, chaff_table.learner_object(module, stage))
    assert result.status == "failed", f"{one.name}: {result.status} {result.message}"
    assert module.SAYS in result.failure.mistake, result.message


def test_there_are_enough_of_them():
    assert len(WHEATS) >= 12
    assert len(CHAFFS) >= 60
    assert {chaff_table.stage_of(path) for path in CHAFFS} == set(checks.CHECKS)
    assert {name for path in WHEATS for name in names_of(path)} == set(checks.CHECKS)


def test_every_check_catches_some_chaff():
    catches = {re.search(r'CAUGHT_BY = "(.*)"', path.read_text("utf-8")).group(1) for path in CHAFFS}
    every = {one.name for stage in checks.CHECKS.values() for one in stage}
    assert catches <= every, f"no such check: {sorted(catches - every)}"
    assert every <= catches, f"checks that no chaff needs: {sorted(every - catches)}"


def test_the_table_is_up_to_date():
    text = chaff_table.TABLE.read_text("utf-8")
    again = "write it again with python tests/chaff_table.py"
    assert "NOT CAUGHT" not in text
    for path in CHAFFS:
        assert f"| {path.stem.split('__')[1]} |" in text, f"{path.stem} is not in {chaff_table.TABLE.name}: {again}"
    for one in (one for stage in checks.CHECKS.values() for one in stage):
        assert f"**{one.name.split('/')[1]}** {one.what}" in text, f"{one.name} is not in {chaff_table.TABLE.name}: {again}"
