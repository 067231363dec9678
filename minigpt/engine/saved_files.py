"""What makes `save_gpt` and `load_gpt` safe: all files or none, checksums, and weights that are read and never run."""

import contextlib
import dataclasses
import hashlib
import io
import json
import logging
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from minigpt.config import GPTConfig
from minigpt.engine.files import check_room, flush, locked, reason
from minigpt.engine.tokenizer_files import parse_tokenizer
from minigpt.errors import FolderInUse, MinigptError, SavedModelError
from minigpt.layers import PositionalEncoding
from minigpt.model import config_of
from minigpt.tokenizer import WordTokenizer

FORMAT = 2  # raised when a newer minigpt writes a folder that an older one cannot read; 2 added the checksums
FILES = ("model.h5", "tokenizer.json", "tokenizer.pkl", "config.json")  # the last has the checksums of the others
UNFINISHED = ".minigpt.unfinished"  # inside the folder: files that are being written
COMPLETE = ".minigpt.complete"  # inside the folder: new files, complete, on their way into place
WAIT = 10.0  # seconds that one save waits for another
UNRELATED = "one of the two is damaged or copied from another model; copy the whole folder again, or save the model again"
ATTEMPTS = 5  # to read files that another process is moving into place
RUNS_CODE = re.compile(r'"class_name": "(Lambda|__lambda__|TFSMLayer)"')  # what Keras can store in a file and run from it
SINE_TABLE = 2**24  # numbers that the sine table may have beyond those in the file: it is computed, not stored


# ---- saving


@contextlib.contextmanager
def all_or_nothing(folder: Path, model: keras.Model) -> Iterator[Path]:
    """Give an empty folder to write FILES into; they replace those of `folder` together when the block ends, or not at all.

    Raises:
        SavedModelError: the files cannot be written; those that were there before are still whole.
    """
    unfinished = folder / UNFINISHED
    try:
        with locked(folder, "saving a model", WAIT), _without_h5_warnings():
            finish(folder)
            shutil.rmtree(unfinished, ignore_errors=True)  # of a save that was killed: nobody else has the lock
            try:
                unfinished.mkdir()
                check_room(folder, 1.1 * 4 * model.count_params() + 1e6)
                yield unfinished
                for name in FILES:
                    flush(unfinished / name)
                unfinished.rename(folder / COMPLETE)  # from this moment on, the new model is the one that is saved
                finish(folder)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except MinigptError:
        raise
    except (NotImplementedError, TypeError, ValueError) as error:
        raise SavedModelError(
            f"Keras cannot save this model as .h5 ({reason(error)}): build it with keras.Model(inputs, outputs) or Sequential"
        ) from error
    except (OSError, RuntimeError) as error:  # h5py raises either on a full disk
        raise SavedModelError(
            f"the model cannot be saved in {folder} ({reason(error)}): make room, or use a folder that you may write to"
        ) from error


def finish(folder: Path) -> None:
    """Move the files of a complete save into place; a save that was killed in the middle of this is finished here."""
    complete = folder / COMPLETE
    if complete.is_dir():
        for name in FILES:
            if (complete / name).exists():
                os.replace(complete / name, folder / name)
        complete.rmdir()


