"""Netron: the network as an interactive graph, in the browser or in the notebook."""

import atexit
import datetime
import logging
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from minigpt.engine.console import in_notebook
from minigpt.errors import ShowError

SHELF_LIFE = 180  # days after its build, Netron's page asks for an update instead of drawing
INSTALL = 'python -m pip install --upgrade "netron>=9.3"'
_folders: list[str] = []  # copies of models being served


def show_netron(folder_or_file: str | Path, port: int | None = None, height: int = 600) -> Any:
    """Show a saved model in Netron, which runs on this computer and needs no internet.

    Netron asks once about cookies; then it shows the stack of decoder blocks. Click the ƒ at the right end of a block to see
    its attention, add, norm and feed-forward; the arrow at the bottom leads back. Called again, it replaces the model shown
    before. If Jupyter runs on another computer, forward the port that is printed.

    Args:
        folder_or_file: a folder of `save_gpt`, or a `.h5` or `.keras` file.
        port: of the page; by default a free one.
        height: of the view in a notebook, in pixels.

    Returns:
        In a notebook, the view, which is displayed if it is the last value of a cell; elsewhere, the address of the page.

    Raises:
        ShowError: there is no model at this path, Netron is missing or too old, or the port is taken.
    """
    path = find_model(folder_or_file)
    netron = _netron()
    stop_netron()  # two servers would both show the last model
    # Netron serves every file of the model's folder, so the model gets its own.
    folder = tempfile.mkdtemp(prefix="minigpt-netron-")
    _folders.append(folder)
    copy = shutil.copy(path, Path(folder) / f"model{path.suffix.lower()}")
    host, port = _serve(netron, copy, port)
    address = f"http://{host}:{port}"
    print(f"Netron shows {path} at {address}")
    if "google.colab" in sys.modules:
        from google.colab import output

        return output.serve_kernel_port_as_iframe(port, height=str(height))
    return netron.widget((host, port), height=height) if in_notebook() else address


def stop_netron() -> None:
    """Take the page down and delete its copy of the model; also done when Python ends."""
    netron = sys.modules.get("netron")
    if netron is not None:
        netron.stop()
        latest = time.monotonic() + 2
        while netron.status() and time.monotonic() < latest:  # it lets go of its port within a quarter of a second
            time.sleep(0.02)
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


atexit.register(stop_netron)


def find_model(folder_or_file: str | Path) -> Path:
    """The file that Netron can show: the model.h5 of a saved folder, or the file itself."""
    given = Path(folder_or_file)
    path = given / "model.h5" if given.is_dir() else given
    if path.is_file() and path.suffix.lower() in (".h5", ".keras"):
        return path
    is_what = f"{given} has no model.h5" if given.is_dir() else f"{given} is not a Keras model"
    problem = is_what if given.exists() else f"there is no {given}"
    raise ShowError(f"{problem}: give a folder that save_gpt has written, or a .h5 or .keras file")


def days_left(netron_folder: Path, today: datetime.date | None = None) -> int | None:
    """For how many days the page in Netron's folder still draws; below 0 it refuses. None if it has no date."""
    try:
        page = (netron_folder / "index.html").read_text("utf-8")
    except OSError:
        return None
    date = re.search(r'<meta name="date" content="(\d{4})-(\d\d)-(\d\d)', page)
    if date is None:
        return None
    built = datetime.date(*map(int, date.groups()))
    return SHELF_LIFE - ((today or datetime.date.today()) - built).days


def _netron() -> Any:
    try:
        import netron
    except ImportError as error:
        raise ShowError(f"Netron is not installed: type {INSTALL}") from error
    left = days_left(Path(netron.__file__).parent)
    if left is not None and left < 0:
        raise ShowError(
            f"Netron {netron.__version__} is too old: its page draws nothing more than {SHELF_LIFE} days after it was built; "
            f"type {INSTALL} and start Python again"
        )
    return netron


def _serve(netron: Any, file: str | Path, port: int | None) -> tuple[str, int]:
    handler = logging.NullHandler()  # Netron sets up logging for the whole program if nobody has
    logging.getLogger().addHandler(handler)
    try:
        return netron.serve(str(file), address=("localhost", port))
    except (OSError, OverflowError, ValueError) as error:
        stop_netron()
        reason = getattr(error, "strerror", None) or "it is no port"
        problem = f"port={port!r} cannot be used ({reason}): use a free one from 1024 to 65535, or leave it out"
        raise ShowError(problem) from error
    finally:
        logging.getLogger().removeHandler(handler)
