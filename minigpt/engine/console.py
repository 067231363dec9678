"""Where output goes: a terminal of any width, a notebook, a log file; in any encoding. Imports nothing heavy."""

import codecs
import io
import sys
import textwrap
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sized
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

REDRAW_SECONDS = 0.2
LOOKALIKES = dict(zip("→✓✗·…–—“”’█", ["->", "+", "x", "-", "...", "-", "-", '"', '"', "'", "#"], strict=True))
HARD_SPACE = "\N{NO-BREAK SPACE}"
Item = TypeVar("Item")


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel (Jupyter, VS Code, Colab)."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return type(get_ipython()).__name__ in ("ZMQInteractiveShell", "Shell")  # Shell: Colab


def accept_any_text() -> None:
    """Let stdout and stderr write similar ASCII for what their encoding lacks, where Python raises an error."""
    codecs.register_error("minigpt.ascii", _similar_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="minigpt.ascii")


def _similar_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def _ascii(character: str) -> str:
    name = unicodedata.name(character, "")
    if name.startswith("BOX DRAWINGS"):
        return "|" if name.endswith("VERTICAL") else "-" if name.endswith("HORIZONTAL") else "+"
    without_accent = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return LOOKALIKES.get(character) or without_accent or "?"


def console() -> "Console":
    """A rich console for stdout: it folds lines in a terminal, leaves them whole elsewhere, and writes in any encoding."""
    from rich.console import Console

    accept_any_text()
    terminal = sys.stdout is not None and sys.stdout.isatty()
    plain: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False, "force_jupyter": False}
    return Console(file=sys.stdout, force_terminal=terminal, soft_wrap=not terminal, **plain)


def say(text: str, indent: int = 0, to: "Console | None" = None) -> None:
    """Print text. A terminal folds each line between its words, or between its parts "a · b", and indents what follows."""
    to = to or console()
    for line in text.split("\n"):
        if to.is_terminal:
            if all(len(part) < to.width - indent for part in line.split(" · ")):
                line = line.replace(" ", HARD_SPACE).replace(f"{HARD_SPACE}·{HARD_SPACE}", f"{HARD_SPACE}· ")
            line = textwrap.fill(line, to.width, subsequent_indent=" " * indent, break_on_hyphens=False)
        to.print(line.replace(HARD_SPACE, " "), soft_wrap=True)
    to.file.flush()


def duration(seconds: float) -> str:
    """A time in the unit that suits it.

    Example:
        >>> duration(4.2), duration(600), duration(9000)
        ('4 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Bar:
    """A piece of work: a bar that grows in a terminal or a notebook, and one line when it is finished; in a log file that line.

    In a notebook it is one output of plain text that is updated, so a saved notebook holds the last line, and no widgets
    or control characters. In a terminal nothing has to be put back after Ctrl-C.
    """

    def __init__(self, description: str, total: int | None = None) -> None:
        from rich.console import Console
        from rich.live import Live

        self.description, self.total, self.started, self.drawn = description, total, time.monotonic(), 0.0
        self.notebook, self.output, self.live = in_notebook(), None, None
        self.console = Console(file=io.StringIO(), width=80, force_jupyter=False) if self.notebook else console()
        if self.console.is_interactive:
            unseen: dict[str, Any] = {"auto_refresh": False, "redirect_stdout": False, "redirect_stderr": False}
            self.live = Live(console=self.console, transient=True, **unseen)

    def seconds(self) -> float:
        """How long the work has taken so far."""
        return time.monotonic() - self.started

    def update(self, done: int, note: str = "") -> None:
        """Redraw the bar, unless that was just done."""
        if time.monotonic() - self.drawn < REDRAW_SECONDS or not (self.live or self.notebook):
            return
        self.drawn = time.monotonic()
        if self.live:
            self.live.start()
            self.console.show_cursor()
            self.live.update(self._row(done, note), refresh=True)
        else:
            with self.console.capture() as captured:
                self.console.print(self._row(done, note))
            self._display(captured.get().rstrip())

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        say(line, to=None if self.notebook else self.console)

    def finish(self, line: str) -> None:
        """Put a line in place of the bar."""
        if self.notebook:
            self._display(line)
            return
        if self.live:
            self.live.stop()
        say(line, indent=4)

    def _row(self, done: int, note: str):
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        count, left = str(done), ""
        if self.total:
            count = f"{done}/{self.total}"
            left = f"{duration(self.seconds() / done * (self.total - done))} left" if done else ""
        text = Text(" · ".join(part for part in (count, note, left) if part), no_wrap=True, overflow="ellipsis")
        row = Table.grid(padding=(0, 1))
        row.add_column(no_wrap=True)
        row.add_row(self.description, ProgressBar(self.total, done, width=min(24, self.console.width // 5)), text)
        return row

    def _display(self, line: str) -> None:
        from IPython.display import display

        if self.output is None:
            self.output = display({"text/plain": line}, raw=True, display_id=True)
        else:
            self.output.update({"text/plain": line}, raw=True)


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Iterate over items, with a bar; `total` says how many there are where they have no length."""
    bar, done = Bar(description, len(items) if total is None and isinstance(items, Sized) else total), 0
    try:
        for done, item in enumerate(items, start=1):
            yield item
            bar.update(done)
    finally:
        of_total = f" of {bar.total}" if bar.total and bar.total != done else ""
        bar.finish(f"{description}: {done}{of_total} · {duration(bar.seconds())}")
