"""The functions as they are typed in class: plain loops, the Keras Tokenizer, model.predict."""

import pickle
from pathlib import Path

import keras
import numpy as np
from tensorflow.keras.preprocessing.text import Tokenizer


def read_text(path):
    with open(path, encoding="utf-8") as file:
        text_data = file.read()
    return text_data


class WordTokenizer:
    def __init__(self, num_words=5000, oov_token="<OOV>"):
        self.tokenizer = Tokenizer(num_words=num_words, oov_token=oov_token)

    def fit(self, text):
        self.tokenizer.fit_on_texts([text])
        return self

    def encode(self, text):
        return self.tokenizer.texts_to_sequences([text])[0]

    def decode(self, ids):
        return " ".join(self.tokenizer.index_word[i] for i in ids if i != 0)

    @property
    def vocab_size(self):
        return min(self.tokenizer.num_words, len(self.tokenizer.word_index) + 1)


def create_dataset(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - window_size):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i + 1 : i + window_size + 1])
    return np.array(x), np.array(y)


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=epochs, batch_size=batch_size)


def save_gpt(folder, model, tokenizer):
    Path(folder).mkdir(parents=True, exist_ok=True)
    model.save(Path(folder) / "model.keras")
    with open(Path(folder) / "tokenizer.pkl", "wb") as file:
        pickle.dump(tokenizer, file)


def load_gpt(folder):
    import minigpt.layers  # noqa: F401  # registers PositionalEncoding

    model = keras.models.load_model(Path(folder) / "model.keras")
    with open(Path(folder) / "tokenizer.pkl", "rb") as file:
        tokenizer = pickle.load(file)
    return model, tokenizer


def generate_text(model, tokenizer, prompt, max_new_tokens=30, temperature=0.8, top_k=None, top_p=None, seed=None, maxlen=100):
    rng = np.random.default_rng(seed)
    ids = tokenizer.encode(prompt) or [2]
    for _ in range(max_new_tokens):
        p = model.predict(np.array([ids[-maxlen:]]), verbose=0)[0, -1].astype("float64")
        p = np.exp(np.log(p + 1e-12) / temperature)
        if top_k is not None:
            p[np.argsort(p)[:-top_k]] = 0
        p = p / p.sum()
        if top_p is not None:
            order = np.argsort(p)[::-1]
            keep = np.searchsorted(np.cumsum(p[order]), top_p) + 1
            p[order[keep:]] = 0
            p = p / p.sum()
        ids.append(int(rng.choice(len(p), p=p)))
    return tokenizer.decode(ids)
