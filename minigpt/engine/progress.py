"""The progress of a training, a line for each epoch. What it is shown on is in `console.py`, which does not need Keras."""

import keras

from minigpt.engine.console import Bar


class Progress(keras.callbacks.Callback):
    """Shows each epoch of a training: a bar with the loss, the accuracy and the time left, and at its end one line.

    Keras' own bar leaves hundreds of control characters in a saved notebook, and one line a step in a log file.
    """

    def on_epoch_begin(self, epoch, logs=None) -> None:
        """Called by Keras."""
        epochs = self.params["epochs"]
        self.title = f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}"
        self.bar = Bar(self.title, self.params["steps"])
        self.bar.update(0)

    def on_train_batch_end(self, batch, logs=None) -> None:
        """Called by Keras."""
        self.bar.update(batch + 1, _measures(logs))

    def on_epoch_end(self, epoch, logs=None) -> None:
        """Called by Keras."""
        self.bar.finish(f"{self.title} · {_measures(logs)} · {self.bar.seconds():.1f} s")


def _measures(logs: dict[str, float]) -> str:
    parts = []
    for name in sorted(logs, key=lambda name: (name.startswith("val_"), "accuracy" in name)):  # loss first, as it is minimised
        value = logs[name]
        label = name.replace("val_", "validation ").replace("_", " ")
        parts.append(f"{label} {value:.1%}" if "accuracy" in name else f"{label} {value:.3f}")
    return " · ".join(parts)
