"""Checks of `create_dataset`, on ids that count upwards: there, the word after w is w + 1."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigpt.classroom.checks.machinery.messages import exception_means
from minigpt.classroom.checks.machinery.run import CheckFailed, check

Create = Callable[..., Any]
LENGTH, WINDOW, FIRST = 10, 4, 10
COUNTING = list(range(FIRST, FIRST + LENGTH))  # the ids 10, 11, ... 19


def windows(create_dataset: Create, sequence: Any, window_size: int) -> tuple[np.ndarray, np.ndarray]:
    """The student's x and y as two integer arrays (N, T), or CheckFailed where they are something else."""
    pair = create_dataset(sequence.copy(), window_size)  # some students' functions change it; a check of its own is for that
    if pair is None:
        raise CheckFailed("two arrays, x and y", "None", "the function has no `return x, y`")
    try:
        x, y = pair
    except (TypeError, ValueError):
        raise CheckFailed("two arrays, x and y", f"one {type(pair).__name__}", "return both: `return x, y`") from None
    x, y = _integer_array(x, "x"), _integer_array(y, "y")
    rows = len(sequence) - window_size
    if y.ndim == 1 and len(y) and x.ndim == 2:
        mistake = "y holds only the one word after each window: a GPT learns from every position, so y is x one word later"
        raise CheckFailed(f"y of shape (N, {window_size}): a target for every word", f"y of shape {y.shape}", mistake)
    if y.ndim == 3:
        mistake = "y is one-hot: sparse_categorical_crossentropy takes the ids themselves"
        raise CheckFailed(f"y of shape (N, {window_size}), ids", f"y of shape {y.shape}", mistake)
    if x.ndim != 2 or y.ndim != 2:
        raise CheckFailed(f"two arrays (N, {window_size})", f"x {x.shape}, y {y.shape}", "each row must be one window of words")
    if x.shape == (window_size, rows) and window_size != rows:
        mistake = "rows and columns are swapped: each row is one window"
        raise CheckFailed(f"x of shape {(rows, window_size)}", str(x.shape), mistake)
    for name, array in (("x", x), ("y", y)):
        if len(array) and array.shape[1] != window_size:
            mistake = "the length of the windows is not window_size: use the argument"
            if array.shape[1] == window_size + 1:
                mistake = (
                    "the windows are one word too long: x is all but the last of window_size + 1 words, y all but the first"
                )
            raise CheckFailed(f"{name} with {window_size} words in a window", f"{name} with {array.shape[1]}", mistake)
    return x, y


