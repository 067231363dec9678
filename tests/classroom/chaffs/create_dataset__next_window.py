"""The target is the window after this one."""

import numpy as np

CAUGHT_BY = "create_dataset/shifted_by_one"
SAYS = "next window"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - 2 * window_size + 1):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i + window_size : i + 2 * window_size])
    return np.array(x), np.array(y)
