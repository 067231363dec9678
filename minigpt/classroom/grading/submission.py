"""What a student hands in: the sources that are graded, and the files beside them that come along."""

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from minigpt.classroom.grading.definitions import read_cells
from minigpt.errors import MinigptError

LARGEST_DATA = 5_000_000  # bytes of a file that is not source code; saved models and large texts do not come along
SUFFIXES = (".py", ".ipynb")
SKIPPED = ("__pycache__", "__MACOSX", "node_modules", "site-packages", "venv", "runs", "test", "tests")
RENAMED = "my_minigpt"  # the name of a student's copy of minigpt while it is graded


class SubmissionError(MinigptError):
    """A path that holds nothing that can be graded."""


@dataclass(frozen=True)
class Submission:
    """The files of a submission."""

    root: Path  # the folder that holds them all
    sources: Sequence[Path]  # the modules, notebooks and packages to load, in order
    files: Sequence[Path]  # to copy: the sources, and what lies beside them

    def copy_to(self, folder: Path) -> list[Path]:
        """Copy the files, so that the submission stays as it was handed in, whatever it does; return the sources' copies.

        A student's copy of minigpt is renamed throughout, so that ours can be imported beside it.
        """
        renamed = [source.name for source in self.sources] == ["minigpt"]

        def place(path: Path) -> Path:
            first, *rest = path.relative_to(self.root).parts
            return folder.joinpath(RENAMED if renamed else first, *rest)

        for file in self.files:
            target = place(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            content = file.read_bytes()
            if renamed and file.suffix == ".py":
                content = re.sub(rb"\bminigpt\b", RENAMED.encode(), content)
            target.write_bytes(content)
        return [place(source) for source in self.sources]


def find_submission(path: Path, names: Collection[str], alone: bool = False) -> Submission:
    """Find what is to be graded: a module, a notebook, a package, or in a folder whatever defines one of the names.

    Of a folder, the modules and notebooks count, else the packages, at the shallowest depth that has any. Whatever else it
    holds comes along, but for large data and virtual environments; with a single source, the files beside it that it names
    do, unless it is `alone`, because they are submissions of others.

    Raises:
        SubmissionError: there is nothing to grade.
    """
    if not path.is_dir() and not (path.is_file() and path.suffix in SUFFIXES):
        raise SubmissionError(f"{path} is neither a module (.py) nor a notebook (.ipynb) nor a folder: nothing to grade")
    if path.is_file() or _is_package(path):
        files = _files(path)
        return Submission(path.parent, [path], files if alone else [*files, *_neighbours(path, files)])
    sources = _search(path, names) or _search(path, ())
    if not sources:
        raise SubmissionError(f"the folder {path} holds no package, no module (.py) and no notebook (.ipynb)")
    if sources[0].name == "minigpt":  # a copy of the project: only the package is graded
        return Submission(sources[0].parent, sources[:1], _files(sources[0]))
    return Submission(path, sources, _files(path))


def _search(top: Path, names: Collection[str]) -> list[Path]:
    """The sources that define one of the names, at the shallowest depth that has any; with no names, any sources."""
    level = [top]
    while level:
        if found := [source for folder in level for source in _sources_in(folder, names)]:
            return found
        level = [child for folder in level for child in _entries(folder) if child.is_dir()]
    return []


def _sources_in(folder: Path, names: Collection[str]) -> list[Path]:
    entries = _entries(folder)
    if files := [entry for entry in entries if entry.is_file() and _defines(entry, names)]:
        return files
    packages = [entry for entry in entries if _is_package(entry) and any(_defines(file, names) for file in _files(entry))]
    return [package for package in packages if package.name == "minigpt"] or packages


def _defines(file: Path, names: Collection[str]) -> bool:
    """Whether a module or notebook defines one of the names; with no names, whether it is one."""
    if file.suffix not in SUFFIXES or not names:
        return file.suffix in SUFFIXES
    try:
        text = "\n".join(cell.source for cell in read_cells(file))
    except ValueError:  # not a notebook
        return False
    either = "|".join(names)
    return bool(re.search(rf"^\s*(async )?(def|class)\s+({either})\b|^({either})\s*(:[^=\n]+)?=(?!=)", text, re.MULTILINE))


def _neighbours(source: Path, files: Sequence[Path]) -> list[Path]:
    """The modules, packages and data files beside a source that its files name, or that one of them names."""
    found, unread = list[Path](), list(files)
    entries = [entry for entry in _entries(source.parent) if entry != source and entry.name != "minigpt"]
    while unread:
        text = unread.pop().read_text("utf-8", "replace")
        for entry in list(entries):
            name = entry.stem if entry.suffix == ".py" else entry.name
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
                entries.remove(entry)
                found += _files(entry)
                unread += [file for file in _files(entry) if file.suffix == ".py"]
    return found


def _files(path: Path) -> list[Path]:
    """The files below a path; a copy of minigpt in a folder is left out, so that `import minigpt` means ours."""
    if path.is_file():
        return [path]
    inside = [entry for entry in _entries(path) if not (entry.name == "minigpt" and _is_package(entry))]
    return [file for entry in inside for file in _files(entry)]


def _entries(folder: Path) -> list[Path]:
    """The files and folders in a folder; not those that are hidden, generated, linked, large data or a virtual environment."""
    return [
        entry
        for entry in sorted(folder.iterdir())
        if not (entry.name.startswith(".") or entry.name in SKIPPED or entry.is_symlink())
        and os.access(entry, os.R_OK)
        and not (entry / "pyvenv.cfg").exists()
        and (entry.is_dir() or entry.suffix in SUFFIXES or entry.stat().st_size <= LARGEST_DATA)
    ]


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").is_file()
