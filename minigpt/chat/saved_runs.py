"""The folders of saved models to talk to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigpt.chat.questions import Fact
from minigpt.engine.files import write_atomic
from minigpt.errors import SavedModelError

if TYPE_CHECKING:
    from minigpt.chat.evaluation import DialogueReport

ABOUT = "chat.json"
EXAMPLES = 6


def save_dialogue(
    folder: str | Path, model: Any, tokenizer: Any, facts: Sequence[Fact], report: DialogueReport | None = None
) -> Path:
    """Save a tuned model with `save_gpt`, and beside it `chat.json`: some example questions, and how well it answers."""
    from minigpt.saving import save_gpt  # starts Keras; looking for runs should take no time

    folder = save_gpt(folder, model, tokenizer)
    answered = [fact for fact in facts if not fact.declined]
    step = max(1, len(answered) // EXAMPLES)  # so that the examples come from all over the file
    examples = [fact.phrasings[0] for fact in answered[::step][:EXAMPLES]]
    about = {"format": 1, "examples": examples, "report": report.rows() if report else {}}
    try:
        write_atomic(folder / ABOUT, json.dumps(about, indent=2).encode())
    except OSError as error:
        raise SavedModelError(f"{folder / ABOUT} cannot be written ({error.strerror}): use another folder") from error
    return folder


def read_about(folder: str | Path) -> dict[str, Any]:
    """Read the `chat.json` of a run; {} if there is none that can be read: one can talk to the run all the same."""
    try:
        about = json.loads((Path(folder) / ABOUT).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def find_runs(folder: str | Path) -> list[Path]:
    """The folder itself if it is a saved model, and the saved models directly in it; the newest first.

    Raises:
        SavedModelError: there are none.
    """
    folder = Path(folder)
    inner = folder.iterdir() if folder.is_dir() else ()
    candidates = [folder, *(path for path in inner if not path.name.startswith("."))]  # .name: left by a killed save
    runs = {path: (path / "model.h5").stat().st_mtime for path in candidates if (path / "model.h5").is_file()}
    if not runs:
        raise SavedModelError(
            f"there is no saved model in {folder}: make one with `minigpt train --dialogue --out {folder}`, "
            "or give the folder of another run"
        )
    return sorted(runs, key=lambda run: runs[run], reverse=True)
