"""Sliding windows: x is a stretch of words, y is the same stretch one word later."""

import zlib
from collections.abc import Sequence

import keras
import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from minigpt.config import check_positive
from minigpt.errors import ConfigError, WindowTooLarge


def create_dataset(sequence: Sequence[int] | np.ndarray, window_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a sequence of N + window_size ids into N overlapping windows, each one word after the last.

    Args:
        sequence: the ids of a text, from `tokenizer.encode`.
        window_size: words in a window, T.

    Returns:
        x and y, two int32 arrays of shape (N, T); y[i, t] is the word that follows x[i, t]. They are read-only views of
        one sequence and take no memory of their own: `.copy()` them before writing into them.

    Raises:
        ConfigError: window_size is no positive whole number, or the sequence holds something else than ids.
        WindowTooLarge: the sequence has no window_size + 1 words.

    Example:
        >>> x, y = create_dataset([1, 2, 3, 4, 5], window_size=3)
        >>> x.tolist(), y.tolist()
        ([[1, 2, 3], [2, 3, 4]], [[2, 3, 4], [3, 4, 5]])
    """
    check_positive("window_size", window_size)
    ids = as_ids(sequence)
    if len(ids) <= window_size:
        remedy = f"use a window of at most {len(ids) - 1}, or a longer text" if len(ids) > 1 else "use a longer text"
        raise WindowTooLarge(f"the text has {len(ids)} words but window_size is {window_size}: {remedy}")
    return sliding_window_view(ids[:-1], window_size), sliding_window_view(ids[1:], window_size)


def split_sequence(sequence: Sequence[int] | np.ndarray, validation_split: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Hold out the last words of a text, before windowing.

    Windows overlap, so a tenth of the *windows* would be made of words that the other windows teach; cut the words
    first, and no validation window shares a word with a training window.

    Args:
        sequence: the ids of a text.
        validation_split: share of the words to hold out, between 0 and 1.

    Returns:
        The words to train on and the words to validate on.

    Example:
        >>> train, validation = split_sequence(range(100), validation_split=0.1)
        >>> len(train), validation[0]
        (90, np.int32(90))
    """
    check_share(validation_split)
    ids = as_ids(sequence)
    cut = round(len(ids) * (1 - validation_split))
    return ids[:cut], ids[cut:]


def as_ids(sequence: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the ids of one text as an int32 array, or raise ConfigError for anything else."""
    ids = np.asarray(sequence)
    if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
        kind = f"{ids.ndim} dimensions" if ids.ndim != 1 else f"values of type {ids.dtype}"
        raise ConfigError(f"the sequence has {kind}: give the whole numbers of one text, such as tokenizer.encode(text_data)")
    if ids.size and ids.dtype.itemsize > 4 and max(ids.max(), -ids.min()) >= 2**31:
        raise ConfigError(f"the sequence holds the id {ids.max()}, which is no word of any vocabulary: give ids below 2**31")
    return ids.astype("int32", copy=False)


def check_share(validation_split: float) -> None:
    """Raise ConfigError unless a share of the text can be held out."""
    if not 0 < validation_split < 1:
        raise ConfigError(f"validation_split={validation_split!r} is not a share: use a number between 0 and 1, such as 0.1")


def windows_to_sequence(x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """Recover the sequence that `create_dataset` has cut, or None where x and y are not its sliding windows.

    Where x and y are still views of the sequence, it is handed back itself, not a copy.
    """
    inputs, targets = _unslide(x), _unslide(y)
    if inputs is None or targets is None:
        return None
    one_word_later = targets.__array_interface__["data"][0] - inputs.__array_interface__["data"][0] == inputs.itemsize
    if _is_view(x) and _is_view(y) and one_word_later:
        return as_strided(inputs, (len(inputs) + 1,), inputs.strides, writeable=False)
    if not np.array_equal(inputs[1:], targets[:-1]):
        return None
    return np.concatenate([inputs[:1], targets])


def _unslide(windows: np.ndarray) -> np.ndarray | None:
    if _is_view(windows):
        return as_strided(windows, (sum(windows.shape) - 1,), windows.strides[1:], writeable=False)
    if np.array_equal(windows[1:, :-1], windows[:-1, 1:]):
        return np.concatenate([windows[0], windows[1:, -1]])
    return None


def _is_view(windows: np.ndarray) -> bool:
    """Whether each row begins one number after the row before it, in the same memory."""
    return windows.strides[0] == windows.strides[1] and not windows.flags.owndata


class WindowBatches(keras.utils.PyDataset):
    """Serves shuffled batches of windows, each window once an epoch, copying only the batch at hand.

    What is shuffled is the numbers of the windows, by a cipher that maps 0 … N-1 onto itself, so that even the order
    of ten million windows takes no memory. The order follows from the seed and the epoch alone: a training that was
    interrupted goes on with the batches that an unbroken one would have seen.

    Args:
        x, y: the windows, int arrays (N, T); views serve best.
        batch_size: windows in a batch, B.
        shuffle: False keeps the order of the text.
        seed: of the shuffling.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, batch_size: int = 32, shuffle: bool = True, seed: int = 0) -> None:
        super().__init__()
        check_positive("batch_size", batch_size)
        self.x, self.y, self.batch_size, self.shuffle, self.seed = x, y, batch_size, shuffle, seed
        self.epoch = 0

    def __len__(self) -> int:
        return -(-len(self.x) // self.batch_size)  # rounded up: the last batch may be smaller

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = np.arange(index * self.batch_size, min((index + 1) * self.batch_size, len(self.x)))
        if self.shuffle:
            rows = shuffled(rows, len(self.x), self.seed, self.epoch)
        return self.x[rows], self.y[rows]  # (B, T), (B, T)

    def fingerprint(self) -> int:
        """A checksum that tells one text from another; of a large corpus it looks at a million words."""
        words = self.y[:: 1 + len(self.y) // 1_000_000, -1]
        return zlib.crc32(words.tobytes(), zlib.crc32(self.x[0].tobytes()))

    def on_epoch_end(self) -> None:
        """Called by Keras: the next epoch has another order."""
        self.epoch += 1


def stream_dataset(
    sequence: Sequence[int] | np.ndarray, window_size: int, batch_size: int = 32, shuffle: bool = True, seed: int = 0
) -> WindowBatches:
    """Serve the windows of a large corpus to `train_model` or `model.fit`, in little more memory than its words take.

    Args:
        sequence: the ids of the corpus; best an int32 array, or a np.memmap of one on disk.
        window_size: words in a window, T.
        batch_size: windows in a batch, B.
        shuffle: False keeps the order of the text.
        seed: of the shuffling.

    Returns:
        A keras PyDataset that yields (x, y), two int32 arrays (B, T).

    Example:
        >>> batches = stream_dataset(range(1000), window_size=10, batch_size=32)
        >>> len(batches), batches[0][0].shape
        (31, (32, 10))
    """
    return WindowBatches(*create_dataset(sequence, window_size), batch_size=batch_size, shuffle=shuffle, seed=seed)


def shuffled(positions: np.ndarray, n: int, seed: int, epoch: int) -> np.ndarray:
    """Where each position stands in a random order of range(n), the same for the same seed and epoch."""
    import tensorflow as tf

    key = np.random.SeedSequence([seed, epoch]).generate_state(2)
    return tf.random.experimental.index_shuffle(positions, key, n - 1).numpy()
