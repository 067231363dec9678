import linecache
import os
import shutil
import sys
import tempfile
import types
from pathlib import Path

import pytest

import minigpt
from minigpt.classroom import checks
from minigpt.classroom.checks.machinery import fresh_process, messages, reference_parts, run
from minigpt.classroom.checks.model import SMALL

PUBLIC_NAMES = [
    "read_text",
    "WordTokenizer",
    "create_dataset",
    "PositionalEncoding",
    "transformer_block",
    "build_gpt_model",
    "train_model",
    "save_gpt",
    "load_gpt",
    "generate_text",
]
QUICK = ("read_text", "WordTokenizer", "create_dataset", "PositionalEncoding", "save_gpt", "generate_text")
SLOW_IF_LONG = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in PUBLIC_NAMES]


def ours(name):
    return (minigpt.save_gpt, minigpt.load_gpt) if name == "load_gpt" else getattr(minigpt, name)


def from_file(tmp_path, source, name="mine"):
    """The module of a student whose file has this source."""
    path = tmp_path / f"{name}.py"
    path.write_text(source)
    module = types.ModuleType(name)
    module.__file__ = str(path)
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


def from_cell(source, name):
    """The module of a notebook in which this cell was run."""
    module = types.ModuleType(name)
    file = f"<{name}-cell>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    exec(compile(source, file, "exec"), module.__dict__)
    sys.modules[name] = module
    return module


def test_every_public_name_has_checks_in_the_order_of_the_class():
    assert list(checks.CHECKS) == PUBLIC_NAMES
    assert set(run.NOTEBOOKS) == set(PUBLIC_NAMES)


@pytest.mark.parametrize("stage", PUBLIC_NAMES)
def test_checks_have_names_of_their_own_and_say_what_they_verify(stage):
    names = [one.name for one in checks.CHECKS[stage]]
    assert len(set(names)) == len(names)
    for one in checks.CHECKS[stage]:
        assert one.stage == stage
        assert one.name.startswith(f"{stage}/")
        assert len(one.what.split()) > 3, one.name


@pytest.mark.parametrize("name", SLOW_IF_LONG)
def test_the_package_passes_its_own_checks(name):
    assert [result.message for result in checks.run_checks(name, ours(name)) if result.status != "passed"] == []


def test_success_is_a_short_line_for_each_check(capsys):
    assert checks.create_dataset(minigpt.create_dataset) is None
    title, *lines = capsys.readouterr().out.splitlines()
    assert title == f"✓ create_dataset: {len(checks.CHECKS['create_dataset'])} checks passed"
    assert lines == [f"  - {one.what}" for one in checks.CHECKS["create_dataset"]]
    assert "  - the targets are the inputs one word later" in lines


def test_a_failure_has_four_labelled_lines():
    def create_dataset(sequence, window_size):
        windows = [sequence[i : i + window_size] for i in range(len(sequence) - window_size)]
        return windows, windows

    with pytest.raises(checks.CheckFailed) as caught:
        checks.create_dataset(create_dataset)
    title, expected, got, mistake, reread = str(caught.value).splitlines()
    assert title.startswith(
        "create_dataset: 5 of 7 checks passed; the first that did not: the targets are the inputs one word later"
    )
    assert expected == "  expected:       y[0] = [11, 12, 13, 14] for x[0] = [10, 11, 12, 13]"
    assert got == "  got:            y[0] = [10, 11, 12, 13]"
    assert mistake.startswith("  likely mistake: the targets are not shifted")
    assert reread == "  reread:         notebook 03 windows"
    assert isinstance(caught.value, minigpt.MinigptError)


def test_one_failure_does_not_hide_what_works():
    def create_dataset(sequence, window_size):
        x, y = minigpt.create_dataset(sequence, window_size)
        return x[:-1], y[:-1]

    status = {result.check.name: result.status for result in checks.run_checks("create_dataset", create_dataset)}
    assert status["create_dataset/none_missing"] == "failed"
    assert status["create_dataset/shifted_by_one"] == "passed"


def test_a_function_that_changes_its_argument_does_not_spoil_the_checks_of_the_next_one():
    def create_dataset(sequence, window_size):
        x, y = minigpt.create_dataset(sequence, window_size)
        sequence.pop()
        return x, y

    lists_only = ("every_start", "shifted_by_one", "none_missing", "sequence_untouched")
    status = {result.check.name.split("/")[1]: result.status for result in checks.run_checks("create_dataset", create_dataset)}
    assert [status[name] for name in lists_only] == ["passed", "passed", "passed", "failed"]
    assert {result.status for result in checks.run_checks("create_dataset", minigpt.create_dataset)} == {"passed"}


