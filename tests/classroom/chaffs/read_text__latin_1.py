"""The file is read as latin-1."""

CAUGHT_BY = "read_text/utf8"
SAYS = "another encoding"


def read_text(path):
    with open(path, encoding="latin-1") as file:
        return file.read()
