"""A Dense layer stands where attention should be."""

import keras
from keras import layers

CAUGHT_BY = "transformer_block/looks_back"
SAYS = "do not look at each other"


def transformer_block(embed_dim=256, num_heads=8, ff_dim=1024, dropout=0.1):
    x = inputs = keras.Input((None, embed_dim))
    norm_1, norm_2 = layers.LayerNormalization(), layers.LayerNormalization()
    h = norm_1(x)
    x = x + layers.Dropout(dropout)(layers.Dense(embed_dim)(h))
    h = norm_2(x)
    h = layers.Dense(embed_dim)(layers.Dense(ff_dim, activation="gelu")(h))
    x = x + layers.Dropout(dropout)(h)
    return keras.Model(inputs, x)
