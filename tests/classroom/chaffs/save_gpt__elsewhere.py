"""Everything is written to the folder where Python runs."""

import pickle

import keras

CAUGHT_BY = "save_gpt/folder"
SAYS = "files go elsewhere"


def save_gpt(folder, model, tokenizer):
    model.save("model.keras")
    with open("tokenizer.pkl", "wb") as file:
        pickle.dump(tokenizer, file)


def load_gpt(folder):
    import minigpt.layers  # noqa: F401  # registers PositionalEncoding

    model = keras.models.load_model("model.keras")
    with open("tokenizer.pkl", "rb") as file:
        tokenizer = pickle.load(file)
    return model, tokenizer
