"""The path of the class text is written into the function."""

from minigpt import data_path

CAUGHT_BY = "read_text/given_path"
SAYS = "path in the function is fixed"


def read_text(path):
    with open(data_path("data.txt"), encoding="utf-8") as file:
        return file.read()
