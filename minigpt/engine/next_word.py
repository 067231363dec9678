"""What any model predicts next: computed the fast way for a GPT of ours, by the model itself for any other."""

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from minigpt.engine.cached_gpt import CachedGPT
from minigpt.engine.inputs import check_probabilities
from minigpt.errors import GenerationError
from minigpt.model import config_of
from minigpt.numpy_gpt import NumpyGPT

# What fast_copy has found out about the models still in use: with which variables, and whether their copy agreed.
_compared: WeakKeyDictionary[keras.Model, tuple[list, bool]] = WeakKeyDictionary()


def next_word_function(model: Any) -> Callable[[list[int]], np.ndarray]:
    """Return a function from all ids so far, however many, to the probabilities (V,) of the next word, for one text that grows.

    A model of `build_gpt_model` is computed in NumPy with a key/value cache, which is many times faster; any other model
    is called itself. Both read the same words, those from `context_start` on.
    """
    gpt = model if isinstance(model, NumpyGPT) else fast_copy(model)
    window, fixed = window_of(model if gpt is None else gpt)
    predict = _call_model(model, window, fixed) if gpt is None else CachedGPT(gpt).next_word
    return lambda ids: check_probabilities(predict(ids[context_start(len(ids), window) :]))


def context_start(length: int, window: int) -> int:
    """Where the words begin that are read of a text of `length` words; the ones before are forgotten.

    A window (0: any length) that slides by one word gives every word a new position, so that the cache is lost and all is read
    again. So it slides by an eighth of its length at a time: most words are then as quick as within the window, and the model
    reads at least 7/8 of its window. (Measured on the class text: the loss stays the same. To count positions on instead, past
    those that were trained, raises it from 0.01 to 0.48 nats a word.)

    Example:
        >>> [context_start(length, window=16) for length in (15, 16, 17, 18, 19)]
        [0, 0, 2, 2, 4]
    """
    step = max(1, window // 8)
    return -(-(length - window) // step) * step if 0 < window < length else 0


def fast_copy(model: Any) -> NumpyGPT | None:
    """The NumpyGPT of a Keras model, or None unless there is one that predicts the same.

    A model of `build_gpt_model` can have been changed since (LoRA, quantising), so the copy must agree with the model on a few
    words. The two are compared again only when the model has other variables than before.
    """
    if not isinstance(model, keras.Model) or config_of(model) is None:
        return None
    gpt = NumpyGPT.from_keras(model)
    variables = [(variable.path, variable.dtype) for variable in model.weights]
    compared, agrees = _compared.get(model, (None, False))
    if compared != variables:
        probe = np.arange(min(16, gpt.config.max_seq_length)) % gpt.config.vocab_size
        theirs = keras.ops.convert_to_numpy(model(probe[None], training=False))[0]
        try:
            agrees = np.allclose(gpt(probe), theirs, rtol=1e-3, atol=1e-6, equal_nan=True)
        except Exception:  # other layers or weights under our names
            agrees = False
        _compared[model] = variables, agrees
    return gpt if agrees else None


def _call_model(model: Any, window: int, fixed: bool) -> Callable[[list[int]], np.ndarray]:
    if not callable(model):
        raise GenerationError(f"this {type(model).__name__} is no model: give a keras.Model, or a function of ids (1, T)")
    keras_options = {"training": False} if isinstance(model, keras.Model) else {}
    vocab_size = (getattr(model, "output_shape", None) or [None])[-1]

    def predict(context: list[int]) -> np.ndarray:  # (T,) -> (V,)
        if vocab_size and max(context) >= vocab_size:
            raise GenerationError(
                f"the prompt has the id {max(context)}, but the model knows {vocab_size} ids: "
                "use the tokenizer that the model was trained with"
            )
        last = len(context) - 1
        if fixed:  # the model reads windows of one length only; what follows the last word is not looked at
            context = context + [0] * (window - len(context))
        output = model(np.asarray([context], dtype="int32"), **keras_options)
        probabilities = np.asarray(keras.ops.convert_to_numpy(output))
        if probabilities.ndim != 3 or probabilities.shape[:2] != (1, len(context)):
            raise GenerationError(
                f"for ids of the shape {(1, len(context))} the model returns the shape {probabilities.shape}: it must return "
                "probabilities (1, T, V), a row for each of the T words"
            )
        return probabilities[0, last]

    return predict


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
    """An argument of a layer as its `get_config` tells it, where it has one."""
    return owner.get_config().get(name) if isinstance(owner, keras.layers.Layer) else None


def _all_layers(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _all_layers(layer)
