"""x and y are shuffled each on its own."""

import numpy as np

CAUGHT_BY = "create_dataset/shifted_by_one"
SAYS = "shuffled apart"


def create_dataset(sequence, window_size):
    starts = range(len(sequence) - window_size)
    x, y = [sequence[i : i + window_size] for i in starts], [sequence[i + 1 : i + window_size + 1] for i in starts]
    return np.random.default_rng(0).permutation(x), np.random.default_rng(1).permutation(y)
