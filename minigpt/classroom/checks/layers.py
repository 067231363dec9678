"""Checks of `PositionalEncoding`: the sine table of the paper, added, at any length."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.machinery.messages import exception_means
from minigpt.classroom.checks.machinery.run import CheckFailed, check, private_path

LayerClass = Callable[..., Any]

# By hand, for d_model=4: the angle grows by 1 radian a word in columns 0 and 1, by 1/100 in columns 2 and 3.
BY_HAND = np.array([[0.0, 1.0, 0.0, 1.0], [0.841471, 0.540302, 0.010000, 0.999950], [0.909297, -0.416147, 0.019999, 0.999800]])


def angles(length: int, exponents: np.ndarray, base: float = 10000.0) -> np.ndarray:
    """position / base ** (exponent / width), for each position (rows) and column."""
    return np.arange(length)[:, None] / base ** (exponents / len(exponents))


def alternate(angle: np.ndarray) -> np.ndarray:
    """Sines in the even columns, cosines in the odd ones."""
    return np.where(np.arange(angle.shape[1]) % 2 == 0, np.sin(angle), np.cos(angle))


def table_of_paper(length: int, width: int) -> np.ndarray:  # -> (T, D)
    """Section 3.5 of the paper."""
    return alternate(angles(length, 2 * (np.arange(width) // 2)))


def wrong_tables(length: int, width: int) -> dict[str, np.ndarray]:
    """The tables that students compute instead, by what went wrong."""
    i = np.arange(width)
    angle = angles(length, 2 * (i // 2))
    half = angle[:, ::2]
    return {
        "sine and cosine are swapped: even columns are sines, odd ones cosines": alternate(angle)[:, i ^ 1],
        "the exponent is i, but must be 2 * (i // 2): the columns of a pair share a wavelength": alternate(angles(length, i)),
        "the exponent is 2 * i for column i: it is 2 * (i // 2), for both columns of a pair": alternate(angles(length, 2 * i)),
        "the exponent is i // 2, but must be 2 * (i // 2)": alternate(angles(length, i // 2)),
        "all sines come before all cosines: in the paper they alternate": np.hstack([np.sin(half), np.cos(half)]),
        "there are only sines: the odd columns are cosines": np.sin(angle),
        "the positions are counted from 1: the first word has position 0": table_of_paper(length + 1, width)[1:],
        "the position is multiplied by 10000 ** (…), but must be divided by it": alternate(angles(length, -2 * (i // 2))),
        "the base is 1000, but the paper's is 10000": alternate(angles(length, 2 * (i // 2), base=1000.0)),
        "nothing is added: the table is all zeros": np.zeros((length, width)),
    }


def apply(layer: Any, x: np.ndarray) -> np.ndarray:
    """The layer's output as an array of the shape of x, or CheckFailed."""
    out = layer(x)
    if out is None:
        raise CheckFailed(f"a tensor of shape {x.shape}", "None", "call has no `return`")
    out = np.asarray(keras.ops.convert_to_numpy(out))
    if out.shape != x.shape:
        mistake = "the shape must not change: cut the table to the length of the sequence, table[:T]"
        if out.shape == (*x.shape[:-1], 2 * x.shape[-1]):
            mistake = "the table is concatenated: it must be added to the embeddings, so that the width stays the same"
        elif out.shape == x.shape[1:] or (out.shape[0] == 1 != x.shape[0]):
            mistake = "only the table is returned: return the embeddings plus the table"
        raise CheckFailed(f"the shape of the input, {x.shape}", str(out.shape), mistake)
    return out


def table_of(layer: Any, length: int, width: int) -> np.ndarray:  # -> (T, D)
    """What the layer adds to words whose embedding is zero."""
    return apply(layer, np.zeros((1, length, width), dtype="float32"))[0]


@check("PositionalEncoding", "shape", "the shape stays (B, T, D)")
def shape(layer_class: LayerClass) -> None:
    apply(layer_class(max_len=12, d_model=8), np.ones((2, 12, 8), dtype="float32"))


@check("PositionalEncoding", "sine_table", "the table is that of the paper, on numbers worked out by hand")
def sine_table(layer_class: LayerClass) -> None:
    table = table_of(layer_class(max_len=3, d_model=4), 3, 4)
    longer = table_of(layer_class(max_len=30, d_model=16), 30, 16)
    if np.allclose(table, BY_HAND, atol=1e-4) and np.allclose(longer, table_of_paper(30, 16), atol=1e-4):
        return
    mistake = "compare your formula with section 3.5 of the paper: sin(position / 10000 ** (2 * (i // 2) / d_model))"
    for name, wrong in wrong_tables(30, 16).items():
        if np.allclose(longer, wrong, atol=1e-3):
            mistake = name
            break
    else:
        if not np.allclose(longer, table_of(layer_class(max_len=30, d_model=16), 30, 16), atol=1e-4):
            mistake = "the table is learned or random: the paper computes it from sine and cosine, and nothing in it is learned"
    raise CheckFailed(f"{BY_HAND[1].round(4).tolist()} for position 1 at d_model=4", str(table[1].round(4).tolist()), mistake)


