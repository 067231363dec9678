"""Checks of `transformer_block`: residual, norm, dropout, parameters. Set weights to zero, scale the input, count."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.layers import table_of_paper
from minigpt.classroom.checks.machinery.fixtures import (
    EMBED_DIM,
    FF_DIM,
    LENGTH,
    NUM_HEADS,
    TOLERANCE,
    VOCAB,
    block_counts,
    count_parameters,
    fit_one_batch,
    make_block,
    output_of,
    random_batch,
    random_embeddings,
)
from minigpt.classroom.checks.machinery.run import CheckFailed, check

Factory = Callable[..., Any]


@check("transformer_block", "residual", "the input of attention and of feed-forward is added to their output")
def residual(factory: Factory) -> None:
    block, x = make_block(factory), random_embeddings(6) * 3 + 1
    before = output_of(block, x)
    for weight in block.weights:  # nothing is left but the residual paths and the normalisation, whose gains are ones
        if "seed_generator" not in weight.path and not np.all(np.asarray(keras.ops.convert_to_numpy(weight)) == 1):
            weight.assign(np.zeros(weight.shape))
    out = output_of(block, x)
    if np.allclose(out, x, atol=1e-3):
        return
    is_normalised = np.allclose(out, normalised(x), atol=0.02)
    if is_normalised and np.allclose(before, normalised(before), atol=0.02):  # post-norm
        return
    got = f"about {float((out * x).sum() / (x * x).sum()):.1f} times the words"
    mistake = "the input is added more than once: each half adds its own input once"
    if is_normalised:
        got = "the normalised words"
        mistake = "the residual is taken after the norm: keep x itself, x + f(norm(x)), not norm(x) + f(norm(x))"
    elif np.ptp(out, axis=1).max() < 1e-3:
        got = "nothing is left of them"
        mistake = "the residual connection is missing: add the input of attention and feed-forward to their output, x + f(x)"
    expected = "with attention and feed-forward set to zero, the words come out as they came in (post-norm: normalised)"
    raise CheckFailed(expected, got, mistake)


@check("transformer_block", "both_halves", "the result of attention survives the feed-forward half")
def both_halves(factory: Factory) -> None:
    width, ff_dim = 24, 40
    block, x = make_block(factory, embed_dim=width, num_heads=4, ff_dim=ff_dim), random_embeddings(6, width)
    output_of(block, x)
    for weight in block.weights:  # the last layer of the feed-forward network, so that only the sum bypasses it
        if weight.shape == (ff_dim, width):
            weight.assign(np.zeros(weight.shape))
    other_first_word = x.copy()
    other_first_word[:, 0] = random_embeddings(1, width, seed=1)[:, 0]
    if np.abs(output_of(block, x) - output_of(block, other_first_word))[:, -1].max() < TOLERANCE:
        expected = "without the feed-forward network, the last output still depends on the first word"
        mistake = "the second half adds the input of the block, not of this half: the result of attention is lost"
        raise CheckFailed(expected, "it does not", mistake)


@check("transformer_block", "normalised", "layer normalisation keeps large inputs from making the outputs explode")
def is_bounded(factory: Factory) -> None:
    block, x = make_block(factory), random_embeddings(6)
    out = output_of(block, x)
    if np.allclose(out, normalised(out), atol=0.02):  # post-norm
        return
    small, large = np.abs(out - x).max(), np.abs(output_of(block, 1000 * x) - 1000 * x).max()
    if large > 20 * max(small, 1e-3):
        expected = "attention and feed-forward that return the same when all words are 1000 times as large"
        mistake = "layer normalisation is missing, or precedes one half only: both attention and feed-forward need one"
        raise CheckFailed(expected, "much larger values", mistake)


@check("transformer_block", "feed_forward", "the feed-forward network is non-linear: an activation between its two layers")
def feed_forward(factory: Factory) -> None:
    block, x = make_block(factory), random_embeddings(6)
    if np.abs(output_of(block, x) + output_of(block, -x)).max() < 10 * TOLERANCE:
        mistake = "no activation in the feed-forward network, or no network: two Dense layers without relu or gelu are just one"
        raise CheckFailed("an output for -x that is not just the negative of that for x", "exactly its negative", mistake)


@check("transformer_block", "dropout", "dropout works in training, and is off otherwise")
def dropout(factory: Factory) -> None:
    block, x = make_block(factory, dropout=0.5), random_embeddings(6)
    out = output_of(block, x)
    if max(np.abs(output_of(block, x, **options) - out).max() for options in ({}, {"training": False})) > TOLERANCE:
        mistake = "dropout is always on: do not call it with training=True, Keras turns it on for training only"
        raise CheckFailed("the same output twice", "two different ones", mistake)
    if np.abs(output_of(block, x, training=True) - output_of(block, x, training=True)).max() < TOLERANCE:
        mistake = "dropout is missing, or its rate is not the argument dropout"
        raise CheckFailed("a different output each time in training, at dropout=0.5", "the same one", mistake)


@check("transformer_block", "parameters", "the number of parameters is right")
def parameters(factory: Factory) -> None:
    for width, heads, ff_dim in ((EMBED_DIM, NUM_HEADS, FF_DIM), (24, 4, 40)):
        block = make_block(factory, embed_dim=width, num_heads=heads, ff_dim=ff_dim)
        output_of(block, random_embeddings(4, width))
        gains = [weight for weight in block.weights if weight.shape == (width,) and np.all(np.asarray(weight) == 1)]
        if len(gains) == 1:
            mistake = "one LayerNormalization is missing, or one is used twice: each half needs its own"
            raise CheckFailed("two normalisations, each with its own gain", "one gain", mistake)
        count, key_dims = count_parameters(block), (width // heads, width)
        allowed = [block_counts(width, heads, key_dim, ff_dim) for key_dim in key_dims]
        if any(count in counts for counts in allowed):
            continue
        mistake = "count: 4 kernels of attention, 2 of feed-forward, their biases, and 2 norms. Is every argument used?"
        if count in block_counts(width, heads, FF_DIM // 2, ff_dim) or count in block_counts(width, 1, width // heads, ff_dim):
            mistake = "the heads have the wrong size: key_dim is embed_dim // num_heads, and there are num_heads of them"
        elif any(count + 2 * width * ff_dim + ff_dim + width in counts for counts in allowed):
            mistake = "the feed-forward network is missing"
        elif any(count in block_counts(width, heads, key_dim, 4 * width) for key_dim in key_dims):
            mistake = "ff_dim is not used: the hidden layer must be as wide as the argument says"
        expected = f"{max(allowed[0]):,} at embed_dim={width}, num_heads={heads}, ff_dim={ff_dim}"
        raise CheckFailed(expected, f"{count:,}", mistake)


@check("transformer_block", "learns", "a small GPT with this block learns eight windows by heart")
def learns(factory: Factory) -> None:
    ids, targets = random_batch(8, seed=4)
    words = keras.Input((LENGTH,), dtype="int32")
    x = keras.layers.Embedding(VOCAB, EMBED_DIM, keras.initializers.RandomNormal(stddev=1.0))(words)
    positions = table_of_paper(LENGTH, EMBED_DIM).astype("float32")
    x = make_block(factory)(keras.layers.Add()([x, keras.ops.convert_to_tensor(positions[None])]))
    model = keras.Model(words, keras.layers.Dense(VOCAB, activation="softmax")(x))
    before, after = float(np.log(VOCAB)), fit_one_batch(model, ids, targets)
    if after > 0.3 * before:
        mistake = "training does not reach every weight of the block and below: is a gradient stopped, or a layer frozen?"
        raise CheckFailed(f"a loss well below {before:.1f} after 100 steps", f"{after:.2f}", mistake)


def normalised(x: np.ndarray) -> np.ndarray:
    """Each word with mean 0 and variance 1."""
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
