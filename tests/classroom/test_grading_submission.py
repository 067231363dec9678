"""A submission is found and loaded, whether it is a module, a notebook, a package or a folder of files."""

import json
import sys

import pytest

from minigpt.classroom.grading.loading import load
from minigpt.classroom.grading.submission import SubmissionError, find_submission

READ_TEXT = "def read_text(path):\n    return 'read'\n"
CREATE_DATASET = "def create_dataset(sequence, window_size):\n    return 'created'\n"
NAMES = ("read_text", "create_dataset")


@pytest.fixture(autouse=True)
def modules_as_before(monkeypatch, tmp_path):
    """What is loaded here is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "helpers", raising=False)  # our tests have a module of this name
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


def load_copy(path, tmp_path, alone=False, **options):
    folder = tmp_path / "private"
    folder.mkdir()
    return load(find_submission(path, NAMES, alone).copy_to(folder), NAMES, **options)


def sources_of(path):
    """The names of what is graded in a folder, as paths from there."""
    return [source.relative_to(path).as_posix() for source in find_submission(path, NAMES).sources]


def files_of(path, **options):
    """The names of all that is copied, as paths from the root of the submission."""
    submission = find_submission(path, NAMES, **options)
    return sorted(file.relative_to(submission.root).as_posix() for file in submission.files)


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


def test_a_syntax_error_is_reported_with_its_line(tmp_path):
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


def test_a_copy_of_minigpt_is_loaded_beside_ours(tmp_path):
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
    assert loaded.notes[0] == "create_dataset is imported from minigpt, which earns no points: write your own"


@pytest.mark.parametrize(
    "use", ["from minigpt.dataset import create_dataset as theirs", "import minigpt\ntheirs = minigpt.create_dataset"]
)
def test_a_function_that_calls_ours_is_noted(tmp_path, use):
    write(tmp_path, {"homework.py": f"{use}\ndef create_dataset(*a):\n    return theirs(*a)\n"})
    loaded = load_copy(tmp_path / "homework.py", tmp_path)
    assert loaded.notes == ["it uses minigpt's own create_dataset: check that the work is the student's"]


def test_a_folder_of_files_in_which_the_last_definition_counts(tmp_path):
    later = READ_TEXT.replace("'read'", "helper()")
    files = {"a.py": READ_TEXT, "b.py": f"from tools import helper\n{later}", "tools.py": "def helper(): return 'later'"}
    write(tmp_path / "zip" / "homework", files)
    loaded = load_copy(tmp_path / "zip", tmp_path)
    assert loaded.objects["read_text"]("") == "later"


HELPED = "from helpers import x\ndef read_text(path):\n    return x\n"


def test_a_module_beside_a_package_is_what_is_graded(tmp_path):
    """The package used to be graded, and the module ignored."""
    write(tmp_path / "anna", {"homework.py": HELPED, "helpers/__init__.py": "x = 'helped'\n"})
    assert sources_of(tmp_path / "anna") == ["homework.py"]
    loaded = load_copy(tmp_path / "anna", tmp_path)
    assert loaded.objects["read_text"]("") == "helped" and loaded.notes == []


@pytest.mark.parametrize("helpers", ["helpers.py", "helpers/__init__.py"])
@pytest.mark.parametrize("deeper", ["", "a/b/"])
def test_what_a_module_imports_and_opens_comes_along(tmp_path, monkeypatch, helpers, deeper):
    files = {"homework.py": HELPED, helpers: "from others import x\n", "others.py": "x = open('data.txt').read()\n"}
    write(tmp_path / "anna", {f"{deeper}{name}": text for name, text in {**files, "data.txt": "from the data"}.items()})
    (tmp_path / "private").mkdir()
    sources = find_submission(tmp_path / "anna", NAMES).copy_to(tmp_path / "private")
    monkeypatch.chdir(sources[0].parent)  # as the worker does
    loaded = load(sources, NAMES)
    assert loaded.objects["read_text"]("") == "from the data" and loaded.notes == []


def test_what_a_single_file_names_comes_along_unless_it_is_to_be_graded_alone(tmp_path):
    others = {
        "helpers/__init__.py": "import more",
        "more.py": "open('words.txt')",
        "words.txt": "",
        "bert.py": "",
        "cv.pdf": "",
    }
    write(tmp_path, {"homework.py": HELPED, **others})
    expected = ["helpers/__init__.py", "homework.py", "more.py", "words.txt"]
    assert files_of(tmp_path / "homework.py") == expected
    assert files_of(tmp_path / "homework.py", alone=True) == ["homework.py"], "in a class the others are not the learner's"


NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": [READ_TEXT]}]})


@pytest.mark.parametrize(
    ("files", "graded"),
    [
        ({"zip/inner/homework.py": READ_TEXT}, ["zip/inner/homework.py"]),
        ({"homework.py": READ_TEXT, "__MACOSX/._homework.py": "\0", "__MACOSX/homework.py": "\0"}, ["homework.py"]),
        ({"zip/homework.py": READ_TEXT, "__MACOSX/zip/homework.py": READ_TEXT}, ["zip/homework.py"]),
        ({"src/homework.py": READ_TEXT, "setup.py": "x = 1", "README.md": ""}, ["src/homework.py"]),
        ({"src/mine/__init__.py": READ_TEXT, "setup.py": "x = 1"}, ["src/mine"]),
        ({"mine/__init__.py": "", "mine/text.py": READ_TEXT, "helpers/__init__.py": "x = 1"}, ["mine"]),
        ({"mine/__init__.py": READ_TEXT, "main.py": "import mine\nprint(mine.read_text('a'))"}, ["mine"]),
        ({"homework.py": READ_TEXT, "tests/__init__.py": READ_TEXT, "tests/test_it.py": READ_TEXT}, ["homework.py"]),
        ({"tests/test_it.py": READ_TEXT, "week1/homework.py": READ_TEXT}, ["week1/homework.py"]),
        ({"week1/text.py": READ_TEXT, "week2/dataset.py": CREATE_DATASET}, ["week1/text.py", "week2/dataset.py"]),
        ({"week1/text.py": READ_TEXT, "week2/mine/__init__.py": CREATE_DATASET}, ["week1/text.py", "week2/mine"]),
        ({"homework.ipynb": NOTEBOOK, "dataset.py": CREATE_DATASET}, ["dataset.py", "homework.ipynb"]),
        ({"homework.ipynb": NOTEBOOK, "helpers/__init__.py": "x = 1"}, ["homework.ipynb"]),
        ({"homework.py": "read_text: object = print\n", "helpers/__init__.py": "x = 1"}, ["homework.py"]),
        ({"broken.py": f"{READ_TEXT}def f(:", "helpers/__init__.py": "x = 1"}, ["broken.py"]),
        ({"minigpt/__init__.py": "", "minigpt/text.py": READ_TEXT, "a.py": "", "other/__init__.py": READ_TEXT}, ["minigpt"]),
        ({"minigpt/minigpt/__init__.py": READ_TEXT}, ["minigpt/minigpt"]),
        ({"minigpt/__init__.py": "x = 1", "homework.py": READ_TEXT}, ["homework.py"]),
        ({"minigpt/homework.py": READ_TEXT}, ["minigpt/homework.py"]),
        ({"env/pyvenv.cfg": "", "env/a.py": READ_TEXT, "venv/a.py": READ_TEXT, "a/homework.py": READ_TEXT}, ["a/homework.py"]),
        ({"homework.py": "x = 1"}, ["homework.py"]),
    ],
)  # fmt: skip
def test_what_is_graded_in_a_folder(tmp_path, files, graded):
    write(tmp_path / "anna", files)
    assert sources_of(tmp_path / "anna") == graded


def test_a_module_and_a_notebook_side_by_side(tmp_path):
    write(
        tmp_path / "anna", {"homework.ipynb": NOTEBOOK, "homework.py": READ_TEXT.replace("'read'", "'module'") + CREATE_DATASET}
    )
    loaded = load_copy(tmp_path / "anna", tmp_path)
    assert list(loaded.objects) == list(NAMES) and loaded.objects["read_text"]("") == "module"
    assert loaded.notes == ["homework.py defines read_text again: this last definition counts"]


def test_a_function_that_one_source_imports_from_another_is_not_defined_again(tmp_path):
    write(tmp_path / "anna", {"a.py": f"from b import read_text\n{CREATE_DATASET}", "b.py": READ_TEXT})
    loaded = load_copy(tmp_path / "anna", tmp_path)
    assert list(loaded.objects) == ["create_dataset", "read_text"] or list(loaded.objects) == list(NAMES)
    assert loaded.notes == []


def test_a_module_that_imports_ours_does_not_get_the_copy_of_minigpt_beside_it(tmp_path):
    import minigpt

    write(tmp_path / "anna", {"homework.py": f"import minigpt\nours = minigpt\n{READ_TEXT}", "minigpt/__init__.py": "x = 1"})
    assert files_of(tmp_path / "anna") == files_of(tmp_path / "anna" / "homework.py") == ["homework.py"]
    loaded = load_copy(tmp_path / "anna", tmp_path)
    assert loaded.objects["read_text"].__globals__["ours"] is minigpt


def test_large_and_hidden_files_and_virtual_environments_stay_behind(tmp_path):
    left = {"mine/runs/model.h5": "x", "mine/.hidden": "x", "mine/tests/test_text.py": READ_TEXT, "mine/.venv/a.py": ""}
    write(tmp_path, {"mine/__init__.py": "", "mine/text.py": READ_TEXT, "mine/words.txt": "x", **left})
    write(tmp_path, {"mine/env/pyvenv.cfg": "", "mine/env/lib/large.py": READ_TEXT, "mine/venv/a.py": "x"})
    with open(tmp_path / "mine" / "large.bin", "wb") as file:
        file.truncate(6_000_000)
    (tmp_path / "mine" / "link.py").symlink_to(tmp_path / "mine" / "text.py")
    assert files_of(tmp_path / "mine") == ["mine/__init__.py", "mine/text.py", "mine/words.txt"]


def test_a_notebook_is_graded_however_large_its_pictures_are(tmp_path):
    write(tmp_path / "anna", {"homework.ipynb": NOTEBOOK + " " * 6_000_000, "helpers/__init__.py": "x = 1"})
    assert sources_of(tmp_path / "anna") == ["homework.ipynb"]


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_text("x")])
def test_nothing_to_grade_is_reported(tmp_path, make):
    path = tmp_path / "essay.pdf"
    make(path)
    with pytest.raises(SubmissionError, match=r"essay\.pdf"):
        find_submission(path, NAMES)
