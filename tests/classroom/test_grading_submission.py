"""A submission is found and loaded, whether it is a module, a notebook, a package or a folder of files."""

import json
import sys

import pytest

from minigpt.classroom.grading.loading import load
from minigpt.classroom.grading.submission import SubmissionError, copy_sources, find_sources

READ_TEXT = "def read_text(path):\n    return 'read'\n"
CREATE_DATASET = "def create_dataset(sequence, window_size):\n    return 'created'\n"
NAMES = ("read_text", "create_dataset")


@pytest.fixture(autouse=True)
def modules_as_before(monkeypatch, tmp_path):
    """What is loaded here is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def write(folder, files):
    """Write files, given as a dict from path to content."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def load_copy(path, tmp_path, **options):
    folder = tmp_path / "private"
    folder.mkdir()
    return load(copy_sources(find_sources(path), folder), NAMES, **options)


def test_a_module(tmp_path):
    write(tmp_path, {"homework.py": READ_TEXT + "x = read_text('')"})
    loaded = load_copy(tmp_path / "homework.py", tmp_path)
    assert loaded.objects["read_text"]("") == "read"
    assert list(loaded.objects) == ["read_text"] and loaded.notes == []


@pytest.mark.parametrize("end", ["1 / 0", "import sys; sys.exit(3)", "raise KeyboardInterrupt"])
def test_a_module_that_does_not_run_to_its_end(tmp_path, end):
    write(tmp_path, {"homework.py": f"{READ_TEXT}{end}\n{CREATE_DATASET}"})
    loaded = load_copy(tmp_path / "homework.py", tmp_path)
    assert list(loaded.objects) == list(NAMES)
    assert "does not run to its end" in loaded.notes[0]


def test_a_module_with_magics_as_colab_exports_it(tmp_path):
    write(tmp_path, {"homework.py": f"!pip install keras\n%matplotlib inline\n{READ_TEXT}"})
    assert list(load_copy(tmp_path / "homework.py", tmp_path).objects) == ["read_text"]


def test_a_syntax_error_is_told_with_its_line(tmp_path):
    write(tmp_path, {"homework.py": f"{READ_TEXT}def f(:\n    pass\n"})
    loaded = load_copy(tmp_path / "homework.py", tmp_path)
    assert loaded.objects == {}
    assert loaded.notes == ["homework.py, line 3: left out, not Python (invalid syntax)"]


def test_a_module_named_like_one_of_pythons_own(tmp_path):
    write(tmp_path, {"random.py": READ_TEXT})
    assert list(load_copy(tmp_path / "random.py", tmp_path).objects) == ["read_text"]
    assert not hasattr(sys.modules.get("random"), "read_text")


def test_a_notebook_with_a_failing_import_a_training_and_a_bad_line(tmp_path):
    cells = [
        "import no_such_package as p\nBAD = 1 / 0",
        READ_TEXT,
        "history = model.fit(x)",
        "def create_dataset(s):\n    return p, BAD",
    ]
    write(tmp_path, {"homework.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})})
    loaded = load_copy(tmp_path / "homework.ipynb", tmp_path)
    assert list(loaded.objects) == list(NAMES)
    assert [note.split(":")[0] for note in loaded.notes] == ["ModuleNotFoundError", "ZeroDivisionError"]


def test_definitions_of_a_notebook_have_a_file_that_inspect_and_a_fresh_process_can_read(tmp_path):
    import inspect

    write(tmp_path, {"homework.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": READ_TEXT}]})})
    loaded = load_copy(tmp_path / "homework.ipynb", tmp_path)
    assert inspect.getsource(loaded.objects["read_text"]) == READ_TEXT


def test_a_package_whose_names_lie_in_its_modules(tmp_path):
    write(tmp_path, {"mine/__init__.py": "", "mine/text.py": READ_TEXT, "mine/broken.py": "create_dataset = 1 / 0"})
    loaded = load_copy(tmp_path / "mine", tmp_path)
    assert list(loaded.objects) == ["read_text"]
    assert loaded.notes == ["mine/broken.py cannot be imported: ZeroDivisionError: division by zero, line 1 of broken.py"]


def test_a_copy_of_minigpt_stands_beside_ours(tmp_path):
    import minigpt

    write(tmp_path, {"project/minigpt/text.py": READ_TEXT, "project/tests/test_text.py": ""})
    write(tmp_path, {"project/minigpt/__init__.py": "from minigpt.text import read_text\n"})
    loaded = load_copy(tmp_path / "project", tmp_path)
    assert loaded.objects["read_text"]("") == "read"
    assert sys.modules["minigpt"] is minigpt and minigpt.read_text is not loaded.objects["read_text"]


def test_what_is_only_imported_from_minigpt_does_not_count(tmp_path):
    write(tmp_path, {"homework.py": f"from minigpt import create_dataset\n{READ_TEXT}"})
    loaded = load_copy(tmp_path / "homework.py", tmp_path)
    assert list(loaded.objects) == ["read_text"]
    assert loaded.notes[0] == "create_dataset is imported from minigpt, which counts for nothing: write your own"


@pytest.mark.parametrize(
    "use", ["from minigpt.dataset import create_dataset as theirs", "import minigpt\ntheirs = minigpt.create_dataset"]
)
def test_a_function_that_calls_ours_is_noted(tmp_path, use):
    write(tmp_path, {"homework.py": f"{use}\ndef create_dataset(*a):\n    return theirs(*a)\n"})
    loaded = load_copy(tmp_path / "homework.py", tmp_path)
    assert loaded.notes == ["it names minigpt's own create_dataset: see that the work is the learner's"]


def test_a_folder_of_files_in_which_the_last_definition_counts(tmp_path):
    later = READ_TEXT.replace("'read'", "helper()")
    files = {"a.py": READ_TEXT, "b.py": f"from tools import helper\n{later}", "tools.py": "def helper(): return 'later'"}
    write(tmp_path / "zip" / "homework", files)
    loaded = load_copy(tmp_path / "zip", tmp_path)
    assert loaded.objects["read_text"]("") == "later"


def test_large_and_hidden_files_are_not_copied(tmp_path):
    write(tmp_path, {"mine/__init__.py": "", "mine/text.py": READ_TEXT, "mine/runs/model.h5": "x", "mine/.hidden": "x"})
    with open(tmp_path / "mine" / "large.bin", "wb") as file:
        file.truncate(6_000_000)
    folder = tmp_path / "private"
    folder.mkdir()
    (copy,) = copy_sources(find_sources(tmp_path / "mine"), folder)
    assert sorted(p.name for p in copy.rglob("*")) == ["__init__.py", "text.py"]


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_text("x")])
def test_nothing_to_grade_is_told(tmp_path, make):
    path = tmp_path / "essay.pdf"
    make(path)
    with pytest.raises(SubmissionError, match=r"essay\.pdf"):
        find_sources(path)
