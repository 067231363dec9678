"""Go on after a crash: what a training needs to continue from its last finished epoch."""

import contextlib
import dataclasses
import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

import keras

from minigpt.engine.batches import WindowBatches
from minigpt.engine.files import check_room, flush, locked, reason, write_atomic
from minigpt.errors import TrainingError
from minigpt.model import config_of

PROGRESS = "progress.json"
OUR_NAME = re.compile(r"(minigpt|epoch)_\d+\.weights\.h5")  # epoch_: of minigpt 0.2

ANEW = "use another folder, or delete it to start anew"


class Checkpoint(keras.callbacks.Callback):
    """Writes the weights, the optimizer and the losses after each epoch; `resume` reads them back.

    The weights are written in turn to two files. `progress.json` lists both before either is made, and names the one that
    is complete; it is replaced last, so at every moment the folder holds one complete checkpoint. Only listed files are ever
    deleted. While the `with` block runs, no other training can use the folder.

    Args:
        folder: made if it is not there; with None, nothing is kept.
        model: compiled.
        batches: the windows that the model is trained on.
    """

    def __init__(self, folder: str | Path | None, model: keras.Model, batches: WindowBatches) -> None:
        super().__init__()
        self.folder = None if folder is None else Path(folder)
        self.network, self.batches = model, batches
        self.weights: str | None = None  # the file of the last finished epoch
        self.files: list[str] = []
        self.history: dict[str, list[float]] = {}
        self._lock = contextlib.ExitStack()

    def __enter__(self) -> "Checkpoint":
        """Take the folder.

        Raises:
            TrainingError: the folder cannot be used, or another training is using it.
        """
        if self.folder is not None:
            try:
                if self.folder.is_symlink() or self.folder.is_file():
                    raise NotADirectoryError(f"it is a {'link' if self.folder.is_symlink() else 'file'}")
                self._lock.enter_context(locked(self.folder, "training"))
            except OSError as error:
                raise TrainingError(
                    f"checkpoints cannot be kept in {self.folder} ({reason(error)}): use another folder"
                ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    def resume(self) -> tuple[int, dict[str, list[float]]]:
        """Load the last checkpoint into the model.

        Returns:
            The number of finished epochs, and their losses and accuracies; 0 and {} where there is none yet.

        Raises:
            TrainingError: the folder holds the checkpoint of another training, or a damaged one.
        """
        if self.folder is None:
            return 0, {}
        progress = _read_progress(self.folder)
        if not progress and (self.folder / PROGRESS).exists():
            raise TrainingError(f"{self.folder / PROGRESS} is damaged, or names files that minigpt does not write: {ANEW}")
        self.files, epochs = progress.get("files", []), progress.get("epochs", 0)
        if epochs:
            if progress["training"] != self._fingerprint():
                raise TrainingError(f"{self.folder} holds the checkpoint of another training: {ANEW}")
            try:
                # A compiled model keeps its optimizer's moments among its weights, once they exist.
                self.network.optimizer.build(self.network.trainable_variables)
                self.network.load_weights(self.folder / progress["weights"])
                self.weights, self.history = progress["weights"], progress["history"]
            except Exception as error:  # keras and h5py each raise their own
                raise TrainingError(f"the checkpoint in {self.folder} cannot be read ({reason(error)}): {ANEW}") from error
        names = (f"minigpt_{number}.weights.h5" for number in itertools.count(1))
        free = (name for name in names if name not in self.files and not (self.folder / name).exists())
        self.files += itertools.islice(free, max(0, 2 - len(self.files)))
        return epochs, {name: list(values) for name, values in self.history.items()}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras.

        Raises:
            TrainingError: the disk is full; the checkpoint of the epoch before is still whole.
        """
        if self.folder is None:
            return
        old, new = self.weights, next(name for name in self.files if name != self.weights)
        numbers = self.network.count_params() + sum(math.prod(v.shape) for v in self.network.optimizer.variables)
        try:
            if old is None:
                self._write_progress(0, None)
            for name, value in (logs or {}).items():
                self.history.setdefault(name, []).append(float(value))
            check_room(self.folder, 1.1 * 4 * numbers + 1e6)
            self.network.save_weights(self.folder / new)
            flush(self.folder / new)
            self._write_progress(epoch + 1, new)
            if old is not None:
                (self.folder / old).unlink(missing_ok=True)
        except (OSError, RuntimeError) as error:  # h5py raises either on a full disk
            raise TrainingError(
                f"epoch {epoch + 1} cannot be kept in {self.folder} ({reason(error)}): make room, then start the same "
                f"training again; it goes on with epoch {epoch + 1}"
            ) from error

    def _write_progress(self, epochs: int, weights: str | None) -> None:
        assert self.folder is not None
        progress = {"epochs": epochs, "weights": weights, "files": self.files, "history": self.history}
        write_atomic(self.folder / PROGRESS, json.dumps({**progress, "training": self._fingerprint()}).encode())
        self.weights = weights

    def _fingerprint(self) -> dict[str, object]:
        """What must be the same for a checkpoint to be of this training."""
        b = self.batches
        config = config_of(self.network)
        return {
            "config": config and dataclasses.asdict(config),
            "weights": [list(weight.shape) for weight in self.network.weights],
            "windows": list(b.x.shape),
            "batch_size": b.batch_size,
            "seed": b.seed,
            "text": b.fingerprint(),
        }


def unfinished(folder: str | Path) -> int | None:
    """Tell how many epochs an interrupted training has finished in a checkpoint folder, or in folders directly in it.

    Returns:
        The number of epochs, summed where there are several trainings, as of a dialogue; None where there are none.
    """
    return sum(_read_progress(place).get("epochs", 0) for place in _places(Path(folder))) or None


def discard(folder: str | Path) -> None:
    """Delete what trainings have kept in a checkpoint folder, or in folders directly in it, and each folder that is then empty.

    Files that minigpt did not write stay.

    Raises:
        TrainingError: a training is running there, or a file cannot be deleted.
    """
    for place in _places(Path(folder)):
        try:
            with locked(place, "deleting a checkpoint"):
                if progress := _read_progress(place):
                    cut_off = place.glob(f".{PROGRESS}.*.tmp")  # by a kill in write_atomic
                    for path in [*(place / name for name in progress["files"]), *cut_off, place / PROGRESS]:
                        path.unlink(missing_ok=True)
            if not any(place.iterdir()):
                place.rmdir()
        except OSError as error:
            raise TrainingError(f"the checkpoint in {place} cannot be deleted ({reason(error)}): delete it yourself") from error


def _places(folder: Path) -> list[Path]:
    """The folders with a checkpoint: those in the folder that have one, then the folder itself; no links."""
    with contextlib.suppress(OSError):
        if folder.is_dir() and not folder.is_symlink():
            inner = [path for path in folder.iterdir() if (path / PROGRESS).is_file() and not path.is_symlink()]
            return [*inner, folder]
    return []


def _read_progress(folder: Path) -> dict[str, Any]:
    """The content of progress.json, which says which files may be deleted; {} unless minigpt has written it."""
    try:
        progress = json.loads((folder / PROGRESS).read_bytes())
        weights, epochs = progress["weights"], progress["epochs"]
        files = progress.setdefault("files", [weights])  # minigpt 0.2 had one file
        complete = "training" in progress and type(epochs) is int and (epochs == 0 or (epochs > 0 and weights in files))
        return progress if complete and all(OUR_NAME.fullmatch(name) for name in files) else {}
    except Exception:  # there is none, or another program's, which can hold anything
        return {}
