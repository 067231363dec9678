"""What the documents name must be there: files, folders, commands."""

import re
from pathlib import Path

import pytest

from minigpt import cli

ROOT = Path(__file__).resolve().parents[1]
PATH = re.compile(r"(?:(?:minigpt|tests|notebooks|data)/[\w./*-]*|\.ci/run)")


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_document_names_is_there(document):
    text = (ROOT / document).read_text("utf-8")
    named = {path.rstrip(".") for path in PATH.findall(text) if "NN_name" not in path and not path.endswith("/name.py")}
    missing = sorted(path for path in named if not list(ROOT.glob(path.rstrip("/"))))
    assert named and not missing


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_command_that_a_document_names_is_one(document):
    text = (ROOT / document).read_text("utf-8")
    named = set(re.findall(r"`(?:[^`\n]*&& )?minigpt ([a-z]+)", text))
    assert named <= set(cli.COMMANDS), f"no such command: {sorted(named - set(cli.COMMANDS))}"
