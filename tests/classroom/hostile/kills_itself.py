"""Sends itself a signal that cannot be caught."""

import os
import signal


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def create_dataset(sequence, window_size):
    os.kill(os.getpid(), signal.SIGKILL)
