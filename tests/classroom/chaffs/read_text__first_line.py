"""readline() instead of read()."""

CAUGHT_BY = "read_text/whole"
SAYS = "only the first line"


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.readline()
