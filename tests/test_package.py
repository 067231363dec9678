"""The package itself: its public names, a light import, its dependencies, and what happens when Keras is imported."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import run_python, tiny_model

import minigpt
from minigpt import errors

CONTRACT = [
    "read_text",
    "WordTokenizer",
    "create_dataset",
    "GPTConfig",
    "transformer_block",
    "PositionalEncoding",
    "build_gpt_model",
    "train_model",
    "save_gpt",
    "load_gpt",
    "generate_text",
    "stream_text",
]


def test_the_public_names():
    assert set(CONTRACT) <= set(minigpt.__all__)
    for name in minigpt.__all__:
        assert getattr(minigpt, name) is not None
        assert name in dir(minigpt)
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", minigpt.__version__)
    for name in CONTRACT:
        assert getattr(minigpt, name).__doc__, f"{name} has no docstring"


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="nosuch"):
        minigpt.nosuch  # noqa: B018
    assert not hasattr(minigpt, "nosuch")
    done = run_python("import minigpt; minigpt.genrate_text")
    assert "Did you mean: 'generate_text'?" in done.stderr, "Python should suggest the name that was meant"


LIGHT = """
import sys
import minigpt
minigpt.read_text(minigpt.data_path())
minigpt.GPTConfig.lecture()
try:
    minigpt.GPTConfig(0)
except minigpt.MinigptError:
    pass
heavy = {"tensorflow", "keras", "matplotlib", "IPython", "netron", "streamlit"} & set(sys.modules)
assert not heavy, heavy
import minigpt.layers  # what comes in between must not hide the real error of a missing module
try:
    import tensorflow.nosuch
except ModuleNotFoundError as error:
    assert "nosuch" in str(error)
import keras, tensorflow
assert keras.saving.get_registered_object("minigpt>PositionalEncoding") is minigpt.PositionalEncoding
assert type(keras.__spec__.loader).__module__ != "minigpt.engine.imports"
print("fine")
"""


def test_import_minigpt_starts_nothing_heavy_and_tensorflow_says_nothing():
    done = run_python(LIGHT)
    assert done.stdout.strip() == "fine", done.stderr
    assert done.stderr == "", "the remarks of TensorFlow look like errors to a student"


@pytest.mark.slow
@pytest.mark.parametrize("order", ["import minigpt, keras", "import keras, minigpt", "import minigpt, tensorflow, keras"])
def test_keras_loads_our_layer_in_whatever_order_it_was_imported(order, tmp_path):
    tiny_model().save(tmp_path / "model.h5")
    done = run_python(f"import sys; {order}; keras.models.load_model(sys.argv[1]); print('fine')", tmp_path / "model.h5")
    assert done.stdout.strip() == "fine", done.stderr


def test_what_is_written_to_stderr_is_shown_if_an_import_fails(capfd):
    import os

    from minigpt.engine.imports import silent_stderr

    with silent_stderr():
        os.write(2, b"a remark")
    assert capfd.readouterr().err == ""
    with pytest.raises(ImportError), silent_stderr():
        os.write(2, b"the reason")
        raise ImportError
    assert "the reason" in capfd.readouterr().err


def test_every_error_is_a_minigpt_error_that_a_notebook_shows_in_one_line():
    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(found) >= 9
    for error in found:
        assert issubclass(error, errors.MinigptError) and issubclass(error, ValueError)
        assert error("what to type")._render_traceback_() == [f"{error.__name__}: what to type"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    import os

    from minigpt.engine.files import write_atomic

    write_atomic(tmp_path / "a", b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            with pytest.raises(OSError, match="No space"):
                write_atomic(tmp_path / "a", b"new")
        assert (tmp_path / "a").read_bytes() == b"old" and os.listdir(tmp_path) == ["a"]
    write_atomic(str(tmp_path / "a"), b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


REPOSITORY = Path(minigpt.__file__).parents[1]
EXTRAS = {  # the rooms that need more than the core, and the extra that brings it
    "minigpt/chat/page.py": "chat",
    "minigpt/classroom/notebooks": "notebooks",
    "minigpt/commands/notebooks.py": "notebooks",
    "minigpt/classroom/pytest_plugin.py": "test",
}
DISTRIBUTIONS = {"IPython": "ipython"}  # where the name to install is not the name to import
ONLY_THERE = {"google"}  # google.colab, where it is loaded already


def third_party_imports():
    """(file, distribution) for each import in the package of what is neither Python's own nor ours."""
    for path in sorted((REPOSITORY / "minigpt").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in (
                {name.split(".")[0] for name in names} - {"minigpt", "", "tomllib", *ONLY_THERE} - sys.stdlib_module_names
            ):
                yield path.relative_to(REPOSITORY).as_posix(), DISTRIBUTIONS.get(name, name)


def declared():
    """The names of the distributions in pyproject.toml: those of the core under "", those of each extra under its name."""
    tomllib = pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")
    path = REPOSITORY / "pyproject.toml"
    if not path.is_file():
        pytest.skip("needs the project's folder")
    project = tomllib.loads(path.read_text("utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {group: {re.match(r"[\w-]+", line)[0] for line in lines} for group, lines in groups.items()}


def test_what_is_imported_is_declared():
    groups = declared()
    undeclared = []
    for file, distribution in third_party_imports():
        extra = next((extra for room, extra in EXTRAS.items() if file.startswith(room)), "")
        if distribution not in groups[""] | groups[extra]:
            undeclared.append(f"{file} imports {distribution}")
    assert not undeclared, "declare it in pyproject.toml, or do without"


def test_nobody_is_told_to_install_the_strangers_package():
    """Plain minigpt in the public index is somebody else's; ours is installed from its folder."""
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("needs the repository")
    bare = re.compile(
        r"\b(?:install|add|download)\b[^\n`&]*?[\s\"'=]minigpt(?:\[[\w,]*\]|[=<>~!]=?[\d.]+)?(?=[\s\"'`).,;&]|\\n|$)"
    )
    for line in ("pip install minigpt", 'type  python -m pip install --upgrade "minigpt[chat]"  or', "uv add minigpt==1.0"):
        assert bare.search(line), line
    for line in ('pip install -e ".[chat]"', 'pip install "minigpt-classroom[chat]"', "pip install -e . && minigpt demo"):
        assert not bare.search(line), line
    found = []
    for name in listed.stdout.splitlines():
        path = REPOSITORY / name
        if path.suffix in (".py", ".md", ".toml", ".ipynb", ".yml", ".sh", "") and path.is_file() and path != Path(__file__):
            lines = path.read_text("utf-8", "replace").splitlines()
            found += [f"{name}: {line.strip()[:120]}" for line in lines if "pip" in line and bare.search(line)]
    assert not found, "say how to install it from its folder instead"
