"""The result of attention is overwritten."""

import keras
from keras import layers

CAUGHT_BY = "transformer_block/looks_back"
SAYS = "its result is not used"


def transformer_block(embed_dim=256, num_heads=8, ff_dim=1024, dropout=0.1):
    x = inputs = keras.Input((None, embed_dim))
    norm_1, norm_2 = layers.LayerNormalization(), layers.LayerNormalization()
    attention = layers.MultiHeadAttention(num_heads, embed_dim // num_heads)
    h = norm_1(x)
    layers.Dropout(dropout)(attention(h, h, use_causal_mask=True))
    h = norm_2(x)
    h = layers.Dense(embed_dim)(layers.Dense(ff_dim, activation="gelu")(h))
    x = x + layers.Dropout(dropout)(h)
    return keras.Model(inputs, x)
