"""Leaves a hundred processes behind, half of them in sessions of their own; its functions are right."""

import os
import time

import numpy as np

for number in range(100):
    if os.fork() == 0:
        if number % 2:
            os.setsid()
            if os.fork():
                os._exit(0)
        time.sleep(600)
        os._exit(0)


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def create_dataset(sequence, window_size):
    starts = range(len(sequence) - window_size)
    x = [list(sequence[i : i + window_size]) for i in starts]
    y = [list(sequence[i + 1 : i + window_size + 1]) for i in starts]
    return np.array(x, dtype="int32"), np.array(y, dtype="int32")
