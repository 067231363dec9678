"""Heatmaps of attention: which word attends to which."""

import math
from typing import Any

import numpy as np

from minigpt.engine.cached_gpt import trace_activations
from minigpt.errors import ShowError
from minigpt.show.drawing import LETTER_WIDTH, MAP, WIDTH, WORD_HEIGHT, Figure, label_words, new_figure, styled
from minigpt.show.model_inputs import numpy_gpt, read_ids, word_names


@styled()
def plot_attention(model: Any, tokenizer: Any, text: str, layer: int = 1, head: int | None = 1) -> Figure:
    """Show how much each word of a text (row) attends to each word (column), in one layer and head.

    Each row sums to 100 %. Only the end of a text longer than the context window is read.

    Args:
        model: of `build_gpt_model`, or a `NumpyGPT`.
        tokenizer: of the model.
        text: to be read.
        layer: number of the decoder block, from 1, as in `decoder_block_1`.
        head: number of the head, from 1; None for all heads side by side.

    Raises:
        ShowError: there is no such layer or head, the text has no words, or `build_gpt_model` did not build the model.

    Reference: Vaswani et al., "Attention Is All You Need", section 3.2, https://arxiv.org/abs/1706.03762
    """
    gpt = numpy_gpt(model)
    _check_number("layer", layer, gpt.config.num_layers)
    if head is not None:
        _check_number("head", head, gpt.config.num_heads)
    ids = read_ids(tokenizer, text)[-gpt.config.max_seq_length :]
    names = word_names(tokenizer, ids)
    _, activations = trace_activations(gpt, ids)
    weights = activations[f"decoder_block_{layer}/attention_weights"]  # (H, T, T)
    if head is not None:
        return _one_head(weights[head - 1], names, f"decoder_block_{layer}, head {head}")
    return _all_heads(weights, names, f"decoder_block_{layer}, all {len(weights)} heads")


def _one_head(weights: np.ndarray, names: list[str], where: str) -> Figure:
    side = min(6.0, max(2.4, 0.34 * len(names)))
    figure, (axes,) = new_figure(side + _upright(names) + 0.7)
    image = axes.imshow(100 * weights, cmap=MAP, vmin=0, vmax=100)
    if side / len(names) > 0.3:  # there is room for a number in each cell
        for row, column in np.argwhere(weights >= 0.005):
            share = weights[row, column]
            ink = "white" if share > 0.55 else "black"
            axes.text(column, row, f"{share * 100:.0f}", ha="center", va="center", fontsize=9, color=ink)
    label_words(axes, names, side)
    axes.set(title=f"Attention in {where}", xlabel="the word that is attended to", ylabel="the word that attends")
    figure.colorbar(image, ax=axes, label="attention weight (% of a row)", shrink=0.9)
    return figure


def _all_heads(weights: np.ndarray, names: list[str], where: str) -> Figure:
    columns = min(4, len(weights))
    rows = math.ceil(len(weights) / columns)
    left_over = 2.0 + _upright(names)  # inches for the words of the rows, and the scale
    side = min(3.2, (WIDTH - left_over) / columns)
    figure, axes = new_figure((side + _upright(names) + 0.35) * rows + 0.7, columns=columns, rows=rows)
    for number, panel in enumerate(axes):
        if number >= len(weights):
            panel.axis("off")
            continue
        image = panel.imshow(100 * weights[number], cmap=MAP, vmin=0, vmax=100)
        panel.set_title(f"head {number + 1}", fontsize=10)
        label_words(panel, names, side)
        panel.tick_params(labelleft=number % columns == 0)
    unnamed = " (not every word has room for its name)" if len(names) * WORD_HEIGHT > side else ""
    figure.suptitle(f"Attention in {where}", fontsize=11)
    figure.supxlabel(f"the word that is attended to{unnamed}", fontsize=10)
    figure.supylabel("the word that attends", fontsize=10)
    figure.colorbar(image, ax=axes, label="attention weight\n(% of a row)", shrink=0.9)
    return figure


def _upright(names: list[str]) -> float:
    return LETTER_WIDTH * max(map(len, names))  # inches that the longest word needs


def _check_number(name: str, number: Any, highest: int) -> None:
    if isinstance(number, bool) or not hasattr(number, "__index__") or not 1 <= number <= highest:
        raise ShowError(f"{name}={number!r}: this model has the {name}s 1 to {highest}")
