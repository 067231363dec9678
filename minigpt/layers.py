"""The one layer that Keras lacks: it tells the network the position of each word by sine waves."""

import keras
import numpy as np
from keras import ops

from minigpt.config import check_positive
from minigpt.errors import ConfigError


def sine_table(max_len: int, d_model: int) -> np.ndarray:  # -> (max_len, d_model)
    """The table of the paper: row = position, even columns sine, odd columns cosine, each pair slower than the last.

    Example:
        >>> print(sine_table(2, 4).round(2))
        [[0.   1.   0.   1.  ]
         [0.84 0.54 0.01 1.  ]]
    """
    position = np.arange(max_len)[:, None]  # (max_len, 1)
    pair = np.arange(d_model) // 2  # (d_model,): columns 2i and 2i + 1 share one wavelength
    angle = position / 10000 ** (2 * pair / d_model)  # (max_len, d_model)
    return np.where(np.arange(d_model) % 2 == 0, np.sin(angle), np.cos(angle)).astype("float32")


@keras.saving.register_keras_serializable(package="minigpt")
class PositionalEncoding(keras.layers.Layer):
    """Adds to each word embedding the sine waves of its position, so that the network can tell the order of the words.

    Args:
        max_len: the longest sequence, in words.
        d_model: numbers per word, D.
        scale_embedding: multiply the embeddings by sqrt(d_model) first. Embeddings start small and sines do not:
            without the factor, the words drown in the positions (section 3.4 of the paper).

    Call arguments:
        embeddings: float tensor (B, T, D), T <= max_len.

    Returns:
        float tensor (B, T, D).

    Raises:
        ConfigError: the sequence is longer than max_len, or its embeddings are not d_model wide.

    Example:
        >>> layer = PositionalEncoding(max_len=100, d_model=4)
        >>> print(np.asarray(layer(np.zeros((1, 2, 4)))).round(2))
        [[[0.   1.   0.   1.  ]
          [0.84 0.54 0.01 1.  ]]]

    Reference: Vaswani et al., "Attention Is All You Need", section 3.5, https://arxiv.org/abs/1706.03762
    """

    def __init__(self, max_len: int, d_model: int, scale_embedding: bool = False, **kwargs) -> None:
        super().__init__(**kwargs)
        self.max_len = check_positive("max_len", max_len)
        self.d_model = check_positive("d_model", d_model)
        self.scale_embedding = scale_embedding
        self.supports_masking = True
        self.table = sine_table(max_len, d_model)  # a constant: nothing here is learned

    def call(self, embeddings):  # (B, T, D) -> (B, T, D)
        _, length, width = embeddings.shape
        if width != self.d_model:
            raise ConfigError(f"the embeddings are {width} wide but d_model is {self.d_model}: make them equal")
        if length is not None and length > self.max_len:
            raise ConfigError(f"a sequence of {length} words but max_len is {self.max_len}: shorten it, or raise max_len")
        scale = self.d_model**0.5 if self.scale_embedding else 1.0
        table = ops.cast(self.table, embeddings.dtype)[: ops.shape(embeddings)[1]]  # (T, D)
        return embeddings * scale + table

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict:
        """The arguments, so that a saved model can be loaded again."""
        own = {"max_len": self.max_len, "d_model": self.d_model, "scale_embedding": self.scale_embedding}
        return {**super().get_config(), **own}
