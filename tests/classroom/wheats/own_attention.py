"""Attention from Dense layers, by hand; learned positions; the output tied to the embedding."""

import keras
from keras import layers, ops


class CausalAttention(layers.Layer):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.q, self.k, self.v = (layers.Dense(width, use_bias=False) for _ in range(3))
        self.out = layers.Dense(width, use_bias=False)

    def split(self, x):  # (B, T, D) -> (B, H, T, D / H)
        return ops.transpose(ops.reshape(x, (-1, ops.shape(x)[1], self.heads, self.size)), (0, 2, 1, 3))

    def call(self, x):
        length = ops.shape(x)[1]
        scores = self.split(self.q(x)) @ ops.transpose(self.split(self.k(x)), (0, 1, 3, 2)) / self.size**0.5
        scores = ops.where(ops.tril(ops.ones((length, length))) == 0, -1e9, scores)
        mixed = ops.softmax(scores, axis=-1) @ self.split(self.v(x))
        return self.out(ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (-1, length, self.heads * self.size)))


def transformer_block(embed_dim, num_heads, ff_dim, dropout):
    x = keras.Input((None, embed_dim))
    h = x + layers.Dropout(dropout)(CausalAttention(embed_dim, num_heads)(layers.LayerNormalization(center=False)(x)))
    f = layers.Dense(ff_dim, "relu", use_bias=False)(layers.LayerNormalization(center=False)(h))
    return keras.Model(x, h + layers.Dropout(dropout)(layers.Dense(embed_dim, use_bias=False)(f)))


class Positions(layers.Layer):
    def __init__(self, length, width):
        super().__init__()
        self.rows = layers.Embedding(length, width)

    def call(self, x):
        return x + self.rows(ops.arange(ops.shape(x)[1]))


def build_gpt_model(config):
    ids = keras.Input((None,), dtype="int32")
    embedding = layers.Embedding(config.vocab_size, config.embed_dim, keras.initializers.RandomNormal(stddev=0.25))
    x = Positions(config.max_seq_length, config.embed_dim)(embedding(ids))
    for _ in range(config.num_layers):
        x = transformer_block(config.embed_dim, config.num_heads, config.ff_dim, config.dropout)(x)
    x = layers.LayerNormalization()(x)
    return keras.Model(ids, layers.Softmax()(Tied(embedding)(x)))


class Tied(layers.Layer):
    def __init__(self, embedding):
        super().__init__()
        self.embedding = embedding

    def call(self, x):
        return x @ ops.transpose(self.embedding.embeddings)
