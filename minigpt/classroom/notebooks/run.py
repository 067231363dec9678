"""Run a notebook by itself, in a fresh kernel and an empty folder, and clean its outputs."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from minigpt.classroom.notebooks.build import NotebookError, code_cells, import_tool

CELL_SECONDS = 180  # a cell should take at most 60 s; a busy machine gets three times as long
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")  # all but tabs and newlines
WIDGET = "application/vnd.jupyter.widget-view+json"


def run_notebook(notebook: Any) -> list[float]:
    """Run every cell and put the outputs into the notebook; return the seconds that each cell took (0 for prose).

    Raises NotebookError, which names the cell, if one fails.
    """
    nbclient = import_tool("nbclient")
    seconds = [0.0] * len(notebook.cells)
    started: dict[int, float] = {}

    def begin(cell_index: int, **_: Any) -> None:
        started[cell_index] = time.perf_counter()

    def end(cell_index: int, **_: Any) -> None:
        seconds[cell_index] = time.perf_counter() - started[cell_index]

    with tempfile.TemporaryDirectory(prefix="minigpt-notebook-") as folder, tempfile.TemporaryDirectory() as settings:
        # The user's settings stay out: a start-up file or a style would change the outputs.
        environment = {**os.environ, "IPYTHONDIR": settings, "MPLCONFIGDIR": settings}
        client = nbclient.NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": folder}},
            record_timing=False,
            coalesce_streams=True,  # however often the code flushes, one output
            on_cell_execute=begin,
            on_cell_executed=end,
        )
        try:
            client.execute(env=environment, stderr=subprocess.DEVNULL)  # where the kernel itself writes
        except nbclient.exceptions.CellExecutionError as error:
            what = f"{error.ename}: {CONTROL.sub('', error.evalue)}"
            raise NotebookError(f"cell {max(started) + 1} failed: {what}") from error
        except nbclient.exceptions.CellTimeoutError as error:
            raise NotebookError(f"cell {max(started) + 1} did not end within {CELL_SECONDS} s") from error
        finally:
            clean_outputs(notebook, folder)
    return seconds


def clean_outputs(notebook: Any, folder: str) -> None:
    """Remove what differs from machine to machine and tells nothing: control characters, widgets, the folder's name."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for _, cell in code_cells(notebook):
        cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
        for output in cell.outputs:
            output.get("metadata", {}).clear()
            for owner, name in _texts(output):
                text = CONTROL.sub("", owner[name].replace("\r", "\n"))
                owner[name] = text.replace(f"{folder}/", "").replace(folder, ".")


def output_problems(notebook: Any) -> list[str]:
    """What does not belong in the outputs of a committed notebook, a line for each problem."""
    private = {str(Path.home()), sys.prefix, tempfile.gettempdir(), str(Path(__file__).resolve().parents[3])}
    problems = []
    for number, cell in code_cells(notebook):
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
    """Run a live notebook; return "" if it stops at its first blank with this message, else what is wrong."""
    try:
        run_notebook(live)
    except NotebookError as error:
        texts = [owner[name] for _, cell in code_cells(live) for output in cell.outputs for owner, name in _texts(output)]
        if any(message in text for text in [str(error), *texts]):
            return ""
        return f"the live notebook stops, but not at its first blank ({message}): {error}"
    return f"the live notebook does not stop at its first blank ({message})"


def _texts(output: Any) -> list[tuple[Any, str]]:
    """Where the texts of an output are, as (owner, name): `owner[name]` is a string."""
    texts = [(output, name) for name in ("text", "evalue") if name in output]
    data = output.get("data", {})
    return texts + [(data, name) for name in data if name.startswith("text/") and isinstance(data[name], str)]
