"""y is the one word after the window."""

import numpy as np

CAUGHT_BY = "create_dataset/two_arrays"
SAYS = "only the one word"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - window_size):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i + window_size])
    return np.array(x), np.array(y)
