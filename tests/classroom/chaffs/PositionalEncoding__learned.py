"""An Embedding of the positions, as in GPT-2."""

import keras

CAUGHT_BY = "PositionalEncoding/nothing_learned"
SAYS = "positions are learned"


class PositionalEncoding(keras.layers.Layer):
    def __init__(self, max_len, d_model, **kwargs):
        super().__init__(**kwargs)
        self.rows = keras.layers.Embedding(max_len, d_model)

    def call(self, x):
        return x + self.rows(keras.ops.arange(keras.ops.shape(x)[1]))
