"""x keeps the extra word."""

import numpy as np

CAUGHT_BY = "create_dataset/two_arrays"
SAYS = "one word too long"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - window_size):
        x.append(sequence[i : i + window_size + 1])
        y.append(sequence[i : i + window_size + 1])
    return np.array(x), np.array(y)
