"""Checks of `train_model`, on a model of two layers that also records which words it was trained and tested on."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import ops

from minigpt.classroom.checks.machinery.fixtures import loss_of
from minigpt.classroom.checks.machinery.run import CheckFailed, check, has_argument

Train = Callable[..., Any]
VOCAB, LENGTH, WINDOWS = 20, 6, 128
NOT_TRAINED = "the model that was given was not trained: was a copy or another model trained, or is model.fit not called?"


class Recorder(keras.layers.Layer):
    """Passes ids on, and records which came in training and which after it began, and the number of batches and windows."""

    def __init__(self, vocab_size: int, **options: Any) -> None:  # Keras clones a layer from its arguments
        super().__init__(**options)
        self.vocab_size = vocab_size
        self.trained, self.tested, self.batches, self.windows = (
            self.add_weight(shape=shape, initializer="zeros", trainable=False, name=name)
            for name, shape in (("trained", (vocab_size,)), ("tested", (vocab_size,)), ("batches", ()), ("windows", ()))
        )

    def call(self, ids, training=None):  # (B, T) -> (B, T)
        counts = ops.sum(ops.one_hot(ids, self.vocab_size), axis=(0, 1))  # (V,)
        if training:
            self.trained.assign_add(counts)
            self.batches.assign_add(1.0)
            self.windows.assign_add(ops.cast(ops.shape(ids)[0], "float32"))
        else:
            self.tested.assign_add(counts * ops.cast(self.batches > 0, "float32"))  # a model may be tried before it is trained
        return ids


def small_model(vocab_size: int = VOCAB, spread: float = 1.0, length: int = LENGTH) -> tuple[keras.Model, Recorder]:
    """A model that can learn which word follows which, and its recorder."""
    ids, recorder = keras.Input((length,), dtype="int32"), Recorder(vocab_size)
    x = keras.layers.Embedding(vocab_size, 64, keras.initializers.RandomNormal(stddev=1.0, seed=1))(recorder(ids))
    kernel = keras.initializers.RandomNormal(stddev=0.1 * spread, seed=2)
    return keras.Model(ids, keras.layers.Dense(vocab_size, activation="softmax", kernel_initializer=kernel)(x)), recorder


def counting_windows(vocab_size: int = VOCAB, windows: int = WINDOWS, length: int = LENGTH) -> tuple[np.ndarray, np.ndarray]:
    """Windows of a text in which the word after w is w + 1."""
    starts = np.arange(windows)[:, None] + np.arange(length)
    return (starts % vocab_size).astype("int32"), ((starts + 1) % vocab_size).astype("int32")


def train(train_model: Train, model: keras.Model, x: np.ndarray, y: np.ndarray, **options: Any) -> Any:
    """Call the student's function without its printing."""
    for name, value in (("progress", False), ("verbose", 0)):
        if has_argument(train_model, name):
            options[name] = value
    with contextlib.redirect_stdout(io.StringIO()):
        return train_model(model, x, y, **options)


@dataclass
class Training:
    """One training: what was returned, the model's loss before and after, the model, and the recorder in it."""

    returned: Any
    before: float
    after: float
    model: keras.Model
    recorder: Recorder


@lru_cache(maxsize=1)
def trained_once(train_model: Train) -> Training:
    """Train for 3 epochs in batches of 8, once for all the checks that look at it."""
    model, recorder = small_model()
    x, y = counting_windows()
    before = loss_of(model, x, y)
    returned = train(train_model, model, x, y, epochs=3, batch_size=8)
    exploded = any(np.isnan(weight).any() for weight in model.get_weights())
    return Training(returned, before, np.inf if exploded else loss_of(model, x, y), model, recorder)


@check("train_model", "learns", "the given model learns the next word")
def learns(train_model: Train) -> None:
    training = trained_once(train_model)
    if training.after < 0.9 * training.before:
        return
    x, _ = counting_windows()
    mistake = "the steps do not lower the loss: is the learning rate too small, or are the weights frozen?"
    predicted = training.model.predict(x, verbose=0).argmax(-1)
    if not float(training.recorder.batches):
        mistake = NOT_TRAINED
    elif (predicted == x).mean() > 0.5:
        mistake = "the model was trained on x, not y: the targets are the next words, fit(x, y)"
    elif (predicted == (x - 1) % VOCAB).mean() > 0.5:
        mistake = "the model was trained backwards, from y to x: the inputs come first, fit(x, y)"
    elif not training.after <= training.before:
        mistake = "the loss goes up: the learning rate is far too large, Adam's default is 0.001"
    raise CheckFailed(f"a loss well below the {training.before:.1f} before training", f"{training.after:.2f}", mistake)


