"""The targets are one-hot vectors."""

import numpy as np

CAUGHT_BY = "create_dataset/two_arrays"
SAYS = "one-hot"


def create_dataset(sequence, window_size):
    x = np.array([sequence[i : i + window_size] for i in range(len(sequence) - window_size)])
    y = np.array([sequence[i + 1 : i + window_size + 1] for i in range(len(sequence) - window_size)])
    return x, np.eye(max(sequence) + 1, dtype=int)[y]
