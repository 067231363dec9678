"""Figures of two parts of the network that are not learned: the positions and the mask."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from minigpt.config import check_positive
from minigpt.errors import ShowError
from minigpt.layers import sine_table
from minigpt.show.drawing import DARK, WORD_HEIGHT, Figure, label_words, new_figure, styled


@styled()
def plot_positional_encoding(max_len: int | Any = 100, d_model: int = 256) -> Figure:
    """Show the sine table that tells the network the order of the words: as a heatmap, and some columns as waves.

    Args:
        max_len: number of positions; or your own table (max_len, d_model).
        d_model: numbers per position.

    Raises:
        ShowError: the table does not have two axes.
    """
    own = np.ndim(max_len) > 0
    if not own:
        check_positive("max_len", max_len)
        check_positive("d_model", d_model)
        table = sine_table(max_len, d_model)
    else:
        table = np.asarray(max_len, dtype="float64")
        if table.ndim == 3 and len(table) == 1:  # often (1, max_len, d_model), to be added to a batch
            table = table[0]
        if table.ndim != 2 or not table.size:
            raise ShowError(f"the table has the shape {table.shape}: it must be (max_len, d_model), one row for each position")
    positions, width = table.shape

    figure, (heatmap, waves) = new_figure(4.8, rows=2, height_ratios=[1.6, 1])
    image = heatmap.imshow(table, aspect="auto", cmap="viridis", interpolation="nearest")
    heatmap.set(title="Positional encoding: every position (row) has its own pattern")
    heatmap.set(xlabel=f"dimension (0 to {width - 1})", ylabel="position (words)")
    figure.colorbar(image, ax=heatmap, label="value added")
    columns = sorted({0, min(1, width - 1), width // 8, width // 4})  # a fast pair, and slower ones
    for column, line in zip(columns, ("-", "--", "-.", ":"), strict=False):
        waves.plot(table[:, column], line, color=DARK, label=f"dimension {column}")
    title = f"{len(columns)} of its {width} columns" + ("" if own else ": waves, the further right, the slower")
    waves.set(title=title, xlabel="position (words)", ylabel="value added")
    waves.set_xlim(0, max(1, positions - 1))
    for axis in (heatmap.xaxis, heatmap.yaxis, waves.xaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True))
    figure.legend(*waves.get_legend_handles_labels(), loc="outside lower center", ncols=len(columns))
    return figure


@styled()
def plot_causal_mask(words: int | str | Sequence[str] = 8) -> Figure:
    """Show which words each word may attend to: itself and those before it, never those after it.

    Args:
        words: how many; or the words themselves, as a list or a sentence.
    """
    if isinstance(words, str):
        words = words.split()
    if isinstance(words, Sequence):
        names = list(words)
        check_positive("number of words", len(names))
    else:
        check_positive("words", words)
        names = [str(number) for number in range(1, words + 1)]
    length = len(names)
    allowed = np.tril(np.ones((length, length)))

    side = min(6.0, max(2.2, 0.36 * length))
    figure, (axes,) = new_figure(side + 1.4)
    axes.imshow(allowed, cmap="Greys", vmin=-0.5, vmax=2.2)
    if side / length > WORD_HEIGHT * 1.5:  # there is room for a mark in each cell
        for row, column in np.ndindex(length, length):
            mark, ink = ("✓", "black") if column <= row else ("−∞", "0.45")
            axes.text(column, row, mark, ha="center", va="center", fontsize=9, color=ink)
    label_words(axes, names, side)
    legend = "dark: may attend; pale: its score is set to −∞, so its weight is 0"
    axes.set(title=f"The causal mask: {length} words, none sees the future\n{legend}")
    axes.set(xlabel="the word that is attended to", ylabel="the word that attends")
    return figure
