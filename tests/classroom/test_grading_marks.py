"""Points add up, whatever crashed, and the reports say so."""

import csv
import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from minigpt.classroom.checks import CHECKS
from minigpt.classroom.grading import gradebook
from minigpt.classroom.grading.gradebook import earlier_mark, fingerprint, rules_in_force
from minigpt.classroom.grading.marks import POINTS_FILE, Points, PointsError, mark, read_points, share
from minigpt.classroom.grading.outcome import Limits, Outcome
from minigpt.classroom.grading.reports import table, to_gradescope, to_json, write_csv

CHECK = [
    SimpleNamespace(name=f"{stage}/{n}", stage=stage, what=f"it does {n}") for stage in ("first", "second") for n in range(3)
]
POINTS = Points({"first": 1000, "second": 500}, {}, {"first/1": "hidden", "second": "after_due_date"})
ALL = [check for checks in CHECKS.values() for check in checks]


def outcome(*statuses, **fields):
    results = {check.name: (status, f"message {check.name}") for check, status in zip(CHECK, statuses, strict=False) if status}
    return Outcome(Path("folder/anna.py"), results, **fields)


def test_the_points_of_minigpt_are_100_and_each_stage_has_some():
    points = read_points(ALL)
    assert sum(points.of_stage.values()) == 100 * 100
    assert set(points.of_stage) == set(CHECKS), f"{POINTS_FILE} and the checks name different stages"
    assert mark(Outcome(Path("x"), {check.name: ("passed", "") for check in ALL}), ALL, points).score == 100
    assert {"hidden", "visible"} == {check.visibility for check in mark(Outcome(Path("x")), ALL, points).checks}


def test_full_part_and_no_credit():
    assert mark(outcome(*["passed"] * 6), CHECK, POINTS).score == 15
    assert mark(outcome("passed", "failed", "passed", "missing", "missing", "missing"), CHECK, POINTS).score == pytest.approx(
        6.67
    )
    assert mark(outcome(), CHECK, POINTS).score == 0


@pytest.mark.parametrize("statuses", [[], ["passed"], ["error"] * 6, ["missing"] * 4])
def test_the_maximum_never_shrinks(statuses):
    result = mark(outcome(*statuses), CHECK, POINTS)
    assert result.max_score == 15 and len(result.checks) == 6
    assert json.loads(to_gradescope(result))["tests"][5]["max_score"] == pytest.approx(1.67)


def test_a_function_that_always_fails_gets_nothing_for_failing_where_it_should():
    assert mark(outcome("error", "error", "passed"), CHECK, POINTS).score == 0
    assert mark(outcome("failed", "error", "passed"), CHECK, POINTS).score > 0


@pytest.mark.parametrize(
    ("worth", "weights"), [(1000, [1] * 7), (500, [1, 1, 1]), (0, [1] * 4), (5, [1] * 9), (1200, [4, 1, 2])]
)
def test_shares_add_up(worth, weights):
    shares = share(worth, weights)
    assert sum(shares) == worth and len(shares) == len(weights)
    assert all(abs(part - worth * weight / sum(weights)) < 1 for part, weight in zip(shares, weights, strict=True))


def test_a_heavier_check_is_worth_more():
    points = Points({"first": 1000}, {"first/1": 3})
    assert [check.max_score for check in mark(outcome(), CHECK, points).checks] == [2, 6, 2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[points]\nfrist = 3", "frist is not a stage"),
        ("[points]\nfirst = 'many'", "not a file of points"),
        ("[points", "not a file of points"),
        ("first = 3", "not a file of points"),
        ("[points]\nfirst = 0", "not all of them 0"),
        ("[points]\nfirst = -1", "from 0 up"),
        ("[points]\nfirst = 1\n[weights]\n'first/9' = 2", "first/9 must be a check"),
        ("[points]\nfirst = 1\n[weights]\n'first/1' = 0", "at least 1"),
        ("[points]\nfirst = 1\n[visibility]\nfirst = 'never'", "visibility"),
        ("[points]\nfirst = 1\n[visibility]\nthird = 'hidden'", "third"),
    ],
)
def test_a_wrong_file_of_points_is_reported(tmp_path, content, said):
    path = tmp_path / "points.toml"
    path.write_text(content)
    with pytest.raises(PointsError, match=said):
        read_points(CHECK, path)


def test_an_instructors_points(tmp_path):
    path = tmp_path / "points.toml"
    path.write_text("[points]\nsecond = 7.5")
    result = mark(outcome(*["passed"] * 6), CHECK, read_points(CHECK, path))
    assert (result.score, result.max_score) == (7.5, 7.5)
    assert [check.stage for check in result.checks] == ["second"] * 3


# https://gradescope-autograders.readthedocs.io/en/latest/specs/
FORMATS, VISIBILITY = (
    ("text", "html", "simple_format", "md", "ansi"),
    ("hidden", "after_due_date", "after_published", "visible"),
)
TOP_LEVEL = {
    "score": float, "execution_time": float, "output": str, "output_format": FORMATS, "test_output_format": FORMATS,
    "visibility": VISIBILITY, "stdout_visibility": VISIBILITY, "tests": list,
}  # fmt: skip
TEST = {
    "score": float, "max_score": float, "status": ("passed", "failed"), "name": str, "number": str, "output": str, "tags": list,
    "visibility": VISIBILITY,
}  # fmt: skip


