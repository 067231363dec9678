"""The model is kept in a dictionary of the process."""

import pickle
from pathlib import Path

import keras

CAUGHT_BY = "load_gpt/fresh_process"
SAYS = "leans on something of this process"


SAVED = {}


def save_gpt(folder, model, tokenizer):
    Path(folder).mkdir(parents=True, exist_ok=True)
    SAVED[str(folder)] = keras.models.clone_model(model)
    SAVED[str(folder)].set_weights(model.get_weights())
    with open(Path(folder) / "tokenizer.pkl", "wb") as file:
        pickle.dump(tokenizer, file)


def load_gpt(folder):
    import minigpt.layers  # noqa: F401  # registers PositionalEncoding

    model = SAVED[str(folder)]
    with open(Path(folder) / "tokenizer.pkl", "rb") as file:
        tokenizer = pickle.load(file)
    return model, tokenizer
