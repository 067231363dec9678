"""What makes `save_gpt` and `load_gpt` safe: all files or none, checksums, and weights that are read and never run."""

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

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
SAVE_AGAIN = "one of the two was changed or copied from another model; save the model again with save_gpt"
ATTEMPTS = 5  # to open files that another process is moving into place
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
    content: dict[str, Any] = {
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
        "sha256": {},
    }
    for name in FILES[:-1]:
        with open(folder / name, "rb") as file:
            content["sha256"][name] = _checksum(file)
    return json.dumps(content, indent=2) + "\n"


# ---- loading


@contextlib.contextmanager
def open_saved(folder: Path) -> Iterator["SavedGPT"]:
    """Open the files of a saved GPT, and check that they belong together.

    Raises:
        SavedModelError: the folder is not a saved GPT, or a file in it is missing, damaged, or of another model.
    """
    for attempt in range(ATTEMPTS):
        with contextlib.ExitStack() as stack:
            try:
                saved = SavedGPT(folder, stack)
                saved.check()
            except OSError as error:
                raise SavedModelError(
                    f"{folder} cannot be read ({reason(error)}): check the path and who may read it"
                ) from error
            except Mixed:  # damage, or files that were opened while a save moved them into place
                if attempt == ATTEMPTS - 1:
                    raise
                continue
            yield saved
            return


class Mixed(SavedModelError):
    """Files that do not belong together."""


