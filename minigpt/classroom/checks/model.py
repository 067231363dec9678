"""Checks of `build_gpt_model`, on a model of 16 numbers a word and 20 words."""

import copy
import types
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.machinery.fixtures import (
    EMBED_DIM,
    FF_DIM,
    LENGTH,
    NUM_HEADS,
    TOLERANCE,
    VOCAB,
    changed_positions,
    count_parameters,
    fit_one_batch,
    loss_of,
    model_counts,
    output_of,
    random_batch,
)
from minigpt.classroom.checks.machinery.messages import exception_means
from minigpt.classroom.checks.machinery.reference_parts import check
from minigpt.classroom.checks.machinery.run import CheckFailed
from minigpt.config import GPTConfig

Build = Callable[[Any], Any]
IDS = np.array([[3, 7, 1, 12, 5, 19, 4, 8]], dtype="int32")  # (1, LENGTH)
SMALL = GPTConfig(
    vocab_size=VOCAB,
    max_seq_length=LENGTH,
    embed_dim=EMBED_DIM,
    num_heads=NUM_HEADS,
    ff_dim=FF_DIM,
    num_layers=2,
    dropout=0.1,
)


def build(build_gpt_model: Build, config: Any = SMALL) -> Any:
    """The student's model, or CheckFailed where there is none."""
    model = build_gpt_model(copy.copy(config))  # a student's code may change it
    if model is None:
        raise CheckFailed("a keras.Model", "None", "build_gpt_model has no `return model`")
    if not isinstance(model, keras.Model):
        raise CheckFailed("a keras.Model", f"a {type(model).__name__}", "end with `return keras.Model(inputs, outputs)`")
    return model


def probabilities_of(model: Any, ids: np.ndarray) -> np.ndarray:
    """The predictions (B, T, V), or CheckFailed where the model predicts after the last word only."""
    out = output_of(model, ids)
    if out.ndim != 3:
        mistake = "there is a prediction for the last word only: a GPT predicts at every position, and learns from all of them"
        raise CheckFailed(f"{(*ids.shape, VOCAB)}: a prediction at every position", str(out.shape), mistake)
    return out


def log_probabilities(model: Any, ids: np.ndarray) -> np.ndarray:
    """Their logarithms; abs, because logits fail a check of their own."""
    return np.log(np.maximum(np.abs(probabilities_of(model, ids)), 1e-9))


@check("probabilities", "at each position, the probabilities of the words sum to 1")
def probabilities(build_gpt_model: Build) -> None:
    out = probabilities_of(build(build_gpt_model), IDS)
    if out.shape != (1, LENGTH, VOCAB):
        mistake = "the last layer must have vocab_size outputs, one for each word"
        raise CheckFailed(f"the shape {(1, LENGTH, VOCAB)}", str(out.shape), mistake)
    if np.allclose(out.sum(-1), 1, atol=1e-3) and out.min() >= 0:
        return
    mistake = "the outputs are logits: the last layer needs activation='softmax'"
    if np.allclose(out.sum(1), 1, atol=1e-3) and out.min() >= 0:
        mistake = "the softmax runs over the positions (axis 1): it must run over the words, the last axis"
    elif out.min() >= 0 and out.max() <= 1:
        mistake = "each word gets a probability of its own (sigmoid): softmax makes them sum to 1"
    raise CheckFailed("sums of 1 over the vocabulary", f"sums such as {out[0, 0].sum():.2f}", mistake)


@check("initial_loss", "before training the loss is near ln V, that of guessing")
def initial_loss(build_gpt_model: Build) -> None:
    ids, targets = random_batch(32, seed=5)
    model = build(build_gpt_model)
    probabilities_of(model, ids)
    loss, guess = loss_of(model, ids, targets), float(np.log(VOCAB))
    if not guess - 0.5 < loss < guess + 2:
        mistake = "the initial weights are too large, or a norm is missing: an untrained model must not be certain"
        raise CheckFailed(f"about {guess:.1f} (ln {VOCAB})", f"{loss:.1f}", mistake)


@check("causal", "changing the future leaves the predictions about the past as they were")
def causal(build_gpt_model: Build) -> None:
    model = build(build_gpt_model)
    changed = IDS.copy()
    changed[0, 5:] = [2, 9, 14]
    leaks = np.flatnonzero(changed_positions(log_probabilities(model, IDS), log_probabilities(model, changed))[:5]).tolist()
    if leaks:
        mistake = "there is no mask: the model sees the word it should predict. Pass config.causal on to transformer_block"
        raise CheckFailed("predictions 0 to 4 unchanged when words 5 to 7 change", f"predictions {leaks} changed", mistake)


@check("looks_back", "a prediction depends on the words before, not on the last one alone")
def looks_back(build_gpt_model: Build) -> None:
    model = build(build_gpt_model)
    changed = IDS.copy()
    changed[0, 0] = 15
    if not changed_positions(log_probabilities(model, IDS), log_probabilities(model, changed))[1:].any():
        mistake = "the blocks are not used: is x the output of the last block when it goes into the last layer?"
        raise CheckFailed("the later predictions change when word 0 changes", "they stay the same", mistake)


