"""PositionalEncoding as a function that returns a layer; a block with other argument names, and key_dim = embed_dim."""

import keras
import numpy as np
from keras import layers


def PositionalEncoding(max_len, d_model):
    i = np.arange(d_model)
    angle = np.arange(max_len)[:, None] * np.exp(-np.log(10000.0) * (i - i % 2) / d_model)
    table = np.where(i % 2, np.cos(angle), np.sin(angle)).astype("float32")
    return layers.Lambda(lambda x: x + table[: x.shape[1]])


def transformer_block(d_model, heads, dff, rate=0.1, activation="silu"):
    x = inputs = keras.Input((None, d_model))
    normed = layers.LayerNormalization()(x)
    x = layers.add([x, layers.Dropout(rate)(layers.MultiHeadAttention(heads, d_model)(normed, normed, use_causal_mask=True))])
    y = layers.Dense(dff, activation=activation)(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.add([x, layers.Dropout(rate)(layers.Dense(d_model)(y))]))
