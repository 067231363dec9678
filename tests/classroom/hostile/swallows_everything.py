"""An endless loop that no exception ends."""


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def create_dataset(sequence, window_size):
    while True:
        try:
            while True:
                pass
        except:  # noqa: E722
            pass
