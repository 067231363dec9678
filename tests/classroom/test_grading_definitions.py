"""Definitions are taken from a notebook without running the rest of it."""

import json

import pytest

from minigpt.classroom.grading.definitions import Cell, keep_definitions, read_cells, without_magics


def kept(source, *wanted):
    lines, notes = keep_definitions([Cell(source, "cell 1")], wanted)
    return [line for line in lines.splitlines() if line], notes


def test_a_training_cell_is_left_out():
    source = "model = build(8)\nhistory = model.fit(x, y)\nprint(history)\ndef read_text(path):\n    return open(path).read()"
    assert kept(source, "read_text") == (["def read_text(path):", "    return open(path).read()"], [])


def test_what_a_definition_needs_is_kept_through_several_steps():
    used = "import numpy as np\nSIZE = 3\nTWICE = SIZE * 2\ndef helper(): return np.ones(TWICE)\ndef f(): return helper()"
    lines, _ = kept(f"import os\n{used}\nother = os", "f")
    assert lines == used.splitlines()


def test_a_local_variable_is_not_taken_for_a_global_one():
    lines, _ = kept(
        "model = train_for_hours()\ndef f(model):\n    history = model\n    return history\nhistory = model.fit()", "f"
    )
    assert lines == ["def f(model):", "    history = model", "    return history"]


@pytest.mark.parametrize(
    "source",
    [
        "@decorate\nclass f:\n    pass",
        "f = lambda x: x",
        "f, g = 1, 2",
        "f: int = 3",
        "try:\n    from a import f\nexcept ImportError:\n    from b import f",
        "from a import *",
    ],
)
def test_every_way_to_define_a_name_is_seen(source):
    assert kept(f"{source}\nstart_training()", "f")[0] == source.splitlines()


def test_the_last_of_two_definitions_counts():
    lines, _ = keep_definitions([Cell("def f(): return 1", "a"), Cell("def f(): return 2", "b")], ["f"])
    namespace = {}
    exec(lines, namespace)
    assert namespace["f"]() == 2


def test_lines_keep_their_numbers():
    source, _ = keep_definitions([Cell("print(1)\n\nx = 1\n", "a"), Cell("print(2)\ndef f(): return x", "b")], ["f"])
    assert source.splitlines() == ["", "", "x = 1", "", "def f(): return x"]


def test_a_cell_that_is_not_python_is_noted_and_costs_nothing_else():
    source, notes = keep_definitions([Cell("def f(:", "cell 1"), Cell("def f(): return 1", "cell 2")], ["f"])
    assert source.splitlines() == ["", "def f(): return 1"]
    assert len(notes) == 1 and notes[0].startswith("cell 1, line 1: left out, not Python")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("!pip install keras\nx = 1", "pass\nx = 1"),
        ("files = !ls\nx = 1", "pass\nx = 1"),
        ("if True:\n    %matplotlib inline", "if True:\n    pass"),
        ("?print\nx = 1", "pass\nx = 1"),
        ("print?\nx = 1", "pass\nx = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%bash\nrm -rf /", ""),
        ("x = 7 \\\n% 4", "x = 7 \\\n% 4"),
    ],
)
def test_magics_are_taken_out(cell, expected):
    assert without_magics(cell) == expected


def test_a_notebook_gives_its_code_cells(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": "# Title"},
        {"cell_type": "code", "source": ["x = 1\n", "y = 2"]},
        {"cell_type": "code", "source": "z = 3"},
    ]
    path = tmp_path / "homework.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    assert read_cells(path) == [
        Cell("x = 1\ny = 2", "homework.ipynb, code cell 1"),
        Cell("z = 3", "homework.ipynb, code cell 2"),
    ]


@pytest.mark.parametrize("content", ["[]", "{}", '{"cells": 3}', "not json", ""])
def test_a_file_that_is_not_a_notebook_is_reported(tmp_path, content):
    path = tmp_path / "homework.ipynb"
    path.write_text(content)
    with pytest.raises(ValueError):
        read_cells(path)
