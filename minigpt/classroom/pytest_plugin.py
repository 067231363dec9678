"""`python -m pytest --submission PATH`: each check of a submission is a test, and `--junitxml` writes them as JUnit.

`minigpt grade` marks the submission in a process of its own, so that it can neither hang nor end pytest. Every pytest run on
this machine loads this plugin, so it imports nothing heavy and does nothing unless it is asked to.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
REPORT = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("minigpt")
    group.addoption("--submission", metavar="PATH", help="check a module, a notebook or a package instead of running the tests")
    group.addoption("--submission-points", metavar="TOML", help="points for each stage, for --submission")


def pytest_collection(session: pytest.Session) -> bool | None:
    """With --submission, the checks of the submission are the tests; else pytest collects as ever."""
    if session.config.getoption("--submission") is None:
        return None
    report = session.config.stash[REPORT] = _grade(session.config)
    reasons = skip_reasons(report["checks"])
    for check in report["checks"]:
        name, nodeid = check["name"], f"{report['submission']}::{check['name']}"
        session.items.append(CheckItem.from_parent(session, nodeid=nodeid, name=name, check=check, skip=reasons.get(name)))
    session.testscollected = len(session.items)
    session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=session.items)
    session.config.hook.pytest_collection_finish(session=session)
    return True


def skip_reasons(checks: list[dict[str, Any]]) -> dict[str, str]:
    """The checks to skip, with the reason, so that one mistake is one FAILED line and what is not handed in is none."""
    reasons, seen = dict[str, str](), dict[tuple[str, str], str]()
    for check in checks:
        mistake = check["message"].partition("likely mistake:")[2] or check["message"]
        first = seen.setdefault((check["stage"], mistake), check["name"])
        if check["status"] == "missing":
            reasons[check["name"]] = f"{check['stage']} was not handed in"
        elif check["status"] != "passed" and first != check["name"]:
            reasons[check["name"]] = f"the same mistake as in {first}"
    if all(check["status"] == "missing" for check in checks):
        del reasons[checks[0]["name"]]  # an empty submission is a failure
    return reasons


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The points, after the tests."""
    if report := config.stash.get(REPORT, None):
        terminalreporter.section(f"{report['submission']}: {report['score']:g} of {report['max_score']:g} points")
        missing = {check["stage"] for check in report["checks"] if check["status"] == "missing"}
        for stage in report["stages"]:
            absent = "  not handed in" if stage["name"] in missing else ""
            terminalreporter.line(f"{stage['name']:<20} {stage['score']:6.2f} / {stage['max_score']:.2f}{absent}")
        for note in report["notes"]:
            terminalreporter.line(f"note: {note}")


class CheckItem(pytest.Item):
    """One check, which has been run already."""

    def __init__(self, *, check: dict[str, Any], skip: str | None, **options: Any) -> None:
        super().__init__(**options)
        self.check, self.skip = check, skip
        self.user_properties += [("points", check["score"]), ("max_points", check["max_score"]), ("status", check["status"])]

    def runtest(self) -> None:
        """Report the result."""
        if self.skip:
            pytest.skip(self.skip)
        if self.check["status"] != "passed":
            pytest.fail(f"{self.check['what']}? {self.check['status']}\n{self.check['message']}", pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the test is, for pytest's messages."""
        return self.path, None, self.check["name"]


def _grade(config: pytest.Config) -> dict[str, Any]:
    folder = config.invocation_params.dir
    command = [sys.executable, "-m", "minigpt", "grade", folder / config.getoption("--submission"), "--json", "report.json"]
    if points := config.getoption("--submission-points"):
        command += ["--points", folder / points]
    paths = filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    # In an empty folder, because a folder minigpt/ in the current one, such as the submission itself, would be imported.
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(command, capture_output=True, text=True, cwd=empty, env=environment)
        if done.returncode:
            raise pytest.UsageError(done.stderr.strip().rpartition("\n")[2] or "minigpt grade has failed")
        return json.loads(Path(empty, "report.json").read_text("utf-8"))
