"""Files: a folder that holds the model, its tokenizer and what they were made with; and the way back."""

import contextlib
import dataclasses
import errno
import json
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from absl import logging

from minigpt.config import GPTConfig
from minigpt.errors import MinigptError, SavedModelError
from minigpt.layers import PositionalEncoding
from minigpt.model import build_gpt_model, config_of, vocab_size_of
from minigpt.tokenizer import WordTokenizer

FORMAT = 1  # raised when a newer minigpt writes a folder that an older one cannot read
FILES = ("model.h5", "tokenizer.json", "tokenizer.pkl", "config.json")
COMPLETE = ".complete"  # inside the folder: new files, complete, on their way into place


def save_gpt(folder: str | Path, model: keras.Model, tokenizer: WordTokenizer) -> Path:
    """Write a model and its tokenizer into a folder, all or nothing.

    The folder gets `model.h5` (weights and architecture, without the optimizer), `tokenizer.json`, `tokenizer.pkl` (the
    pickle of the class) and `config.json` (versions and hyper-parameters). Other files in it are left alone.

    Args:
        folder: made if it is not there; an older model in it is replaced.
        model: a keras.Model.
        tokenizer: the tokenizer it was trained with.

    Returns:
        The folder.

    Raises:
        SavedModelError: the folder cannot be written, or tokenizer and model do not fit; an older model is still whole.

    Example:
        >>> save_gpt("runs/first", model, tokenizer)  # doctest: +SKIP
    """
    folder = Path(folder)
    check_fit(model, tokenizer)
    unfinished = folder / f".unfinished.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _finish(folder)
        for leftover in folder.glob(".unfinished.*"):  # of a save that was killed
            shutil.rmtree(leftover)
        unfinished.mkdir()
        _check_room(folder, model)
        with _without_h5_remarks():
            model.save(unfinished / "model.h5", include_optimizer=False)
        for suffix in (".json", ".pkl"):
            (unfinished / f"tokenizer{suffix}").write_bytes(tokenizer.to_bytes(suffix))
        (unfinished / "config.json").write_text(json.dumps(_description(model, tokenizer), indent=2) + "\n")
        for name in FILES:
            _flush(unfinished / name)
        unfinished.rename(folder / COMPLETE)  # from this moment on, the new model is the one that is saved
        _finish(folder)
    except (OSError, RuntimeError) as error:  # h5py raises either on a full disk
        reason = _first_line(getattr(error, "strerror", None) or error)
        raise SavedModelError(
            f"the model cannot be saved in {folder} ({reason}): make room, or use a folder that you may write to"
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def load_gpt(folder: str | Path) -> tuple[keras.Model, WordTokenizer]:
    """Read back what `save_gpt` has written, in this or in a fresh process.

    Args:
        folder: of `save_gpt`.

    Returns:
        The model, ready to answer or to train on, and its tokenizer.

    Raises:
        SavedModelError: the folder is not a saved GPT, or a file in it is missing, damaged, of a newer minigpt, or does
            not fit the others.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SavedModelError(
            f"there is no folder {folder}: give the folder that save_gpt or `minigpt train --out` has written"
        )
    if (folder / COMPLETE).exists():
        _finish(folder)
    missing = [name for name in ("config.json", "model.h5", "tokenizer.json") if not (folder / name).is_file()]
    if missing:
        raise SavedModelError(
            f"{folder} is not a saved GPT: {', '.join(missing)} is missing; save the model again with save_gpt"
        )
    saved = read_description(folder)
    try:
        with _without_h5_remarks():
            model = _load_model(folder / "model.h5", saved["config"])
    except Exception as error:  # h5py and Keras raise nearly anything on a damaged file
        made_with = saved["versions"]
        raise SavedModelError(
            f"{folder / 'model.h5'} cannot be read: it is damaged, or was saved by another version (keras "
            f"{made_with.get('keras', '?')}, here {keras.__version__}); save it again with save_gpt ({_first_line(error)})"
        ) from error
    try:
        tokenizer = WordTokenizer.load(folder / "tokenizer.json")
    except MinigptError as error:
        raise SavedModelError(str(error)) from error
    check_fit(model, tokenizer)
    if saved.get("parameters") != model.count_params():
        raise SavedModelError(
            f"{folder / 'config.json'} describes another model ({saved.get('parameters')} parameters; model.h5 has "
            f"{model.count_params()}): one of the two was copied from elsewhere; save the model again with save_gpt"
        )
    return model, tokenizer


def _load_model(path: Path, config: dict | None) -> keras.Model:
    try:
        return keras.models.load_model(path, custom_objects={"PositionalEncoding": PositionalEncoding}, compile=False)
    except (TypeError, ValueError):  # another Keras describes its layers otherwise; the weights are the same
        if config is None:
            raise
        model = build_gpt_model(GPTConfig(**config))
        model.load_weights(path)
        return model


def read_description(folder: str | Path) -> dict:
    """Read the config.json of a saved GPT: its format, its versions and its hyper-parameters."""
    path = Path(folder) / "config.json"
    try:
        saved = json.loads(path.read_text("utf-8"))
        newest = int(saved["format"])
        versions = dict(saved["versions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SavedModelError(f"{path} is not the description of a saved GPT, or is damaged: save the model again") from error
    if newest > FORMAT:
        raise SavedModelError(
            f"{path} was written by minigpt {versions.get('minigpt', '?')}, which is newer than this one: "
            "install the newer one: in its folder, type python -m pip install -e ."
        )
    return saved


def check_fit(model: keras.Model, tokenizer: WordTokenizer) -> None:
    """Raise SavedModelError if the tokenizer has ids that the model does not know."""
    known = vocab_size_of(model, np.zeros((1, 1), "int32"))
    if tokenizer.vocab_size > known:
        raise SavedModelError(
            f"the tokenizer has {tokenizer.vocab_size} ids but the model knows {known}: they are not of the same training; "
            "use the tokenizer that the model was trained with"
        )


def _description(model: keras.Model, tokenizer: WordTokenizer) -> dict:
    import tensorflow as tf

    import minigpt

    config: GPTConfig | None = config_of(model)
    return {
        "format": FORMAT,
        "versions": {
            "minigpt": minigpt.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "config": dataclasses.asdict(config) if config else None,  # None: a model of one's own
        "parameters": model.count_params(),
        "vocab_size": tokenizer.vocab_size,
    }


def _finish(folder: Path) -> None:
    """Move the files of a complete save into place; a save that was killed in the middle of this is finished here."""
    complete = folder / COMPLETE
    if complete.is_dir():
        for file in complete.iterdir():
            os.replace(file, folder / file.name)
        complete.rmdir()


def _check_room(folder: Path, model: keras.Model) -> None:
    """Look before writing: HDF5 takes a full disk badly."""
    needed, free = 1.1 * 4 * model.count_params() + 1e6, shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"it needs {needed / 1e6:.0f} MB and {free / 1e6:.0f} MB are free")


def _flush(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def _without_h5_remarks() -> Iterator[None]:
    """Keras calls .h5 a legacy format at each save, and misses the optimizer that we leave out on purpose."""
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