@check("PositionalEncoding", "added", "the table is added to the embeddings; it neither replaces them nor stands beside them")
def added(layer_class: LayerClass) -> None:
    x = np.random.default_rng(1).normal(size=(2, 12, 8)).astype("float32")
    layer = layer_class(max_len=12, d_model=8)
    out, table = apply(layer, x), table_of(layer, 12, 8)
    for scale in (1.0, 8**0.5):  # the paper multiplies the embeddings by sqrt(d_model): before the layer, or in it
        if np.allclose(out, scale * x + table, atol=1e-3):
            return
    mistake = "return embeddings + table"
    if np.allclose(out, table[None], atol=1e-4):
        mistake = "the table replaces the embeddings, so every sentence looks the same: return their sum"
    elif np.allclose(out, x * table_of_paper(12, 8), atol=1e-3):
        mistake = "the embeddings are multiplied by the table: they must be added"
    elif np.allclose(out, x, atol=1e-4):
        mistake = "the embeddings are returned unchanged: nothing is added"
    raise CheckFailed("embeddings + table", f"something else: {out[0, 1, :3].round(2).tolist()} …", mistake)


@check("PositionalEncoding", "any_length", "one layer serves sequences of every length up to max_len")
def any_length(layer_class: LayerClass) -> None:
    layer = layer_class(max_len=150, d_model=8)
    longest = table_of(layer, 150, 8)
    for length in (1, 3, 149):
        mistake = "it works for one length only: add the first rows, table[:T], where T is the length of the input"
        with exception_means(mistake, f"a sequence of {length} words at max_len=150"):
            table = table_of(layer, length, 8)
        if not np.allclose(table, longest[:length], atol=1e-4):
            mistake = "the first positions must get the first rows of the table, whatever the length"
            if np.allclose(table, longest[-length:], atol=1e-4):
                mistake = "a short sequence gets the last rows of the table: it must get the first, table[:T]"
            raise CheckFailed(f"the first {length} rows of the table", "other rows", mistake)
    words = keras.Input((None, 8))
    mistake = "while a model is built, the length is not known yet: cut the table with table[: x.shape[1]]"
    with exception_means(mistake, "a layer that works in a model with keras.Input((None, d_model))"):
        apply(keras.Model(words, layer(words)), np.zeros((1, 3, 8), dtype="float32"))


@check("PositionalEncoding", "along_the_words", "positions count along the words, the same in every sequence of the batch")
def along_the_words(layer_class: LayerClass) -> None:
    out = apply(layer_class(max_len=5, d_model=8), np.zeros((5, 5, 8), dtype="float32"))
    words_alike = np.ptp(out[0], axis=0).max() < 1e-6
    if np.ptp(out, axis=0).max() > 1e-5:
        mistake = "the table must not depend on the sequence"
        if words_alike and np.ptp(out[:, 0], axis=0).max() > 1e-3:
            mistake = "positions are counted along the batch (axis 0): count them along the words (axis 1)"
        raise CheckFailed("the same rows for every sequence of the batch", "different rows", mistake)
    if words_alike:
        mistake = "every position gets the same numbers, so the model cannot know the order of the words"
        raise CheckFailed("a different row for each position", "the same row for all", mistake)


@check("PositionalEncoding", "nothing_learned", "the table is fixed: training does not change it")
def nothing_learned(layer_class: LayerClass) -> None:
    layer = layer_class(max_len=12, d_model=8)
    apply(layer, np.ones((1, 12, 8), dtype="float32"))
    trainable = sum(int(np.prod(weight.shape)) for weight in getattr(layer, "trainable_weights", ()))
    if trainable:
        mistake = "the positions are learned, as in GPT-2: the table of the paper is computed once and stays as it is"
        raise CheckFailed("0 trainable numbers", str(trainable), mistake)


@check("PositionalEncoding", "saved", "a model with this layer can be saved and loaded")
def saved(layer_class: LayerClass) -> None:
    if not (isinstance(layer_class, type) and issubclass(layer_class, keras.layers.Layer)):
        apply(layer_class(max_len=12, d_model=8), np.ones((1, 6, 8), dtype="float32"))
        return  # a function that returns ready-made Keras parts is saved as those parts
    words = keras.Input((6, 8))
    model = keras.Model(words, layer_class(max_len=12, d_model=8)(words))
    x = np.random.default_rng(2).normal(size=(1, 6, 8)).astype("float32")
    path = private_path("model.keras")
    model.save(path)
    mistake = "get_config must hold max_len and d_model, or Keras cannot create the layer: {**super().get_config(), …}"
    with exception_means(mistake, "the layer as it was saved"):
        loaded = keras.models.load_model(path, custom_objects={layer_class.__name__: layer_class})
    if not np.allclose(apply(loaded, x), apply(model, x), atol=1e-4):
        mistake = "get_config must hold max_len and d_model as they were given"
        raise CheckFailed("the same output after loading", "another one", mistake)
