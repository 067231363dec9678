"""Sliding windows: x is a stretch of words, y is the same stretch one word later."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from minigpt.config import check_positive, is_number
from minigpt.engine.batches import WindowBatches
from minigpt.errors import ConfigError, WindowTooLarge


def create_dataset(sequence: Sequence[int] | np.ndarray, window_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a sequence of N + window_size ids into N overlapping windows, each starting one word after the last.

    Args:
        sequence: the ids of a text, from `tokenizer.encode`.
        window_size: words in a window, T.

    Returns:
        x and y, two int32 arrays of shape (N, T); y[i, t] is the word that follows x[i, t]. They are read-only views of
        one sequence and take no memory of their own: `.copy()` them before writing into them.

    Raises:
        ConfigError: window_size is not a positive whole number, or the sequence holds something other than ids.
        WindowTooLarge: the sequence has fewer than window_size + 1 words.

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

    Windows overlap, so a tenth of the *windows* would consist of words that the other windows teach. Cut the words
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
    if not is_number(validation_split) or not 0 < validation_split < 1:
        raise ConfigError(f"validation_split={validation_split!r} is not a share: use a number between 0 and 1, such as 0.1")
    ids = as_ids(sequence)
    cut = round(len(ids) * (1 - validation_split))
    return ids[:cut], ids[cut:]


def stream_dataset(
    sequence: Sequence[int] | np.ndarray, window_size: int, batch_size: int = 32, shuffle: bool = True, seed: int = 0
) -> WindowBatches:
    """Serve the windows of a large corpus to `train_model` or `model.fit`, in little more memory than its words take.

    Args:
        sequence: the ids of the corpus; best an int32 array, or a np.memmap of one on disk.
        window_size: words in a window, T.
        batch_size: windows in a batch, B.
        shuffle: False keeps the order of the text; True takes 4 bytes a window for the order of each epoch.
        seed: of the shuffling.

    Returns:
        A keras PyDataset that yields (x, y), two int32 arrays (B, T).

    Example:
        >>> batches = stream_dataset(range(1000), window_size=10, batch_size=32)
        >>> len(batches), batches[0][0].shape
        (31, (32, 10))
    """
    return WindowBatches(*create_dataset(sequence, window_size), batch_size=batch_size, shuffle=shuffle, seed=seed)


def as_ids(sequence: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the ids of one text as an int32 array, or raise ConfigError for anything else."""
    remedy = "give the whole numbers of one text, such as tokenizer.encode(text_data)"
    try:
        ids = np.asarray(sequence)
    except ValueError as error:  # lists of different lengths
        raise ConfigError(f"the sequence holds several lists: {remedy}") from error
    if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
        kind = f"{ids.ndim} dimensions" if ids.ndim != 1 else f"values of type {ids.dtype}"
        raise ConfigError(f"the sequence has {kind}: {remedy}")
    if ids.size and ids.dtype != "int32" and not -(2**31) <= int(ids.min()) <= int(ids.max()) < 2**31:
        raise ConfigError(f"the sequence holds the id {ids.max()}, which no vocabulary has: give ids below 2**31")
    return ids.astype("int32", copy=False)
