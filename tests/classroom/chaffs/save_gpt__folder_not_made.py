"""The folder is not made."""

import pickle
from pathlib import Path

import keras

CAUGHT_BY = "save_gpt/folder"
SAYS = "folder is not made first"


def save_gpt(folder, model, tokenizer):
    model.save(Path(folder) / "model.keras")
    with open(Path(folder) / "tokenizer.pkl", "wb") as file:
        pickle.dump(tokenizer, file)


def load_gpt(folder):
    import minigpt.layers  # noqa: F401  # registers PositionalEncoding

    model = keras.models.load_model(Path(folder) / "model.keras")
    with open(Path(folder) / "tokenizer.pkl", "rb") as file:
        tokenizer = pickle.load(file)
    return model, tokenizer
