"""Training: the class's compile and fit, with a learning rate that suits the model, and nothing lost if it is interrupted."""

import math
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from minigpt.config import check_positive, check_whole, is_number
from minigpt.engine.batches import WindowBatches
from minigpt.engine.callbacks import RepeatableDropout, StopAtExplosion
from minigpt.engine.checkpoint import Checkpoint
from minigpt.engine.console import say
from minigpt.engine.progress import Progress
from minigpt.engine.training_windows import check_windows, describe, hold_out
from minigpt.errors import ConfigError, TrainingError
from minigpt.model import config_of


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
    """Teach a model to predict the next word: Adam, sparse categorical cross-entropy, accuracy, as in the class.

    A compiled model keeps its optimizer and its learning rate, unless a learning rate is given.

    Args:
        model: from ids (B, T) to probabilities (B, T, V).
        x, y: int arrays (N, T) from `create_dataset`; or x from `stream_dataset`, and no y.
        epochs: how often to go through all the windows.
        batch_size: windows in a step, B.
        learning_rate: step size of Adam; by default one that suits the model, see `suitable_learning_rate`.
        validation_split: share of the text to hold out, from its end. Windows that touch the held-out words are not
            trained on; the held-out words are read in windows of the same length, or shorter if they are few.
        validation_data: instead, x and y of another text.
        callbacks: such as `SampleText`, or `minigpt.show.LiveCurve`.
        checkpoint: a folder for what is needed to go on, written after each epoch. Make the same call again after a
            crash, and it goes on from the last finished epoch, to the same losses as without the crash.
        seed: of the order of the windows and of the dropout. To repeat the first weights too, call
            `keras.utils.set_random_seed` before `build_gpt_model`.
        progress: show a line for each epoch.

    Returns:
        The keras History: `history.history["loss"]`, "accuracy", "val_loss", "val_accuracy", a number for each epoch.

    Raises:
        ConfigError: a setting that cannot be right; the message names it.
        TrainingError: the windows do not fit the model, its outputs are not probabilities, or the loss has exploded.

    Example:
        >>> from minigpt import GPTConfig, build_gpt_model, create_dataset
        >>> x, y = create_dataset([1, 2, 3, 4] * 50, window_size=8)
        >>> history = train_model(build_gpt_model(GPTConfig.quick(5)), x, y, epochs=2, progress=False)
        >>> history.history["loss"][1] < history.history["loss"][0]
        True
    """
    epochs, seed = check_positive("epochs", epochs), check_whole("seed", seed, least=0)
    if learning_rate is not None and not (is_number(learning_rate) and learning_rate > 0):
        raise ConfigError(f"learning_rate={learning_rate!r}: use a number above 0, such as 0.001")
    if not isinstance(x, WindowBatches) and y is None:
        raise TrainingError("y is missing: train_model(model, x, y) with x, y = create_dataset(sequence, window_size)")
    batches = x if isinstance(x, WindowBatches) else WindowBatches(np.asarray(x), np.asarray(y), batch_size, seed=seed)
    vocab_size = check_windows(model, batches.x, batches.y)
    if validation_split != 0:
        if validation_data is not None:
            raise TrainingError("both validation_split and validation_data were given: use one of them")
        batches, validation_data = hold_out(batches, validation_split)
    if validation_data is not None:
        check_windows(model, *validation_data)

    if learning_rate is not None or not model.compiled:
        rate = suitable_learning_rate(model) if learning_rate is None else float(learning_rate)
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])

    own: list[keras.callbacks.Callback] = [RepeatableDropout(seed), StopAtExplosion(100 * math.log(vocab_size + 1))]
    if progress:
        own.append(Progress())
        say(describe(batches, vocab_size), indent=4)
    with Checkpoint(checkpoint, model, batches) as keeper:
        start, earlier = keeper.resume()
        if checkpoint is not None and learning_rate is not None:  # else the optimizer goes on with the rate that it had
            model.optimizer.learning_rate = learning_rate
        if start and progress:
            say(f"going on after epoch {start}, from the checkpoint in {checkpoint}")
        batches.epoch = start
        history = model.fit(
            batches,
            epochs=max(epochs, start),
            initial_epoch=start,
            validation_data=validation_data,
            validation_batch_size=batches.batch_size,
            callbacks=[*own, keeper, *callbacks],
            shuffle=False,  # the batches shuffle their windows themselves, repeatably
            verbose=0,
        )
    history.epoch = list(range(max(epochs, start)))
    history.history = {name: earlier.get(name, []) + history.history.get(name, []) for name in {**earlier, **history.history}}
    return history


def suitable_learning_rate(model: keras.Model) -> float:
    """A step size at which a model of this shape learns fast and reliably, measured in tests/benchmarks/bench_learning.py.

    Narrow networks tolerate larger steps. Post-norm stalls at 0.001 and learns at 0.0003 (Xiong et al., "On Layer
    Normalization in the Transformer Architecture", https://arxiv.org/abs/2002.04745).
    """
    config = config_of(model)
    if config is None:
        return 1e-3  # Keras' own default for Adam
    if config.norm == "post":
        return 3e-4
    return 3e-3 if config.embed_dim <= 128 else 1e-3
