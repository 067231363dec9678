"""Points: how many each stage is worth, and how many a submission gets, a share for each check."""

import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from minigpt.classroom.grading.outcome import Outcome
from minigpt.errors import MinigptError

if TYPE_CHECKING:
    from minigpt.classroom.checks.machinery.run import Check
if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

POINTS_FILE = Path(__file__).with_name("points.toml")
VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")


class PointsError(MinigptError):
    """A file of points that cannot be used."""


@dataclass(frozen=True)
class Points:
    """What the stages are worth, and who sees the results."""

    of_stage: Mapping[str, int]  # in hundredths of a point, so that the shares of the checks add up exactly
    weights: Mapping[str, int] = field(default_factory=dict)  # of checks among those of their stage; 1 by default
    visibility: Mapping[str, str] = field(default_factory=dict)  # of checks or stages on Gradescope; "visible" by default


@dataclass(frozen=True)
class CheckMark:
    """One check in a report; the scores are points."""

    name: str
    stage: str
    what: str
    status: str  # "passed", "failed", "error", "missing", or "not run"
    message: str
    score: float
    max_score: float
    visibility: str


@dataclass(frozen=True)
class Mark:
    """The report on one submission."""

    submission: str
    score: float
    max_score: float
    seconds: float
    checks: list[CheckMark]
    notes: list[str]
    output: str

    def stages(self) -> dict[str, tuple[float, float]]:
        """The score and the maximum of each stage."""
        checks: dict[str, list[CheckMark]] = {}
        for check in self.checks:
            checks.setdefault(check.stage, []).append(check)
        return {stage: (_total(c.score for c in some), _total(c.max_score for c in some)) for stage, some in checks.items()}


def read_points(checks: Sequence["Check"], path: Path | None = None) -> Points:
    """Read a file of points; by default the one that comes with minigpt.

    Raises:
        PointsError: it cannot be read, or names a stage, a check or a visibility that does not exist.
    """
    path = path or POINTS_FILE
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        points = {stage: round(100 * worth) for stage, worth in content["points"].items()}
        weights = {name: int(weight) for name, weight in content.get("weights", {}).items()}
        visibility = dict(content.get("visibility", {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PointsError(f"{path} is not a file of points ({error}): copy {POINTS_FILE} and change the numbers") from error
    stages, names = {check.stage for check in checks}, {check.name for check in checks}
    mistakes = [f"{name} is not a stage: the stages are {', '.join(sorted(stages))}" for name in points if name not in stages]
    if min(points.values(), default=0) < 0 or not any(points.values()):
        mistakes.append("points must be numbers from 0 up, and not all of them 0")
    for name, weight in weights.items():
        if name not in names or weight < 1:
            mistakes.append(f"{name} must be a check, and its weight a whole number of at least 1")
    for name, value in visibility.items():
        if name not in stages | names or value not in VISIBILITIES:
            mistakes.append(f"{name} must be a stage or a check, and its visibility one of {', '.join(VISIBILITIES)}")
    if mistakes:
        raise PointsError(f"{path}: {mistakes[0]}")
    return Points(points, weights, visibility)


def mark(outcome: Outcome, checks: Sequence["Check"], points: Points) -> Mark:
    """Turn an outcome into points. Every check is in the report and in the maximum, even one that was never reached."""
    marks = []
    for stage, worth in points.of_stage.items():
        of_stage = [check for check in checks if check.stage == stage]
        results = [outcome.results.get(check.name, ("not run", "the check was not reached")) for check in of_stage]
        statuses = [status for status, _ in results]
        if statuses[:1] == ["error"] and statuses.count("error") > len(statuses) / 2:  # then so do checks that expect one
            hollow = ("failed", "an error is right here, but it comes in every check: fix the first check of this stage")
            results = [hollow if status == "passed" else (status, message) for status, message in results]
        shares = share(worth, [points.weights.get(check.name, 1) for check in of_stage])
        for check, most, (status, message) in zip(of_stage, shares, results, strict=True):
            score = most / 100 if status == "passed" else 0.0
            visibility = points.visibility.get(check.name, points.visibility.get(stage, "visible"))
            marks.append(CheckMark(check.name, stage, check.what, status, message, score, most / 100, visibility))
    total, maximum = _total(m.score for m in marks), _total(m.max_score for m in marks)
    return Mark(outcome.path.name, total, maximum, round(outcome.seconds, 2), marks, list(outcome.notes), outcome.output)


def share(worth: int, weights: Sequence[int]) -> list[int]:
    """Divide a whole number by weights, into whole numbers that add up to it.

    Example:
        >>> share(500, [1, 1, 1]), share(500, [3, 1, 1])
        ([166, 167, 167], [300, 100, 100])
    """
    limits = [worth * total // sum(weights) for total in itertools.accumulate(weights, initial=0)]
    return [high - low for low, high in itertools.pairwise(limits)]


def _total(scores) -> float:
    return round(sum(scores), 2)
