"""Checks of `build_gpt_model`, on a model of 16 numbers a word and 20 words."""

import types
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.machinery.fixtures import (
    EMBED_DIM,
    FF_DIM,
    LENGTH,
    NUM_HEADS,
    SAME,
    VOCAB,
    answer,
    count_parameters,
    loss_of,
    model_counts,
    moved,
    train_on_one_batch,
)
from minigpt.classroom.checks.machinery.messages import said_by
from minigpt.classroom.checks.machinery.reference_parts import check
from minigpt.classroom.checks.machinery.run import CheckFailed
from minigpt.config import GPTConfig

Build = Callable[[Any], Any]
IDS = np.array([[3, 7, 1, 12, 5, 19, 4, 8]], dtype="int32")  # (1, LENGTH)


def small_config(**changes: Any) -> GPTConfig:
    """The sizes of the models that are built here."""
    sizes = {
        "max_seq_length": LENGTH,
        "embed_dim": EMBED_DIM,
        "num_heads": NUM_HEADS,
        "ff_dim": FF_DIM,
        "num_layers": 2,
        "dropout": 0.1,
    }
    return GPTConfig(**{"vocab_size": VOCAB, **sizes, **changes})


def build(build_gpt_model: Build, config: Any) -> Any:
    """The learner's model, or CheckFailed where there is none."""
    model = build_gpt_model(config)
    if model is None:
        raise CheckFailed("a keras.Model", "None", "build_gpt_model has no `return model`")
    if not isinstance(model, keras.Model):
        raise CheckFailed("a keras.Model", f"a {type(model).__name__}", "end with keras.Model(inputs, outputs)")
    return model


def probabilities_of(model: Any, ids: np.ndarray, **options: Any) -> np.ndarray:
    """The answer of the shape (B, T, V), or CheckFailed."""
    out = answer(model, ids, **options)
    if out.ndim != 3:
        mistake = (
            "there is an answer for the last word only: a GPT answers at every position, so that it learns from all of them"
        )
        raise CheckFailed(f"{(*ids.shape, VOCAB)}: an answer at every position", str(out.shape), mistake)
    return out


@check("probabilities", "at each position, the probabilities of the words sum to 1")
def probabilities(build_gpt_model: Build) -> None:
    out = probabilities_of(build(build_gpt_model, small_config()), IDS)
    if out.shape != (1, LENGTH, VOCAB):
        mistake = "the last layer must have vocab_size numbers, one for each word"
        raise CheckFailed(f"the shape {(1, LENGTH, VOCAB)}", str(out.shape), mistake)
    if np.allclose(out.sum(-1), 1, atol=1e-3) and out.min() >= 0:
        return
    mistake = "the answers are logits: the last layer needs activation='softmax'"
    if np.allclose(out.sum(1), 1, atol=1e-3) and out.min() >= 0:
        mistake = "the softmax runs over the positions (axis 1): it must run over the words, the last axis"
    elif out.min() >= 0 and out.max() <= 1:
        mistake = "each word gets a probability of its own (sigmoid): softmax makes them sum to 1"
    raise CheckFailed("sums of 1 over the vocabulary", f"sums such as {out[0, 0].sum():.2f}", mistake)


@check("initial_loss", "before training the loss is near ln V, that of guessing")
def initial_loss(build_gpt_model: Build) -> None:
    rng = np.random.default_rng(5)
    ids, targets = rng.integers(0, VOCAB, (32, LENGTH)), rng.integers(0, VOCAB, (32, LENGTH))
    model = build(build_gpt_model, small_config())
    probabilities_of(model, ids)
    loss, guess = loss_of(model, ids, targets), float(np.log(VOCAB))
    if not guess - 0.5 < loss < guess + 2:
        mistake = (
            "the first weights are too large, or the last layer is not normalised: a fresh model must not be sure of anything"
        )
        raise CheckFailed(f"about {guess:.1f} (ln {VOCAB})", f"{loss:.1f}", mistake)


@check("causal", "changing the future leaves the answers about the past as they were")
def causal(build_gpt_model: Build) -> None:
    model = build(build_gpt_model, small_config())
    changed = IDS.copy()
    changed[0, 5:] = [2, 9, 14]
    leaks = np.flatnonzero(moved(np.log(_positive(model, IDS)), np.log(_positive(model, changed)))[:5]).tolist()
    if leaks:
        mistake = "there is no mask: the model sees the word that it shall predict. Hand config.causal on to transformer_block"
        raise CheckFailed("answers 0 to 4 unchanged when words 5 to 7 change", f"answers {leaks} changed", mistake)


@check("looks_back", "the answer depends on the words before, not on the last one alone")
def looks_back(build_gpt_model: Build) -> None:
    model = build(build_gpt_model, small_config())
    changed = IDS.copy()
    changed[0, 0] = 15
    if not moved(np.log(_positive(model, IDS)), np.log(_positive(model, changed)))[1:].any():
        mistake = "the blocks are not used: is x the output of the last block when it goes into the last layer?"
        raise CheckFailed("later answers move when word 0 changes", "they stay", mistake)


