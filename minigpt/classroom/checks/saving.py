"""Checks of `save_gpt`, and the small models and tokenizers that are saved."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.gpt import small_config
from minigpt.classroom.checks.machinery.run import CheckFailed, check
from minigpt.model import build_gpt_model
from minigpt.tokenizer import WordTokenizer

Save = Callable[..., Any]
TEXT = "the cat sat on the mat and the dog sat by the door"
IDS = np.array([[1, 3, 2, 5, 4]], dtype="int32")


def gpt(seed: int = 1) -> keras.Model:
    """The package's GPT, small."""
    keras.utils.set_random_seed(seed)
    return build_gpt_model(small_config(num_layers=1, dropout=0.0))


def plain_model(seed: int = 1) -> keras.Model:
    """A model of Keras' own layers only: for a `load_gpt` that knows the learner's PositionalEncoding and not ours."""
    keras.utils.set_random_seed(seed)
    ids = keras.Input((None,), dtype="int32")
    x = keras.layers.GRU(8, return_sequences=True)(keras.layers.Embedding(20, 8)(ids))
    return keras.Model(ids, keras.layers.Dense(20, activation="softmax")(x))


def small_tokenizer(text: str = TEXT) -> WordTokenizer:
    """A tokenizer whose settings are not the default ones."""
    return WordTokenizer(num_words=8, oov_token="<OOV>").fit(text)


def says(model: Any) -> np.ndarray:
    """The model's answer to `IDS`."""
    return np.asarray(keras.ops.convert_to_numpy(model(IDS)))


@check("save_gpt", "folder", "it makes the folder, and puts its files there")
def makes_folder(save_gpt: Save) -> None:
    with tempfile.TemporaryDirectory() as parent, inside(parent):
        for folder in (Path(parent) / "made" / "by" / "save", "relative"):
            try:
                save_gpt(str(folder), gpt(), small_tokenizer())
            except OSError as error:
                mistake = "the folder is not made first: Path(folder).mkdir(parents=True, exist_ok=True)"
                raise CheckFailed(f"a new folder {Path(folder).name}", f"{type(error).__name__}", mistake) from None
            if not Path(folder).is_dir() or not any(Path(folder).iterdir()):
                others = [entry.name for entry in Path(parent).iterdir() if entry.name not in ("made", "relative")]
                mistake = "the files go elsewhere: put every file into the folder that is given, Path(folder) / 'model.keras'"
                raise CheckFailed(
                    f"a folder {Path(folder).name} with files", f"{', '.join(others) or 'nothing'} instead", mistake
                )


@check("save_gpt", "again", "saving into the same folder again replaces the files")
def again(save_gpt: Save) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "run"
        save_gpt(str(folder), gpt(1), small_tokenizer())
        before = _contents(folder)
        try:
            save_gpt(str(folder), gpt(2), small_tokenizer())
        except Exception as error:
            mistake = "a folder that is there already must do: mkdir(parents=True, exist_ok=True)"
            raise CheckFailed("the new files in the old folder", type(error).__name__, mistake) from None
        if _contents(folder) == before:
            mistake = "the old files are kept: a model that was saved again must be the new one"
            raise CheckFailed("files of the new model", "the files of the old model", mistake)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def inside(folder: str) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
