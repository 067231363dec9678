"""The last window has no next word, so one is made up."""

import numpy as np

CAUGHT_BY = "create_dataset/none_missing"
SAYS = "one window too many"


def create_dataset(sequence, window_size):
    sequence = [*sequence, sequence[-1] + 1]
    starts = range(len(sequence) - window_size)
    return np.array([sequence[i : i + window_size] for i in starts]), np.array(
        [sequence[i + 1 : i + window_size + 1] for i in starts]
    )
