"""Draw the next word from its probabilities: greedy, temperature, top-k, top-p."""

import math
from numbers import Real

import numpy as np

from minigpt.errors import GenerationError


def check_settings(
    max_new_tokens: int, temperature: float, top_k: int | None, top_p: float | None, seed: int | None = None
) -> None:
    """Raise GenerationError for a setting that cannot be right."""
    if not _is_whole(max_new_tokens) or max_new_tokens < 0:
        raise GenerationError(f"max_new_tokens={max_new_tokens!r}: use a whole number, 0 or more")
    if not isinstance(temperature, Real) or not 0 <= temperature < math.inf:
        raise GenerationError(f"temperature={temperature!r}: use 0 (always the likeliest word) or more, such as 0.8")
    if top_k is not None and (not _is_whole(top_k) or top_k < 1):
        raise GenerationError(f"top_k={top_k!r}: use a whole number of at least 1, or None for all words")
    if top_p is not None and (not isinstance(top_p, Real) or not 0 < top_p <= 1):
        raise GenerationError(f"top_p={top_p!r}: use a number above 0 and up to 1, or None for all words")
    if seed is not None and (not _is_whole(seed) or seed < 0):
        raise GenerationError(f"seed={seed!r}: use a whole number, 0 or more, or None for something else each time")


def _is_whole(value: object) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def choose(
    probabilities: np.ndarray, temperature: float, top_k: int | None, top_p: float | None, rng: np.random.Generator
) -> int:
    """Draw a word id from probabilities (V,), after temperature, top-k and top-p, in this order."""
    if not np.isfinite(probabilities).all():
        raise GenerationError("the model says NaN, not probabilities: its training has exploded; train it anew")
    if not probabilities.any():
        raise GenerationError("the model gives every word of the vocabulary probability 0: train it first")
    if temperature == 0:
        return int(probabilities.argmax())
    p = apply_temperature(probabilities, temperature)
    if top_k is not None:
        p = keep_top_k(p, top_k)
    if top_p is not None:
        p = keep_top_p(p, top_p)
    return int(rng.choice(len(p), p=p))


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:  # (V,) -> (V,)
    """Divide the logits by the temperature: below 1 the likely gets likelier, above 1 all gets more equal.

    Example:
        >>> apply_temperature(np.array([0.8, 0.2]), 0.5).round(2).tolist()
        [0.94, 0.06]
    """
    with np.errstate(divide="ignore"):  # the logarithm of 0 is -inf, and stays impossible
        logits = np.log(np.asarray(probabilities, dtype="float64"))
    p = np.exp((logits - logits.max()) / temperature)
    return p / p.sum()


def keep_top_k(probabilities: np.ndarray, k: int) -> np.ndarray:  # (V,) -> (V,)
    """Keep the k likeliest words, and make their probabilities sum to 1.

    Example:
        >>> keep_top_k(np.array([0.5, 0.1, 0.25, 0.15]), 2).round(3).tolist()
        [0.667, 0.0, 0.333, 0.0]
    """
    kept = np.zeros_like(probabilities)
    likeliest = np.argsort(-probabilities, kind="stable")[:k]
    kept[likeliest] = probabilities[likeliest]
    return kept / kept.sum()


def keep_top_p(probabilities: np.ndarray, p: float) -> np.ndarray:  # (V,) -> (V,)
    """Keep the fewest likeliest words whose probabilities reach p together, and make them sum to 1.

    Example:
        >>> keep_top_p(np.array([0.5, 0.1, 0.25, 0.15]), 0.7).round(3).tolist()
        [0.667, 0.0, 0.333, 0.0]
    """
    order = np.argsort(-probabilities, kind="stable")
    before = np.cumsum(probabilities[order]) - probabilities[order]  # what the likelier words have together
    return keep_top_k(probabilities, max(1, int((before < p).sum())))
