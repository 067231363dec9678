"""Only the architecture is saved, not the weights."""

import pickle
from pathlib import Path

import keras

CAUGHT_BY = "load_gpt/same_answers"
SAYS = "weights are not saved"


def save_gpt(folder, model, tokenizer):
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / "model.json").write_text(model.to_json())
    with open(Path(folder) / "tokenizer.pkl", "wb") as file:
        pickle.dump(tokenizer, file)


def load_gpt(folder):
    import minigpt.layers  # noqa: F401  # registers PositionalEncoding

    model = keras.models.model_from_json((Path(folder) / "model.json").read_text())
    with open(Path(folder) / "tokenizer.pkl", "rb") as file:
        tokenizer = pickle.load(file)
    return model, tokenizer
