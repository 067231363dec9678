"""What `train_model` does with its windows before the first step: it checks that they fit the model, and holds some out."""

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from minigpt.baseline import baselines
from minigpt.dataset import create_dataset, split_sequence
from minigpt.engine.batches import WindowBatches
from minigpt.errors import TrainingError, WindowTooLarge
from minigpt.model import config_of

ROWS = 10_000  # windows that are compared at once
HEADER_WINDOWS = 1_000_000  # the baselines of a larger corpus are those of its beginning


def check_windows(model: keras.Model, x: np.ndarray, y: np.ndarray) -> int:
    """Raise TrainingError where windows and model do not fit; return the size of the model's vocabulary."""
    if x.shape != y.shape or x.ndim != 2 or not x.size:
        raise TrainingError(f"x has the shape {x.shape} and y {y.shape}: both must be (windows, words), as from create_dataset")
    length, config = x.shape[1], config_of(model)
    fixed = model.input_shape[1] if getattr(model, "inputs", None) else None  # the only length that a model reads
    longest = config.max_seq_length if config else fixed or length
    if length > longest or (fixed and length < fixed):
        reads = f"at most max_seq_length={longest}" if config else f"only windows of {longest}"
        raise TrainingError(
            f"the windows have {length} words but the model reads {reads}: use create_dataset(sequence, "
            f"window_size={longest}), and hold out enough words for a window of that size"
        )
    outputs = keras.ops.convert_to_numpy(model(np.zeros_like(x[:1]))).astype("float32")  # (1, T, V)
    if outputs.shape[:-1] != (1, length):
        raise TrainingError(
            f"for one window of {length} words, the model's output has the shape {outputs.shape}: it must be "
            f"(1, {length}, vocab_size), a prediction after each word"
        )
    vocab_size, low, high = outputs.shape[-1], min(x.min(), y.min()), max(x.max(), y.max())
    if low < 0 or high >= vocab_size:
        raise TrainingError(
            f"id {low if low < 0 else high} is outside the vocabulary of the model, which is 0 to {vocab_size - 1}: "
            "build it with GPTConfig(vocab_size=tokenizer.vocab_size)"
        )
    sums, takes_logits = outputs.sum(axis=-1), getattr(getattr(model, "loss", None), "from_logits", False)
    if not takes_logits and ((np.abs(sums - 1) > 0.05).any() or (outputs < 0).any()):  # StopAtExplosion explains NaN
        raise TrainingError(
            f"the outputs of the model are not probabilities: after a word they sum to {sums[0, 0]:.3g}, not 1, and the "
            f'smallest is {outputs.min():.3g}: end the model with layers.Dense(vocab_size, activation="softmax")'
        )
    return vocab_size


def hold_out(batches: WindowBatches, share: float) -> tuple[WindowBatches, tuple[np.ndarray, np.ndarray]]:
    """Split windows into those to train on and those to validate on, so that they share no word."""
    x, y, length = batches.x, batches.y, batches.x.shape[1]
    sequence = windows_to_sequence(x, y)
    if sequence is None:  # separate examples: nothing overlaps
        cut = len(split_sequence(np.arange(len(x)), share)[0])
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


def windows_to_sequence(x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """Recover the sequence that `create_dataset` has cut, or None where x and y are not its sliding windows.

    Example:
        >>> windows_to_sequence(np.array([[1, 2], [2, 3]]), np.array([[2, 3], [3, 4]])).tolist()
        [1, 2, 3, 4]
    """
    sequence = np.concatenate([x[:, 0], x[-1, 1:], y[-1, -1:]])  # the first column, and the rest of the last row
    again_x, again_y = (sliding_window_view(words, x.shape[1]) for words in (sequence[:-1], sequence[1:]))
    for start in range(0, len(x), ROWS):  # comparing all rows at once would take a byte for each word of each window
        rows = slice(start, start + ROWS)
        if not (np.array_equal(x[rows], again_x[rows]) and np.array_equal(y[rows], again_y[rows])):
            return None
    return sequence


def describe(batches: WindowBatches, vocab_size: int) -> str:
    """The lines above a training: how much there is to learn from, and what its loss is measured against."""
    sequence = windows_to_sequence(batches.x[:HEADER_WINDOWS], batches.y[:HEADER_WINDOWS])
    kind = "examples of up to" if sequence is None else "windows of"
    line = f"{len(batches.x):,} {kind} {batches.x.shape[1]} words, {len(batches):,} steps an epoch"
    if sequence is None:
        return line
    b = baselines(sequence, vocab_size)
    return f"{line}\nloss to beat: any word {b.uniform:.2f} · frequent words {b.unigram:.2f} · frequent pairs {b.bigram:.2f}"
