"""Where the parameters are: counted by formula, and drawn."""

import copy
from collections.abc import Sequence
from typing import Any

from matplotlib.ticker import MaxNLocator

from minigpt.config import check_positive
from minigpt.show.drawing import DARK, MIDDLE, PALE, Figure, new_figure, styled


def count_parameters(config: Any) -> dict[str, int]:
    """Count the parameters of a GPT part by part, without building it.

    Args:
        config: a `GPTConfig`, or any object with its fields.

    Returns:
        The number of parameters of each part; their sum is `build_gpt_model(config).count_params()`.

    Example:
        >>> from minigpt import GPTConfig
        >>> sum(count_parameters(GPTConfig.lecture()).values())
        13085576
    """
    V, D, F = config.vocab_size, config.embed_dim, config.ff_dim
    HK = config.num_heads * config.key_dim  # all heads together
    query_key_value = 3 * (D * HK + HK)  # weights and biases
    attention_output = HK * D + D
    feed_forward = (D * F + F) + (F * D + D)
    norm = 2 * D  # gamma and beta
    norms = 2 * config.num_layers + (config.norm == "pre")  # pre-norm has one more, after the last block
    return {
        "token_embedding": V * D,
        "positional_encoding": 0,  # a formula, nothing is learned
        "attention": config.num_layers * (query_key_value + attention_output),
        "feed_forward": config.num_layers * feed_forward,
        "norms": norms * norm,
        "next_word": D * V + V,
    }


@styled()
def plot_parameters(config: Any) -> Figure:
    """Show which parts of a GPT hold its parameters.

    Args:
        config: a `GPTConfig`, or any object with its fields.
    """
    parts = count_parameters(config)
    total = sum(parts.values())
    blocks = f"{config.num_layers} blocks" if config.num_layers > 1 else "1 block"
    names = {"attention": f"attention ({blocks})", "feed_forward": f"feed_forward ({blocks})"}

    figure, (axes,) = new_figure(3.2)
    bars = axes.barh([names.get(part, part) for part in parts], list(parts.values()), color=DARK)
    shares = [f"{count / total:.1%}" if count / total >= 0.0005 else "under 0.1%" for count in parts.values()]
    labels = [f"{n:,} ({share})" if n else "0 (a formula)" for n, share in zip(parts.values(), shares, strict=True)]
    axes.bar_label(bars, labels, padding=4, fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, max(parts.values()) * 1.35)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda value, _: _short(value))
    axes.set(title=f"{total:,} parameters ({total * 4 / 2**20:,.1f} MB at 4 bytes each), part by part", xlabel="parameters")
    return figure


@styled()
def plot_parameters_by_layers(config: Any, layers: Sequence[int] = (4, 12, 24, 48, 96)) -> Figure:
    """Show how a GPT grows with its number of decoder blocks, all else being equal.

    Args:
        config: a `GPTConfig`, or any object with its fields.
        layers: the numbers of blocks to compare.
    """
    check_positive("number of layers", len(layers))
    counted = []
    for number in layers:
        check_positive("num_layers", number)
        deeper = copy.copy(config)
        deeper.num_layers = number
        counted.append(count_parameters(deeper))
    totals = [sum(parts.values()) for parts in counted]
    groups = {
        "words in and out (token_embedding, next_word)": ("token_embedding", "positional_encoding", "next_word"),
        "attention and norms": ("attention", "norms"),
        "feed_forward": ("feed_forward",),
    }

    figure, (axes,) = new_figure(3.8)
    places = range(len(layers))
    bottom = [0] * len(layers)
    for (label, parts), color, hatch in zip(groups.items(), (DARK, PALE, MIDDLE), ("", "///", ""), strict=True):
        heights = [sum(counts[part] for part in parts) for counts in counted]
        axes.bar(places, heights, 0.62, bottom=bottom, color=color, hatch=hatch, edgecolor="white", label=label)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    for place, total in zip(places, totals, strict=True):
        axes.text(place, total, f"{_short(total)}\n{_memory(total)}", ha="center", va="bottom", fontsize=9)
    axes.set_xticks(places, [str(number) for number in layers])
    axes.set_ylim(0, max(totals) * 1.2)
    axes.yaxis.set_major_formatter(lambda value, _: _short(value))
    title = f"From {_short(min(totals))} to {_short(max(totals))} parameters: each block adds the same number"
    axes.set(title=title, xlabel="decoder blocks (num_layers)", ylabel="parameters")
    axes.legend(loc="upper left")
    return figure


def _short(count: float) -> str:
    for size, unit in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f}"


def _memory(count: int) -> str:
    megabytes = count * 4 / 2**20  # 4 bytes each
    return f"{megabytes / 1024:.2f} GB" if megabytes >= 1000 else f"{megabytes:,.0f} MB"
