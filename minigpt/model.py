"""The GPT: word embedding, positions, a stack of decoder blocks, and a softmax over the vocabulary.

After Vaswani et al., "Attention Is All You Need" (2017), https://arxiv.org/abs/1706.03762, and Radford et al., GPT-2
(2019). Shapes: B sequences of T words, D numbers a word (embed_dim), V words in the vocabulary.
"""

import dataclasses
from typing import Any

import keras
from keras import layers

from minigpt.config import GPTConfig
from minigpt.layers import PositionalEncoding


def transformer_block(
    embed_dim: int = 256,
    num_heads: int = 8,
    ff_dim: int = 1024,
    dropout: float = 0.1,
    key_dim: int = 0,
    causal: bool = True,
    norm: str = "pre",
    activation: str = "gelu",
    name: str | None = None,
) -> keras.Model:  # (B, T, D) -> (B, T, D)
    """One decoder block: the words look at each other (attention), then each word is worked on alone (feed-forward).

    The output of each half is added to its input (a residual connection), and normalised before ("pre") or after ("post").

    Args:
        embed_dim: width D of the words that come in and go out.
        num_heads: attention heads.
        ff_dim: width of the hidden layer of the feed-forward network.
        dropout: share of activations set to zero during training.
        key_dim: numbers per head; 0 means embed_dim // num_heads.
        causal: let a word attend to itself and to the words before it, never to those after it.
        norm: "pre" (GPT-2) or "post" (the paper).
        activation: "gelu" or "relu".
        name: of the block, such as "decoder_block_1"; by default a name that no other block has.

    Returns:
        A Functional keras.Model from (B, T, D) to (B, T, D).

    Raises:
        ConfigError: a value that cannot be right, such as a number of heads that does not divide embed_dim.

    Example:
        >>> transformer_block(256, 8, 1024, key_dim=256).count_params()
        2630144
    """
    # The config checks the numbers and works out key_dim; its vocabulary and length play no part here.
    config = GPTConfig(1, 1, embed_dim, num_heads, key_dim, ff_dim, 1, dropout, causal, norm, activation)

    norm_1 = layers.LayerNormalization(epsilon=1e-6, name="norm_1")
    attention = layers.MultiHeadAttention(num_heads, config.key_dim, name="attention")
    dropout_1 = layers.Dropout(config.dropout, name="dropout_1")
    residual_1 = layers.Add(name="residual_1")
    norm_2 = layers.LayerNormalization(epsilon=1e-6, name="norm_2")
    feed_forward_1 = layers.Dense(ff_dim, activation=activation, name="feed_forward_1")
    feed_forward_2 = layers.Dense(embed_dim, name="feed_forward_2")
    dropout_2 = layers.Dropout(config.dropout, name="dropout_2")
    residual_2 = layers.Add(name="residual_2")

    def attend(x):  # (B, T, D) -> (B, T, D)
        return dropout_1(attention(x, x, use_causal_mask=causal))

    def feed_forward(x):  # (B, T, D) -> (B, T, ff_dim) -> (B, T, D)
        return dropout_2(feed_forward_2(feed_forward_1(x)))

    words = keras.Input((None, embed_dim), name="words")
    if norm == "pre":
        x = residual_1([words, attend(norm_1(words))])
        x = residual_2([x, feed_forward(norm_2(x))])
    else:
        x = norm_1(residual_1([words, attend(words)]))
        x = norm_2(residual_2([x, feed_forward(x)]))
    return keras.Model(words, x, name=name)


def build_gpt_model(config: GPTConfig) -> keras.Model:  # ids (B, T) -> probabilities (B, T, V)
    """Build a GPT: embedding, positions, decoder blocks, and a softmax over the vocabulary.

    Args:
        config: a `GPTConfig`, or any object with its fields.

    Returns:
        A Functional keras.Model from ids (B, T), T <= max_seq_length, to probabilities (B, T, V): at each position,
        how likely each word is to come next. It is not compiled; `train_model` does that.

    Example:
        >>> build_gpt_model(GPTConfig.lecture()).count_params()
        13085576
    """
    # The lecture leaves the embeddings at Keras' ±0.05. Where they are multiplied by sqrt(embed_dim), a spread of
    # 1/sqrt(embed_dim) gives every word numbers of about size 1, close to the 0.7 of the sines: a scale that trains.
    spread = keras.initializers.RandomNormal(stddev=config.embed_dim**-0.5) if config.scale_embedding else "uniform"

    ids = keras.Input((None,), dtype="int32", name="word_ids")  # (B, T)
    x = layers.Embedding(config.vocab_size, config.embed_dim, spread, name="token_embedding")(ids)  # (B, T, D)
    x = PositionalEncoding(config.max_seq_length, config.embed_dim, config.scale_embedding, name="positional_encoding")(x)
    for number in range(1, config.num_layers + 1):
        x = transformer_block(
            config.embed_dim,
            config.num_heads,
            config.ff_dim,
            config.dropout,
            key_dim=config.key_dim,
            causal=config.causal,
            norm=config.norm,
            activation=config.activation,
            name=f"decoder_block_{number}",
        )(x)
    if config.norm == "pre":  # the blocks of a pre-norm stack do not normalise their output
        x = layers.LayerNormalization(epsilon=1e-6, name="final_norm")(x)
    probabilities = layers.Dense(config.vocab_size, activation="softmax", name="next_word")(x)  # (B, T, V)
    model = keras.Model(ids, probabilities, name="minigpt")
    model.gpt_config = GPTConfig(**{field.name: getattr(config, field.name) for field in dataclasses.fields(GPTConfig)})
    return model


def vocab_size_of(model: keras.Model, ids) -> int:
    """The size of a model's vocabulary: the last axis of its output for some ids (1, T). Builds the model if need be."""
    return int((model.output_shape if hasattr(model, "inputs") and model.inputs else model(ids).shape)[-1])


def config_of(model: Any) -> GPTConfig | None:
    """The hyper-parameters of a model that `build_gpt_model` or `load_gpt` has made; None for any other model."""
    return getattr(model, "gpt_config", None)