class SavedGPT:
    """The open files of a saved GPT. What was opened stays the same, even while another process saves into the folder."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        if not folder.is_dir():
            what = f"{folder} is a file" if folder.exists() else f"there is no folder {folder}"
            raise SavedModelError(f"{what}: give the folder that save_gpt or `minigpt train --out` has written")
        if (folder / COMPLETE).exists():
            with contextlib.suppress(OSError, FolderInUse), locked(folder, "loading", WAIT):
                finish(folder)
        self.folder = folder
        self.files: dict[str, BinaryIO] = {}
        for name in FILES:
            for path in (folder / COMPLETE / name, folder / name):  # the first, if a folder that cannot be written was copied
                if path.is_file():
                    self.files[name] = stack.enter_context(path.open("rb"))
                    break
        missing = [name for name in FILES if name not in self.files and name != "tokenizer.pkl"]
        if missing:
            raise Mixed(f"{folder} is not a saved GPT: {', '.join(missing)} is missing; save the model again with save_gpt")
        self.description = _parse_description(folder / "config.json", self.files["config.json"].read())
        self.config = _gpt_config(folder / "config.json", self.description["config"])

    def check(self) -> None:
        """Raise SavedModelError unless the files are those of config.json, and its sizes are possible."""
        for name, checksum in self.description["sha256"].items():
            if name in self.files and _checksum(self.files[name]) != checksum:
                raise Mixed(
                    f"{self.folder / name} is not the file that config.json was saved with: it is damaged, or one of the two "
                    "was copied from another model; copy the whole folder again, or save the model again with save_gpt"
                )
        if self.config is not None:
            self._check_sizes(self.config)

    def _check_sizes(self, c: GPTConfig) -> None:
        """Compare with the length of model.h5, before a network is built that takes all the memory there is."""
        size = os.fstat(self.files["model.h5"].fileno()).st_size
        numbers = c.vocab_size * c.embed_dim + c.num_layers * c.embed_dim * (c.num_heads * c.key_dim + c.ff_dim)
        if numbers > size or c.max_seq_length * c.embed_dim > size + SINE_TABLE:
            raise Mixed(
                f"{self.folder / 'config.json'} describes a model that is too large for model.h5, which has {size:,} bytes: "
                f"{SAVE_AGAIN}"
            )

    def load_weights(self, model: keras.Model) -> None:
        """Read the weights into a model of `build_gpt_model`, by name and shape; nothing else in model.h5 is looked at."""
        with self._reading_model(), h5py.File(self.files["model.h5"], "r") as file:
            stored = _datasets(file)
            wanted = {f"model_weights/{layer.name}/{weight.path}": weight for layer in model.layers for weight in layer.weights}
            shapes = {name: dataset.shape for name, dataset in stored.items() if name.startswith("model_weights/")}
            if shapes != {name: tuple(weight.shape) for name, weight in wanted.items()}:
                raise SavedModelError(
                    f"the weights in {self.folder / 'model.h5'} are not those of the model that config.json describes: "
                    f"{SAVE_AGAIN}"
                )
            for name, weight in wanted.items():
                weight.assign(stored[name][...])

    def load_foreign_model(self) -> keras.Model:
        """Let Keras rebuild a model that is not of `build_gpt_model`, unless its file could run a program."""
        with self._reading_model(), tempfile.TemporaryDirectory() as private:
            with h5py.File(self.files["model.h5"], "r") as file:
                _datasets(file)  # refuses links
                if found := RUNS_CODE.search(file.attrs["model_config"]):
                    raise SavedModelError(
                        f"{self.folder / 'model.h5'} has a {found[1]} layer, which can run any program, so it was not loaded: "
                        "write the layer as a class of your own, or load the file with Keras if you trust whoever made it"
                    )
            path = Path(private) / "model.h5"  # Keras wants a path, and the one in the folder may be another file by now
            self.files["model.h5"].seek(0)
            with path.open("wb") as copy:
                shutil.copyfileobj(self.files["model.h5"], copy)
            own = {"PositionalEncoding": PositionalEncoding}
            model = keras.models.load_model(path, custom_objects=own, compile=False, safe_mode=True)
        if model.count_params() != self.description["parameters"]:
            raise SavedModelError(
                f"{self.folder / 'model.h5'} has {model.count_params()} parameters, and config.json says "
                f"{self.description['parameters']}: {SAVE_AGAIN}"
            )
        return model

    def tokenizer(self) -> WordTokenizer:
        """Read tokenizer.json."""
        tokenizer = WordTokenizer()
        try:
            self.files["tokenizer.json"].seek(0)
            tokenizer.keras_tokenizer = parse_tokenizer(self.files["tokenizer.json"].read(), ".json")
            known = tokenizer.vocab_size
        except Exception as error:  # damaged JSON can raise nearly anything
            raise SavedModelError(
                f"{self.folder / 'tokenizer.json'} is not a saved tokenizer, or is damaged ({reason(error)}): "
                "save the model again with save_gpt"
            ) from error
        if known != self.description["vocab_size"]:
            raise SavedModelError(
                f"the tokenizer in {self.folder} has {known} ids, and config.json says {self.description['vocab_size']}: "
                f"{SAVE_AGAIN}"
            )
        return tokenizer

    @contextlib.contextmanager
    def _reading_model(self) -> Iterator[None]:
        try:
            with _without_h5_warnings():
                yield
        except SavedModelError:
            raise
        except Exception as error:  # h5py and Keras raise nearly anything on a damaged file
            made_with = self.description["versions"].get("keras", "?")
            raise SavedModelError(
                f"{self.folder / 'model.h5'} cannot be read: it is damaged, was saved by another Keras ({made_with}, here "
                f"{keras.__version__}), or has a layer of your own that is not imported yet ({reason(error)})"
            ) from error


def read_description(folder: str | Path) -> dict[str, Any]:
    """Read the config.json of a saved GPT: its format, its versions and its hyper-parameters."""
    path = Path(folder) / "config.json"
    try:
        return _parse_description(path, path.read_bytes())
    except OSError as error:
        raise SavedModelError(f"{path} cannot be read ({reason(error)}): give the folder of a saved GPT") from error


def _parse_description(path: Path, content: bytes) -> dict[str, Any]:
    try:
        saved = json.loads(content)
        newest = saved["format"]
        if type(newest) is not int:
            raise TypeError(newest)
        versions = saved["versions"] = dict(saved["versions"])
        saved["sha256"] = {name: saved["sha256"][name] for name in FILES[:-1]} if newest > 1 else {}
        _ = saved["config"], saved["parameters"], saved["vocab_size"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SavedModelError(f"{path} is not the description of a saved GPT, or is damaged: save the model again") from error
    if newest > FORMAT:
        raise SavedModelError(
            f"{path} was written by minigpt {versions.get('minigpt', '?')}, which is newer than this one: install it again "
            "from the folder of the newer minigpt (the one with README.md)"
        )
    return saved


def _gpt_config(path: Path, fields: Any) -> GPTConfig | None:
    """The hyper-parameters in a config.json; None where a model of another kind was saved."""
    try:
        return None if fields is None else GPTConfig(**fields)
    except (MinigptError, TypeError) as error:
        raise SavedModelError(f"the config in {path} cannot be right: {error}") from error


def _datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    """Every array in an .h5 file by its name; SavedModelError where one is a link, or is stored outside the file."""
    elsewhere = file.visititems_links(lambda name, link: None if isinstance(link, h5py.HardLink) else name)
    items: dict[str, Any] = {}
    if not elsewhere:
        file.visititems(items.__setitem__)
    found = {name: item for name, item in items.items() if isinstance(item, h5py.Dataset)}
    for name, dataset in found.items():
        if dataset.external or dataset.is_virtual:
            elsewhere = name
    if elsewhere:
        raise SavedModelError(f"{elsewhere} in model.h5 is a link to elsewhere, which Keras never writes: it was not followed")
    return found


def _checksum(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


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
