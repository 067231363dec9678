"""A loss curve that is redrawn while the network trains."""

import sys

import keras

from minigpt.baseline import Baselines
from minigpt.engine.console import in_notebook
from minigpt.show.training import plot_training


class LiveCurve(keras.callbacks.Callback):
    """Redraws the curves of loss and accuracy after each epoch in a notebook; elsewhere it does nothing.

    The same figure is updated each time, so a saved notebook has only the last one.

    Args:
        baselines: levels to draw too, from `minigpt.baselines(sequence)`.
    """

    def __init__(self, baselines: Baselines | None = None) -> None:
        super().__init__()
        self.baselines = baselines

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Called by Keras: each training gets its own figure."""
        self.history: dict[str, list[float]] = {}
        self.first_epoch: int | None = None
        self.handle = None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        if self.first_epoch is None:
            self.first_epoch = epoch + 1  # above 1 where a training goes on from a checkpoint
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        if not in_notebook() or "loss" not in self.history:
            return
        from IPython.display import display

        try:
            figure = plot_training(self.history, self.baselines, self.first_epoch or 1)
        except Exception as error:  # hours of training must not be lost to a figure
            print(f"the curve cannot be drawn ({error}); the training goes on", file=sys.stderr)
            return
        if self.handle is None:
            self.handle = display(figure, display_id=True)
        else:
            self.handle.update(figure)