@check("positions_matter", "changing the order of the words changes the prediction")
def positions_matter(build_gpt_model: Build) -> None:
    model = build(build_gpt_model, replace(SMALL, num_layers=1))
    before = log_probabilities(model, IDS)[0, -1]
    distance = 0.0
    for seed in range(3):  # the first words in other orders, the last word the same
        order = np.append(np.random.default_rng(seed).permutation(LENGTH - 1), LENGTH - 1)
        distance = max(distance, float(np.abs(log_probabilities(model, IDS[:, order])[0, -1] - before).max()))
    if distance < 2e-6:
        mistake = "the model knows no positions: without PositionalEncoding, 'the dog bit the man' is 'the man bit the dog'"
        raise CheckFailed("another prediction when the first seven words change places", "the same one", mistake)


@check("blocks_distinct", "there are num_layers blocks, each with its own weights")
def blocks_distinct(build_gpt_model: Build) -> None:
    counts = []
    for layers in (1, 2, 4):
        model = build(build_gpt_model, replace(SMALL, num_layers=layers))
        output_of(model, IDS)
        counts.append(count_parameters(model))
    per_block = counts[1] - counts[0]
    if per_block > 0 and counts[2] - counts[1] == 2 * per_block:
        return
    mistake = "each layer must add one block"
    if counts[0] == counts[1] == counts[2]:
        mistake = "one block is reused for all layers, or num_layers is not used: create a new block in each turn of the loop"
    raise CheckFailed("parameters that grow by the same number with each layer", f"{counts} for 1, 2 and 4 layers", mistake)


@check("parameters", "the number of parameters is right, at two sizes")
def parameters(build_gpt_model: Build) -> None:
    for config in (GPTConfig(vocab_size=31, max_seq_length=11, embed_dim=24, num_heads=4, ff_dim=40, num_layers=3), SMALL):
        model = build(build_gpt_model, config)
        output_of(model, IDS)
        count, allowed = count_parameters(model), model_counts(config)
        if count in allowed:
            continue
        mistake = "count: the embedding V * D, each block, and the last layer D * V + V. Is every field of config used?"
        if count in model_counts(replace(config, key_dim=config.embed_dim)):
            mistake = "config.key_dim is not passed on: each head has embed_dim numbers instead of key_dim"
        elif count in model_counts(replace(config, ff_dim=4 * config.embed_dim)):
            mistake = "config.ff_dim is not passed on"
        elif count < min(allowed):
            mistake = "parts are missing: an embedding, num_layers blocks, and a last layer that is vocab_size wide"
        nearest = min(allowed, key=lambda number: abs(number - count))
        expected = f"{nearest:,} for {config.num_layers} layers of {config.embed_dim}, {config.vocab_size} words"
        raise CheckFailed(expected, f"{count:,}", mistake)


@check("any_length", "the model reads sequences of every length up to max_seq_length")
def any_length(build_gpt_model: Build) -> None:
    model = build(build_gpt_model)
    for length in (LENGTH, 3, 1):
        mistake = "the model takes one length only: use keras.Input((None,)), and cut the table of positions to the input"
        with exception_means(mistake, f"predictions for {length} of {LENGTH} words"):
            shape = output_of(model, IDS[:, :length]).shape
        if shape[1:-1] != (length,):
            mistake = "there must be one prediction for each word"
            raise CheckFailed(f"{length} predictions for {length} words", f"the shape {shape}", mistake)


@check("dropout_off", "dropout is off when the model predicts")
def dropout_off(build_gpt_model: Build) -> None:
    model = build(build_gpt_model, replace(SMALL, dropout=0.5))
    if np.abs(output_of(model, IDS) - output_of(model, IDS)).max() > TOLERANCE:
        mistake = "dropout is always on: do not call a layer with training=True, Keras turns it on for training only"
        raise CheckFailed("the same output twice", "two different ones", mistake)


@check("any_config", "any object with the fields of the config will do")
def any_config(build_gpt_model: Build) -> None:
    mistake = "use only the fields of the config (config.embed_dim, …), neither its class nor its other functions"
    with exception_means(mistake, "a model from an object with the same fields", TypeError, AttributeError):
        build(build_gpt_model, types.SimpleNamespace(**asdict(SMALL)))


@check("learns", "the model learns: it overfits one batch")
def learns(build_gpt_model: Build) -> None:
    ids, targets = random_batch(8, seed=6)
    model = build(build_gpt_model, replace(SMALL, dropout=0.0, num_layers=1))
    probabilities_of(model, ids)
    loss, guess = fit_one_batch(model, ids, targets), float(np.log(VOCAB))
    if loss > 0.3 * guess:
        mistake = "nothing is learned: does every layer get the output of the one before, and is no gradient stopped?"
        if output_of(model, ids).max() < 1.05 * np.e / (np.e + VOCAB - 1):
            mistake = "the softmax is applied twice, so no word can get a high probability: turn logits into probabilities once"
        raise CheckFailed(f"a loss well below {guess:.1f} after 100 steps on one batch", f"{loss:.2f}", mistake)
