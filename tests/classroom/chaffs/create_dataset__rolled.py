"""Each window is rolled, so its first word becomes its last target."""

import numpy as np

CAUGHT_BY = "create_dataset/shifted_by_one"
SAYS = "last target of each window is wrong"


def create_dataset(sequence, window_size):
    x = np.array([sequence[i : i + window_size] for i in range(len(sequence) - window_size)])
    return x, np.roll(x, -1, axis=1)
