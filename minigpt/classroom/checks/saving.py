"""Checks of `save_gpt`, and the small models and tokenizers that are saved."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.machinery.messages import exception_means
from minigpt.classroom.checks.machinery.run import CheckFailed, check, private_path
from minigpt.classroom.checks.model import SMALL
from minigpt.model import build_gpt_model
from minigpt.tokenizer import WordTokenizer

Save = Callable[..., Any]
TEXT = "the cat sat on the mat and the dog sat by the door"
IDS = np.array([[1, 3, 2, 5, 4]], dtype="int32")


def gpt(seed: int = 1) -> keras.Model:
    """The package's GPT, small."""
    keras.utils.set_random_seed(seed)
    return build_gpt_model(replace(SMALL, num_layers=1, dropout=0.0))


def plain_model(seed: int = 1) -> keras.Model:
    """A model of Keras' own layers only: for a `load_gpt` that knows the student's PositionalEncoding and not ours."""
    keras.utils.set_random_seed(seed)
    ids = keras.Input((None,), dtype="int32")
    x = keras.layers.GRU(8, return_sequences=True)(keras.layers.Embedding(20, 8)(ids))
    return keras.Model(ids, keras.layers.Dense(20, activation="softmax")(x))


def small_tokenizer() -> WordTokenizer:
    """A tokenizer whose settings are not the defaults."""
    return WordTokenizer(num_words=8, oov_token="<OOV>").fit(TEXT)


def predictions(model: Any) -> np.ndarray:
    """The model's probabilities after `IDS`."""
    return np.asarray(keras.ops.convert_to_numpy(model(IDS)))


@check("save_gpt", "folder", "it creates the folder, and puts its files there")
def creates_folder(save_gpt: Save) -> None:
    before = set(os.listdir(private_path()))
    for folder in (private_path("made", "by", "save"), Path("relative")):
        mistake = "the folder is not created first: Path(folder).mkdir(parents=True, exist_ok=True)"
        with exception_means(mistake, f"a new folder {folder.name}", OSError):
            save_gpt(str(folder), gpt(), small_tokenizer())
        if not folder.is_dir() or not any(folder.iterdir()):
            others = ", ".join(sorted(set(os.listdir(private_path())) - before - {"made", "relative"}))
            mistake = "the files go elsewhere: put every file into the given folder, Path(folder) / 'model.keras'"
            raise CheckFailed(f"a folder {folder.name} with files", f"{others or 'nothing'} instead", mistake)


@check("save_gpt", "again", "saving into the same folder again replaces the files")
def again(save_gpt: Save) -> None:
    folder = private_path("run")
    save_gpt(str(folder), gpt(1), small_tokenizer())
    before = _contents(folder)
    mistake = "saving fails if the folder exists: mkdir(parents=True, exist_ok=True)"
    with exception_means(mistake, "the new files in the old folder"):
        save_gpt(str(folder), gpt(2), small_tokenizer())
    if _contents(folder) == before:
        mistake = "the old files are kept: saving again must replace the old model with the new one"
        raise CheckFailed("files of the new model", "the files of the old model", mistake)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
