"""Every model goes to one folder, whatever the name."""

import pickle
from pathlib import Path

import keras

CAUGHT_BY = "load_gpt/two_folders"
SAYS = "written to the same place"


def save_gpt(folder, model, tokenizer):
    Path("latest").mkdir(parents=True, exist_ok=True)
    model.save(Path("latest") / "model.keras")
    with open(Path("latest") / "tokenizer.pkl", "wb") as file:
        pickle.dump(tokenizer, file)


def load_gpt(folder):
    import minigpt.layers  # noqa: F401  # registers PositionalEncoding

    model = keras.models.load_model(Path("latest") / "model.keras")
    with open(Path("latest") / "tokenizer.pkl", "rb") as file:
        tokenizer = pickle.load(file)
    return model, tokenizer
