"""GPTConfig: the presets of the class, and a clear message about values that cannot be right."""

import dataclasses
import json

import numpy as np
import pytest

from minigpt import GPTConfig
from minigpt.errors import ConfigError


def test_the_recipe_of_the_class():
    assert dataclasses.asdict(GPTConfig.lecture()) == {
        "vocab_size": 5000,
        "max_seq_length": 100,
        "embed_dim": 256,
        "num_heads": 8,
        "key_dim": 256,
        "ff_dim": 1024,
        "num_layers": 4,
        "dropout": 0.1,
        "causal": False,
        "norm": "post",
        "activation": "relu",
        "scale_embedding": False,
    }


def test_the_defaults_are_the_sizes_of_the_class_made_right():
    config = GPTConfig(vocab_size=385)
    assert (config.max_seq_length, config.embed_dim, config.num_heads, config.ff_dim, config.num_layers) == (
        100,
        256,
        8,
        1024,
        4,
    )
    assert (config.key_dim, config.causal, config.norm, config.activation, config.scale_embedding) == (
        32,
        True,
        "pre",
        "gelu",
        True,
    )


def test_the_quick_preset_is_small():
    config = GPTConfig.quick(385)
    assert config.vocab_size == 385 and config.max_seq_length == 32
    assert config.causal and config.norm == "pre" and config.scale_embedding


def test_key_dim_follows_the_width_unless_it_is_given():
    assert GPTConfig(10, embed_dim=96, num_heads=3).key_dim == 32
    assert GPTConfig(10, embed_dim=10, num_heads=3, key_dim=7).key_dim == 7


@pytest.mark.parametrize("field", ["vocab_size", "max_seq_length", "embed_dim", "num_heads", "key_dim", "ff_dim", "num_layers"])
@pytest.mark.parametrize("value", [-1, 0, 2.0, "8", None, True, float("nan"), np.bool_(True), np.float64(2), [8]])
def test_a_size_that_is_not_a_positive_number(field, value):
    if field == "key_dim" and value in (0, None):
        return  # these mean: embed_dim // num_heads
    with pytest.raises(ConfigError, match=field):
        GPTConfig(**{"vocab_size": 10, field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dropout", -0.1),
        ("dropout", 1),
        ("dropout", float("nan")),
        ("dropout", "0.1"),
        ("dropout", True),
        ("dropout", None),
        ("dropout", float("inf")),
        ("norm", "batch"),
        ("norm", None),
        ("activation", "tanh"),
        ("causal", "yes"),
        ("causal", None),
        ("scale_embedding", 2),
    ],
)
def test_a_value_that_cannot_be_right(field, value):
    with pytest.raises(ConfigError, match=field):
        GPTConfig(10, **{field: value})


def test_heads_that_do_not_divide_the_width():
    with pytest.raises(ConfigError, match=r"num_heads=7 does not divide embed_dim=256"):
        GPTConfig(10, num_heads=7)


def test_numbers_of_numpy_are_numbers():
    config = GPTConfig(np.int64(20), embed_dim=np.int32(16), num_heads=np.int64(2), dropout=np.float64(0.1))
    assert config.key_dim == 8
    config = GPTConfig(np.uint8(20), dropout=np.float32(0.5), causal=np.bool_(False))
    assert json.loads(json.dumps(dataclasses.asdict(config))) == dataclasses.asdict(config)
    assert (config.dropout, config.causal) == (0.5, False)
