"""Training: the class's compile and fit, with a learning rate that suits the model, and nothing lost when it is cut off."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from minigpt.baseline import baselines
from minigpt.config import check_positive
from minigpt.dataset import WindowBatches, check_share, create_dataset, split_sequence, windows_to_sequence
from minigpt.engine.callbacks import RepeatableDropout, StopAtExplosion
from minigpt.engine.checkpoint import Checkpoint
from minigpt.engine.progress import Progress, say
from minigpt.errors import ConfigError, TrainingError, WindowTooLarge
from minigpt.model import config_of, vocab_size_of

HEADER_WORDS = 1_000_000  # of a larger corpus, the first so many words tell what a loss means


def train_model(
    model: keras.Model,
    x: np.ndarray | WindowBatches,
    y: np.ndarray | None = None,
    epochs: int = 10,
    batch_size: int = 32,
    learning_rate: float | None = None,
    validation_split: float = 0.0,
    validation_data: tuple[np.ndarray, np.ndarray] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    checkpoint: str | Path | None = None,
    seed: int = 0,
    progress: bool = True,
) -> keras.callbacks.History:
    """Teach a model to say the next word: Adam, sparse categorical cross-entropy, accuracy, as in the class.

    A model that is compiled already goes on with its optimizer and the learning rate it has, unless one is given.

    Args:
        model: from ids (B, T) to probabilities (B, T, V).
        x, y: int arrays (N, T) from `create_dataset`; or x from `stream_dataset`, and no y.
        epochs: how often to go through all windows.
        batch_size: windows in a step, B.
        learning_rate: step size of Adam; by default one that suits the model, see `suitable_learning_rate`.
        validation_split: share of the text to hold out, from its end. Windows that touch the held-out words are not
            trained on; what is held out is read in windows as long as fit.
        validation_data: instead, x and y of another text.
        callbacks: such as `SampleText`, or `minigpt.show.LiveCurve`.
        checkpoint: a folder. After each epoch everything that is needed to go on is written there; call the same
            again after a crash, and it goes on from the last finished epoch, to the same losses as if unbroken.
        seed: of the order of the windows and the dropout. For the first weights too, call
            `keras.utils.set_random_seed` before `build_gpt_model`.
        progress: show a line for each epoch.

    Returns:
        The keras History: `history.history["loss"]`, "accuracy", "val_loss", "val_accuracy", a number for each epoch.

    Raises:
        TrainingError: the windows do not fit the model, or the loss is no number any more.

    Example:
        >>> from minigpt import GPTConfig, build_gpt_model, create_dataset
        >>> x, y = create_dataset([1, 2, 3, 4] * 50, window_size=8)
        >>> history = train_model(build_gpt_model(GPTConfig.quick(5)), x, y, epochs=2, progress=False)
        >>> history.history["loss"][1] < history.history["loss"][0]
        True
    """
    check_positive("epochs", epochs)
    if learning_rate is not None and not 0 < learning_rate < math.inf:
        raise ConfigError(f"learning_rate={learning_rate!r}: use a number above 0, such as 0.001")
    batches = x if isinstance(x, WindowBatches) else _batches(x, y, batch_size, seed)
    if validation_split:
        if validation_data is not None:
            raise TrainingError("both validation_split and validation_data were given: use one of them")
        batches, validation_data = hold_out(batches, validation_split)
        check_length(model, validation_data[0].shape[1])
    vocab_size = check_windows(model, batches.x, batches.y)
    if validation_data is not None:
        check_windows(model, *validation_data)

    if learning_rate is not None or not model.compiled:
        rate = suitable_learning_rate(model) if learning_rate is None else learning_rate
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])

    own: list[keras.callbacks.Callback] = [RepeatableDropout(seed), StopAtExplosion(100 * math.log(vocab_size + 1))]
    if progress:
        own.append(Progress())
        say(_header(batches, vocab_size), indent=4)
    start = 0
    earlier: dict[str, list[float]] = {}
    if checkpoint is not None:
        keeper = Checkpoint(checkpoint, model, batches)
        start, earlier = keeper.resume()
        if learning_rate is not None:  # else the optimizer goes on with the rate that it had
            model.optimizer.learning_rate = learning_rate
        own.append(keeper)
        if start and progress:
            say(f"going on after epoch {start}, from the checkpoint in {checkpoint}")
    batches.epoch = start

    history = model.fit(
        batches,
        epochs=max(epochs, start),
        initial_epoch=start,
        validation_data=validation_data,
        validation_batch_size=batches.batch_size,
        callbacks=[*own, *callbacks],
        shuffle=False,  # the batches shuffle their windows themselves, repeatably
        verbose=0,
    )
    history.epoch = list(range(max(epochs, start)))
    history.history = {name: earlier.get(name, []) + history.history.get(name, []) for name in {**earlier, **history.history}}
    return history


def suitable_learning_rate(model: keras.Model) -> float:
    """A step size at which a model of this shape learns fast and surely, measured in tests/benchmarks/bench_learning.py.

    Narrow networks stand larger steps. Post-norm stalls at 0.001 and learns at 0.0003 (Xiong et al., "On Layer
    Normalization in the Transformer Architecture", https://arxiv.org/abs/2002.04745).
    """
    config = config_of(model)
    if config is None:
        return 1e-3  # Keras' own default for Adam
    if config.norm == "post":
        return 3e-4
    return 3e-3 if config.embed_dim <= 128 else 1e-3


def hold_out(batches: WindowBatches, share: float) -> tuple[WindowBatches, tuple[np.ndarray, np.ndarray]]:
    """Split windows into those to train on and those to validate on, so that they share no word."""
    check_share(share)
    x, y, length = batches.x, batches.y, batches.x.shape[1]
    sequence = windows_to_sequence(x, y)
    if sequence is None:  # separate examples, nothing overlaps
        cut = round(len(x) * (1 - share))
        if not 0 < cut < len(x):
            raise TrainingError(f"validation_split={share} of {len(x)} windows leaves none to train on or none to validate on")
        training, validation = (x[:cut], y[:cut]), (x[cut:], y[cut:])
    else:
        words, held_out = split_sequence(sequence, share)
        if len(held_out) < 2:
            raise WindowTooLarge(
                f"validation_split={share} of {len(sequence)} words holds out {len(held_out)}: use a larger share"
            )
        training = create_dataset(words, length)
        validation = create_dataset(held_out, min(length, len(held_out) - 1))
    return WindowBatches(*training, batches.batch_size, batches.shuffle, batches.seed), validation


def check_length(model: keras.Model, held_out_length: int) -> None:
    """Raise WindowTooLarge where a model that reads windows of one length only gets held-out windows that are shorter."""
    length = model.input_shape[1] if getattr(model, "inputs", None) else None
    if length is not None and held_out_length < length:
        raise WindowTooLarge(
            f"the held-out words make windows of {held_out_length}, but the model reads windows of {length} only: "
            "use a larger validation_split, a smaller window, or keras.Input((None,))"
        )


def check_windows(model: keras.Model, x: np.ndarray, y: np.ndarray) -> int:
    """Raise TrainingError where windows and model do not fit; return the size of the model's vocabulary."""
    if x.shape != y.shape or x.ndim != 2 or not len(x):
        raise TrainingError(f"x has the shape {x.shape} and y {y.shape}: both must be (windows, words), as from create_dataset")
    vocab_size = vocab_size_of(model, np.asarray(x[:1]))
    sequence = windows_to_sequence(x, y)
    ids = np.concatenate([x.ravel(), y.ravel()]) if sequence is None else sequence
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= vocab_size:
        wrong = low if low < 0 else high
        raise TrainingError(
            f"id {wrong} is outside the vocabulary of the model, which is 0 to {vocab_size - 1}: "
            "build it with GPTConfig(vocab_size=tokenizer.vocab_size)"
        )
    config = config_of(model)
    if config is not None and x.shape[1] > config.max_seq_length:
        raise TrainingError(
            f"the windows have {x.shape[1]} words but the model reads at most max_seq_length={config.max_seq_length}: "
            f"use create_dataset(sequence, window_size={config.max_seq_length})"
        )
    return vocab_size


def _batches(x: Any, y: Any, batch_size: int, seed: int) -> WindowBatches:
    if y is None:
        raise TrainingError("y is missing: train_model(model, x, y) with x, y = create_dataset(sequence, window_size)")
    return WindowBatches(np.asarray(x), np.asarray(y), batch_size, seed=seed)


def _header(batches: WindowBatches, vocab_size: int) -> str:
    sequence = windows_to_sequence(batches.x, batches.y)
    kind = "examples of up to" if sequence is None else "windows of"
    line = f"{len(batches.x):,} {kind} {batches.x.shape[1]} words, {len(batches):,} steps an epoch"
    if sequence is None:
        return line
    b = baselines(sequence[:HEADER_WORDS], vocab_size)
    return (
        f"{line}\nloss of a guesser: any word {b.uniform:.2f} · frequent words {b.unigram:.2f} · frequent pairs {b.bigram:.2f}"
    )
