"""The path is searched for its suffix, which a pathlib.Path does not allow."""

CAUGHT_BY = "read_text/path_object"
SAYS = "as if it were a string"


def read_text(path):
    if not path.endswith(".txt"):
        raise ValueError("only .txt files")
    with open(path, encoding="utf-8") as file:
        return file.read()