def assert_gradescope(text):
    """Assert that a text is a results.json by Gradescope's specification; return it."""
    results = json.loads(text)
    for entry, fields in [(results, TOP_LEVEL), *((test, TEST) for test in results["tests"])]:
        assert set(entry) <= set(fields), f"unknown fields: {set(entry) - set(fields)}"
        for name, value in entry.items():
            kind = fields[name]
            right = value in kind if isinstance(kind, tuple) else isinstance(value, (int, float) if kind is float else kind)
            assert right and not isinstance(value, bool), f"{name}: {value!r}"
    for test in results["tests"]:
        assert 0 <= test["score"] <= test["max_score"] and all(isinstance(tag, str) for tag in test["tags"])
    return results


def test_gradescope():
    results = assert_gradescope(to_gradescope(mark(outcome("passed", "error", seconds=2.5), CHECK, POINTS)))
    assert results["score"] == pytest.approx(3.33) and results["execution_time"] == 2.5
    assert [test["visibility"] for test in results["tests"]] == ["visible", "hidden", "visible"] + ["after_due_date"] * 3
    assert [test["status"] for test in results["tests"]] == ["passed"] + ["failed"] * 5
    assert results["tests"][1]["output"] == "message first/1" and results["tests"][1]["number"] == "2"


def test_the_table_shows_each_stage_and_what_to_mend():
    text = table(mark(outcome("passed", "failed", "passed", "missing", notes=["a note"]), CHECK, POINTS))
    assert "anna.py: 6.67 of 15 points" in text
    assert "first     6.67 / 10.00  ✓✗✓" in text
    assert "message first/1" in text and "message second/0" not in text and "a note" in text


def test_csv(tmp_path):
    marks = [mark(outcome("passed", notes=["=SUM(A1)", "two\nlines"]), CHECK, POINTS), mark(outcome(), CHECK, POINTS)]
    write_csv(tmp_path / "marks.csv", marks)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "marks.csv").read_text("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[0]["first"] == "3.33" and rows[0]["max_score"] == "15.0"
    assert rows[0]["notes"] == "'=SUM(A1) | two lines", "a spreadsheet must not take a note for a formula"


def test_a_report_is_taken_over_only_for_the_same_submission(tmp_path):
    result = mark(outcome("passed"), CHECK, POINTS)
    report = tmp_path / "anna.py.json"
    report.write_text(to_json(result, "same"))
    assert earlier_mark(report, "same") == result
    assert earlier_mark(report, "other") is None
    report.write_text(report.read_text()[:100])
    assert earlier_mark(report, "same") is None
    assert earlier_mark(tmp_path / "none.json", "same") is None


def test_a_fingerprint_changes_with_the_submission_and_the_rules(tmp_path):
    (tmp_path / "a.py").write_text("def first(): return helper()")
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("1")
    (tmp_path / "data.txt").write_text("1")
    prints = [fingerprint(tmp_path, rules, ["first"]) for rules in ("rules", "rules", "others")]
    assert prints[0] == prints[1]
    for name in ("a.py", "helpers/__init__.py", "data.txt"):
        (tmp_path / name).write_text("def first(): return 2")
        prints.append(fingerprint(tmp_path, "rules", ["first"]))
    (tmp_path / "data.txt").rename(tmp_path / "other.txt")
    prints.append(fingerprint(tmp_path, "rules", ["first"]))
    assert len(set(prints)) == 6


def test_a_submission_that_cannot_be_graded_has_a_fingerprint_too(tmp_path):
    (tmp_path / "essay").mkdir()
    empty = fingerprint(tmp_path / "essay", "rules", ["first"])
    (tmp_path / "essay" / "a.py").write_text("def first(): return 1")
    assert fingerprint(tmp_path / "essay", "rules", ["first"]) != empty


def test_other_points_or_limits_are_other_rules():
    known = {
        rules_in_force(points, limits)
        for points in (POINTS, Points({"first": 1000, "second": 600}, {}, POINTS.visibility))
        for limits in (Limits(), Limits(check_seconds=1), Limits(total_seconds=1), Limits(memory=1))
    }
    known.add(rules_in_force(Points(POINTS.of_stage, {"first/1": 2}, POINTS.visibility), Limits()))
    known.add(rules_in_force(Points(POINTS.of_stage, {}, {"first": "hidden"}), Limits()))
    assert len(known) == 10
    assert rules_in_force(POINTS, Limits()) in known


@pytest.mark.parametrize(
    "file", ["__init__.py", "classroom/checks/dataset.py", "classroom/grading/worker.py", "layers.py", "data.txt"]
)
def test_another_version_of_minigpt_means_other_rules(tmp_path, monkeypatch, file):
    """Not only another version number: checks and grader that were changed in place, and the text that they use."""
    shutil.copytree(gradebook.PACKAGE, tmp_path / "minigpt", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(gradebook.data_path(), tmp_path / "minigpt" / "data.txt")
    monkeypatch.setattr(gradebook, "PACKAGE", tmp_path / "minigpt")
    monkeypatch.setattr(gradebook, "data_path", lambda: tmp_path / "minigpt" / "data.txt")
    before = rules_in_force(POINTS, Limits())
    assert rules_in_force(POINTS, Limits()) == before
    with open(tmp_path / "minigpt" / file, "a") as changed:
        changed.write("\n# changed\n")
    assert rules_in_force(POINTS, Limits()) != before


@pytest.mark.parametrize("library", ["keras", "numpy", "tensorflow", "platform"])
def test_another_version_of_a_library_means_other_rules(monkeypatch, library):
    before = rules_in_force(POINTS, Limits())
    if library == "platform":
        monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    else:
        monkeypatch.setattr(f"{library}.__version__", "99.0")
    assert rules_in_force(POINTS, Limits()) != before
