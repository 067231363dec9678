"""Figures of the notebooks on the network: tables of numbers, the architecture from the paper, bars of next words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.patches import FancyArrowPatch
from matplotlib.ticker import MaxNLocator

from minigpt.show.drawing import DARK, MAP, PALE, Figure, new_figure, rounded_box, styled

Point = tuple[float, float]


@styled()
def tables(named: Mapping[str, Any], rows: Sequence[str] = (), columns: Sequence[str] = (), digits: int = 2) -> Figure:
    """Draw small matrices side by side, with every number.

    Args:
        named: matrices (rows, columns) by title, from left to right.
        rows: a name for each row, written on the left.
        columns: a name for each column of the square matrices.
        digits: after the decimal point; whole numbers have none.

    Example:
        >>> len(tables({"words": [[1, 0], [0, 2]], "scores": [[1, 0], [0, 4]]}).axes)
        2
    """
    matrices = {title: np.asarray(matrix, dtype="float64") for title, matrix in named.items()}
    tallest = max(len(matrix) for matrix in matrices.values())
    figure, axes = new_figure(0.42 * tallest + 1.1, columns=len(matrices), width_ratios=[m.shape[1] for m in matrices.values()])
    for number, (panel, (title, matrix)) in enumerate(zip(axes, matrices.items(), strict=True)):
        finite = np.where(np.isfinite(matrix), matrix, np.nan)
        top = max(float(np.nanmax(np.abs(finite))), 1e-9)
        panel.imshow(np.nan_to_num(finite) / top, cmap=MAP, vmin=0, vmax=1.4, aspect="auto")
        for row, column in np.ndindex(*matrix.shape):
            panel.text(column, row, _written(float(matrix[row, column]), digits), ha="center", va="center", fontsize=9.5)
        square = len(columns) == matrix.shape[1]
        panel.set_xticks(range(matrix.shape[1]) if square else [], columns if square else [])
        panel.set_yticks(range(len(matrix)) if number == 0 and rows else [], rows if number == 0 else [])
        panel.tick_params(length=0)
        panel.set_title(title)
        for side in panel.spines.values():
            side.set_visible(False)
    return figure


def _written(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return "−∞" if value < 0 else "∞"
    return f"{value:.{0 if value == round(value) else digits}f}".replace("-", "−")


@styled()
def bars(named: Mapping[str, Any], words: Sequence[str], title: str = "") -> Figure:
    """Draw the probabilities of the same words under several settings, a panel for each.

    Args:
        named: probabilities (words,) by the name of the setting, from left to right; a word with 0 is ruled out.
        words: a name for each bar.
        title: above all panels.

    Example:
        >>> len(bars({"t = 1": [0.7, 0.3], "t = 0.5": [0.8, 0.2]}, ["the", "a"]).axes)
        2
    """
    figure, axes = new_figure(0.24 * len(words) + 1.5, columns=len(named), sharey=True, sharex=True)
    places, widest = np.arange(len(words)), max(np.max(probabilities) for probabilities in named.values())
    for panel, (name, probabilities) in zip(axes, named.items(), strict=True):
        shares = 100 * np.asarray(probabilities, dtype="float64")
        panel.barh(places, shares, color=DARK)
        for place, share in zip(places, shares, strict=True):
            written = "out" if share == 0 else f"{share:.0f}" if share >= 0.5 else "<1"
            ink = "0.45" if share == 0 else "black"
            panel.annotate(written, (share, place), (3, 0), textcoords="offset points", va="center", fontsize=8.5, color=ink)
        panel.set(title=name, xlabel="%", xlim=(0, 130 * widest))
        panel.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes[0].set_yticks(places, words)
    axes[0].set_ylim(len(words) - 0.4, -0.6)
    figure.suptitle(title, fontsize=11)
    return figure


# Figure 1 of the paper, right half, without attention to an encoder: a GPT has none. Each box, from below:
# bottom, height, text, whether it is filled, the code that makes it, its output.
_BOXES = (
    (0.2, 0.55, "token_embedding", True, "layers.Embedding(vocab_size, embed_dim)", "(B, T) → (B, T, D)"),
    (1.15, 0.55, "positional_encoding", True, "PositionalEncoding(max_seq_length, embed_dim)", "(B, T, D)"),
    (2.75, 0.5, "norm_1", False, "layers.LayerNormalization()", "(B, T, D)"),
    (3.5, 0.65, "attention\n(causal: no future)", True, "layers.MultiHeadAttention(num_heads, key_dim)", "(B, T, D)"),
    (4.4, 0.45, "residual_1   +", False, "layers.Add()", "(B, T, D)"),
    (5.15, 0.5, "norm_2", False, "layers.LayerNormalization()", "(B, T, D)"),
    (5.9, 0.65, "feed_forward_1\nfeed_forward_2", True, "layers.Dense(ff_dim), layers.Dense(embed_dim)", "(B, T, D)"),
    (6.8, 0.45, "residual_2   +", False, "layers.Add()", "(B, T, D)"),
    (7.95, 0.5, "final_norm", False, "layers.LayerNormalization()", "(B, T, D)"),
    (8.75, 0.55, "next_word (softmax)", True, "layers.Dense(vocab_size, activation='softmax')", "(B, T, V)"),
)
_SKIPS = ((2.35, 4.62), (4.97, 7.02))  # the connections around attention and around feed-forward


@styled()
def paper() -> Figure:
    """Draw the decoder as in figure 1 of the paper, each box beside the line of code that makes it and its output shape.

    The norms come before attention and feed-forward, as in GPT-2; in the paper, they come after the additions.

    Example:
        >>> len(paper().axes)
        1

    Reference: Vaswani et al., "Attention Is All You Need", figure 1, https://arxiv.org/abs/1706.03762
    """
    figure, (axes,) = new_figure(7.2)
    axes.add_patch(rounded_box(-0.35, 2.1, 4.0, 5.4, facecolor="white", edgecolor=DARK, linestyle="--"))
    axes.text(-0.5, 4.8, "decoder block, num_layers times", rotation=90, ha="right", va="center", color=DARK, fontsize=10)
    for bottom, height, text, filled, code, shape in _BOXES:
        middle = bottom + height / 2
        axes.add_patch(rounded_box(0.3, bottom, 3.0, height, facecolor=PALE if filled else "white", edgecolor=DARK))
        axes.text(1.8, middle, text, ha="center", va="center", fontsize=9)
        axes.plot([3.4, 4.1], [middle, middle], color="0.6", linestyle=":", linewidth=1)
        axes.text(4.2, middle, code, va="center", fontsize=8.5, family="monospace")
        axes.text(11.6, middle, shape, va="center", ha="right", fontsize=8.5, color="0.35")
    axes.text(1.8, -0.4, "word ids", ha="center", va="top", fontsize=10)
    axes.text(1.8, 9.95, "probability of each next word", ha="center", va="bottom", fontsize=10)
    ends = [-0.4, *(edge for bottom, height, *_ in _BOXES for edge in (bottom, bottom + height)), 9.9]
    for start, end in zip(ends[::2], ends[1::2], strict=True):
        _arrow(axes, [(1.8, start), (1.8, end)])
    for start, end in _SKIPS:
        _arrow(axes, [(1.8, start), (-0.1, start), (-0.1, end), (0.3, end)])
    axes.set(xlim=(-1.1, 11.7), ylim=(-0.9, 10.4))
    axes.axis("off")
    return figure


def _arrow(axes: Any, points: Sequence[Point]) -> None:
    """Draw a line through the points, with an arrowhead at its end."""
    axes.plot(*zip(*points[:-1], strict=True), color=DARK, linewidth=1.1)
    look: dict[str, Any] = {
        "arrowstyle": "-|>",
        "mutation_scale": 9,
        "shrinkA": 0,
        "shrinkB": 0,
        "color": DARK,
        "linewidth": 1.1,
    }
    axes.add_patch(FancyArrowPatch(*points[-2:], **look))
