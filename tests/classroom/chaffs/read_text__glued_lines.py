"""The lines are joined without a space."""

CAUGHT_BY = "read_text/whole"
SAYS = "joined with nothing between them"


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return "".join(line.strip() for line in file)
