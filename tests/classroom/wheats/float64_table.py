"""A sine table filled number by number in float64, with the embeddings scaled in the same layer."""

import math

import keras
import numpy as np


class PositionalEncoding(keras.layers.Layer):
    def __init__(self, max_len=100, d_model=256, **kwargs):
        super().__init__(**kwargs)
        self.max_len, self.d_model = max_len, d_model
        self.table = np.zeros((max_len, d_model), dtype="float64")
        for position in range(max_len):
            for column in range(0, d_model, 2):
                angle = position / 10000 ** (column / d_model)
                self.table[position, column] = math.sin(angle)
                self.table[position, column + 1] = math.cos(angle)

    def call(self, x):
        return x * math.sqrt(self.d_model) + keras.ops.cast(self.table[: x.shape[1]], x.dtype)

    def get_config(self):
        return dict(super().get_config(), max_len=self.max_len, d_model=self.d_model)
