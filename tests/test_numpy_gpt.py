"""NumpyGPT: a forward pass in plain NumPy must predict what Keras predicts, in every configuration."""

import itertools

import keras
import numpy as np
import pytest
from helpers import random_weights, tiny_model

from minigpt import NumpyGPT
from minigpt.errors import MinigptError
from minigpt.numpy_gpt import gelu, softmax

IDS = [3, 1, 4, 1, 5, 9, 2, 6]
CONFIGURATIONS = [
    {"causal": causal, "norm": norm, "activation": activation}
    for causal, norm, activation in itertools.product((True, False), ("pre", "post"), ("gelu", "relu"))
]


def keras_log_probabilities(model, ids):
    return np.log(keras.ops.convert_to_numpy(model(np.asarray([ids]), training=False))[0])


@pytest.mark.parametrize("fields", CONFIGURATIONS, ids=lambda fields: "-".join(map(str, fields.values())))
@pytest.mark.parametrize(
    "more", [{}, {"scale_embedding": False, "key_dim": 5, "num_layers": 2, "embed_dim": 15, "num_heads": 3}]
)
def test_it_agrees_with_keras(fields, more):
    model = random_weights(tiny_model(**fields, **more))
    gpt = NumpyGPT.from_keras(model)
    for ids in (IDS, IDS[:1], list(range(12)), range(5), tuple(IDS), np.array(IDS)):
        np.testing.assert_allclose(np.log(gpt(ids)), keras_log_probabilities(model, ids), atol=1e-4)


def test_the_trained_model_agrees_with_keras(trained, sequence):
    gpt = NumpyGPT.from_keras(trained)
    for start in (0, 100, 700):
        ids = sequence[start : start + 32]
        np.testing.assert_allclose(np.log(gpt(ids)), keras_log_probabilities(trained, ids), atol=1e-4)


def test_a_call_leaves_nothing_behind():
    gpt = NumpyGPT.from_keras(random_weights(tiny_model()))
    whole = gpt(IDS)
    before = set(vars(gpt))
    gpt([7, 7, 7])
    np.testing.assert_array_equal(gpt(IDS), whole)
    assert set(vars(gpt)) == before


def test_gelu_and_softmax():
    x = np.linspace(-6, 6, 1001).astype("float32")
    np.testing.assert_allclose(gelu(x), keras.ops.convert_to_numpy(keras.activations.gelu(x)), atol=2e-6)
    np.testing.assert_allclose(softmax(np.array([1e5, 0.0])), [1, 0])


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (range(13), "13 ids .* 1 to max_seq_length=12 ids"),
        ([], "0 ids .* 1 to max_seq_length=12"),
        ([-1], "from -1 to -1: .* each from 0 to 19"),
        ([3, 20], "from 3 to 20: .* each from 0 to 19"),
        ([[1, 2]], "shape .1, 2."),
        (["w1"], "whole numbers"),
        ([1.5], "whole numbers"),
    ],
)
def test_ids_that_do_not_fit_are_named(ids, message):
    with pytest.raises(MinigptError, match=message):
        NumpyGPT.from_keras(tiny_model())(ids)


def test_a_model_that_build_gpt_model_did_not_build_is_refused():
    with pytest.raises(MinigptError, match="build_gpt_model"):
        NumpyGPT.from_keras(keras.Sequential([keras.Input((None,)), keras.layers.Embedding(5, 4)]))
