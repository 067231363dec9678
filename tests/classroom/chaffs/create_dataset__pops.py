"""The list of the caller is eaten up."""

import numpy as np

CAUGHT_BY = "create_dataset/sequence_untouched"
SAYS = "changes the learner's list"


def create_dataset(sequence, window_size):
    x, y = [], []
    while len(sequence) > window_size:
        x.append(list(sequence[:window_size]))
        y.append(list(sequence[1 : window_size + 1]))
        if isinstance(sequence, list):
            sequence.pop(0)
        else:
            sequence = sequence[1:]
    return np.array(x), np.array(y)
