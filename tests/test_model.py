"""transformer_block and build_gpt_model: the numbers of the class, and every field of GPTConfig does what it says."""

import types

import keras
import numpy as np
import pytest
from helpers import TINY, random_weights, tiny_model

from minigpt import GPTConfig, build_gpt_model, transformer_block
from minigpt.errors import ConfigError
from minigpt.model import config_of


def probabilities(model, ids):
    return keras.ops.convert_to_numpy(model(np.asarray(ids, "int32"), training=False))


def parameters_by_hand(c: GPTConfig) -> int:
    """The sum of the class: embedding, attention, norms, feed-forward and the last layer."""
    heads = c.num_heads * c.key_dim
    attention = 3 * (c.embed_dim * heads + heads) + heads * c.embed_dim + c.embed_dim
    feed_forward = c.embed_dim * c.ff_dim + c.ff_dim + c.ff_dim * c.embed_dim + c.embed_dim
    block = attention + feed_forward + 2 * 2 * c.embed_dim
    final_norm = 2 * c.embed_dim if c.norm == "pre" else 0
    last = c.embed_dim * c.vocab_size + c.vocab_size
    return c.vocab_size * c.embed_dim + c.num_layers * block + final_norm + last


def test_the_numbers_of_the_class():
    assert transformer_block(256, 8, 1024, key_dim=256).count_params() == 2_630_144
    model = build_gpt_model(GPTConfig.lecture())
    assert model.count_params() == parameters_by_hand(GPTConfig.lecture()) == 13_085_576
    lines = []
    model.summary(print_fn=lines.append)
    assert "49.92 MB" in "\n".join(lines)


@pytest.mark.slow
def test_the_model_with_96_layers():
    config = GPTConfig.lecture()
    config.num_layers = 96
    model = build_gpt_model(config)
    assert model.count_params() == parameters_by_hand(config) == 255_058_824
    lines = []
    model.summary(print_fn=lines.append)
    assert "decoder_block_96" in "\n".join(lines)


@pytest.mark.parametrize(
    "fields",
    [
        {"vocab_size": 31},
        {"embed_dim": 24, "num_heads": 3},
        {"num_heads": 4},
        {"key_dim": 5},
        {"ff_dim": 7},
        {"num_layers": 3},
        {"norm": "post"},
        {"embed_dim": 15, "num_heads": 3},
    ],
)
def test_the_sizes_show_in_the_parameters(fields):
    config = GPTConfig(**{**TINY, **fields})
    model = build_gpt_model(config)
    assert model.count_params() == parameters_by_hand(config)
    assert model.output_shape == (None, None, config.vocab_size)


def test_what_goes_in_and_what_comes_out():
    out = probabilities(tiny_model(), [[1, 2, 3], [4, 5, 6]])
    assert out.shape == (2, 3, 20)
    np.testing.assert_allclose(out.sum(-1), 1, atol=1e-5)
    block = transformer_block(16, 2, 32)
    assert tuple(block(np.zeros((2, 5, 16), "float32")).shape) == (2, 5, 16)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_causal_means_that_the_future_changes_nothing(norm):
    ids = np.arange(1, 13)[None]
    for position in (1, 6, 11):
        changed = ids.copy()
        changed[0, position:] = 19
        model = random_weights(tiny_model(num_layers=2, norm=norm))
        before, after = probabilities(model, ids)[0], probabilities(model, changed)[0]
        np.testing.assert_allclose(before[:position], after[:position], atol=1e-6)
        assert np.abs(before[position:] - after[position:]).max() > 1e-3
    model = random_weights(tiny_model(causal=False, norm=norm))
    assert np.abs(probabilities(model, ids)[0, 0] - probabilities(model, changed)[0, 0]).max() > 1e-4


def test_padding_on_the_right_changes_nothing_to_its_left():
    model = random_weights(tiny_model())
    whole = probabilities(model, [[3, 1, 4, 0, 0, 0]])[0, :3]
    np.testing.assert_allclose(whole, probabilities(model, [[3, 1, 4]])[0], atol=1e-6)


def test_norm_decides_where_the_normalisation_is():
    def feeds(norm, layer):
        nodes = {part["name"]: part["inbound_nodes"] for part in transformer_block(16, 2, 32, norm=norm).get_config()["layers"]}
        return str(nodes[layer])

    assert "words" in feeds("pre", "norm_1") and "norm_1" in feeds("pre", "attention")
    assert "residual_1" in feeds("post", "norm_1") and "words" in feeds("post", "attention")
    assert "residual_1" in feeds("pre", "norm_2") and "residual_2" in feeds("post", "norm_2")
    assert "final_norm" in [layer.name for layer in tiny_model(norm="pre").layers]
    assert "final_norm" not in [layer.name for layer in tiny_model(norm="post").layers]
    out = keras.ops.convert_to_numpy(
        transformer_block(16, 2, 32, norm="post")(np.random.default_rng(0).normal(size=(1, 5, 16)))
    )
    np.testing.assert_allclose(out.mean(-1), 0, atol=1e-5)  # what a post-norm block hands on is normalised
    np.testing.assert_allclose(out.std(-1), 1, atol=1e-3)


