"""The ids are divided by the largest one, as pixels are."""

import numpy as np

CAUGHT_BY = "create_dataset/two_arrays"
SAYS = "became floats"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - window_size):
        x.append([word / 100 for word in sequence[i : i + window_size]])
        y.append(sequence[i + 1 : i + window_size + 1])
    return np.array(x), np.array(y)
