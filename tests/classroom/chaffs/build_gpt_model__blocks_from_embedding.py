"""The last layer reads the embedding, not the blocks."""

import keras
from keras import layers

from minigpt import PositionalEncoding, transformer_block

CAUGHT_BY = "build_gpt_model/looks_back"
SAYS = "the blocks are not used"


def build_gpt_model(config):
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(config.vocab_size, config.embed_dim)(ids)
    x = PositionalEncoding(config.max_seq_length, config.embed_dim, scale_embedding=True)(x)
    for number in range(config.num_layers):
        hidden = transformer_block(
            config.embed_dim, config.num_heads, config.ff_dim, config.dropout, config.key_dim, name=f"block_{number}"
        )(x)
    x = layers.LayerNormalization()(x)
    return keras.Model(ids, layers.Dense(config.vocab_size, activation="softmax")(x))