@check("positions_matter", "permuting the words changes the answer")
def positions_matter(build_gpt_model: Build) -> None:
    model = build(build_gpt_model, small_config(num_layers=1, vocab_size=VOCAB))
    before = np.log(_positive(model, IDS))[0, -1]
    distance = 0.0
    for seed in range(3):  # the first words in other orders, the last word the same
        order = np.append(np.random.default_rng(seed).permutation(LENGTH - 1), LENGTH - 1)
        distance = max(distance, float(np.abs(np.log(_positive(model, IDS[:, order]))[0, -1] - before).max()))
    if distance < 2e-6:
        mistake = "positions are not told: without PositionalEncoding, 'the dog bit the man' is 'the man bit the dog'"
        raise CheckFailed("another answer when the first seven words change places", "the same answer", mistake)


@check("blocks_distinct", "there are num_layers blocks, each with weights of its own")
def blocks_distinct(build_gpt_model: Build) -> None:
    counts = []
    for layers in (1, 2, 4):
        model = build(build_gpt_model, small_config(num_layers=layers))
        answer(model, IDS)
        counts.append(count_parameters(model))
    per_block = counts[1] - counts[0]
    if per_block > 0 and counts[2] - counts[1] == 2 * per_block:
        return
    mistake = "each layer must add one block"
    if counts[0] == counts[1] == counts[2]:
        mistake = "one block is reused for all layers, or num_layers is not used: make a new block in each turn of the loop"
    raise CheckFailed("parameters that grow by the same with each layer", f"{counts} for 1, 2 and 4 layers", mistake)


@check("parameters", "the number of parameters is right, at two sizes")
def parameters(build_gpt_model: Build) -> None:
    for config in (
        small_config(vocab_size=31, embed_dim=24, num_heads=4, ff_dim=40, num_layers=3, max_seq_length=11),
        small_config(),
    ):
        model = build(build_gpt_model, config)
        answer(model, IDS)
        count, allowed = count_parameters(model), model_counts(config)
        if count in allowed:
            continue
        wide = GPTConfig(**{**_values(config), "key_dim": config.embed_dim})
        small_ff = GPTConfig(**{**_values(config), "ff_dim": 4 * config.embed_dim})
        mistake = "compare the parts: embedding V * D, each block, and the last layer D * V + V; is every field of config used?"
        if count in model_counts(wide):
            mistake = "config.key_dim is not handed on: each head has embed_dim numbers instead of key_dim"
        elif count in model_counts(small_ff):
            mistake = "config.ff_dim is not handed on"
        elif count < min(allowed):
            mistake = "parts are missing: an embedding, num_layers blocks, and a last layer that is vocab_size wide"
        near = min(allowed, key=lambda number: abs(number - count))
        raise CheckFailed(
            f"{near:,} for {config.num_layers} layers of {config.embed_dim}, {config.vocab_size} words", f"{count:,}", mistake
        )


@check("any_length", "the model reads sequences of every length up to max_seq_length")
def any_length(build_gpt_model: Build) -> None:
    model = build(build_gpt_model, small_config())
    for length in (LENGTH, 3, 1):
        try:
            shape = answer(model, IDS[:, :length]).shape
        except CheckFailed:
            raise
        except Exception as error:
            mistake = "the model takes one length only: keras.Input((None,)), and positions cut to the length that comes"
            raise CheckFailed(f"an answer to {length} of {LENGTH} words", type(error).__name__, mistake) from None
        if shape[1:-1] != (length,):
            mistake = "there must be one answer for each word"
            raise CheckFailed(f"{length} answers for {length} words", f"the shape {shape}", mistake)


@check("dropout_off", "dropout is off when the model answers")
def dropout_off(build_gpt_model: Build) -> None:
    model = build(build_gpt_model, small_config(dropout=0.5))
    if np.abs(answer(model, IDS) - answer(model, IDS)).max() > SAME:
        mistake = "dropout is always on: do not call a layer with training=True, Keras turns it on while training only"
        raise CheckFailed("the same answer twice", "two different answers", mistake)


@check("any_config", "any object with the fields of the config will do")
def any_config(build_gpt_model: Build) -> None:
    config = types.SimpleNamespace(**_values(small_config()))
    try:
        build(build_gpt_model, config)
    except (TypeError, AttributeError) as error:
        mistake = "use the fields of the config only (config.embed_dim, …), not its class or its other functions"
        raise CheckFailed("a model from an object with the same fields", said_by(error), mistake) from None


@check("learns", "the model learns: it overfits one batch")
def learns(build_gpt_model: Build) -> None:
    rng = np.random.default_rng(6)
    ids, targets = rng.integers(0, VOCAB, (8, LENGTH)), rng.integers(0, VOCAB, (8, LENGTH))
    model = build(build_gpt_model, small_config(dropout=0.0, num_layers=1))
    probabilities_of(model, ids)
    loss, guess = train_on_one_batch(model, ids, targets), float(np.log(VOCAB))
    if loss > 0.3 * guess:
        mistake = "nothing is learned: does every part get its input from the one before, and is no gradient stopped?"
        if answer(model, ids).max() < 1.05 * np.e / (np.e + VOCAB - 1):
            mistake = (
                "the softmax is applied twice: no word can then get a high probability. Turn logits into probabilities once"
            )
        raise CheckFailed(f"a loss well below {guess:.1f} after 100 steps on one batch", f"{loss:.2f}", mistake)


def _positive(model: Any, ids: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(probabilities_of(model, ids)), 1e-9)  # abs: logits fail a check of their own


def _values(config: GPTConfig) -> dict[str, Any]:
    return {field.name: getattr(config, field.name) for field in fields(config)}
