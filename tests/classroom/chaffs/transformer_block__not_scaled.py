"""The scores are not divided by sqrt(key_dim)."""

import keras
from keras import layers, ops

CAUGHT_BY = "transformer_block/scaled"
SAYS = "not scaled"


class Attention(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v, self.out = (layers.Dense(width) for _ in range(4))
        self.width = width

    def call(self, x):
        scores = self.q(x) @ ops.transpose(self.k(x), (0, 2, 1))  # one head, for shortness
        mask = ops.tril(ops.ones((ops.shape(x)[1], ops.shape(x)[1])))
        weights = ops.softmax(ops.where(mask == 0, -1e9, scores))
        return self.out(weights @ self.v(x))


def transformer_block(embed_dim, num_heads, ff_dim, dropout):
    x = inputs = keras.Input((None, embed_dim))
    x = x + layers.Dropout(dropout)(Attention(embed_dim)(layers.LayerNormalization()(x)))
    h = layers.Dense(embed_dim)(layers.Dense(ff_dim, activation="relu")(layers.LayerNormalization()(x)))
    return keras.Model(inputs, x + layers.Dropout(dropout)(h))
