"""Only the words are saved, and the tokenizer is made anew from them."""

import pickle
from pathlib import Path

import keras

from minigpt import WordTokenizer

CAUGHT_BY = "load_gpt/same_tokenizer"
SAYS = "as it was"


def save_gpt(folder, model, tokenizer):
    Path(folder).mkdir(parents=True, exist_ok=True)
    model.save(Path(folder) / "model.keras")
    with open(Path(folder) / "tokenizer.pkl", "wb") as file:
        pickle.dump(" ".join(tokenizer.words), file)


def load_gpt(folder):
    import minigpt.layers  # noqa: F401  # registers PositionalEncoding

    model = keras.models.load_model(Path(folder) / "model.keras")
    with open(Path(folder) / "tokenizer.pkl", "rb") as file:
        tokenizer = WordTokenizer().fit(pickle.load(file))
    return model, tokenizer
