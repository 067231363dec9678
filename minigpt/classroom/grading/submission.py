"""What a learner handed in: a module, a notebook, a package, or a folder with some of them."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from minigpt.errors import MinigptError

LARGEST_FILE = 5_000_000  # bytes; saved models and data sets are no part of what is graded
COPY = "my_minigpt"  # what a learner's copy of minigpt is called while it is graded
LEFT_OUT = ("__pycache__", "node_modules", "venv", "site-packages", "runs")


class SubmissionError(MinigptError):
    """A path that holds nothing that can be graded."""


def find_sources(path: Path) -> list[Path]:
    """The module, notebook or package in a path; a folder without a package can hold several modules and notebooks.

    Raises:
        SubmissionError: there is none.
    """
    if not path.exists():
        raise SubmissionError(
            f"there is no file or folder {path}: give a module (.py), a notebook (.ipynb) or a package folder"
        )
    if path.is_file():
        if path.suffix not in (".py", ".ipynb"):
            raise SubmissionError(f"{path} is neither a module (.py) nor a notebook (.ipynb) nor a folder: nothing to grade")
        return [path]
    if (path / "__init__.py").is_file():
        return [path]
    folders = sorted(child for child in path.iterdir() if child.is_dir() and child.name not in LEFT_OUT)
    packages = [child for child in folders if (child / "__init__.py").is_file() and child.name != "tests"]
    if packages:  # a copy of the project
        return [next((package for package in packages if package.name == "minigpt"), packages[0])]
    sources = sorted(child for child in path.iterdir() if child.suffix in (".py", ".ipynb") and child.is_file())
    if sources:
        return sources
    if len(visible := [child for child in folders if not child.name.startswith(".")]) == 1:
        return find_sources(visible[0])  # a folder in a folder, as an unpacked ZIP has it
    raise SubmissionError(f"the folder {path} holds no package, no module (.py) and no notebook (.ipynb)")


def copy_sources(sources: Sequence[Path], folder: Path) -> list[Path]:
    """Copy what is graded into a folder, so that the submission itself stays as it was handed in, whatever it does."""

    def unwanted(parent: str, names: list[str]) -> list[str]:
        paths = [Path(parent, name) for name in names]
        return [
            p.name
            for p in paths
            if p.name in LEFT_OUT
            or p.name.startswith(".")
            or p.is_symlink()
            or (p.is_file() and p.stat().st_size > LARGEST_FILE)
        ]

    copies = []
    for source in sources:
        # A learner's copy of minigpt gets another name, throughout, to stand beside ours.
        target = folder / (COPY if source.is_dir() and source.name == "minigpt" else source.name)
        if source.is_dir():
            shutil.copytree(source, target, ignore=unwanted)
        else:
            shutil.copyfile(source, target)
        for file in target.rglob("*.py") if target.name == COPY else ():
            file.write_bytes(re.sub(rb"\bminigpt\b", COPY.encode(), file.read_bytes()))
        copies.append(target)
    return copies
