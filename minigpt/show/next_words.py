"""The next word as bars: which words are likely, and which ones the settings rule out."""

from typing import Any

import numpy as np

from minigpt.config import check_positive
from minigpt.generation import read_prompt, word_probabilities
from minigpt.sampling import Sampling, apply_temperature
from minigpt.show.drawing import DARK, PALE, Figure, new_figure, shorten, styled
from minigpt.show.model_inputs import word_names


@styled()
def plot_next_words(
    model: Any,
    tokenizer: Any,
    prompt: str,
    top: int = 10,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Figure:
    """Show the likeliest next words after a prompt, and what the settings of `generate_text` do to them.

    A dark bar is the probability that the word is drawn. A pale bar is a word that top_k, top_p or temperature 0 rules out,
    with the probability that it would have had.

    Args:
        model: any model that maps ids (1, T) to probabilities (1, T, V), or a `NumpyGPT`.
        tokenizer: of the model.
        prompt: what to continue; empty for the first word.
        top: how many words to show.
        temperature, top_k, top_p: as for `generate_text`.

    Raises:
        GenerationError: a setting that cannot be right, a prompt that is no text, or a model that predicts no probabilities.
    """
    check_positive("top", top)
    sampling = Sampling(temperature, top_k, top_p)
    ids = read_prompt(tokenizer, prompt, stacklevel=4)
    probabilities = word_probabilities(model, tokenizer)(ids)  # (V,)
    drawn = sampling.apply(probabilities)
    before = apply_temperature(probabilities, sampling.temperature or 1.0)
    order = np.argsort(-before, kind="stable")[: min(top, np.count_nonzero(before))]
    out = drawn[order] == 0

    figure, (axes,) = new_figure(0.26 * len(order) + 1.6)
    places = np.arange(len(order))
    shares = 100 * np.where(out, before[order], drawn[order])
    axes.barh(places[~out], shares[~out], color=DARK, label="can be drawn")
    if out.any():
        axes.barh(places[out], shares[out], color=PALE, hatch="///", edgecolor="white", label="ruled out")
        axes.legend(loc="lower right")
    for place, share, is_out in zip(places, shares, out, strict=True):
        chance = f"{share:.1f} %" if share >= 0.05 else "under 0.1 %"
        label = f"ruled out ({chance})" if is_out else chance
        axes.annotate(label, (share, place), (4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_yticks(places, word_names(tokenizer, list(order)))
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(0, max(shares) * 1.25)  # room for the numbers
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= 100])
    named = {"temperature": sampling.temperature, "top_k": top_k, "top_p": sampling.top_p}
    settings = [f"{name} {value:g}" for name, value in named.items() if value is not None]
    title = f"The next word after “{shorten(prompt)}”" if ids else "The first word, as likely as it is frequent in the text"
    axes.set(title=title, xlabel=f"probability (%) at {', '.join(settings)}")
    return figure
