"""minigpt lab: copy the notebooks and the texts into a folder of your own, and open JupyterLab there."""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from minigpt.classroom.notebooks.build import NotebookError, notebooks_folder
from minigpt.commands.options import add_no_browser
from minigpt.engine.console import say
from minigpt.engine.files import data_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=Path("minigpt-lab"), help="your folder (default: minigpt-lab)")
    parser.add_argument("--complete", action="store_true", help="also copy the complete notebooks, into its folder complete/")
    add_no_browser(parser)


def run(arguments: argparse.Namespace) -> int:
    """Copy what is not there yet, say so, and run JupyterLab until it is stopped."""
    copied, kept = fill_folder(arguments.folder, arguments.complete)
    say(f"{arguments.folder}: {len(copied)} files copied, {len(kept)} were there already and are as you left them")
    if importlib.util.find_spec("jupyterlab") is None:
        raise NotebookError("JupyterLab is not installed: type python -m pip install jupyterlab")
    try:
        return subprocess.run(lab_command_line(arguments.folder, arguments.no_browser), check=False).returncode
    except KeyboardInterrupt:  # Ctrl-C reached JupyterLab too, which has asked and stopped
        return 0


def lab_command_line(folder: Path, no_browser: bool) -> list[str]:
    """The command that opens JupyterLab at the first notebook of the folder."""
    command = [sys.executable, "-m", "jupyterlab", str(min(folder.glob("*.ipynb")))]
    if no_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # as root, usual in a container, JupyterLab refuses to start
        command.append("--allow-root")
    return command


def fill_folder(folder: Path, complete: bool = False) -> tuple[list[Path], list[Path]]:
    """Copy what a student needs, never over a file; return what was copied, and what was there already."""
    notebooks = notebooks_folder()
    wanted = {folder / path.name: path for path in sorted((notebooks / "live").glob("*.ipynb"))}
    if complete:
        wanted |= {folder / "complete" / path.name: path for path in sorted(notebooks.glob("*.ipynb"))}
    wanted |= {folder / "data" / path.name: path for path in sorted(data_path().parent.glob("*.txt"))}
    kept = [target for target in wanted if target.exists()]
    copied = [target for target in wanted if target not in kept]
    try:
        for target in copied:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(wanted[target], target)
    except OSError as error:
        raise NotebookError(f"{folder} cannot be filled ({error.strerror}): use a folder that you may write to") from error
    return copied, kept
