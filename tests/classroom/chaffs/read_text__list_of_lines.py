"""readlines() instead of read()."""

CAUGHT_BY = "read_text/is_a_string"
SAYS = "list of lines"


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.readlines()
