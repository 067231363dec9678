"""`python -m pytest --submission PATH`: each check of a submission is a test, and `--junitxml` writes them as JUnit.

The submission is marked by `minigpt grade` in a process of its own, so it can neither hang nor end pytest.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("minigpt")
    group.addoption("--submission", metavar="PATH", help="check a module, a notebook or a package instead of running the tests")
    group.addoption("--points", metavar="TOML", help="points for each stage, for --submission")


def pytest_collection(session: pytest.Session) -> bool | None:
    """With --submission, the checks of the submission are the tests; else pytest collects as ever."""
    submission = session.config.getoption("--submission")
    if submission is None:
        return None
    report = _grade(Path(submission), session.config.getoption("--points"))
    session.config.stash[_REPORT] = report
    session.items = [
        CheckItem.from_parent(session, name=check["name"], nodeid=f"{report['submission']}::{check['name']}", check=check)
        for check in report["checks"]
    ]
    session.testscollected = len(session.items)
    session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=session.items)
    session.config.hook.pytest_collection_finish(session=session)
    return True


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The points, after the tests."""
    report = config.stash.get(_REPORT, None)
    if report:
        terminalreporter.section(f"{report['submission']}: {report['score']:g} of {report['max_score']:g} points")
        for stage in report["stages"]:
            terminalreporter.line(f"{stage['name']:<20} {stage['score']:6.2f} / {stage['max_score']:.2f}")
        for note in report["notes"]:
            terminalreporter.line(f"note: {note}")


class CheckItem(pytest.Item):
    """One check, which has been run already."""

    def __init__(self, *, check: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check
        self.user_properties += [("points", check["score"]), ("max_points", check["max_score"]), ("status", check["status"])]

    def runtest(self) -> None:
        """Tell what came out."""
        if self.check["status"] != "passed":
            pytest.fail(f"{self.check['what']}? {self.check['status']}\n{self.check['message']}", pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where pytest says that the test stands."""
        return self.path, None, self.check["name"]


_REPORT = pytest.StashKey[dict[str, Any]]()


def _grade(submission: Path, points: str | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "minigpt", "grade", str(submission), "--json", str(report)]
        done = subprocess.run([*command, *(["--points", points] if points else [])], capture_output=True, text=True)
        if done.returncode:
            raise pytest.UsageError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "minigpt grade has failed")
        return json.loads(report.read_text("utf-8"))
