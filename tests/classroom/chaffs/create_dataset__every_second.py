"""The start moves on by two words."""

import numpy as np

CAUGHT_BY = "create_dataset/every_start"
SAYS = "by 2 words"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(0, len(sequence) - window_size, 2):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i + 1 : i + window_size + 1])
    return np.array(x), np.array(y)