def test_an_exception_is_shown_at_the_students_line(tmp_path):
    module = from_file(
        tmp_path, "def create_dataset(sequence, window_size):\n    rows = list(sequence)\n    return rows[99], rows\n"
    )
    result = checks.run_checks("create_dataset", module.create_dataset)[0]
    assert result.status == "error"
    assert "IndexError: list index out of range, at mine.py, line 3: return rows[99], rows" in result.message
    assert "an index is past the end" in result.message


def test_an_exception_in_a_cell_is_shown_with_its_source():
    module = from_cell("def read_text(path):\n    return undefined_name + path\n", "a_notebook")
    result = checks.run_checks("read_text", module.read_text)[0]
    assert "line 2: return undefined_name + path" in result.message
    assert "this name is not defined" in result.message


def test_an_exception_inside_keras_is_shown_at_the_students_line(tmp_path):
    source = "import keras\nclass PositionalEncoding(keras.layers.Layer):\n    def __init__(self, max_len, d_model):\n"
    source += "        super().__init__()\n    def call(self, x):\n        return x @ x\n"
    result = checks.run_checks("PositionalEncoding", from_file(tmp_path, source).PositionalEncoding)[0]
    assert "at mine.py, line 6: return x @ x" in result.message
    assert "\x1b" not in result.message


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (NotImplementedError("write it"), "blank is not filled in"),
        (TypeError("f() got an unexpected keyword argument 'seed'"), "no argument named seed"),
        (TypeError("f() missing 1 required positional argument: 'z'"), "requires more arguments"),
        (TypeError("'NoneType' object is not subscriptable"), "no `return`"),
        (AttributeError("'Mine' object has no attribute 'vocab_size'"), "no vocab_size"),
        (KeyError("purple"), "use the id of oov_token"),
        (ValueError("operands could not be broadcast together with shapes (2,) (3,)"), "two shapes do not fit"),
        (ZeroDivisionError("division by zero"), "read the last line"),
    ],
)
def test_exceptions_are_explained(error, meaning):
    assert meaning in messages.likely_meaning(error)


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_what_is_not_there_is_missing(name):
    half = (minigpt.save_gpt, None) if name == "load_gpt" else None
    assert {result.status for result in checks.run_checks(name, half)} == {"missing"}


@pytest.mark.parametrize("name", [name for name in QUICK if name != "save_gpt"])
def test_a_blank_that_is_not_filled_passes_nothing(name):
    def blank(*anything, **more):
        raise NotImplementedError("write it")

    assert {result.status for result in checks.run_checks(name, blank)} <= {"error", "failed"}


@pytest.mark.parametrize(
    "fault", ["raise SystemExit(0)", "raise NotImplementedError", "return object()", "return 7", "return [[]]", "return [], []"]
)
@pytest.mark.parametrize("name", QUICK)
def test_no_fault_of_a_student_comes_through(tmp_path, name, fault):
    module = from_file(tmp_path, f"def wrong(*anything, **more):\n    {fault}\n")
    results = checks.run_checks(name, module.wrong)
    assert len(results) == len(checks.CHECKS[name])
    assert results[0].status != "passed"
    for result in results:
        assert result.status == "passed" or len(result.message.splitlines()) == 4, result.message


def test_a_mistake_in_the_block_is_not_charged_to_the_model(tmp_path):
    source = (
        "import keras\nfrom minigpt import PositionalEncoding\ndef transformer_block(*sizes):\n    raise ValueError('mine')\n"
    )
    source += "def build_gpt_model(c):\n    ids = keras.Input((None,), dtype='int32')\n"
    source += "    x = keras.layers.Embedding(c.vocab_size, c.embed_dim)(ids)\n"
    source += "    x = PositionalEncoding(c.max_seq_length, c.embed_dim)(x)\n"
    source += (
        "    for _ in range(c.num_layers):\n        x = transformer_block(c.embed_dim, c.num_heads, c.ff_dim, c.dropout)(x)\n"
    )
    source += "    return keras.Model(ids, keras.layers.Dense(c.vocab_size, activation='softmax')(x))\n"
    module = from_file(tmp_path, source)
    own = module.transformer_block
    causal = next(one for one in checks.CHECKS["build_gpt_model"] if one.name == "build_gpt_model/causal")
    assert checks.run_check(causal, module.build_gpt_model).status == "passed"
    assert module.transformer_block is own  # the student's module is as it was
    with reference_parts.reference_parts(module.build_gpt_model):
        assert module.build_gpt_model(SMALL).count_params() > 0
    assert module.transformer_block is own


