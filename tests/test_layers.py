"""PositionalEncoding: the sine table of the paper."""

import ast
import math
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigpt
from minigpt import PositionalEncoding
from minigpt.errors import MinigptError
from minigpt.layers import sine_table


@given(st.integers(1, 60), st.integers(1, 40), st.data())
@settings(max_examples=40, deadline=None)
def test_each_number_is_the_one_of_the_paper(max_len, d_model, data):
    table = sine_table(max_len, d_model)
    assert table.shape == (max_len, d_model) and table.dtype == np.float32
    position, column = data.draw(st.integers(0, max_len - 1)), data.draw(st.integers(0, d_model - 1))
    angle = position / 10000 ** (2 * (column // 2) / d_model)
    assert table[position, column] == pytest.approx(math.cos(angle) if column % 2 else math.sin(angle), abs=1e-6)


def test_numbers_worked_out_by_hand():
    np.testing.assert_allclose(sine_table(3, 4)[0], [0, 1, 0, 1])
    np.testing.assert_allclose(sine_table(3, 4)[2], [0.909297, -0.416147, 0.019999, 0.9998], atol=1e-6)


def test_it_is_added_to_sequences_of_any_length_up_to_max_len():
    layer = PositionalEncoding(max_len=9, d_model=6)
    embeddings = np.random.default_rng(0).normal(size=(2, 9, 6)).astype("float32")
    for length in (1, 5, 9):
        out = keras.ops.convert_to_numpy(layer(embeddings[:, :length]))
        np.testing.assert_allclose(out, embeddings[:, :length] + sine_table(9, 6)[:length], atol=1e-6)
    with pytest.raises(MinigptError, match="10 words but max_len is 9"):
        layer(np.zeros((1, 10, 6), "float32"))
    with pytest.raises(MinigptError, match="7 wide"):
        layer(np.zeros((1, 5, 7), "float32"))


def test_scaling_multiplies_by_the_root_of_the_width():
    plain, scaled = (PositionalEncoding(5, 16, scale_embedding=scale) for scale in (False, True))
    ones = np.ones((1, 5, 16), "float32")
    difference = keras.ops.convert_to_numpy(scaled(ones)) - keras.ops.convert_to_numpy(plain(ones))
    np.testing.assert_allclose(difference, 4 - 1, atol=1e-5)


def test_nothing_in_it_is_learned():
    layer = PositionalEncoding(5, 16)
    layer(np.zeros((1, 5, 16), "float32"))
    assert layer.count_params() == 0


@pytest.mark.parametrize("arguments", [(0, 4), (-1, 4), (4, 0), (2.5, 4), ("4", 4)])
def test_sizes_that_are_not_positive_numbers(arguments):
    with pytest.raises(MinigptError, match=r"max_len|d_model"):
        PositionalEncoding(*arguments)


def test_it_is_registered_and_describes_itself():
    assert keras.saving.get_registered_object("minigpt>PositionalEncoding") is PositionalEncoding
    layer = PositionalEncoding(9, 6, scale_embedding=True, name="here")
    again = PositionalEncoding.from_config(layer.get_config())
    assert (again.max_len, again.d_model, again.scale_embedding, again.name) == (9, 6, True, "here")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert isinstance(copy, PositionalEncoding) and copy.max_len == 9


def test_half_precision_stays_half_precision():
    layer = PositionalEncoding(5, 4, dtype="float16")
    assert keras.backend.standardize_dtype(layer(np.zeros((1, 5, 4), "float16")).dtype) == "float16"


@pytest.mark.parametrize("module", ["layers", "model"])
def test_the_network_is_written_with_keras_alone(module):
    tree = ast.parse((Path(minigpt.__file__).parent / f"{module}.py").read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    allowed = {"keras", "numpy", "minigpt", *sys.stdlib_module_names}
    outside = {name for name in imported if name.split(".")[0] not in allowed}
    assert not outside, f"minigpt/{module}.py must run on every Keras backend, but imports {outside}"
