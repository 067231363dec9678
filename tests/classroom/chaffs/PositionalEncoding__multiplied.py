"""The embeddings are multiplied by the table."""

import keras
import numpy as np

CAUGHT_BY = "PositionalEncoding/added"
SAYS = "multiplied by the table"


class PositionalEncoding(keras.layers.Layer):
    def __init__(self, max_len, d_model, **kwargs):
        super().__init__(**kwargs)
        self.max_len, self.d_model = max_len, d_model
        position, i = np.arange(max_len)[:, None], np.arange(d_model)[None]
        angle = position / 10000.0 ** (2 * (i // 2) / d_model)
        self.table = np.where(i % 2 == 0, np.sin(angle), np.cos(angle)).astype("float32")

    def call(self, x):
        return x * self.table[: x.shape[1]]

    def get_config(self):
        return {**super().get_config(), "max_len": self.max_len, "d_model": self.d_model}
