"""A map of the word embeddings that the network has learned."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigpt.config import check_positive
from minigpt.errors import ShowError
from minigpt.generation import never_said
from minigpt.numpy_gpt import NumpyGPT
from minigpt.show.drawing import DARK, Figure, new_figure, place_labels, styled
from minigpt.show.model_inputs import word_names


@styled()
def plot_word_map(model: Any, tokenizer: Any, words: Sequence[str] | int = 60) -> Figure:
    """Show the learned word embeddings as a map: the two directions in which these words differ most (PCA).

    Words that the network uses alike are close to each other, as far as two of many dimensions can show.

    Args:
        model: any keras.Model with an Embedding layer, or a `NumpyGPT`.
        tokenizer: of the model.
        words: the words to show; or how many of the most frequent ones.

    Raises:
        ShowError: fewer than three words, a word outside the vocabulary, or a model without an Embedding layer.
    """
    ids = _ids_to_map(tokenizer, words)
    names = word_names(tokenizer, ids)
    points, shares = principal_components(_embedding(model)[ids])

    figure, (axes,) = new_figure(5.6)
    axes.plot(points[:, 0], points[:, 1], "o", color=DARK, markersize=4)
    axes.margins(0.08)
    axes.axhline(0, color="0.85", zorder=0)
    axes.axvline(0, color="0.85", zorder=0)
    shown = f"as far as two axes show it ({shares.sum():.0%} of the variance)"
    axes.set(title=f"Map of {len(ids)} words: close means similar, {shown}")
    axes.set(xlabel=f"first principal component ({shares[0]:.0%})", ylabel=f"second principal component ({shares[1]:.0%})")
    left_out = place_labels(axes, points.tolist(), names)
    if left_out:
        axes.set_xlabel(f"{axes.get_xlabel()}; {left_out} crowded dots are not named", fontsize=10)
    return figure


def principal_components(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # (N, D) -> (N, 2), (2,)
    """Project vectors on the two directions in which they vary most; return them, and the shares of the variance.

    Example:
        >>> points, shares = principal_components(np.array([[0.0, 0, 5], [3, 4, 5], [6, 8, 5]]))
        >>> np.abs(points[:, 0]).round(3).tolist(), shares.round(3).tolist()
        ([5.0, 0.0, 5.0], [1.0, 0.0])
    """
    centred = vectors - vectors.mean(axis=0)
    turned, spread, _ = np.linalg.svd(centred, full_matrices=False)  # (N, n), (n,), n = min(N, D)
    variance = spread**2 / max(float((spread**2).sum()), 1e-30)
    return turned[:, :2] * spread[:2], variance[:2]


def _ids_to_map(tokenizer: Any, words: Sequence[str] | int) -> list[int]:
    if isinstance(words, str):
        words = words.split()
    if isinstance(words, Sequence):
        encoded = {word: list(tokenizer.encode(word)) for word in words}
        special = getattr(tokenizer, "special_ids", ())
        unknown = [word for word, ids in encoded.items() if len(ids) != 1 or ids[0] in special]
        if unknown:
            raise ShowError(f"{', '.join(map(repr, unknown))}: not single words of the vocabulary; choose from tokenizer.words")
        chosen = list(dict.fromkeys(ids[0] for ids in encoded.values()))
    else:
        check_positive("words", words)
        silent = never_said(tokenizer, tokenizer.vocab_size)
        chosen = np.flatnonzero(~silent)[:words].tolist()  # the Keras Tokenizer numbers the most frequent words first
    if len(chosen) < 3:
        raise ShowError(f"a map needs at least three different words, and there are {len(chosen)}: give more")
    return chosen


def _embedding(model: Any) -> np.ndarray:  # -> (V, D)
    if isinstance(model, NumpyGPT):
        return model.weights["token_embedding"][0]
    for layer in getattr(model, "layers", ()):
        if type(layer).__name__ == "Embedding":  # the first one: words come before positions
            return np.asarray(layer.get_weights()[0])
    raise ShowError(f"this {type(model).__name__} has no Embedding layer, so there are no word embeddings to show")
