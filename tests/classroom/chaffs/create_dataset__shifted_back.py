"""x and y are exchanged."""

import numpy as np

CAUGHT_BY = "create_dataset/shifted_by_one"
SAYS = "backwards"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - window_size):
        x.append(sequence[i + 1 : i + window_size + 1])
        y.append(sequence[i : i + window_size])
    return np.array(x), np.array(y)
