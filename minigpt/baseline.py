"""Baselines: what a loss is measured against."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minigpt.errors import TrainingError


class Baselines(NamedTuple):
    """The loss (cross-entropy, in nats a word) of three models that need no network."""

    uniform: float  # every word of the vocabulary is equally likely: ln V
    unigram: float  # each word is as likely as it is frequent in the text
    bigram: float  # each word is as likely as it is frequent after the word before it


def baselines(sequence: Sequence[int] | np.ndarray, vocab_size: int | None = None) -> Baselines:
    """What a loss means: how well a text is predicted from its vocabulary, its word counts, and its word pairs alone.

    A network whose loss stays at `unigram` has learned which words are frequent and nothing else; one below `bigram` looks
    further back than one word. All are measured on the text itself, in nats: a loss of L is a choice among e^L words.

    Args:
        sequence: the ids of the text, at least two.
        vocab_size: words to choose from; by default the different ids of the sequence.

    Example:
        >>> b = baselines([1, 2, 1, 3] * 100)
        >>> round(b.uniform, 2), round(b.unigram, 2), round(b.bigram, 2)
        (1.1, 1.04, 0.35)

    Reference: Shannon, "Prediction and Entropy of Printed English", 1951.
    """
    ids = np.asarray(sequence)
    if len(ids) < 2:
        raise TrainingError(f"baselines need at least two words, and the sequence has {len(ids)}: use a longer text")
    _, ids = np.unique(ids, return_inverse=True)  # numbered without gaps
    counts, firsts = np.bincount(ids), np.bincount(ids[:-1])
    pairs, pair_counts = np.unique(ids[:-1] * len(counts) + ids[1:], return_counts=True)
    chance = pair_counts / firsts[pairs // len(counts)]  # of the second word, given the first
    return Baselines(
        uniform=math.log(vocab_size or len(counts)),
        unigram=float((counts / len(ids) * np.log(len(ids) / counts)).sum()),
        bigram=float((pair_counts / pair_counts.sum() * np.log(1 / chance)).sum()),
    )
