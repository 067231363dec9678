"""Prints without end."""


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def create_dataset(sequence, window_size):
    while True:
        print("still working", "." * 1000)
