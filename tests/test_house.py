"""The promises of the house: files that a student can read to the end, and a package that stays small."""

from pathlib import Path

import pytest

import minigpt

PACKAGE = Path(minigpt.__file__).parent
CLASS = ["errors", "config", "text", "tokenizer", "dataset", "layers", "model", "baseline", "training", "saving", "sampling"]
CLASS += ["generation", "numpy_gpt"]


def lines(path: Path) -> int:
    """How many lines a file has."""
    return len(path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("name", CLASS)
def test_a_file_of_the_class_is_short_enough_to_read(name):
    limit = 100 if name == "numpy_gpt" else 150
    assert lines(PACKAGE / f"{name}.py") <= limit, "move what is only for speed or safety into engine/"


def test_only_the_class_is_at_the_top():
    others = {path.stem for path in PACKAGE.glob("*.py")} - {*CLASS, "__init__", "__main__", "cli"}
    assert not others, "a new module belongs in a room: engine, beyond, show, chat, classroom or commands"
