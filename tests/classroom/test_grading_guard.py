"""What a submission changes in the checks, in NumPy and in Python is noticed and put back."""

import builtins

import numpy as np
import numpy.testing
import pytest

from minigpt.classroom.checks import dataset
from minigpt.classroom.checks.machinery import run
from minigpt.classroom.grading.guard import Guard


def nothing(*arguments, **options):
    """Replaces whatever is patched."""


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (np.testing, "assert_allclose"),
        (np, "array_equal"),
        (builtins, "isinstance"),
        (run, "run_check"),
        (run.CheckFailed, "__init__"),
        (dataset.shifted_by_one, "__code__"),
        (numpy.testing.assert_equal, "__code__"),
    ],
)
def test_a_patch_is_noticed_and_put_back(owner, name):
    before = getattr(owner, name)
    guard = Guard()
    setattr(owner, name, nothing.__code__ if name == "__code__" else nothing)
    changed = guard.restore()
    assert getattr(owner, name) is before
    assert len(changed) == 1 and changed[0].endswith(f".{name}")
    assert guard.restore() == []


def test_ordinary_work_is_no_patch(tmp_path):
    import keras

    guard = Guard()
    model = keras.Sequential([keras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 2)), np.zeros((4, 2)), verbose=0)
    model.save(tmp_path / "model.keras")
    keras.backend.clear_session()
    np.random.seed(0)
    assert guard.restore() == []
