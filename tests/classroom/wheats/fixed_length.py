"""Generation for a model that reads one length only: padded on the right, read at the last real word."""

import random

import keras
import numpy as np


def generate_text(model, tokenizer, prompt, max_new_tokens=30, temperature=0.8, top_k=None, top_p=None, seed=None):
    chance = random.Random(seed)
    ids, text = list(tokenizer.encode(prompt)), []
    for _ in range(max_new_tokens):
        window = model.input_shape[1] or len(ids) or 1
        context = (ids or [2])[-window:]
        padded = context + [0] * (window - len(context))
        p = keras.ops.convert_to_numpy(model(keras.ops.convert_to_tensor([padded])))[0][len(context) - 1].astype("float64")
        ranked = sorted(((value ** (1 / temperature), word) for word, value in enumerate(p)), reverse=True)
        if top_k is not None:
            ranked = ranked[:top_k]
        if top_p is not None:
            whole, kept, so_far = sum(value for value, _ in ranked), [], 0.0
            while so_far < top_p * whole:
                kept.append(ranked[len(kept)])
                so_far += kept[-1][0]
            ranked = kept
        word = chance.choices([word for _, word in ranked], [value for value, _ in ranked])[0]
        ids.append(word)
        text.append(tokenizer.decode([word]))
    return f"{prompt} {' '.join(text)}".strip()


def save_gpt(folder, model, tokenizer, overwrite=True):
    import json
    import os

    os.makedirs(folder, exist_ok=True)
    model.save(os.path.join(folder, "model.h5"), include_optimizer=False)
    with open(os.path.join(folder, "tokenizer.json"), "w") as file:
        json.dump(tokenizer.keras_tokenizer.to_json(), file)


def load_gpt(folder):
    import json
    import os

    from tensorflow.keras.preprocessing.text import tokenizer_from_json

    from minigpt import PositionalEncoding, WordTokenizer

    layer = {"PositionalEncoding": PositionalEncoding}
    model = keras.models.load_model(os.path.join(folder, "model.h5"), custom_objects=layer, compile=False)
    tokenizer = WordTokenizer()
    with open(os.path.join(folder, "tokenizer.json")) as file:
        tokenizer.keras_tokenizer = tokenizer_from_json(json.load(file))
    return model, tokenizer


def create_dataset(sequence, window_size=100, step=1):
    sequence = np.array(sequence, dtype="uint16")
    rows = [sequence[i : i + window_size + 1] for i in range(0, len(sequence) - window_size, step)]
    if not rows:
        raise ValueError(f"{len(sequence)} words are too few for windows of {window_size}")
    return np.stack(rows)[:, :-1], np.stack(rows)[:, 1:]
