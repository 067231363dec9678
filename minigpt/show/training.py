"""Figures of a training: loss and accuracy, epoch by epoch."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from minigpt.baseline import Baselines
from minigpt.errors import ShowError
from minigpt.show.drawing import DARK, Figure, new_figure, styled

_LOOKS = ((DARK, "o"), ("#b3541e", "s"), ("0.45", "^"), ("#6fa3d0", "D"), ("#d9a05b", "v"), ("0.7", "P"))  # color, marker
_BASELINES = {"uniform": "any word", "unigram": "frequent words", "bigram": "frequent pairs"}


@styled()
def plot_training(history: Any, baselines: Baselines | None = None, first_epoch: int = 1) -> Figure:
    """Show loss and accuracy, epoch by epoch, and the losses of three simple baselines to compare with.

    Args:
        history: what `train_model` returns, or its `.history` dict; or several by name, to compare them:
            {"lecture": history_1, "quick": history_2}.
        baselines: of the same text, from `minigpt.baselines(sequence)`.
        first_epoch: the number of the first epoch in the history.

    Raises:
        ShowError: this is no history, or one without an epoch.

    Example:
        >>> plot_training({"loss": [4.0, 2.0], "accuracy": [0.1, 0.5]}).axes[0].get_ylabel()
        'loss (nats a word)'
    """
    runs = _named_runs(history)
    with_accuracy = any("accuracy" in key for run in runs.values() for key in run)
    figure, axes = new_figure(3.8, columns=2 if with_accuracy else 1, width_ratios=[1.25, 1] if with_accuracy else None)
    _draw(axes[0], runs, "loss", first_epoch)
    axes[0].set(title="Loss: lower is better", xlabel="epoch", ylabel="loss (nats a word)")
    axes[0].set_ylim(bottom=0)
    if baselines is not None:
        _draw_baselines(axes[0], baselines)
    if with_accuracy:
        _draw(axes[1], runs, "accuracy", first_epoch, factor=100)
        axes[1].set(title="Accuracy: higher is better", xlabel="epoch", ylabel="accuracy (%)", ylim=(0, 102))
    handles, labels = axes[0].get_legend_handles_labels()
    if len(labels) > 1:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)))
    return figure


def _named_runs(history: Any) -> dict[str, dict[str, Sequence[float]]]:
    """Bring all accepted forms into one: the measures of each run by its name, which is "" for a single run."""
    history = getattr(history, "history", history)
    if isinstance(history, Mapping) and "loss" not in history:
        runs: dict[str, Any] = {str(name): getattr(run, "history", run) for name, run in history.items()}
    else:
        runs = {"": history}
    for name, run in runs.items():
        if not isinstance(run, Mapping) or "loss" not in run:
            named = f" named {name!r}" if name else ""
            raise ShowError(
                f"the history{named} has no loss: give what train_model returns, after at least one epoch, "
                'or several by name, such as {"first": history_1, "second": history_2}'
            )
    if not runs:
        raise ShowError("there is no history to show: give what train_model returns")
    return runs


def _draw(axes: Axes, runs: dict[str, dict[str, Sequence[float]]], measure: str, first_epoch: int, factor: float = 1) -> None:
    validated = any(f"val_{measure}" in run for run in runs.values())
    for number, (name, run) in enumerate(runs.items()):
        color, marker = _LOOKS[number % len(_LOOKS)]
        for key, style, filled in ((measure, "-", True), (f"val_{measure}", "--", False)):
            if key not in run:
                continue
            values = [factor * value for value in run[key]]
            epochs = range(first_epoch, first_epoch + len(values))
            what = ("training" if filled else "validation") if validated or not name else ""
            label, face = ", ".join(filter(None, (name, what))), color if filled else "white"
            axes.plot(epochs, values, style, color=color, marker=marker, markersize=5, markerfacecolor=face, label=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if all(len(run["loss"]) == 1 for run in runs.values()):  # a single epoch: no fractions beside it
        axes.set_xticks([first_epoch])


def _draw_baselines(axes: Axes, baselines: Baselines) -> None:
    """Draw each baseline as a level, with its name in the right margin."""
    losses = {name: float(getattr(baselines, name)) for name in _BASELINES}
    axes.set_ylim(0, max(axes.get_ylim()[1], max(losses.values()) * 1.08))
    top = axes.get_ylim()[1]
    lowest = -math.inf
    for name, loss in sorted(losses.items(), key=lambda item: item[1]):
        axes.axhline(loss, color="0.35", linestyle=":", linewidth=1.2, zorder=0)
        height = max(loss / top, lowest + 0.16)  # as a share of the axes; two lines of text need 0.16
        lowest = height
        label, inside, outside = f"{name} {loss:.2f}\n({_BASELINES[name]})", (1, loss / top), (1.03, height)
        line = {"arrowstyle": "-", "color": "0.35", "linewidth": 0.6}
        axes.annotate(label, inside, outside, "axes fraction", "axes fraction", line, va="center", fontsize=9)
