"""The text is read, and not returned."""

CAUGHT_BY = "read_text/is_a_string"
SAYS = "no `return`"


def read_text(path):
    with open(path, encoding="utf-8") as file:
        file.read()
