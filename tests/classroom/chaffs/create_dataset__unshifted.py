"""The targets are the inputs themselves."""

import numpy as np

CAUGHT_BY = "create_dataset/shifted_by_one"
SAYS = "not shifted"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - window_size):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i : i + window_size])
    return np.array(x), np.array(y)
