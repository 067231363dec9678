"""The window is 100 long, whatever the argument says."""

import numpy as np

CAUGHT_BY = "create_dataset/two_arrays"
SAYS = "use the argument"


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(max(1, len(sequence) - 100)):
        x.append(sequence[i : i + 100])
        y.append(sequence[i + 1 : i + 101])
    return np.array(x), np.array(y)
