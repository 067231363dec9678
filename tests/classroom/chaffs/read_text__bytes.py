"""The file is opened in binary mode."""

CAUGHT_BY = "read_text/is_a_string"
SAYS = "as bytes"


def read_text(path):
    with open(path, "rb") as file:
        return file.read()
