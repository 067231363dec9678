"""Run a notebook in a fresh kernel, alone in an empty folder, and leave its outputs clean."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from minigpt.classroom.notebooks.build import NotebookError

CELL_SECONDS = 180  # a cell is planned for at most 60 s; a busy machine gets three times as long
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")  # colours and cursor moves; not tab, not newline
WIDGET = "application/vnd.jupyter.widget-view+json"


def run_notebook(notebook: Any) -> list[float]:
    """Run every cell, writing the outputs into the notebook.

    Returns:
        The seconds of each cell (0 for prose), also after a cell that failed.

    Raises:
        NotebookError: a cell failed; the message names it.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    seconds = [0.0] * len(notebook.cells)
    started: dict[int, float] = {}

    def begin(cell_index: int, **_: Any) -> None:
        started[cell_index] = time.perf_counter()

    def end(cell_index: int, **_: Any) -> None:
        seconds[cell_index] = time.perf_counter() - started[cell_index]

    with tempfile.TemporaryDirectory(prefix="minigpt-notebook-") as folder, tempfile.TemporaryDirectory() as settings:
        # No settings of the user: a start-up file or a style of theirs would change the outputs.
        environment = {**os.environ, "IPYTHONDIR": settings, "MPLCONFIGDIR": settings}
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": folder}},
            record_timing=False,
            on_cell_execute=begin,
            on_cell_executed=end,
        )
        try:
            client.execute(env=environment, stderr=subprocess.DEVNULL)  # remarks of the kernel itself
        except CellExecutionError as error:
            number = max(started) + 1
            raise NotebookError(f"cell {number} failed: {error.ename}: {CONTROL.sub('', error.evalue)}") from error
        except CellTimeoutError as error:
            raise NotebookError(f"cell {max(started) + 1} did not end within {CELL_SECONDS} s") from error
        finally:
            clean_outputs(notebook, folder)
    return seconds


def clean_outputs(notebook: Any, folder: str) -> None:
    """Take out what differs from machine to machine and says nothing: control characters, widgets, the folder's name."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
        for output in cell.outputs:
            output.get("metadata", {}).clear()
            for owner, name in _texts(output):
                text = CONTROL.sub("", owner[name].replace("\r", "\n"))
                owner[name] = text.replace(f"{folder}/", "").replace(folder, ".")


def output_problems(notebook: Any) -> list[str]:
    """What does not belong into the outputs of a committed notebook, each in a line."""
    private = {str(Path.home()), sys.prefix, tempfile.gettempdir(), str(Path(__file__).resolve().parents[3])}
    problems = []
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        if cell.execution_count is None and cell.source.strip():
            problems.append(f"cell {number} was not run")
        for output in cell.outputs:
            if output.output_type == "error":
                problems.append(f"cell {number} ends in an error: {output.ename}: {output.evalue}")
            if output.get("name") == "stderr":
                problems.append(f"cell {number} writes a warning: {output.text.strip()[:200]}")
            for owner, name in _texts(output):
                if CONTROL.search(owner[name]):
                    problems.append(f"cell {number} has control characters in its output")
                if found := [path for path in sorted(private) if len(path) > 1 and f"{path}/" in owner[name]]:
                    problems.append(f"cell {number} shows a path of this machine: {found[0]}")
    return problems


def stops_at_blank(live: Any, message: str) -> str:
    """Run a live notebook and say what is wrong, or "" where it stops at its first blank and says what to write."""
    try:
        run_notebook(live)
    except NotebookError as error:
        shown = "\n".join(
            [str(error)]
            + [owner[name] for cell in live.cells for output in cell.get("outputs", []) for owner, name in _texts(output)]
        )
        return "" if message in shown else f"the live notebook stops, but not at its first blank ({message}): {error}"
    return f"the live notebook runs through, past its first blank ({message})"


def _texts(output: Any) -> list[tuple[Any, str]]:
    """Where the texts of an output stand, as (owner, name): `owner[name]` is a string."""
    texts = [(output, name) for name in ("text", "evalue") if name in output]
    data = output.get("data", {})
    texts += [(data, name) for name in data if name.startswith("text/") and isinstance(data[name], str)]
    return texts
