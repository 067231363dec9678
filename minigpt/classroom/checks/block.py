"""Checks of `transformer_block`: residual, norm, dropout, parameters. Set weights to zero, scale the input, count."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.layers import angles, interleave
from minigpt.classroom.checks.machinery.fixtures import (
    EMBED_DIM,
    FF_DIM,
    LENGTH,
    NUM_HEADS,
    SAME,
    VOCAB,
    answer,
    block_counts,
    count_parameters,
    make_block,
    train_on_one_batch,
    words_at,
)
from minigpt.classroom.checks.machinery.run import CheckFailed, check

Factory = Callable[..., Any]
NO_RESIDUAL = "the residual connection is missing: add what came in to what attention and feed-forward give, x + f(x)"


@check("transformer_block", "residual", "what comes in is added to what attention and feed-forward give")
def residual(factory: Factory) -> None:
    block, x = make_block(factory), words_at(6) * 3 + 1
    before = answer(block, x)
    for weight in block.weights:  # nothing is left but the residual paths and the normalisation, whose gains are ones
        if "seed_generator" not in weight.path and not np.all(np.asarray(keras.ops.convert_to_numpy(weight)) == 1):
            weight.assign(np.zeros(weight.shape))
    out = answer(block, x)
    expected = "with attention and feed-forward set to zero, the words come out as they came in (post-norm: normalised)"
    if np.allclose(out, x, atol=1e-3):
        return
    if np.ptp(out, axis=1).max() < 1e-3:
        raise CheckFailed(expected, "nothing of them is left", NO_RESIDUAL)
    if np.allclose(out, normalised(x), atol=0.02):
        if not np.allclose(before, normalised(before), atol=0.02):
            mistake = "the residual is taken after the norm: keep x itself, x + f(norm(x)), not norm(x) + f(norm(x))"
            raise CheckFailed(
                "x as it came in, or a last norm after the addition (post-norm)", "the normalised x is added", mistake
            )
        return
    ratio = float((out * x).sum() / (x * x).sum())
    raise CheckFailed(
        expected,
        f"about {ratio:.1f} times the words",
        "the words are added more than once: each half adds what came into it once",
    )


@check("transformer_block", "both_halves", "what attention found is still there behind the feed-forward network")
def both_halves(factory: Factory) -> None:
    width, ff_dim = 24, 40
    block, x = make_block(factory, embed_dim=width, num_heads=4, ff_dim=ff_dim), words_at(6, width)
    answer(block, x)
    for weight in block.weights:  # the way out of the feed-forward network, so that only the sum goes past it
        if weight.shape == (ff_dim, width):
            weight.assign(np.zeros(weight.shape))
    other_first_word = x.copy()
    other_first_word[:, 0] = words_at(1, width, seed=1)[:, 0]
    if np.abs(answer(block, x) - answer(block, other_first_word))[:, -1].max() < SAME:
        mistake = (
            "the second half adds what came into the block, not what came out of the first half: "
            "what attention found is lost from the sum"
        )
        raise CheckFailed("without the feed-forward network, the last word still knows the first one", "it does not", mistake)


@check("transformer_block", "normalised", "layer normalisation keeps large words from making the answers explode")
def is_normalised(factory: Factory) -> None:
    block, x = make_block(factory), words_at(6)
    out = answer(block, x)
    if np.allclose(out, normalised(out), atol=0.02):  # post-norm
        return
    small, large = np.abs(out - x).max(), np.abs(answer(block, 1000 * x) - 1000 * x).max()
    if large > 20 * max(small, 1e-3):
        mistake = "layer normalisation is missing, or stands before one half only: both attention and feed-forward need one"
        raise CheckFailed(
            "attention and feed-forward that give the same when all words are 1000 times as large", "much larger ones", mistake
        )


@check("transformer_block", "feed_forward", "the feed-forward network bends: it has an activation between its two layers")
def feed_forward(factory: Factory) -> None:
    block, x = make_block(factory), words_at(6)
    out = answer(block, x)
    if np.abs(out + answer(block, -x)).max() < 10 * SAME:
        mistake = "no activation in the feed-forward network, or no such network: two Dense layers without relu or gelu are one"
        raise CheckFailed("an answer to -x that is not just the negative of the answer to x", "exactly its negative", mistake)


@check("transformer_block", "dropout", "dropout works while training, and is off when the model answers")
def dropout(factory: Factory) -> None:
    block, x = make_block(factory, dropout=0.5), words_at(6)
    if (
        np.abs(answer(block, x) - answer(block, x)).max() > SAME
        or np.abs(answer(block, x, training=False) - answer(block, x)).max() > SAME
    ):
        mistake = "dropout is always on: do not call it with training=True, Keras turns it on while training only"
        raise CheckFailed("the same answer twice", "two different answers", mistake)
    if np.abs(answer(block, x, training=True) - answer(block, x, training=True)).max() < SAME:
        mistake = "dropout is missing, or its rate is not the argument dropout"
        raise CheckFailed("other answers each time while training, at dropout=0.5", "the same answer", mistake)


@check("transformer_block", "parameters", "the number of parameters is right")
def parameters(factory: Factory) -> None:
    for width, heads, ff_dim in ((EMBED_DIM, NUM_HEADS, FF_DIM), (24, 4, 40)):
        block = make_block(factory, embed_dim=width, num_heads=heads, ff_dim=ff_dim)
        answer(block, words_at(4, width))
        gains = [weight for weight in block.weights if weight.shape == (width,) and np.all(np.asarray(weight) == 1)]
        if len(gains) == 1:
            mistake = "one LayerNormalization is missing, or one is used twice: each half needs its own"
            raise CheckFailed("two normalisations, each with its own gain", "one gain", mistake)
        count = count_parameters(block)
        allowed = {key_dim: block_counts(width, heads, key_dim, ff_dim) for key_dim in (width // heads, width)}
        if any(count in counts for counts in allowed.values()):
            continue
        standard = allowed[width // heads]
        mistake = "compare with: 4 kernels of attention, 2 of feed-forward, their biases, and 2 norms; are the arguments used?"
        if count in block_counts(width, heads, FF_DIM // 2, ff_dim) or count in block_counts(width, 1, width // heads, ff_dim):
            mistake = "the heads have a wrong size: key_dim is embed_dim // num_heads, and there are num_heads of them"
        elif any(count + 2 * width * ff_dim + ff_dim + width in counts for counts in allowed.values()):
            mistake = "the feed-forward network is missing"
        elif any(count in block_counts(width, heads, key_dim, 4 * width) for key_dim in allowed):
            mistake = "ff_dim is not used: the hidden layer must be as wide as the argument says"
        raise CheckFailed(f"{max(standard):,} at embed_dim={width}, num_heads={heads}, ff_dim={ff_dim}", f"{count:,}", mistake)


@check("transformer_block", "learns", "a small GPT with this block learns eight windows by heart")
def learns(factory: Factory) -> None:
    rng = np.random.default_rng(4)
    ids, targets = rng.integers(0, VOCAB, (8, LENGTH)), rng.integers(0, VOCAB, (8, LENGTH))
    words = keras.Input((LENGTH,), dtype="int32")
    x = keras.layers.Embedding(VOCAB, EMBED_DIM, keras.initializers.RandomNormal(stddev=1.0))(words)
    x = keras.layers.Add()([x, keras.ops.convert_to_tensor(interleave(angles(LENGTH, EMBED_DIM)).astype("float32")[None])])
    x = make_block(factory)(x)
    model = keras.Model(words, keras.layers.Dense(VOCAB, activation="softmax")(x))
    before = float(np.log(VOCAB))
    after = train_on_one_batch(model, ids, targets)
    if after > 0.3 * before:
        mistake = (
            "training does not reach the weights of the block or what lies before it: is a gradient stopped, or a layer frozen?"
        )
        raise CheckFailed(f"a loss well below {before:.1f} after 100 steps", f"{after:.2f}", mistake)


def normalised(x: np.ndarray) -> np.ndarray:
    """Each word with mean 0 and variance 1."""
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
