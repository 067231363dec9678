"""The targets are two words later."""

import numpy as np

CAUGHT_BY = "create_dataset/shifted_by_one"
SAYS = "shifted twice"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - window_size - 1):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i + 2 : i + window_size + 2])
    return np.array(x), np.array(y)
