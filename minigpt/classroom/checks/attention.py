"""Checks of `transformer_block`: which word sees which. Change a word, and look which outputs change."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigpt.classroom.checks.machinery.fixtures import changed_positions, make_block, output_of, random_embeddings
from minigpt.classroom.checks.machinery.run import CheckFailed, check

Factory = Callable[..., Any]
TRANSPOSED = "the mask is transposed: each word sees the words after it instead of those before it"


@check("transformer_block", "shape", "(B, T, D) comes out as (B, T, D)")
def shape(factory: Factory) -> None:
    block = make_block(factory)
    for length in (6, 1):
        x = random_embeddings(length, batch=2)
        out = output_of(block, x)
        if out.shape != x.shape:
            mistake = "the last Dense layer of the feed-forward network must be embed_dim wide again"
            if out.ndim == 2:
                mistake = "the words are pooled into one: a decoder block returns an output for every word"
            raise CheckFailed(str(x.shape), str(out.shape), mistake)


@check("transformer_block", "causal", "no word sees a later one: changing the future leaves the past as it was")
def causal(factory: Factory) -> None:
    block, x = make_block(factory), random_embeddings(6)
    leaks = _leaks(block, x)
    if not leaks:
        return
    mistake = "there is no mask: every word sees the future, so the model learns to copy. Use use_causal_mask=True"
    if all(set(positions) <= {0} for positions in leaks.values()):
        mistake = "the mask also hides the present: the first word can attend to nothing. Keep the diagonal of the mask"
    elif not _looks_back(block, x):
        mistake = TRANSPOSED
    elif _is_uneven(block):
        mistake = _why_uneven(block)
    place = min(leaks)
    expected = f"outputs 0 to {place - 1} unchanged when word {place} and later ones change"
    raise CheckFailed(expected, f"outputs {leaks[place]} changed", mistake)


@check("transformer_block", "looks_back", "every word sees the words before it")
def looks_back(factory: Factory) -> None:
    block, x = make_block(factory), random_embeddings(6)
    if _looks_back(block, x):
        return
    last_changed = x.copy()
    last_changed[0, -1] += 1
    mistake = "the words do not see each other: there is no attention, or its result is not used"
    if changed_positions(output_of(block, x), output_of(block, last_changed))[:-1].any():
        mistake = TRANSPOSED
    raise CheckFailed("the later outputs change when word 0 changes", "they stay the same", mistake)


@check("transformer_block", "averages", "attention is a weighted average: the weights of each word sum to 1")
def averages(factory: Factory) -> None:
    block = make_block(factory)
    if _is_uneven(block):
        expected = "the same output at each position of a sentence that repeats one word"
        raise CheckFailed(expected, "different outputs", _why_uneven(block))


@check("transformer_block", "scaled", "the scores are divided by sqrt(key_dim)")
def scaled(factory: Factory) -> None:
    width, length = 64, 32
    counts = []
    for seed in range(3):  # to how many of the earlier words the last one attends
        x = random_embeddings(length, width, seed=seed)
        batch = np.repeat(x, length, axis=0)
        batch[np.arange(length - 1), np.arange(length - 1)] += random_embeddings(length - 1, width, seed=seed + 9)[0] * 0.05
        out = output_of(make_block(factory, embed_dim=width, num_heads=1, ff_dim=8), batch)[:, -1]  # (T, D)
        effects = np.linalg.norm(out[:-1] - out[-1], axis=-1)
        counts.append(effects.sum() ** 2 / max((effects**2).sum(), 1e-30))
    attends_to = float(np.median(counts))
    if 0 < attends_to < 5.5:
        mistake = "the scores are not scaled: divide them by sqrt(key_dim), or softmax picks the one largest score"
        expected = f"a fresh block in which a word attends to many of {length - 1} others"
        raise CheckFailed(expected, f"it attends to about {attends_to:.1f}", mistake)


def _looks_back(block: Any, x: np.ndarray) -> bool:
    changed = x.copy()
    changed[0, 0] = random_embeddings(1, x.shape[2], seed=99)[0, 0]
    return bool(changed_positions(output_of(block, x), output_of(block, changed))[1:].all())


def _leaks(block: Any, x: np.ndarray) -> dict[int, list[int]]:
    """For each place from which on the words were changed, the earlier outputs that changed; empty if none did."""
    before, leaks = output_of(block, x), {}
    for place in range(1, x.shape[1]):
        changed = x.copy()
        changed[0, place:] = random_embeddings(x.shape[1], seed=place)[0, place:]
        leaks[place] = np.flatnonzero(changed_positions(before, output_of(block, changed))[:place]).tolist()
    return {place: positions for place, positions in leaks.items() if positions}


def _repeated_word(block: Any, length: int) -> np.ndarray:  # -> (T, D)
    """The outputs for a sentence that repeats one word: an average of equal words is that word, at every position."""
    return output_of(block, np.repeat(random_embeddings(1), length, axis=1))[0]


def _is_uneven(block: Any) -> bool:
    out = _repeated_word(block, 6)
    return float(np.abs(out - out[:1]).max()) > 1e-3


def _why_uneven(block: Any) -> str:
    """Which mistake makes the weights not sum to 1: each leaves another trace in a sentence that repeats one word."""
    if not _leaks(block, random_embeddings(6)):
        return "softmax is missing: the scores are used as weights, so they do not sum to 1"
    last, alone = _repeated_word(block, 6)[-1], _repeated_word(block, 1)[0]
    if np.abs(last - alone).max() < 1e-3:  # the last word sees all, so its weights do sum to 1
        return "the mask is applied after the softmax: before it, set the scores of the future to -1e9"
    return "the softmax runs over the wrong axis: it must run over the keys, the last axis of the scores (B, H, T, T)"
