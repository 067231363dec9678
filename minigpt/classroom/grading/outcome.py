"""What a submission may take, and what came out of it."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """What a submission may take.

    The time for a check, or for loading the submission, is that of computing. On the clock it may take three times as long,
    so that nobody fails because the machine is busy.
    """

    check_seconds: float = 10
    total_seconds: float = 120  # on the clock
    memory: int = 1_000_000_000  # bytes, above what TensorFlow takes


@dataclass
class Outcome:
    """What came out of one submission."""

    path: Path
    results: dict[str, tuple[str, str]] = field(default_factory=dict)  # the status and message of each check that was decided
    notes: list[str] = field(default_factory=list)  # on what could not be loaded, or had to be stopped
    output: str = ""  # the beginning of what it printed
    seconds: float = 0.0
