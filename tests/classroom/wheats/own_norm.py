"""A block with a root-mean-square norm of its own, keyword arguments only, and attention scores from einsum."""

import keras
import numpy as np
from keras import layers, ops


class RMSNorm(layers.Layer):
    def build(self, shape):
        self.gain = self.add_weight(shape=(shape[-1],), initializer="ones", name="gain")

    def call(self, x):
        return x / ops.sqrt(ops.mean(x * x, axis=-1, keepdims=True) + 1e-6) * self.gain


class transformer_block(keras.Model):
    def __init__(self, *, embed_dim, num_heads, ff_dim, dropout=0.1):
        super().__init__()
        self.shape_of_heads = (num_heads, embed_dim // num_heads)
        self.qkv, self.project = layers.Dense(3 * embed_dim), layers.Dense(embed_dim)
        self.up, self.down = layers.Dense(ff_dim, activation="gelu"), layers.Dense(embed_dim)
        self.norms, self.drop = [RMSNorm(), RMSNorm()], layers.Dropout(dropout)

    def call(self, x, training=None):
        batch, length, width = ops.shape(x)
        q, k, v = (
            ops.reshape(part, (batch, length, *self.shape_of_heads))
            for part in ops.split(self.qkv(self.norms[0](x)), 3, axis=-1)
        )
        scores = ops.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(self.shape_of_heads[1])
        future = np.triu(np.ones((length, length), dtype=bool), k=1)
        weights = ops.softmax(ops.where(future, float("-inf"), scores))
        mixed = ops.reshape(ops.einsum("bhqk,bkhd->bqhd", weights, v), (batch, length, width))
        x = x + self.drop(self.project(mixed), training=training)
        return x + self.drop(self.down(self.up(self.norms[1](x))), training=training)
