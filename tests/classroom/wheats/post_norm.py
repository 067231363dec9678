"""The block of the paper: functional, post-norm, relu; the whole model from it, scaled, with key_dim as in the config."""

import keras
import numpy as np
from keras import layers


class PositionalEncoding(layers.Layer):
    def __init__(self, max_len, d_model, **kwargs):
        super().__init__(**kwargs)
        self.max_len, self.d_model = max_len, d_model
        positions = np.arange(max_len)[:, np.newaxis]
        i = np.arange(d_model)[np.newaxis, :]
        angles = positions / np.power(10000, (2 * (i // 2)) / np.float32(d_model))
        angles[:, 0::2] = np.sin(angles[:, 0::2])
        angles[:, 1::2] = np.cos(angles[:, 1::2])
        self.pos_encoding = angles[np.newaxis].astype("float32")

    def call(self, x):
        return x + self.pos_encoding[:, : x.shape[1], :]

    def get_config(self):
        return {**super().get_config(), "max_len": self.max_len, "d_model": self.d_model}


def transformer_block(embed_dim, num_heads, ff_dim, dropout=0.1, key_dim=None):
    inputs = keras.Input((None, embed_dim))
    attention = layers.MultiHeadAttention(num_heads, key_dim or embed_dim)(inputs, inputs, use_causal_mask=True)
    x = layers.LayerNormalization(epsilon=1e-6)(inputs + layers.Dropout(dropout)(attention))
    hidden = layers.Dense(ff_dim, activation="relu")(x)
    hidden = layers.Dropout(dropout)(layers.Dense(embed_dim)(hidden))
    return keras.Model(inputs, layers.LayerNormalization(epsilon=1e-6)(x + hidden))


def build_gpt_model(config):
    inputs = keras.Input((None,), dtype="int32")
    x = layers.Embedding(config.vocab_size, config.embed_dim)(inputs) * config.embed_dim**0.5
    x = PositionalEncoding(config.max_seq_length, config.embed_dim)(x)
    for _ in range(config.num_layers):
        x = transformer_block(config.embed_dim, config.num_heads, config.ff_dim, config.dropout, config.key_dim)(x)
    return keras.Model(inputs, layers.Dense(config.vocab_size, activation="softmax")(x))
