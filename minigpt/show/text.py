"""Figures of the text, and of the windows cut from it."""

from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter

from minigpt.config import check_positive
from minigpt.errors import ShowError
from minigpt.show.drawing import DARK, LETTER_WIDTH, PALE, Figure, new_figure, place_labels, styled
from minigpt.show.model_inputs import word_names


@styled()
def plot_word_frequencies(tokenizer: Any, top: int = 20) -> Figure:
    """Show how often each word occurs in the text: the most frequent words by name, and all words by rank.

    With two logarithmic axes, nearly every text is close to a straight line: the word of rank r occurs about 1/r times as
    often as the first.

    Args:
        tokenizer: a fitted `WordTokenizer`, or a Keras Tokenizer.
        top: how many words to list by name.

    Raises:
        ShowError: the tokenizer has no word counts.

    Reference: Zipf, "Human Behavior and the Principle of Least Effort", 1949.
    """
    check_positive("top", top)
    counts = dict(getattr(tokenizer, "word_counts", None) or {})
    if not counts:
        raise ShowError("the tokenizer has no word counts: give a WordTokenizer, after tokenizer.fit(text_data)")
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    words, numbers = [word for word, _ in ranked], np.array([count for _, count in ranked])
    ranks = np.arange(1, len(words) + 1)
    shown = min(top, len(words))

    figure, (bars, ranking) = new_figure(max(3.6, 0.19 * shown + 1.1), columns=2, width_ratios=[1, 1.7])
    once = (numbers == 1).mean()
    figure.suptitle(f"{numbers.sum():,} words, {len(words):,} different: a few are everywhere, {once:.0%} occur only once")
    bars.barh(ranks[:shown], numbers[:shown], color=DARK)
    bars.set_yticks(ranks[:shown], words[:shown])
    bars.set_ylim(shown + 0.6, 0.4)
    bars.set(title=f"The {shown} most frequent words", xlabel="times in the text")

    ranking.set(xscale="log", yscale="log")
    for axis in (ranking.xaxis, ranking.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:,g}")  # 1, 10, 100 instead of powers
        axis.set_minor_formatter(NullFormatter())
    ranking.plot(ranks, numbers[0] / ranks, color="0.5", linestyle="--", label="count of the first word / rank (Zipf)")
    ranking.plot(ranks, numbers, "o", color=DARK, markersize=4, label="words of this text")
    ranking.set_xlim(0.8, len(words) * 1.4)
    ranking.set_ylim(0.7, numbers[0] * 2.2)
    ranking.set(title="All words by rank", xlabel="rank (1 = most frequent)", ylabel="times in the text")
    ranking.legend(loc="upper right")
    named = np.unique(np.geomspace(1, len(words), 12).astype(int))  # evenly along a logarithmic axis
    dots = list(zip(ranks, numbers, strict=True))
    place_labels(ranking, [dots[rank - 1] for rank in named], [words[rank - 1] for rank in named], dots)
    return figure


@styled()
def plot_windows(x: np.ndarray, y: np.ndarray, tokenizer: Any = None, rows: int = 3) -> Figure:
    """Show windows as x above y: what the model reads, and below each word the word that it should predict.

    Args:
        x, y: int arrays (N, T) from `create_dataset`.
        tokenizer: to show words instead of ids.
        rows: how many windows to show, beginning with the first.

    Raises:
        ShowError: x and y are not two arrays (N, T) of the same shape.
    """
    check_positive("rows", rows)
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape or x.ndim != 2 or not x.size:
        raise ShowError(f"x has the shape {x.shape} and y {y.shape}: both must be (windows, words), as from create_dataset")
    count, length = x.shape
    rows = min(rows, count)

    cells = [[list(map(str, ids)) if tokenizer is None else word_names(tokenizer, ids) for ids in a[:rows]] for a in (x, y)]
    shown = _fitting_columns(cells)
    hidden = length - shown

    figure, (axes,) = new_figure(0.85 * rows + 0.8)
    for row in range(rows):
        for part, color, ink, height in ((0, PALE, "black", 0.0), (1, DARK, "white", 1.0)):
            top = row * 2.7 + height
            for column, word in enumerate(cells[part][row][:shown]):
                axes.add_patch(Rectangle((column + 0.02, top + 0.04), 0.96, 0.92, facecolor=color, edgecolor="white"))
                axes.text(column + 0.5, top + 0.5, word, ha="center", va="center", fontsize=9, color=ink)
            if hidden:
                axes.text(shown + 0.15, top + 0.5, f"… {hidden} more", va="center", fontsize=9)
            axes.text(-0.1, top + 0.5, f"{'xy'[part]}[{row}]", ha="right", va="center", fontsize=10, family="monospace")
    axes.set_xlim(-0.7, shown + (1.2 if hidden else 0.1))
    axes.set_ylim(rows * 2.7 - 0.5, -0.1)
    axes.axis("off")
    title = f"{rows} of {count:,} windows of {length} words: y (dark) is x one word later"
    if rows > 1 and np.array_equal(x[1:rows, :-1], x[: rows - 1, 1:]):
        title += "; each window starts one word later"
    axes.set_title(title)
    return figure


def _fitting_columns(cells: list[list[list[str]]], inches: float = 6.6) -> int:
    for columns in range(min(len(cells[0][0]), 14), 1, -1):
        longest = max(len(word) for windows in cells for window in windows for word in window[:columns])
        if (LETTER_WIDTH * longest + 0.1) * columns <= inches:
            return columns
    return 1
