"""Go on after a crash: what a training needs to continue from its last finished epoch."""

import contextlib
import dataclasses
import json
from pathlib import Path

import keras

from minigpt.dataset import WindowBatches
from minigpt.engine.files import write_atomic
from minigpt.errors import TrainingError
from minigpt.model import config_of


class Checkpoint(keras.callbacks.Callback):
    """Writes the weights, the optimizer and the losses after each epoch; `resume` reads them back.

    `progress.json` names the file of weights that belongs to it and is moved into place last, so at every moment the
    folder holds one complete checkpoint, the old or the new.
    """

    def __init__(self, folder: str | Path, model: keras.Model, batches: WindowBatches) -> None:
        super().__init__()
        self.folder, self.network, self.batches = Path(folder), model, batches
        self.progress_file = self.folder / "progress.json"
        self.history: dict[str, list[float]] = {}

    def resume(self) -> tuple[int, dict[str, list[float]]]:
        """Load the last checkpoint into the model.

        Returns:
            The number of finished epochs, and their losses and accuracies; 0 and {} where there is none yet.

        Raises:
            TrainingError: the folder cannot be written, or holds the checkpoint of another training.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            content = self.progress_file.read_bytes() if self.progress_file.exists() else None
        except OSError as error:
            raise TrainingError(
                f"checkpoints cannot be kept in {self.folder} ({error.strerror}): use another folder"
            ) from error
        if content is None:
            return 0, {}
        other = f"{self.folder} holds the checkpoint of another training: use another folder, or delete it to start anew"
        try:
            progress = json.loads(content)
            if progress["training"] != self._fingerprint():
                raise TrainingError(other)
            # A compiled model keeps its optimizer's moments among its weights, once they exist.
            self.network.optimizer.build(self.network.trainable_variables)
            self.network.load_weights(self.folder / progress["weights"])
        except TrainingError:
            raise
        except Exception as error:  # json, keras and h5py each raise their own
            raise TrainingError(f"{other} ({error})") from error
        self.history = progress["history"]
        return progress["epochs"], {name: list(values) for name, values in self.history.items()}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        weights = f"epoch_{epoch + 1}.weights.h5"
        temporary = self.folder / f"writing_{weights}"
        self.network.save_weights(temporary)
        temporary.replace(self.folder / weights)
        progress = {"epochs": epoch + 1, "weights": weights, "history": self.history, "training": self._fingerprint()}
        write_atomic(self.progress_file, json.dumps(progress).encode())
        for old in self.folder.glob("*.weights.h5"):
            if old.name != weights:
                old.unlink()

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
    """The finished epochs of an interrupted training in a folder, or in folders directly in it; None where there is none."""
    return sum(_epochs(place) for place in _places(folder)) or None


def discard(folder: str | Path) -> None:
    """Delete the checkpoints in a folder, or in folders directly in it, and each folder that is then empty."""
    for place in _places(folder):
        if _epochs(place):
            for path in [place / "progress.json", *place.glob("epoch_*.weights.h5"), *place.glob("writing_epoch_*.weights.h5")]:
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            place.rmdir()


def _places(folder: str | Path) -> list[Path]:
    return [*(path for path in Path(folder).glob("*") if path.is_dir()), Path(folder)]


def _epochs(folder: Path) -> int:
    try:
        progress = json.loads((folder / "progress.json").read_bytes())
        return progress["epochs"] if progress["training"] else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0
