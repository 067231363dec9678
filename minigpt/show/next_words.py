"""The next word as bars: which words are likely, and which the settings rule out."""

from typing import Any

import numpy as np

from minigpt.config import check_positive
from minigpt.engine.next_word import next_word_function
from minigpt.errors import ShowError
from minigpt.generation import first_word_probabilities, never_said
from minigpt.sampling import apply_temperature, check_settings, keep_top_k, keep_top_p
from minigpt.show.figure import DARK, PALE, Figure, new_figure, shorten, styled
from minigpt.show.reading import read_ids, word_names


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
    """Show the likeliest next words after a prompt, and what the settings of `generate_text` make of them.

    A dark bar is the chance that the word is drawn. A pale bar is a word that top_k, top_p or temperature 0 rules out, with the
    chance that it would have had.

    Args:
        model: any model from ids (1, T) to probabilities (1, T, V), or a `NumpyGPT`.
        tokenizer: of the model.
        prompt: what to continue; empty for the first word.
        top: how many words to show.
        temperature, top_k, top_p: as for `generate_text`.

    Raises:
        ShowError: the model gives every word the probability 0, or no number.
        GenerationError: a setting that cannot be right.
    """
    check_positive("top", top)
    check_settings(0, temperature, top_k, top_p)
    ids = read_ids(tokenizer, prompt) if prompt.strip() else []
    probabilities = next_word_function(model)(ids or [0])  # (V,)
    if not ids:
        probabilities = first_word_probabilities(tokenizer, len(probabilities))
    said = np.where(never_said(tokenizer, len(probabilities)), 0.0, probabilities)
    if not said.sum() > 0:  # no number is not above 0 either
        raise ShowError("the model gives every word the probability 0, or no number: build it anew and train it")
    before = apply_temperature(said, temperature or 1.0)
    drawn = _filtered(before, temperature, top_k, top_p)
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
        axes.annotate(
            f"ruled out ({chance})" if is_out else chance,
            (share, place),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(places, word_names(tokenizer, list(order)))
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(0, max(shares) * 1.25)  # room for the numbers
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= 100])
    settings = [f"temperature {temperature:g}"]
    settings += [f"{name} {value:g}" for name, value in (("top_k", top_k), ("top_p", top_p)) if value is not None]
    title = f"The next word after “{shorten(prompt)}”" if ids else "The first word, drawn as often as it stands in the text"
    axes.set(title=title, xlabel=f"probability (%) at {', '.join(settings)}")
    return figure


def _filtered(p: np.ndarray, temperature: float, top_k: int | None, top_p: float | None) -> np.ndarray:  # (V,) -> (V,)
    """What `minigpt.sampling.choose` draws from."""
    if temperature == 0:
        return keep_top_k(p, 1)
    if top_k is not None:
        p = keep_top_k(p, top_k)
    return p if top_p is None else keep_top_p(p, top_p)
