"""The loop begins at 1."""

import numpy as np

CAUGHT_BY = "create_dataset/every_start"
SAYS = "the first word is never in x"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(1, len(sequence) - window_size):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i + 1 : i + window_size + 1])
    return np.array(x), np.array(y)
