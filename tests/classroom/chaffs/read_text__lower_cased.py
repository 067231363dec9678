"""The text is already lower-cased while it is read."""

CAUGHT_BY = "read_text/unchanged"
SAYS = "lower-cased"


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read().lower()