@check("train_model", "history", "it returns the History of Keras, with a loss for each epoch")
def history(train_model: Train) -> None:
    returned = trained_once(train_model).returned
    losses = getattr(returned, "history", None)
    if not isinstance(losses, dict) or "loss" not in losses:
        mistake = "return what model.fit returns: `return model.fit(…)`"
        if isinstance(returned, dict):
            mistake = "return the History itself, not its dictionary: history, not history.history"
        elif isinstance(returned, keras.Model):
            mistake = "the model is returned, but it is trained in place: return the history, to plot the loss"
        elif returned is None:
            mistake = "train_model has no `return`: return what model.fit returns"
        raise CheckFailed('a History with history.history["loss"]', f"a {type(returned).__name__}", mistake)
    if len(losses["loss"]) != 3:
        mistake = "epochs is not used"
        if len(losses["loss"]) == 1:
            mistake = "the history is that of the last epoch only: call fit once, with epochs"
        raise CheckFailed("3 losses for epochs=3", str(len(losses["loss"])), mistake)


@check("train_model", "epochs", "it goes through all windows epochs times")
def epochs(train_model: Train) -> None:
    seen = float(trained_once(train_model).recorder.windows) / WINDOWS
    if not 2.1 <= seen <= 3:
        mistake = "epochs is not passed on to fit"
        if seen == 0:
            mistake = NOT_TRAINED
        elif seen < 2.1:
            mistake = "too few epochs, or only part of the text: pass epochs on to fit, and all of x and y"
        expected = "the windows 3 times for epochs=3 (a little less if some are held out)"
        raise CheckFailed(expected, f"{seen:.1f} times", mistake)


@check("train_model", "batch_size", "each step takes batch_size windows")
def batch_size(train_model: Train) -> None:
    recorder = trained_once(train_model).recorder
    windows, batches = float(recorder.windows), float(recorder.batches)
    if not batches:
        raise CheckFailed("steps of 8 windows", "no step", NOT_TRAINED)
    if not 7 <= windows / batches <= 8:
        mistake = "batch_size is not passed on to fit, whose default is 32"
        raise CheckFailed("8 windows in a step at batch_size=8", f"{windows / batches:.0f}", mistake)


@check("train_model", "loss", "the loss is the mean of -ln p(right word)")
def loss(train_model: Train) -> None:
    model, _ = small_model(spread=8)  # a model that is certain of wrong words: there the kinds of loss differ most
    x, y = counting_windows()
    expected = loss_of(model, x, y)
    p = model.predict(x, verbose=0).astype("float64")
    right = np.take_along_axis(p, y[..., None], axis=-1)[..., 0]
    returned = train(train_model, model, x, y, epochs=1, batch_size=WINDOWS)
    losses = getattr(returned, "history", returned)
    first_loss = float(np.ravel(losses["loss"])[0]) if isinstance(losses, dict) and "loss" in losses else expected
    if abs(first_loss - expected) < 0.15 * expected:
        return
    mistake = "use sparse_categorical_crossentropy: y holds ids, and the model returns probabilities"
    softmax_twice = float((np.log(np.exp(p).sum(-1)) - right).mean())
    if abs(first_loss - softmax_twice) < 0.1 * softmax_twice:
        mistake = "from_logits=True, but the model returns probabilities: softmax is applied twice, and the loss stays high"
    elif first_loss < 0.2 or abs(first_loss - float((y.astype(float) ** 2).mean())) < 20:
        mistake = "the loss is for regression or for yes-or-no questions (mse, binary): use sparse_categorical_crossentropy"
    raise CheckFailed(f"a first loss of {expected:.2f}, the mean of -ln p(right word)", f"{first_loss:.2f}", mistake)


@check("train_model", "no_leak", "the model is not trained on any word held out for validation")
def no_leak(train_model: Train) -> None:
    length, windows = 12, 60
    model, recorder = small_model(vocab_size=windows + length, length=length)  # no word of this text is repeated
    x, y = counting_windows(windows + length, windows, length)
    options = {"validation_split": 0.2} if has_argument(train_model, "validation_split") else {}
    returned = train(train_model, model, x, y, epochs=1, batch_size=8, **options)
    trained, tested = np.asarray(recorder.trained) > 0, np.asarray(recorder.tested) > 0
    validated = any("val" in name for name in getattr(returned, "history", {}) or {})
    shared = int((trained & tested).sum())
    some_held_out = bool((tested & ~trained).any())
    if shared and (validated or some_held_out):
        mistake = "windows overlap, so splitting windows leaks the text into the validation: split the words first, then window"
        if not some_held_out:
            mistake = "the model is validated on the text it was trained on: hold out words that it never sees"
        raise CheckFailed("no word that is both trained on and validated on", f"{shared} words are both", mistake)
