"""The optimizer is expected to come back from the .h5."""

import pickle
from pathlib import Path

import keras

CAUGHT_BY = "load_gpt/trains_on"
SAYS = "brings an optimizer that cannot go on"


def save_gpt(folder, model, tokenizer):
    Path(folder).mkdir(parents=True, exist_ok=True)
    model.save(Path(folder) / "model.h5")
    with open(Path(folder) / "tokenizer.pkl", "wb") as file:
        pickle.dump(tokenizer, file)


def load_gpt(folder):
    import minigpt.layers  # noqa: F401  # registers PositionalEncoding

    model = keras.models.load_model(Path(folder) / "model.h5")
    with open(Path(folder) / "tokenizer.pkl", "rb") as file:
        tokenizer = pickle.load(file)
    return model, tokenizer
