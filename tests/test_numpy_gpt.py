"""NumpyGPT: the same network a second time must say the same as Keras, in every configuration."""

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
    for ids in (IDS, IDS[:1], list(range(12))):
        np.testing.assert_allclose(np.log(gpt(ids)), keras_log_probabilities(model, ids), atol=1e-4)


def test_the_trained_model_agrees_with_keras(trained, sequence):
    gpt = NumpyGPT.from_keras(trained)
    for start in (0, 100, 700):
        ids = sequence[start : start + 32]
        np.testing.assert_allclose(np.log(gpt(ids)), keras_log_probabilities(trained, ids), atol=1e-4)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_reading_on_with_the_cache_is_reading_the_whole(norm):
    gpt = NumpyGPT.from_keras(random_weights(tiny_model(norm=norm, num_layers=2)))
    whole = gpt(IDS)
    for cuts in ([1] * 8, [3, 5], [2, 1, 5], [7, 1]):
        gpt.forget()
        start, parts = 0, []
        for size in cuts:
            parts.append(gpt.read(IDS[start : start + size]))
            start += size
        np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)


def test_a_call_forgets_what_was_read():
    gpt = NumpyGPT.from_keras(random_weights(tiny_model()))
    whole = gpt(IDS)
    gpt([7, 7, 7])
    np.testing.assert_array_equal(gpt(IDS), whole)


@pytest.mark.parametrize("fields", CONFIGURATIONS, ids=lambda fields: "-".join(map(str, fields.values())))
def test_the_trace_holds_the_activations_of_keras(fields):
    model = random_weights(tiny_model(num_layers=2, **fields))
    trace = {}
    NumpyGPT.from_keras(model)(IDS, trace)
    inside = {name for name in trace if "/" in name and not name.endswith("attention_weights")}
    outside = {
        layer.name for layer in model.layers if layer.name not in ("word_ids",) and not layer.name.startswith("decoder_")
    }
    assert outside <= set(trace), f"the trace lacks {outside - set(trace)}"
    for name in outside:
        expected = keras.ops.convert_to_numpy(keras.Model(model.input, model.get_layer(name).output)(np.asarray([IDS])))[0]
        np.testing.assert_allclose(trace[name], expected, atol=1e-4, err_msg=name)
    block_layers = {"norm_1", "attention", "residual_1", "norm_2", "feed_forward_1", "feed_forward_2", "residual_2"}
    assert inside == {f"decoder_block_{n}/{layer}" for n in (1, 2) for layer in block_layers}
    words = trace["positional_encoding"][None]
    for number in (1, 2):
        block = model.get_layer(f"decoder_block_{number}")
        for layer in block_layers:
            part = keras.Model(block.input, block.get_layer(layer).output)
            expected = keras.ops.convert_to_numpy(part(words))[0]
            np.testing.assert_allclose(trace[f"decoder_block_{number}/{layer}"], expected, atol=1e-4, err_msg=layer)
        words = keras.ops.convert_to_numpy(block(words))


@pytest.mark.parametrize("causal", [True, False])
def test_the_attention_weights_are_those_of_keras(causal):
    model = random_weights(tiny_model(causal=causal))
    trace = {}
    NumpyGPT.from_keras(model)(IDS, trace)
    attention = model.get_layer("decoder_block_1").get_layer("attention")
    x = trace["decoder_block_1/norm_1"][None]
    _, expected = attention(x, x, use_causal_mask=causal, return_attention_scores=True)
    weights = trace["decoder_block_1/attention_weights"]
    assert weights.shape == (2, 8, 8)
    np.testing.assert_allclose(weights, keras.ops.convert_to_numpy(expected)[0], atol=1e-5)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert (np.triu(weights, 1) == 0).all() == causal


def test_gelu_and_softmax():
    x = np.linspace(-6, 6, 1001).astype("float32")
    np.testing.assert_allclose(gelu(x), keras.ops.convert_to_numpy(keras.activations.gelu(x)), atol=2e-6)
    np.testing.assert_allclose(softmax(np.array([1e5, 0.0])), [1, 0])


def test_what_it_refuses():
    gpt = NumpyGPT.from_keras(tiny_model())
    with pytest.raises(MinigptError, match="max_seq_length=12"):
        gpt(range(13))
    gpt(range(12))
    with pytest.raises(MinigptError, match="max_seq_length=12"):
        gpt.read([1])
    for wrong in (-1, 20):
        with pytest.raises(MinigptError, match=str(wrong)):
            gpt([wrong])
    blind = NumpyGPT.from_keras(tiny_model(causal=False))
    blind([1, 2])
    with pytest.raises(MinigptError, match="causal"):
        blind.read([3])
    with pytest.raises(MinigptError, match="build_gpt_model"):
        NumpyGPT.from_keras(keras.Sequential([keras.Input((None,)), keras.layers.Embedding(5, 4)]))
