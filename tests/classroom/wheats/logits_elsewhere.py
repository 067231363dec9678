"""A model that makes logits and turns them to probabilities in a layer of its own; generation straight from the logarithm."""

import keras
import numpy as np
from keras import layers

from minigpt import PositionalEncoding, transformer_block


def build_gpt_model(config):
    ids = keras.Input(shape=(None,), dtype="int64")
    x = layers.Embedding(config.vocab_size, config.embed_dim, embeddings_initializer="glorot_uniform")(ids)
    x = layers.Rescaling(config.embed_dim**0.5)(x)
    x = PositionalEncoding(config.max_seq_length, config.embed_dim)(x)
    x = layers.Dropout(config.dropout)(x)
    for number in range(config.num_layers):
        x = transformer_block(config.embed_dim, config.num_heads, config.ff_dim, config.dropout, name=f"block{number}")(x)
    logits = layers.Dense(config.vocab_size, use_bias=False)(layers.LayerNormalization()(x))
    return keras.Model(ids, layers.Activation("softmax", dtype="float32")(logits))


def generate_text(model, tokenizer, prompt="", max_new_tokens=30, temperature=0.8, top_k=None, top_p=None, seed=0):
    """Draws by the Gumbel trick, and returns only what is new."""
    rng = np.random.RandomState(seed)
    ids = list(tokenizer.encode(prompt))
    if len(ids) == 0:
        ids = [int(rng.randint(2, tokenizer.vocab_size))]
    start, limit = len(ids), model.max_seq_length
    while len(ids) < start + max_new_tokens:
        probabilities = np.array(model(np.array([ids[-limit:]])))[0][-1].astype(float)
        logits = np.log(probabilities + 1e-30) / max(temperature, 1e-6)
        order = np.argsort(-logits)
        if top_k:
            logits[order[top_k:]] = -np.inf
        if top_p:
            p = np.exp(logits - logits.max())
            p /= p.sum()
            total, keep = 0.0, []
            for word in order:
                keep.append(word)
                total += p[word]
                if total >= top_p:
                    break
            logits[[word for word in order if word not in keep]] = -np.inf
        ids.append(int(np.argmax(logits + rng.gumbel(size=len(logits)))))
    return tokenizer.decode(ids[start:])
