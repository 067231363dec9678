"""Checks of `PositionalEncoding`: the sine table of the paper, added, at any length."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.machinery.messages import said_by
from minigpt.classroom.checks.machinery.run import CheckFailed, check

# By hand, for d_model=4: columns 0 and 1 turn by 1 radian a word, columns 2 and 3 by 1/100.
BY_HAND = np.array([[0.0, 1.0, 0.0, 1.0], [0.841471, 0.540302, 0.010000, 0.999950], [0.909297, -0.416147, 0.019999, 0.999800]])


def angles(
    length: int, width: int, exponent: Callable[[np.ndarray], np.ndarray] = lambda column: 2 * (column // 2)
) -> np.ndarray:
    """position / 10000 ** (exponent / width), for each position (rows) and column."""
    return np.arange(length)[:, None] / 10000 ** (exponent(np.arange(width)) / width)


def interleave(angle: np.ndarray) -> np.ndarray:
    """Sine in the even columns, cosine in the odd ones."""
    return np.where(np.arange(angle.shape[1]) % 2 == 0, np.sin(angle), np.cos(angle))


def wrong_tables(length: int, width: int) -> dict[str, np.ndarray]:
    """The tables that students make instead, by what went wrong."""
    right, half = angles(length, width), angles(length, width)[:, ::2]
    later = angles(length + 1, width)[1:]
    return {
        "sine and cosine are exchanged: even columns are sines, odd ones cosines": interleave(right)[:, np.arange(width) ^ 1],
        "the exponent is i where it must be 2 * (i // 2): the sine and the cosine of a pair share one wavelength": interleave(
            angles(length, width, lambda column: column)
        ),
        "the exponent is 2 * i for the column i: it is 2 * (i // 2), the two columns of a pair share it": interleave(
            angles(length, width, lambda column: 2 * column)
        ),
        "the exponent is i // 2 where it must be 2 * (i // 2)": interleave(angles(length, width, lambda column: column // 2)),
        "all sines stand before all cosines: the paper lets them take turns, column by column": np.concatenate(
            [np.sin(half), np.cos(half)], axis=1
        ),
        "there are only sines: the odd columns are cosines": np.sin(right),
        "the positions are counted from 1: the first word has position 0": interleave(later),
        "the angle is multiplied by 10000 ** (…), but must be divided by it": interleave(
            np.arange(length)[:, None] * 10000 ** (2 * (np.arange(width) // 2) / width)
        ),
        "the base is 1000, but the paper's is 10000": interleave(
            np.arange(length)[:, None] / 1000 ** (2 * (np.arange(width) // 2) / width)
        ),
        "nothing is added: the table is all zeros": np.zeros((length, width)),
    }


def table_of(layer: Any, length: int, width: int) -> np.ndarray:
    """What the layer adds to words whose embedding is zero, (T, D)."""
    return apply(layer, np.zeros((1, length, width), dtype="float32"))[0]


def apply(layer: Any, x: np.ndarray) -> np.ndarray:
    """The layer's answer as an array of the shape of x, or CheckFailed."""
    out = layer(x)
    if out is None:
        raise CheckFailed(f"a tensor of the shape {x.shape}", "None", "call has no `return`")
    out = np.asarray(keras.ops.convert_to_numpy(out))
    if out.shape == (*x.shape[:-1], 2 * x.shape[-1]):
        mistake = "the table is concatenated: it must be added to the embeddings, so that the width stays the same"
        raise CheckFailed(f"the shape {x.shape}, as it came in", str(out.shape), mistake)
    if out.shape != x.shape:
        mistake = "what comes out must have the shape of what comes in: cut the table to the length of the sequence, table[:T]"
        if out.shape == x.shape[1:] or (out.shape[0] == 1 != x.shape[0]):
            mistake = "only the table comes back: return the embeddings plus the table"
        raise CheckFailed(f"the shape {x.shape}, as it came in", str(out.shape), mistake)
    return out


@check("PositionalEncoding", "shape", "the shape stays (B, T, D)")
def shape(layer_class: Callable[..., Any]) -> None:
    apply(layer_class(max_len=12, d_model=8), np.ones((2, 12, 8), dtype="float32"))


@check("PositionalEncoding", "sine_table", "the table is that of the paper, on numbers worked out by hand")
def sine_table(layer_class: Callable[..., Any]) -> None:
    table = table_of(layer_class(max_len=3, d_model=4), 3, 4)
    longer = table_of(layer_class(max_len=30, d_model=16), 30, 16)
    if np.allclose(table, BY_HAND, atol=1e-4) and np.allclose(longer, interleave(angles(30, 16)), atol=1e-4):
        return
    mistake = "compare the formula with section 3.5 of the paper: sin(position / 10000 ** (2 * (i // 2) / d_model))"
    for name, wrong in wrong_tables(30, 16).items():
        if np.allclose(longer, wrong, atol=1e-3):
            mistake = name
            break
    else:
        if not np.allclose(longer, table_of(layer_class(max_len=30, d_model=16), 30, 16), atol=1e-4):
            mistake = "the table is learned or random: the paper computes it from sine and cosine, nothing in it is learned"
    raise CheckFailed(f"{BY_HAND[1].round(4).tolist()} for position 1 at d_model=4", str(table[1].round(4).tolist()), mistake)


