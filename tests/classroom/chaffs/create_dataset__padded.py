"""A short text is filled up with zeros."""

import numpy as np

CAUGHT_BY = "create_dataset/short_text"
SAYS = "padded or cut"


def create_dataset(sequence, window_size):
    sequence = list(sequence) + [0] * (window_size + 1 - len(sequence))
    starts = range(len(sequence) - window_size)
    return np.array([sequence[i : i + window_size] for i in starts]), np.array(
        [sequence[i + 1 : i + window_size + 1] for i in starts]
    )
