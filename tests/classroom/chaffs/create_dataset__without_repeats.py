"""Repeated words are removed first, as if the text were a vocabulary."""

import numpy as np

CAUGHT_BY = "create_dataset/random_texts"
SAYS = "repeated words must stay"


def create_dataset(sequence, window_size):
    sequence = list(dict.fromkeys(sequence))
    starts = range(len(sequence) - window_size)
    return np.array([sequence[i : i + window_size] for i in starts]), np.array(
        [sequence[i + 1 : i + window_size + 1] for i in starts]
    )
