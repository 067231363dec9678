"""What a model says next: the fast way for a GPT of ours, Keras itself for any other model."""

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from minigpt.errors import GenerationError
from minigpt.numpy_gpt import NumpyGPT

_agrees: WeakKeyDictionary[keras.Model, bool] = WeakKeyDictionary()  # what fast_copy has found out, for models still in use


def next_word_function(model: Any) -> Callable[[list[int]], np.ndarray]:
    """Return a function from the ids so far, however many, to the probabilities (V,) of the next word.

    A model of `build_gpt_model` is computed in NumPy with a key/value cache, which is many times faster; any other model
    is called itself, on the last words that fit into its window.
    """
    gpt = model if isinstance(model, NumpyGPT) else fast_copy(model)
    if gpt is None:
        return _keras_next_word(model)
    window = gpt.config.max_seq_length

    def say_next(ids: list[int]) -> np.ndarray:
        unread = len(ids) - gpt.seen
        if gpt.config.causal and gpt.seen and unread > 0 and len(ids) <= window:
            return gpt.read(ids[-unread:])[-1]
        return gpt(ids[-window:])[-1]  # the window has slid: every word has a new position, so all is read again

    gpt.forget()
    return say_next


def fast_copy(model: Any) -> NumpyGPT | None:
    """The NumPy copy of a Keras model, or None where there is none that says the same.

    A learner's model can have our names and yet be wired otherwise, so the copy must agree with the model on a few words. How a
    model is wired never changes, so it is asked once.
    """
    if not isinstance(model, keras.Model) or _agrees.get(model) is False:
        return None
    try:
        gpt = NumpyGPT.from_keras(model)
        if model not in _agrees:
            _agrees[model] = _says_the_same(gpt, model)
    except Exception:  # other layers under our names: let Keras compute them
        _agrees[model] = False
    return gpt if _agrees[model] else None


def _says_the_same(gpt: NumpyGPT, model: keras.Model) -> bool:
    probe = np.arange(min(16, gpt.config.max_seq_length)) % gpt.config.vocab_size
    theirs = keras.ops.convert_to_numpy(model(probe[None], training=False))[0]
    return np.allclose(gpt(probe), theirs, rtol=1e-3, atol=1e-6, equal_nan=True)


def _keras_next_word(model: Any) -> Callable[[list[int]], np.ndarray]:
    window, fixed = window_of(model)
    keras_options = {"training": False} if isinstance(model, keras.Model) else {}
    vocab_size = (getattr(model, "output_shape", None) or [None])[-1]

    def say_next(ids: list[int]) -> np.ndarray:
        if vocab_size and max(ids) >= vocab_size:
            raise GenerationError(
                f"the prompt has the id {max(ids)} but the model knows {vocab_size} ids: "
                "use the tokenizer that the model was trained with"
            )
        context = ids[-window:] if window else ids
        last = len(context) - 1
        if fixed:  # the model reads windows of one length only; what follows the last word is not looked at
            context = context + [0] * (window - len(context))
        probabilities = model(np.asarray([context], dtype="int32"), **keras_options)
        return np.asarray(keras.ops.convert_to_numpy(probabilities))[0, last].astype("float64")

    return say_next


def window_of(model: Any) -> tuple[int, bool]:
    """The longest sequence that a model reads (0: any), and whether it reads no shorter one."""
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[1], int):
        return shape[1], True
    for owner in (model, getattr(model, "config", None), *_all_layers(model)):
        for name in ("max_seq_length", "max_len"):
            if isinstance(length := getattr(owner, name, None) or _argument(owner, name), int):
                return length, False
    return 0, False


def _argument(owner: Any, name: str) -> Any:
    """What a layer says of itself in `get_config`, where it has one."""
    return owner.get_config().get(name) if isinstance(owner, keras.layers.Layer) else None


def _all_layers(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _all_layers(layer)
