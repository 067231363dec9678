"""There is no tokenizer among what comes back."""

import pickle
from pathlib import Path

import keras

CAUGHT_BY = "load_gpt/same_tokenizer"
SAYS = "the tokenizer is not saved"


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
    return model, None
