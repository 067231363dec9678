"""Checks of `train_model`, on a model of two layers that also notes which words it was trained and tested on."""

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
from minigpt.classroom.checks.machinery.run import CheckFailed, accepts, check

Train = Callable[..., Any]
VOCAB, LENGTH, WINDOWS = 20, 6, 128


class Spy(keras.layers.Layer):
    """Hands ids on, and notes which of them came while training and which otherwise, and in how many batches and windows."""

    def __init__(self, vocab_size: int, **options: Any) -> None:  # Keras clones a layer from its arguments
        super().__init__(**options)
        self.vocab_size = vocab_size
        self.trained = self.add_weight(shape=(vocab_size,), initializer="zeros", trainable=False, name="trained")
        self.tested = self.add_weight(shape=(vocab_size,), initializer="zeros", trainable=False, name="tested")
        self.batches = self.add_weight(shape=(), initializer="zeros", trainable=False, name="batches")
        self.windows = self.add_weight(shape=(), initializer="zeros", trainable=False, name="windows")

    def call(self, ids, training=None):  # (B, T) -> (B, T)
        counts = ops.sum(ops.one_hot(ids, self.vocab_size), axis=(0, 1))  # (V,)
        if training:
            self.trained.assign_add(counts)
            self.batches.assign_add(1.0)
            self.windows.assign_add(ops.cast(ops.shape(ids)[0], "float32"))
        else:
            self.tested.assign_add(counts)
        return ids


def small_model(vocab_size: int = VOCAB, spread: float = 1.0, length: int = LENGTH) -> tuple[keras.Model, Spy]:
    """A model that can learn which word follows which, and its spy."""
    ids, spy = keras.Input((length,), dtype="int32"), Spy(vocab_size)
    x = keras.layers.Embedding(vocab_size, 64, keras.initializers.RandomNormal(stddev=1.0, seed=1))(spy(ids))
    kernel = keras.initializers.RandomNormal(stddev=0.1 * spread, seed=2)
    return keras.Model(ids, keras.layers.Dense(vocab_size, activation="softmax", kernel_initializer=kernel)(x)), spy


def counting_windows(vocab_size: int = VOCAB, windows: int = WINDOWS, length: int = LENGTH) -> tuple[np.ndarray, np.ndarray]:
    """Windows of a text in which the word after w is w + 1."""
    starts = np.arange(windows)[:, None] + np.arange(length)
    return (starts % vocab_size).astype("int32"), ((starts + 1) % vocab_size).astype("int32")


def train(train_model: Train, model: keras.Model, x: np.ndarray, y: np.ndarray, **options: Any) -> Any:
    """Call the learner's function without its printing."""
    for quiet, value in (("progress", False), ("verbose", 0)):
        if accepts(train_model, quiet):
            options[quiet] = value
    with contextlib.redirect_stdout(io.StringIO()):
        return train_model(model, x, y, **options)


@dataclass
class Run:
    """What came of one training: what was returned, the model's loss before and after, and the spy in the model."""

    returned: Any
    before: float
    after: float
    model: keras.Model
    spy: Spy


@lru_cache(maxsize=1)
def one_run(train_model: Train) -> Run:
    """Train for 3 epochs in batches of 8, once for all the checks that look at it."""
    model, spy = small_model()
    x, y = counting_windows()
    before = loss_of(model, x, y)
    returned = train(train_model, model, x, y, epochs=3, batch_size=8)
    exploded = any(np.isnan(weight).any() for weight in model.get_weights())
    return Run(returned, before, np.inf if exploded else loss_of(model, x, y), model, spy)


@check("train_model", "learns", "the model that was given learns the next word")
def learns(train_model: Train) -> None:
    run = one_run(train_model)
    if run.after < 0.9 * run.before:
        return
    x, _ = counting_windows()
    mistake = "the steps do not lower the loss: is the learning rate too small, or are the weights frozen?"
    predicted = run.model.predict(x, verbose=0).argmax(-1)
    if not float(run.spy.batches):
        mistake = "the model that was given was not trained: was a copy or another model trained, or is model.fit not called?"
    elif (predicted == x).mean() > 0.5:
        mistake = "the model was taught x, not y: the targets are the next words, fit(x, y)"
    elif (predicted == (x - 1) % VOCAB).mean() > 0.5:
        mistake = "the model was taught backwards, from y to x: the inputs come first, fit(x, y)"
    elif not run.after <= run.before:
        mistake = "the loss goes up: the learning rate is far too large, 0.001 is Adam's own"
    raise CheckFailed(f"a loss well below {run.before:.1f}, that before training", f"{run.after:.2f}", mistake)