def description(folder: Path, model: keras.Model, tokenizer: WordTokenizer) -> str:
    """The content of config.json: versions, hyper-parameters, and the checksum of each file in the folder."""
    import tensorflow as tf

    import minigpt

    config = config_of(model)
    content = {
        "format": FORMAT,
        "versions": {
            "minigpt": minigpt.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "config": dataclasses.asdict(config) if config else None,  # None: a model that build_gpt_model did not build
        "parameters": model.count_params(),
        "vocab_size": tokenizer.vocab_size,
        "sha256": {name: _checksum((folder / name).read_bytes()) for name in FILES[:-1]},
    }
    return json.dumps(content, indent=2) + "\n"


# ---- loading


def read_saved(folder: Path) -> "SavedGPT":
    """Read the files of a saved GPT, and check that they belong together.

    Raises:
        SavedModelError: the folder is not a saved GPT, or a file in it is missing, damaged, or of another model.
    """
    try:
        for _ in range(ATTEMPTS - 1):
            with contextlib.suppress(SavedModelError, FileNotFoundError):  # a save may be moving its files into place
                return SavedGPT(folder)
        return SavedGPT(folder)
    except OSError as error:
        raise SavedModelError(f"{folder} cannot be read ({reason(error)}): check the path and who may read it") from error


class SavedGPT:
    """The files of a saved GPT, in memory: they stay the same, even while another process saves into the folder."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            what = f"{folder} is a file" if folder.exists() else f"there is no folder {folder}"
            raise SavedModelError(f"{what}: give the folder that save_gpt or `minigpt train --out` has written")
        complete = folder / COMPLETE
        if complete.exists():
            with contextlib.suppress(OSError, FolderInUse), locked(folder, "loading", WAIT):
                finish(folder)
        self.folder = folder
        self.files: dict[str, bytes] = {}
        for name in FILES:
            for path in (folder / name, complete / name):  # the second counts: a killed save, where nothing can be written
                if path.is_file():
                    self.files[name] = path.read_bytes()
        missing = [name for name in FILES if name not in self.files and name != "tokenizer.pkl"]
        if missing:
            raise SavedModelError(
                f"{folder} is not a saved GPT: {', '.join(missing)} is missing; save the model again with save_gpt"
            )
        self.description = self._description()
        for name, checksum in self.description["sha256"].items():
            if name in self.files and _checksum(self.files[name]) != checksum:
                raise SavedModelError(f"{folder / name} is not the file that config.json was saved with: {UNRELATED}")
        self.config = self._gpt_config()

    def _description(self) -> dict[str, Any]:
        """The content of config.json: the format, the versions, the hyper-parameters and the checksums."""
        path = self.folder / "config.json"
        try:
            saved = json.loads(self.files["config.json"])
            if type(saved["format"]) is not int:
                raise TypeError(saved["format"])
            versions = saved["versions"] = dict(saved["versions"])
            saved["sha256"] = {name: saved["sha256"][name] for name in FILES[:-1]} if saved["format"] > 1 else {}
            _ = saved["config"], saved["parameters"], saved["vocab_size"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SavedModelError(
                f"{path} is not the description of a saved GPT, or is damaged: save the model again with save_gpt"
            ) from error
        if saved["format"] > FORMAT:
            raise SavedModelError(
                f"{path} was written by minigpt {versions.get('minigpt', '?')}, which is newer than this one: install it again "
                "from the folder of the newer minigpt (the one with README.md)"
            )
        return saved

    def _gpt_config(self) -> GPTConfig | None:
        """The hyper-parameters, if the model can have them; None where a model of another kind was saved."""
        path, fields, size = self.folder / "config.json", self.description["config"], len(self.files["model.h5"])
        if fields is None:
            return None
        try:
            c = GPTConfig(**fields)
        except (MinigptError, TypeError) as error:
            raise SavedModelError(f"the config in {path} cannot be right: {error}") from error
        # Before a network is built that takes all the memory there is.
        numbers = c.vocab_size * c.embed_dim + c.num_layers * c.embed_dim * (c.num_heads * c.key_dim + c.ff_dim)
        if numbers > size or c.max_seq_length * c.embed_dim > size + SINE_TABLE:
            raise SavedModelError(f"{path} describes a model that is too large for model.h5, of {size:,} bytes: {UNRELATED}")
        return c

    def load_weights(self, model: keras.Model) -> None:
        """Read the weights into a model of `build_gpt_model`, by name and shape; nothing else in model.h5 is looked at."""
        with self._opened_model() as (_, stored):
            wanted = {f"model_weights/{layer.name}/{weight.path}": weight for layer in model.layers for weight in layer.weights}
            shapes = {name: dataset.shape for name, dataset in stored.items() if name.startswith("model_weights/")}
            if shapes != {name: tuple(weight.shape) for name, weight in wanted.items()}:
                raise SavedModelError(
                    f"the weights in {self.folder / 'model.h5'} are not those that config.json describes: {UNRELATED}"
                )
            for name, weight in wanted.items():
                weight.assign(stored[name][...])

    def load_foreign_model(self) -> keras.Model:
        """Let Keras rebuild a model that is not of `build_gpt_model`, unless its file could run a program."""
        with self._opened_model() as (file, _), tempfile.TemporaryDirectory() as private:
            if found := RUNS_CODE.search(file.attrs["model_config"]):
                raise SavedModelError(
                    f"{self.folder / 'model.h5'} has a {found[1]} layer, which can run any program, so it was not loaded: "
                    "write the layer as a class of your own, or load the file with Keras if you trust whoever made it"
                )
            path = Path(private) / "model.h5"  # Keras wants a path, and the one in the folder may be another file by now
            path.write_bytes(self.files["model.h5"])
            own = {"PositionalEncoding": PositionalEncoding}
            model = keras.models.load_model(path, custom_objects=own, compile=False, safe_mode=True)
        self._compare("model.h5", model.count_params(), "parameters")
        return model

    def tokenizer(self) -> WordTokenizer:
        """Read tokenizer.json."""
        tokenizer = WordTokenizer()
        try:
            tokenizer.keras_tokenizer = parse_tokenizer(self.files["tokenizer.json"], ".json")
            known = tokenizer.vocab_size
        except Exception as error:  # damaged JSON can raise nearly anything
            raise SavedModelError(
                f"{self.folder / 'tokenizer.json'} is not a saved tokenizer, or is damaged ({reason(error)}): "
                "save the model again with save_gpt"
            ) from error
        self._compare("tokenizer.json", known, "vocab_size")
        return tokenizer

    def _compare(self, name: str, found: int, field: str) -> None:
        """Raise SavedModelError unless a file has as many ids or parameters as config.json says."""
        if found != self.description[field]:
            what = "ids" if field == "vocab_size" else field
            expected = f"config.json says {self.description[field]}"
            raise SavedModelError(f"{self.folder / name} has {found} {what}, and {expected}: {UNRELATED}")

    @contextlib.contextmanager
    def _opened_model(self) -> Iterator[tuple[h5py.File, dict[str, h5py.Dataset]]]:
        """Open model.h5, and list its arrays; whatever goes wrong while it is open becomes a SavedModelError."""
        try:
            with _without_h5_warnings(), h5py.File(io.BytesIO(self.files["model.h5"]), "r") as file:
                yield file, _datasets(file)
        except SavedModelError:
            raise
        except Exception as error:  # h5py and Keras raise nearly anything on a damaged file
            made_with = self.description["versions"].get("keras", "?")
            raise SavedModelError(
                f"{self.folder / 'model.h5'} cannot be read: it is damaged, was saved by another Keras ({made_with}, here "
                f"{keras.__version__}), or has a layer of your own that is not imported yet ({reason(error)})"
            ) from error


def _datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    """Every array in an .h5 file by its name; SavedModelError where one is a link, or is stored outside the file."""
    elsewhere = file.visititems_links(lambda name, link: None if isinstance(link, h5py.HardLink) else name)
    items: dict[str, Any] = {}
    if not elsewhere:
        file.visititems(items.__setitem__)
    found = {name: item for name, item in items.items() if isinstance(item, h5py.Dataset)}
    elsewhere = elsewhere or next((name for name, array in found.items() if array.external or array.is_virtual), None)
    if elsewhere:
        raise SavedModelError(f"{elsewhere} in model.h5 is a link to elsewhere, which Keras never writes: it was not followed")
    return found


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def _without_h5_warnings() -> Iterator[None]:
    """Keras calls .h5 a legacy format at each save, and misses the optimizer that we leave out on purpose."""
    logger = logging.getLogger("absl")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
