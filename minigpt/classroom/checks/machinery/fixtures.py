"""What several stages need: the sizes of the small models, calling a student's model, and counts of parameters."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from minigpt.classroom.checks.machinery.run import CheckFailed, has_argument

EMBED_DIM, NUM_HEADS, FF_DIM, LENGTH, VOCAB = 16, 2, 32, 8, 20
TOLERANCE = 1e-5  # the rounding error of 32-bit arithmetic, on numbers of about 1


def make_block(factory: Callable[..., Any], **sizes: Any) -> Any:
    """Call a student's transformer_block with the contract's argument names, or by position if its own names differ."""
    arguments = {"embed_dim": EMBED_DIM, "num_heads": NUM_HEADS, "ff_dim": FF_DIM, "dropout": 0.0, **sizes}
    named = all(has_argument(factory, name) for name in arguments)
    block = factory(**arguments) if named else factory(*arguments.values())
    expected = "a block that can be called: a keras.Model or a Layer"
    if block is None:
        raise CheckFailed(expected, "None", "transformer_block has no `return`")
    if not callable(block) or isinstance(block, keras.KerasTensor):
        mistake = "you return the output of the layers: return keras.Model(inputs, outputs)"
        raise CheckFailed(expected, f"a {type(block).__name__}", mistake)
    return block


def output_of(model: Any, inputs: np.ndarray, **options: Any) -> np.ndarray:
    """What a student's block or model returns, as a float array, or CheckFailed."""
    out = model(inputs, **options)
    if isinstance(out, (tuple, list)):
        mistake = "return the output alone, without attention scores or masks"
        raise CheckFailed("one tensor", f"a {type(out).__name__} of {len(out)}", mistake)
    if out is None:
        raise CheckFailed("a tensor", "None", "there is no `return` at the end")
    values = np.asarray(keras.ops.convert_to_numpy(out), dtype="float64")
    if not np.isfinite(values).all():
        mistake = "a division by zero; or the mask also hides the present word, so that the first word can attend to nothing"
        raise CheckFailed("finite numbers", "NaN or infinity", mistake)
    return values


def random_embeddings(length: int, width: int = EMBED_DIM, batch: int = 1, seed: int = 0) -> np.ndarray:
    """Random word embeddings (B, T, D)."""
    return np.random.default_rng(seed).normal(size=(batch, length, width)).astype("float32")


def changed_positions(before: np.ndarray, after: np.ndarray) -> np.ndarray:  # (1, T, D) twice -> bool (T,)
    """At which positions the output changed."""
    return np.abs(after - before).max(axis=(0, 2)) > TOLERANCE * max(1.0, np.abs(before).max())


def block_counts(width: int, heads: int, key_dim: int, ff_dim: int) -> set[int]:
    """The numbers of parameters that a correct block may have: with biases or not, norms with an offset or not."""
    attention = 4 * width * heads * key_dim
    return _sums(
        {attention}, {0, 3 * heads * key_dim}, {0, width}, {2 * width * ff_dim}, {0, ff_dim + width}, {4 * width, 2 * width}
    )


def model_counts(config: Any) -> set[int]:
    """The numbers of parameters that a correct GPT may have: sine or learned positions, a final norm or none, tied or not."""
    width, vocab = config.embed_dim, config.vocab_size
    blocks = {config.num_layers * count for count in block_counts(width, config.num_heads, config.key_dim, config.ff_dim)}
    positions, first_norm, final_norm = {0, config.max_seq_length * width}, {0, 2 * width}, {0, width, 2 * width}
    return _sums({vocab * width}, positions, first_norm, blocks, final_norm, {0, vocab}, {0, vocab * width})


def _sums(*choices: Iterable[int]) -> set[int]:
    return {sum(chosen) for chosen in itertools.product(*choices)}


def count_parameters(part: Any) -> int:
    """The parameters of a built block or model, without the state of random generators."""
    return sum(int(np.prod(weight.shape)) for weight in part.weights if "seed_generator" not in weight.path)


def random_batch(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random ids and random targets (B, T)."""
    ids, targets = np.random.default_rng(seed).integers(0, VOCAB, (2, rows, LENGTH))
    return ids, targets


def fit_one_batch(model: Any, ids: np.ndarray, targets: np.ndarray) -> float:
    """Overfit a model to one batch in 100 steps; return its loss afterwards, the mean of -ln p(right word).

    With a loop of its own: for so small a model, `fit` would spend nearly all of its time outside the steps.
    """
    weights = model.trainable_variables
    optimizer = keras.optimizers.Adam(0.01, beta_2=0.99)
    optimizer.build(weights)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(targets, model(ids, training=True)))
        gradients = tape.gradient(loss, [weight.value for weight in weights], unconnected_gradients="zero")
        optimizer.apply(gradients, weights)

    for _ in range(100):
        step()
    return loss_of(model, ids, targets)


def loss_of(model: Any, ids: np.ndarray, targets: np.ndarray) -> float:
    """The mean of -ln p(right word)."""
    right = np.take_along_axis(output_of(model, ids, training=False), targets[..., None], axis=-1)
    return float(-np.log(np.maximum(right, 1e-9)).mean())
