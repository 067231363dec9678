"""The package itself: its public names, a light import, and what is watched when Keras is imported."""

import re

import pytest
from helpers import run_python

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
