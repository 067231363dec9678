"""A missing file gives an empty text."""

CAUGHT_BY = "read_text/missing_file"
SAYS = "swallowed"


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
