"""Calls sys.exit."""

import sys


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def create_dataset(sequence, window_size):
    sys.exit(0)
