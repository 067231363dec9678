"""Everything subclassed: a pre-norm block as a Layer, positions as a Layer, the GPT as a Model."""

import keras
import tensorflow as tf
from keras import layers


class PositionalEncoding(layers.Layer):
    def __init__(self, max_len, d_model, **kwargs):
        super().__init__(**kwargs)
        position = tf.range(max_len, dtype=tf.float32)[:, None]
        divisor = tf.pow(10000.0, tf.range(0, d_model, 2, dtype=tf.float32) / d_model)
        pairs = tf.stack([tf.sin(position / divisor), tf.cos(position / divisor)], axis=-1)
        self.table = tf.reshape(pairs, (1, max_len, d_model))

    def call(self, x):
        return x + self.table[:, : tf.shape(x)[1]]


class transformer_block(layers.Layer):
    def __init__(self, embed_dim=256, num_heads=8, ff_dim=1024, dropout=0.1, **kwargs):
        super().__init__(**kwargs)
        self.ln1, self.ln2 = layers.LayerNormalization(), layers.LayerNormalization()
        self.attention = layers.MultiHeadAttention(num_heads, embed_dim // num_heads, dropout=dropout)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="gelu"), layers.Dense(embed_dim), layers.Dropout(dropout)])
        self.drop = layers.Dropout(dropout)

    def call(self, x, training=None):
        h = self.ln1(x)
        x = x + self.drop(self.attention(h, h, use_causal_mask=True, training=training), training=training)
        return x + self.ffn(self.ln2(x), training=training)


class GPT(keras.Model):
    def __init__(self, config):
        super().__init__()
        self.embedding = layers.Embedding(config.vocab_size, config.embed_dim)
        self.positions = PositionalEncoding(config.max_seq_length, config.embed_dim)
        self.blocks = [
            transformer_block(config.embed_dim, config.num_heads, config.ff_dim, config.dropout)
            for _ in range(config.num_layers)
        ]
        self.norm = layers.LayerNormalization()
        self.head = layers.Dense(config.vocab_size)

    def call(self, ids, training=None):
        x = self.positions(self.embedding(ids) * 4.0)
        for block in self.blocks:
            x = block(x, training=training)
        return tf.nn.softmax(self.head(self.norm(x)))


def build_gpt_model(config):
    return GPT(config)
