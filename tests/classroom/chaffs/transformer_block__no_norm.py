"""No normalisation at all."""

import keras
from keras import layers

CAUGHT_BY = "transformer_block/normalised"
SAYS = "layer normalisation is missing"


def transformer_block(embed_dim=256, num_heads=8, ff_dim=1024, dropout=0.1):
    x = inputs = keras.Input((None, embed_dim))
    attention = layers.MultiHeadAttention(num_heads, embed_dim // num_heads)
    h = x
    x = x + layers.Dropout(dropout)(attention(h, h, use_causal_mask=True))
    h = x
    h = layers.Dense(embed_dim)(layers.Dense(ff_dim, activation="gelu")(h))
    x = x + layers.Dropout(dropout)(h)
    return keras.Model(inputs, x)