def test_a_function_of_a_notebook_is_copied_with_what_it_names():
    cell = "import json as j\nfrom pathlib import Path\nSUFFIX = '.txt'\nmodel = object()\n"
    cell += "def read(folder):\n    return j.loads('[1, 2]'), Path(folder + SUFFIX)\n"
    cell += "def load_mine(folder):\n    'a docstring'\n    return read(folder)\n"
    program = fresh_process.as_program(from_cell(cell, "copied_notebook").load_mine)
    fresh = {}
    exec(program, fresh)
    loaded, path = fresh["load_gpt"]("run")
    assert loaded == [1, 2]
    assert path.name == "run.txt"


def test_what_lives_in_a_notebook_is_not_copied():
    cell = "model = object()\ndef load_mine(folder):\n    return model, None\n"
    fresh = {}
    exec(fresh_process.as_program(from_cell(cell, "relying_notebook").load_mine), fresh)
    with pytest.raises(NameError, match="model"):
        fresh["load_gpt"]("run")


def test_a_function_of_a_file_is_imported(tmp_path, monkeypatch):
    (tmp_path / "students_saving.py").write_text("WHERE = 'file'\ndef load_gpt(folder):\n    return WHERE, folder\n")
    monkeypatch.syspath_prepend(tmp_path)
    import students_saving

    fresh = {}
    exec(fresh_process.as_program(students_saving.load_gpt), fresh)
    assert fresh["load_gpt"]("run") == ("file", "run")


def littering(function):
    """The function, which also writes files with relative paths."""

    def wrapper(*arguments, **options):
        Path("dropping.txt").write_text("a file")
        Path("latest", "model").mkdir(parents=True, exist_ok=True)
        return function(*arguments, **options)

    return wrapper


@pytest.fixture
def empty_folders(tmp_path, monkeypatch):
    """The current folder and the one for temporary files: both must be empty again after the test."""
    folders = [tmp_path / name for name in ("current", "temporary")]
    for folder in folders:
        folder.mkdir()
    monkeypatch.chdir(folders[0])
    monkeypatch.setattr(tempfile, "tempdir", str(folders[1]))
    yield
    assert Path.cwd() == folders[0]
    assert [list(folder.iterdir()) for folder in folders] == [[], []]


def run_one(function, name="read_text/given_path"):
    stage = name.split("/")[0]
    return checks.run_check(next(one for one in checks.CHECKS[stage] if one.name == name), function)


@pytest.mark.parametrize("name", SLOW_IF_LONG)
def test_no_check_leaves_a_file_in_the_students_folder(name, empty_folders, tmp_path):
    students = littering(ours(name)) if name != "load_gpt" else None
    if students is None:  # the fresh process needs their source
        source = "from pathlib import Path\nimport minigpt\n"
        for function in ("save_gpt", "load_gpt"):
            source += f"def {function}(*arguments):\n    Path('dropping.txt').write_text('a file')\n"
            source += f"    return minigpt.{function}(*arguments)\n"
        module = from_file(tmp_path, source)
        students = module.save_gpt, module.load_gpt
    assert [result.message for result in checks.run_checks(name, students) if result.status != "passed"] == []


def escape_and_fail():
    os.chdir(tempfile.tempdir)
    raise ValueError("mine")


@pytest.mark.parametrize(
    "harm", [lambda: shutil.rmtree(os.getcwd()), lambda: os.chdir(".."), lambda: os.chmod(".", 0), escape_and_fail, sys.exit]
)
def test_the_current_folder_is_restored_whatever_the_student_does(harm, empty_folders):
    def read_text(path):
        text = minigpt.read_text(path)
        harm()
        return text

    search_path = sys.path.copy()
    run_one(read_text)
    assert sys.path == search_path


def test_a_current_folder_that_is_gone_stops_no_check(in_tmp):
    gone = in_tmp / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert run_one(minigpt.read_text).status == "passed"
    os.chdir(in_tmp)


def test_the_students_own_modules_and_the_text_of_the_class_are_found(in_tmp, monkeypatch):
    (in_tmp / "own_reading.py").write_text("def read(path):\n    return open(path, encoding='utf-8').read()\n")
    monkeypatch.setattr(sys, "path", ["", *sys.path])  # as in a notebook

    def read_text(path):
        from own_reading import read

        assert len(read("data/data.txt").split()) > 800
        return read(path)

    assert run_one(read_text).status == "passed"
