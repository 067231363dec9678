"""A 1 too many is subtracted."""

import numpy as np

CAUGHT_BY = "create_dataset/none_missing"
SAYS = "last window is lost"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - window_size - 1):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i + 1 : i + window_size + 1])
    return np.array(x), np.array(y)
