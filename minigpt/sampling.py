"""Draw the next word from its probabilities: greedy, temperature, top-k, top-p."""

import math
from dataclasses import dataclass
from numbers import Real

import numpy as np

from minigpt.config import check_whole
from minigpt.errors import GenerationError


@dataclass(frozen=True)
class Sampling:
    """How the next word is drawn; `generate_text` explains each setting. One that cannot be right raises a GenerationError.

    Example:
        >>> Sampling(temperature=0.5, top_k=2).apply(np.array([0.6, 0.3, 0.1])).round(2).tolist()
        [0.8, 0.2, 0.0]
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        temperature, top_p = _as_float(self.temperature), _as_float(self.top_p)
        if not 0 <= temperature < math.inf:
            raise GenerationError(
                f"temperature={self.temperature!r}: use 0 (always the likeliest word) or a number above it, such as 0.8"
            )
        object.__setattr__(self, "temperature", temperature)
        if self.top_k is not None:
            check_whole("top_k", self.top_k, 1, ", or None for all words", GenerationError)
        if self.top_p is not None:
            if not 0 < top_p <= 1:
                raise GenerationError(f"top_p={self.top_p!r}: use a number above 0 and up to 1, or None for all words")
            object.__setattr__(self, "top_p", top_p)
        if self.seed is not None:
            check_whole("seed", self.seed, 0, ", or None for another text each time", GenerationError)

    def apply(self, probabilities: np.ndarray) -> np.ndarray:  # (V,) -> (V,)
        """The probabilities to draw from, after temperature, top-k and top-p, in this order."""
        if not probabilities.sum() > 0:  # NaN is not above 0 either
            raise GenerationError("the model gives every word of the vocabulary the probability 0, or NaN: train it first")
        if self.temperature == 0:
            return (np.arange(len(probabilities)) == probabilities.argmax()).astype("float64")  # all on the likeliest word
        p = apply_temperature(probabilities, self.temperature)
        if self.top_k is not None:
            p = keep_top_k(p, self.top_k)
        return p if self.top_p is None else keep_top_p(p, self.top_p)

    def draw(self, probabilities: np.ndarray, rng: np.random.Generator) -> int:
        """Draw the id of a word from probabilities (V,)."""
        p = self.apply(probabilities)
        return int(p.argmax() if self.temperature == 0 else rng.choice(len(p), p=p))


def _as_float(value: object) -> float:
    """Any real number as a float, NumPy's and fractions too; NaN for anything else."""
    try:
        return float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return math.inf


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:  # (V,) -> (V,)
    """Divide the logits by the temperature: below 1, likely words become likelier; above 1, all become more equal.

    Example:
        >>> apply_temperature(np.array([0.8, 0.2]), 0.5).round(2).tolist()
        [0.94, 0.06]
    """
    with np.errstate(divide="ignore", over="ignore"):  # the logarithm of 0 is -inf: what is impossible stays so
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
