"""The progress of a long piece of work: a line that grows in a terminal or a notebook, a line an epoch in a log file."""

import sys
import time

import keras

BAR_WIDTH = 24
REDRAW_SECONDS = 0.2


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel (Jupyter, VS Code, Colab)."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return type(get_ipython()).__name__ in ("ZMQInteractiveShell", "Shell")  # Shell: Colab


class StatusLine:
    """A line of text that is replaced by the next one, where the output can.

    In a notebook it is one output that is updated, so that a saved notebook holds its last state and no control characters.
    """

    def __init__(self) -> None:
        self.notebook = in_notebook()
        self.terminal = not self.notebook and sys.stdout.isatty()
        self.handle = None
        self.width = 0

    def show(self, line: str, final: bool = False) -> None:
        """Replace the line. A final line stays; one that is not is left out of a log file."""
        if self.notebook:
            from IPython.display import display

            content = {"text/plain": line}
            if self.handle is None:
                self.handle = display(content, raw=True, display_id=True)
            else:
                self.handle.update(content, raw=True)
        elif self.terminal:
            sys.stdout.write("\r" + line.ljust(self.width) + ("\n" if final else ""))
            sys.stdout.flush()
        elif final:
            print(line, flush=True)
        self.width = 0 if final else len(line)
        if final:
            self.handle = None


class Progress(keras.callbacks.Callback):
    """Shows each epoch of a training on one line: a bar, the loss, the accuracy, the time that is left.

    Keras' own bar leaves hundreds of control characters in a saved notebook, and one line a step in a log file.
    """

    def on_train_begin(self, logs=None) -> None:
        """Called by Keras."""
        self.epochs, self.steps = self.params["epochs"], self.params["steps"]

    def on_epoch_begin(self, epoch, logs=None) -> None:
        """Called by Keras."""
        self.epoch, self.started, self.drawn, self.line = epoch, time.perf_counter(), 0.0, StatusLine()

    def on_train_batch_end(self, batch, logs=None) -> None:
        """Called by Keras."""
        now = time.perf_counter()
        if now - self.drawn < REDRAW_SECONDS:
            return
        self.drawn = now
        done, steps = batch + 1, self.steps or batch + 1
        left = (now - self.started) / done * (steps - done)
        self.line.show(f"{self._title(done / steps)} {done}/{steps} · {_measures(logs)} · {left:.0f} s left")

    def on_epoch_end(self, epoch, logs=None) -> None:
        """Called by Keras."""
        seconds = time.perf_counter() - self.started
        self.line.show(f"{self._title(1)} {_measures(logs)} · {seconds:.1f} s", final=True)

    def _title(self, share: float) -> str:
        filled = round(share * BAR_WIDTH)
        return f"epoch {self.epoch + 1:>{len(str(self.epochs))}}/{self.epochs} {'█' * filled}{'░' * (BAR_WIDTH - filled)}"


def _measures(logs: dict[str, float]) -> str:
    parts = []
    for name in sorted(logs, key=lambda name: (name.startswith("val_"), "accuracy" in name)):  # loss first, as it is minimised
        value = logs[name]
        label = name.replace("val_", "validation ").replace("_", " ")
        parts.append(f"{label} {value:.1%}" if "accuracy" in name else f"{label} {value:.3f}")
    return " · ".join(parts)
