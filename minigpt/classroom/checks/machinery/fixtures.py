"""What several stages need: the sizes of the small models, calling a learner's model, and counts of parameters."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from minigpt.classroom.checks.machinery.run import CheckFailed, accepts

EMBED_DIM, NUM_HEADS, KEY_DIM, FF_DIM, LENGTH, VOCAB = 16, 2, 8, 32, 8, 20
SAME = 1e-5  # what 32-bit arithmetic may differ by, on numbers of about 1


def make_block(factory: Callable[..., Any], **sizes: Any) -> Any:
    """Call a learner's transformer_block by the names of the contract, or by their order if it names them otherwise."""
    arguments = {"embed_dim": EMBED_DIM, "num_heads": NUM_HEADS, "ff_dim": FF_DIM, "dropout": 0.0, **sizes}
    block = factory(**arguments) if all(accepts(factory, name) for name in arguments) else factory(*arguments.values())
    if block is None:
        raise CheckFailed("a block: a keras.Model or a Layer", "None", "transformer_block has no `return`")
    if not callable(block) or isinstance(block, keras.KerasTensor):
        raise CheckFailed(
            "a block that can be called: a keras.Model or a Layer",
            f"a {type(block).__name__}",
            "what comes back is the output of the layers: return keras.Model(inputs, outputs)",
        )
    return block


def answer(model: Any, x: np.ndarray, **options: Any) -> np.ndarray:
    """What a learner's block or model says, as a float array of three axes, or CheckFailed."""
    out = model(x, **options)
    if isinstance(out, (tuple, list)):
        raise CheckFailed(
            "one tensor", f"a {type(out).__name__} of {len(out)}", "return the output alone, without attention scores or masks"
        )
    if out is None:
        raise CheckFailed("a tensor", "None", "the last line has no `return`")
    values = np.asarray(keras.ops.convert_to_numpy(out), dtype="float64")
    if not np.isfinite(values).all():
        raise CheckFailed(
            "numbers",
            "nan or inf",
            "a division by zero; or the mask also hides the present word, so that the first word has nothing to look at",
        )
    return values


def words_at(length: int, width: int = EMBED_DIM, batch: int = 1, seed: int = 0) -> np.ndarray:
    """Random word embeddings (B, T, D)."""
    return np.random.default_rng(seed).normal(size=(batch, length, width)).astype("float32")


def moved(before: np.ndarray, after: np.ndarray) -> np.ndarray:  # (1, T, D) twice -> bool (T,)
    """At which positions an answer changed."""
    return np.abs(after - before).max(axis=(0, 2)) > SAME * max(1.0, np.abs(before).max())


def attention_counts(width: int, heads: int, key_dim: int) -> set[int]:
    """Parameters of multi-head attention: with all biases, with none, without those of the heads or the output."""
    kernels, inner = 4 * width * heads * key_dim, 3 * heads * key_dim
    return {kernels + inner + width, kernels + inner, kernels + width, kernels}


def block_counts(width: int, heads: int, key_dim: int, ff_dim: int) -> set[int]:
    """The numbers of parameters that a right block may have: biases or not, normalisation with or without an offset."""
    feed_forward = {2 * width * ff_dim + ff_dim + width, 2 * width * ff_dim}
    return _sums(attention_counts(width, heads, key_dim), feed_forward, {4 * width, 2 * width})


def model_counts(config: Any) -> set[int]:
    """The numbers of parameters that a right GPT may have: sine or learned positions, a final norm or none, tied or not."""
    table = config.vocab_size * config.embed_dim
    width = config.embed_dim
    blocks = {
        config.num_layers * count
        for key_dim in {config.key_dim}
        for count in block_counts(width, config.num_heads, key_dim, config.ff_dim)
    }
    positions = {0, config.max_seq_length * width}
    first_norm, final_norm = {0, 2 * width}, {0, width, 2 * width}
    return _sums({table}, positions, first_norm, blocks, final_norm, {0, config.vocab_size, table, table + config.vocab_size})


def count_parameters(part: Any) -> int:
    """The numbers in a built block or model, without the state of random generators."""
    return sum(int(np.prod(weight.shape)) for weight in part.weights if "seed_generator" not in weight.path)


def train_on_one_batch(model: Any, ids: np.ndarray, targets: np.ndarray, steps: int = 100, rate: float = 0.01) -> float:
    """Teach a model one batch by heart; return its loss afterwards, the mean of -ln p(right word).

    Adam is written out here: for so small a model, `fit` would spend nearly all of its time on tracing Keras' own.
    """
    weights = model.trainable_variables
    mean, square = ([np.zeros(weight.shape, "float32") for weight in weights] for _ in range(2))

    @tf.function
    def gradients() -> list[Any]:
        with tf.GradientTape() as tape:
            loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(targets, model(ids, training=True)))
        return tape.gradient(loss, [weight.value for weight in weights], unconnected_gradients="zero")

    for step in range(1, steps + 1):
        for number, gradient in enumerate(gradients()):
            g = tf.convert_to_tensor(gradient).numpy()  # that of an embedding comes as slices
            mean[number] += 0.1 * (g - mean[number])
            square[number] += 0.01 * (g * g - square[number])
            change = mean[number] / (1 - 0.9**step) / (np.sqrt(square[number] / (1 - 0.99**step)) + 1e-7)
            weights[number].assign_sub(rate * change)
    return loss_of(model, ids, targets)


def loss_of(model: Any, ids: np.ndarray, targets: np.ndarray) -> float:
    """The mean of -ln p(right word)."""
    probabilities = answer(model, ids, training=False)
    right = np.take_along_axis(probabilities, targets[..., None], axis=-1)
    return float(-np.log(np.maximum(right, 1e-9)).mean())


def _sums(*choices: Iterable[int]) -> set[int]:
    return {sum(chosen) for chosen in itertools.product(*choices)}