@check("train_model", "history", "it returns the History of Keras, with a loss for each epoch")
def history(train_model: Train) -> None:
    returned = one_run(train_model).returned
    losses = getattr(returned, "history", None)
    if not isinstance(losses, dict) or "loss" not in losses:
        mistake = "return what model.fit returns: `return model.fit(…)`"
        if isinstance(returned, dict):
            mistake = "return the History itself, not its dictionary: history, not history.history"
        elif isinstance(returned, keras.Model):
            mistake = "the model is returned, but it is trained in place: return the history, to draw the loss"
        elif returned is None:
            mistake = "train_model has no `return`: return what model.fit returns"
        raise CheckFailed('a History with history.history["loss"]', f"a {type(returned).__name__}", mistake)
    if len(losses["loss"]) != 3:
        mistake = (
            "epochs is not used"
            if len(losses["loss"]) != 1
            else "the history is that of the last epoch only: call fit once, with epochs"
        )
        raise CheckFailed("3 losses for epochs=3", str(len(losses["loss"])), mistake)


@check("train_model", "epochs", "it goes through all windows epochs times")
def epochs(train_model: Train) -> None:
    seen = float(one_run(train_model).spy.windows) / WINDOWS
    if not 2.1 <= seen <= 3:
        mistake = "epochs is not handed on to fit"
        if seen == 0:
            mistake = "the model that was given was not trained: was a copy trained, or is model.fit not called?"
        elif seen < 2.1:
            mistake = "the text is gone through too seldom, or only a part of it: hand epochs on to fit, and all of x and y"
        raise CheckFailed(
            "the windows 3 times for epochs=3 (a little less where some are held out)", f"{seen:.1f} times", mistake
        )


@check("train_model", "batch_size", "each step takes batch_size windows")
def batch_size(train_model: Train) -> None:
    spy = one_run(train_model).spy
    windows, batches = float(spy.windows), float(spy.batches)
    if not batches:
        raise CheckFailed("steps of 8 windows", "no step", "the model that was given was not trained: is model.fit called?")
    if not 7 <= windows / batches <= 8:
        mistake = "batch_size is not handed on to fit, which takes 32 by itself"
        raise CheckFailed("8 windows in a step at batch_size=8", f"{windows / batches:.0f}", mistake)


@check("train_model", "loss", "the loss is the mean of -ln p(right word)")
def loss(train_model: Train) -> None:
    model, _ = small_model(spread=8)  # a model that is sure of wrong words: here the kinds of loss differ most
    x, y = counting_windows()
    expected = loss_of(model, x, y)
    p = model.predict(x, verbose=0).astype("float64")
    right = np.take_along_axis(p, y[..., None], axis=-1)[..., 0]
    returned = train(train_model, model, x, y, epochs=1, batch_size=WINDOWS)
    losses = getattr(returned, "history", returned)
    came = float(np.ravel(losses["loss"])[0]) if isinstance(losses, dict) and "loss" in losses else expected
    if abs(came - expected) < 0.15 * expected:
        return
    mistake = "use sparse_categorical_crossentropy: y holds ids, and the model gives probabilities"
    twice = float((np.log(np.exp(p).sum(-1)) - right).mean())
    if abs(came - twice) < 0.1 * twice:
        mistake = (
            "from_logits=True, but the model gives probabilities: softmax is applied twice, and the loss can never come near 0"
        )
    elif came < 0.2 or abs(came - float((y.astype(float) ** 2).mean())) < 20:
        mistake = "the loss is that of a regression or of single classes (mse, binary): use sparse_categorical_crossentropy"
    raise CheckFailed(f"a first loss of {expected:.2f}, the mean of -ln p(right word)", f"{came:.2f}", mistake)


@check("train_model", "no_leak", "no word that is held out for validation is trained on")
def no_leak(train_model: Train) -> None:
    length, windows = 12, 60
    model, spy = small_model(vocab_size=windows + length, length=length)  # every word of the text is another one
    x, y = counting_windows(windows + length, windows, length)
    options = {"validation_split": 0.2} if accepts(train_model, "validation_split") else {}
    returned = train(train_model, model, x, y, epochs=1, batch_size=8, **options)
    trained, tested = np.asarray(spy.trained) > 0, np.asarray(spy.tested) > 0
    validated = any("val" in name for name in getattr(returned, "history", {}) or {})
    shared = int((trained & tested).sum())
    some_held_out = bool((tested & ~trained).any())
    if shared and (validated or some_held_out):
        mistake = (
            "windows overlap, so a split of windows leaks the text into the validation: split the words first, then window"
        )
        if not some_held_out:
            mistake = "the model is validated on the text it was trained on: hold out words that it never sees"
        raise CheckFailed("no word that is both trained on and validated on", f"{shared} words are both", mistake)