def _integer_array(values: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:
        mistake = "the windows at the end of the text are too short: stop earlier"
        raise CheckFailed(f"{name} with windows of one length", "windows of different lengths", mistake) from None
    if array.size and array.dtype.kind not in "iu":
        mistake = "the ids became floats: create the arrays with dtype='int32'"
        raise CheckFailed(f"{name} with integers", f"{name} of dtype {array.dtype}", mistake)
    return array


@check("create_dataset", "two_arrays", "x and y are two arrays of ids, window_size words in each row")
def two_arrays(create_dataset: Create) -> None:
    x, y = windows(create_dataset, COUNTING, WINDOW)
    if x.shape != y.shape:
        mistake = "x and y have different numbers of windows: use one loop for both"
        raise CheckFailed("x and y of the same shape", f"x {x.shape}, y {y.shape}", mistake)


@check("create_dataset", "every_start", "each window starts one word after the last, from the first word on")
def every_start(create_dataset: Create) -> None:
    x, _ = windows(create_dataset, COUNTING, WINDOW)
    starts = x[:, 0].tolist()
    if not np.array_equal(x, x[:, :1] + np.arange(WINDOW)):
        mistake = "a window must be consecutive words, in their order"
        if np.array_equal(x, x[:, :1] - np.arange(WINDOW)):
            mistake = "the windows run backwards"
        raise CheckFailed(f"x[0] = {COUNTING[:WINDOW]}", f"x[0] = {x[0].tolist()}", mistake)
    expected = COUNTING[: len(starts)]
    if starts == expected and len(starts) > 1:
        return
    steps = set(np.diff(starts).tolist())
    mistake = "let the start i run through range(len(sequence) - window_size)"
    if steps == {WINDOW}:
        mistake = "the windows do not overlap: the start moves by window_size words, but must move by 1"
    elif len(steps) == 1 and steps != {1} and min(steps) > 1:
        mistake = f"the start moves by {min(steps)} words instead of 1"
    elif sorted(starts) == expected:
        mistake = "the windows are shuffled: keep the order of the text, training shuffles them later"
    elif starts[:1] == [FIRST + 1]:
        mistake = "the first word is never in x: x and y are swapped, or the loop starts at 1"
    raise CheckFailed(f"windows that start with {expected}", f"with {starts}", mistake)


@check("create_dataset", "shifted_by_one", "the targets are the inputs one word later")
def shifted_by_one(create_dataset: Create) -> None:
    x, y = windows(create_dataset, COUNTING, WINDOW)
    rows = min(len(x), len(y))
    x, y = x[:rows], y[:rows]
    if not rows:
        raise CheckFailed("at least one window", "none", "the loop ends before it begins")
    if np.array_equal(y, x + 1):
        return
    mistakes = {
        0: "the targets are not shifted: y is x itself, so the model learns to repeat the word it already sees",
        2: "the targets are shifted twice, by two words: the model would skip a word each time",
        -1: "the targets are shifted backwards, or x and y are swapped: y must be the words that come after",
        WINDOW: "y is the next window: it must overlap x, and be x moved by one word",
    }
    distances = np.unique(y - x).tolist()
    mistake = "y must be x moved by one word"
    if len(distances) == 1:
        mistake = mistakes.get(distances[0], f"y is {distances[0]} words after x, not one")
    elif np.array_equal(y[:, :-1], x[:, 1:]):
        mistake = "the last target of each window is wrong: take window_size + 1 words, do not roll or pad the window itself"
    elif sorted((y - 1).tolist()) == sorted(x.tolist()):
        mistake = "x and y are shuffled separately: their rows no longer belong together"
    raise CheckFailed(f"y[0] = {(x[0] + 1).tolist()} for x[0] = {x[0].tolist()}", f"y[0] = {y[0].tolist()}", mistake)


@check("create_dataset", "none_missing", "there is a window for every place in the text, none missing")
def none_missing(create_dataset: Create) -> None:
    for sequence, size in ((COUNTING, WINDOW), (COUNTING, 1), (COUNTING[:5], 4)):
        rows = len(sequence) - size
        expected = f"{rows} windows from {len(sequence)} words at window_size={size}"
        with exception_means("the loop runs one window too far: there are len(sequence) - window_size", expected, IndexError):
            x, _ = windows(create_dataset, sequence, size)
        if len(x) != rows or len(np.unique(x, axis=0)) != rows:
            mistake = f"{len(sequence)} words give {len(sequence)} - {size} windows: range(len(sequence) - window_size)"
            if len(x) == rows - 1:
                mistake = "the last window is lost: range(len(sequence) - window_size) already leaves room for the target"
            elif len(x) == rows + 1:
                mistake = "there is one window too many: the last one has no next word left for its target"
            raise CheckFailed(expected, str(len(x)), mistake)


@check("create_dataset", "random_texts", "the same on random texts and window sizes, as a list or an array")
def random_texts(create_dataset: Create) -> None:
    rng = np.random.default_rng(3)
    for number in range(6):
        ids = rng.integers(1, 500, size=int(rng.integers(30, 60)))
        size = int(rng.integers(2, 20))
        x, y = windows(create_dataset, ids if number % 2 else ids.tolist(), size)
        rows = min(len(x), len(y), len(ids) - size)
        right = [
            np.array_equal(x[i], ids[i : i + size]) and np.array_equal(y[i], ids[i + 1 : i + size + 1]) for i in range(rows)
        ]
        if not rows or not all(right):
            raise CheckFailed(
                "x[i] = sequence[i : i + window_size], and y[i] the same from i + 1",
                f"other ids in {right.count(False) or 'all'} windows of {len(ids)} ids at window_size={size}",
                "ids are changed, sorted or left out: copy them as they are, repeated words must stay",
            )


@check("create_dataset", "short_text", "a text too short for one window gives an error or no window, never a made-up one")
def short_text(create_dataset: Create) -> None:
    windows(create_dataset, COUNTING, WINDOW)  # a function that fails on every text does not pass here
    for sequence in ([5, 6, 7], [5, 6, 7, 8]):
        try:
            x, y = create_dataset(sequence, 4)
        except Exception:
            continue
        if len(x) or len(y):
            expected = f"an error, or no window: {len(sequence)} words have no window of 4 with a next word"
            got = f"{max(len(x), len(y))} window(s), the first {np.asarray(x)[:1].tolist()}"
            mistake = "short windows are padded or cut: the model would learn words that are not in the text"
            raise CheckFailed(expected, got, mistake)


@check("create_dataset", "sequence_untouched", "the given sequence stays as it is")
def sequence_untouched(create_dataset: Create) -> None:
    windows(create_dataset, COUNTING, WINDOW)  # a function that returns something else does not pass here
    sequence = COUNTING.copy()
    create_dataset(sequence, WINDOW)
    if sequence != COUNTING:
        mistake = "the function changes the list it is given (pop, append, del): slice it instead"
        raise CheckFailed(f"{len(COUNTING)} ids afterwards too", str(len(sequence)), mistake)