@pytest.mark.parametrize(("activation", "least"), [("relu", 0.0), ("gelu", -0.17)])
def test_activation_is_that_of_the_feed_forward_network(activation, least):
    hidden = transformer_block(16, 2, 32, activation=activation).get_layer("feed_forward_1")
    out = keras.ops.convert_to_numpy(hidden(np.random.default_rng(0).normal(size=(50, 16)) * 3))
    assert out.min() == pytest.approx(least, abs=0.01)


def test_dropout_acts_in_training_only():
    keras.utils.set_random_seed(0)
    model = random_weights(tiny_model(dropout=0.5))
    ids = np.arange(1, 11)[None]
    np.testing.assert_array_equal(probabilities(model, ids), probabilities(model, ids))
    dropped = [keras.ops.convert_to_numpy(model(ids, training=True)) for _ in range(2)]
    assert np.abs(dropped[0] - dropped[1]).max() > 1e-4
    none = random_weights(tiny_model(dropout=0.0))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(none(ids, training=True)), probabilities(none, ids), atol=1e-6)


def test_scale_embedding_multiplies_the_words_and_evens_their_start():
    scaled, plain = tiny_model(scale_embedding=True, embed_dim=64), tiny_model(scale_embedding=False, embed_dim=64)
    ids = np.arange(12)[None]

    def words_of(model):  # what the positional encoding hands on, less the positions
        part = keras.Model(model.input, model.get_layer("positional_encoding").output)
        return probabilities(part, ids)[0] - model.get_layer("positional_encoding").table

    for model, factor in ((scaled, 8.0), (plain, 1.0)):
        table = model.get_layer("token_embedding").get_weights()[0]
        np.testing.assert_allclose(words_of(model), table[:12] * factor, atol=1e-5)
    assert 0.7 < words_of(scaled).std() < 1.3, "scaled embeddings must start at about the size of the positions"
    assert words_of(plain).std() < 0.05


def test_max_seq_length_is_the_longest_sequence():
    model = tiny_model(max_seq_length=12)
    assert probabilities(model, [list(range(1, 13))]).shape == (1, 12, 20)
    with pytest.raises(ValueError, match="13 words but max_len is 12"):
        model(np.ones((1, 13), "int32"))


def test_any_object_with_the_fields_builds_the_same_model():
    config = GPTConfig(**TINY)
    other = types.SimpleNamespace(**vars(config))
    assert build_gpt_model(other).count_params() == build_gpt_model(config).count_params()


def test_sizes_of_numpy_build_a_model():
    config = GPTConfig(**{**TINY, "vocab_size": np.int64(20), "embed_dim": np.int64(16)})
    assert build_gpt_model(config).count_params() == tiny_model().count_params()


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_heads": 3},
        {"embed_dim": 0},
        {"ff_dim": -1},
        {"dropout": 1.0},
        {"norm": "batch"},
        {"activation": "tanh"},
        {"key_dim": -2},
    ],
)
def test_a_block_that_cannot_be(arguments):
    with pytest.raises(ConfigError, match=next(iter(arguments))):
        transformer_block(**{"embed_dim": 16, "num_heads": 2, "ff_dim": 32, **arguments})


def test_the_parts_have_the_names_of_the_class():
    model = tiny_model(num_layers=2)
    assert [layer.name for layer in model.layers] == [
        "word_ids",
        "token_embedding",
        "positional_encoding",
        "decoder_block_1",
        "decoder_block_2",
        "final_norm",
        "next_word",
    ]
    block = model.get_layer("decoder_block_1")
    assert isinstance(block, keras.Model)
    assert {"norm_1", "attention", "residual_1", "norm_2", "feed_forward_1", "feed_forward_2", "residual_2"} <= {
        layer.name for layer in block.layers
    }


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"causal": False},
        {"norm": "post"},
        {"activation": "relu"},
        {"scale_embedding": False},
        {"key_dim": 5, "num_layers": 3},
    ],
)
def test_the_config_can_be_read_back(fields):
    config = GPTConfig(**{**TINY, "dropout": 0.25, **fields})
    assert config_of(build_gpt_model(config)) == config


def test_a_model_of_ones_own_has_no_config():
    words = keras.Input((None,))
    assert config_of(keras.Model(words, keras.layers.Embedding(5, 4)(words))) is None
    assert config_of(print) is None
    assert config_of(keras.Sequential([keras.layers.Dense(3)])) is None