@check("PositionalEncoding", "added", "the table is added to the embeddings, not put beside or in place of them")
def added(layer_class: Callable[..., Any]) -> None:
    x = np.random.default_rng(1).normal(size=(2, 12, 8)).astype("float32")
    layer = layer_class(max_len=12, d_model=8)
    came, table = apply(layer, x), table_of(layer, 12, 8)
    for scale in (1.0, 8**0.5):  # the paper multiplies the embeddings by sqrt(d_model): before the layer, or in it
        if np.allclose(came, scale * x + table, atol=1e-3):
            return
    mistake = "return embeddings + table"
    if np.allclose(came, table[None], atol=1e-4):
        mistake = "the table replaces the embeddings, so that every sentence looks the same: return their sum"
    elif np.allclose(came, x * interleave(angles(12, 8)), atol=1e-3):
        mistake = "the embeddings are multiplied by the table: they must be added"
    elif np.allclose(came, x, atol=1e-4):
        mistake = "the embeddings come back unchanged: nothing is added"
    raise CheckFailed("embeddings + table", f"something else: {came[0, 1, :3].round(2).tolist()} …", mistake)


@check("PositionalEncoding", "any_length", "one layer serves sequences of every length up to max_len")
def any_length(layer_class: Callable[..., Any]) -> None:
    layer = layer_class(max_len=150, d_model=8)
    longest = table_of(layer, 150, 8)
    for length in (1, 3, 149):
        try:
            table = table_of(layer, length, 8)
        except Exception as error:
            raise CheckFailed(
                f"a sequence of {length} words, at max_len=150",
                f"{type(error).__name__}",
                "it works for sequences of one length only: add the first rows, table[:T], where T is the length that came in",
            ) from None
        if not np.allclose(table, longest[:length], atol=1e-4):
            mistake = "the first positions must get the first rows of the table, whatever the length"
            if np.allclose(table, longest[-length:], atol=1e-4):
                mistake = "a short sequence gets the last rows of the table: it must get the first, table[:T]"
            raise CheckFailed(f"the first {length} rows of the table", "other rows", mistake)
    words = keras.Input((None, 8))
    try:
        apply(keras.Model(words, layer(words)), np.zeros((1, 3, 8), dtype="float32"))
    except Exception as error:
        mistake = "while a model is built, the length is not known yet: cut the table with table[: x.shape[1]]"
        raise CheckFailed("a layer that works in a model with keras.Input((None, d_model))", said_by(error), mistake) from None


@check("PositionalEncoding", "along_the_words", "positions count along the words, the same in every sequence of the batch")
def along_the_words(layer_class: Callable[..., Any]) -> None:
    out = apply(layer_class(max_len=5, d_model=8), np.zeros((5, 5, 8), dtype="float32"))
    if np.ptp(out[0], axis=0).max() < 1e-6 and np.ptp(out[:, 0], axis=0).max() > 1e-3:
        mistake = "positions are counted along the batch (axis 0): they count along the words (axis 1)"
        raise CheckFailed("the same rows for every sequence of the batch", "another row for each sequence", mistake)
    if np.ptp(out, axis=0).max() > 1e-5:
        raise CheckFailed(
            "the same rows for every sequence of the batch", "other rows", "the table must not depend on the sequence"
        )
    if np.ptp(out[0], axis=0).max() < 1e-6:
        raise CheckFailed(
            "another row for each position",
            "the same row for all",
            "every position gets the same numbers, so order is not told",
        )


@check("PositionalEncoding", "nothing_learned", "the table is fixed: training does not change it")
def nothing_learned(layer_class: Callable[..., Any]) -> None:
    layer = layer_class(max_len=12, d_model=8)
    apply(layer, np.ones((1, 12, 8), dtype="float32"))
    trainable = sum(int(np.prod(weight.shape)) for weight in getattr(layer, "trainable_weights", ()))
    if trainable:
        mistake = (
            "the positions are learned, as in GPT-2: the layer of the paper has a table that is computed and stays as it is"
        )
        raise CheckFailed("0 trainable numbers", str(trainable), mistake)


@check("PositionalEncoding", "saved", "a model with this layer can be saved and loaded")
def saved(layer_class: Callable[..., Any]) -> None:
    if not (isinstance(layer_class, type) and issubclass(layer_class, keras.layers.Layer)):
        apply(layer_class(max_len=12, d_model=8), np.ones((1, 6, 8), dtype="float32"))
        return  # a function that returns ready-made Keras parts is saved as those parts
    words = keras.Input((6, 8))
    model = keras.Model(words, layer_class(max_len=12, d_model=8)(words))
    x = np.random.default_rng(2).normal(size=(1, 6, 8)).astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        try:
            loaded = keras.models.load_model(path, custom_objects={layer_class.__name__: layer_class})
        except Exception as error:
            raise CheckFailed(
                "the layer as it was saved",
                said_by(error),
                "get_config must hold max_len and d_model, or the layer cannot be made again: {**super().get_config(), …}",
            ) from None
    if not np.allclose(apply(loaded, x), apply(model, x), atol=1e-4):
        raise CheckFailed(
            "the same answers after loading", "others", "get_config must hold max_len and d_model as they were given"
        )
