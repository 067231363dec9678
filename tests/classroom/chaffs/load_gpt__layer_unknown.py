"""Nothing in load_gpt's module imports the custom layer."""

import pickle
from pathlib import Path

import keras

CAUGHT_BY = "load_gpt/fresh_process"
SAYS = "the custom layer is not known"


def save_gpt(folder, model, tokenizer):
    Path(folder).mkdir(parents=True, exist_ok=True)
    model.save(Path(folder) / "model.keras")
    with open(Path(folder) / "tokenizer.pkl", "wb") as file:
        pickle.dump(tokenizer, file)


def load_gpt(folder):
    model = keras.models.load_model(Path(folder) / "model.keras")
    with open(Path(folder) / "tokenizer.pkl", "rb") as file:
        tokenizer = pickle.load(file)
    return model, tokenizer
