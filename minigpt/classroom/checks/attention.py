"""Checks of `transformer_block`: who sees whom. Change a word, and look which answers move."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigpt.classroom.checks.machinery.fixtures import answer, make_block, moved, words_at
from minigpt.classroom.checks.machinery.run import CheckFailed, check

Factory = Callable[..., Any]


@check("transformer_block", "shape", "(B, T, D) comes out as (B, T, D)")
def shape(factory: Factory) -> None:
    block = make_block(factory)
    for length in (6, 1):
        x = words_at(length, batch=2)
        out = answer(block, x)
        if out.shape != x.shape:
            mistake = "the last Dense layer of the feed-forward network must be embed_dim wide again"
            if out.ndim == 2:
                mistake = "the words are pooled into one: a decoder block gives an answer for every word"
            raise CheckFailed(str(x.shape), str(out.shape), mistake)


@check("transformer_block", "causal", "no word sees a later one: changing the future leaves the past as it was")
def causal(factory: Factory) -> None:
    block, x = make_block(factory), words_at(6)
    leaks = _leaks(block, x)
    if not leaks:
        return
    mistake = (
        "there is no mask: every word sees the future, so the model learns to copy the next word. Use use_causal_mask=True"
    )
    if all(set(positions) <= {0} for positions in leaks.values()):
        mistake = "the mask also hides the present: the first word may look at nothing, so softmax takes all. Keep the diagonal"
    elif not _looks_back(block, x):
        mistake = "the mask is transposed: each word sees the words after it instead of those before it"
    elif _uneven_average(block):
        mistake = _why_uneven(block)
    place = min(leaks)
    raise CheckFailed(
        f"words 0 to {place - 1} unchanged when word {place} and later change", f"words {leaks[place]} changed", mistake
    )


@check("transformer_block", "looks_back", "every word sees the words before it")
def looks_back(factory: Factory) -> None:
    block, x = make_block(factory), words_at(6)
    if _looks_back(block, x):
        return
    out = answer(block, x)
    changed = x.copy()
    changed[0, -1] += 1
    sees_future = moved(out, answer(block, changed))[:-1].any()
    mistake = "the words do not look at each other: there is no attention, or its result is not used"
    if sees_future:
        mistake = "the mask is transposed: each word sees the words after it instead of those before it"
    raise CheckFailed("the last answers move when word 0 changes", "they stay", mistake)


@check("transformer_block", "averages", "attention is a weighted average: the weights of each word sum to 1")
def averages(factory: Factory) -> None:
    block = make_block(factory)
    if _uneven_average(block):
        mistake = _why_uneven(block)
        raise CheckFailed(
            "the same answer at each place of a sentence that repeats one word", "other answers from place to place", mistake
        )


@check("transformer_block", "scaled", "the scores are divided by sqrt(key_dim)")
def scaled(factory: Factory) -> None:
    width, length = 64, 32
    shares = []
    for seed in range(3):  # how many of the earlier words the last one listens to
        x = words_at(length, width, seed=seed)
        batch = np.repeat(x, length, axis=0)
        batch[np.arange(length - 1), np.arange(length - 1)] += words_at(length - 1, width, seed=seed + 9)[0] * 0.05
        out = answer(make_block(factory, embed_dim=width, num_heads=1, ff_dim=8), batch)[:, -1]  # (T, D)
        effects = np.linalg.norm(out[:-1] - out[-1], axis=-1)
        shares.append(effects.sum() ** 2 / max((effects**2).sum(), 1e-30))
    listens_to = float(np.median(shares))
    if 0 < listens_to < 5.5:
        mistake = (
            "the scores are not scaled: divide them by sqrt(key_dim), or the softmax of large scores looks at one word alone"
        )
        raise CheckFailed(f"a fresh block that listens to many of {length - 1} words", f"to about {listens_to:.1f}", mistake)


def _looks_back(block: Any, x: np.ndarray) -> bool:
    changed = x.copy()
    changed[0, 0] = words_at(1, x.shape[2], seed=99)[0, 0]
    return bool(moved(answer(block, x), answer(block, changed))[1:].all())


def _leaks(block: Any, x: np.ndarray) -> dict[int, list[int]]:
    """For each place from which the words were changed, the earlier answers that moved; empty if none did."""
    before, leaks = answer(block, x), {}
    for place in range(1, x.shape[1]):
        changed = x.copy()
        changed[0, place:] = words_at(x.shape[1], seed=place)[0, place:]
        leaks[place] = np.flatnonzero(moved(before, answer(block, changed))[:place]).tolist()
    return {place: positions for place, positions in leaks.items() if positions}


def _uneven_average(block: Any) -> bool:
    """Feed one word over and over: an average of equal words is that word, at every place."""
    out = answer(block, np.repeat(words_at(1), 6, axis=1))[0]
    return float(np.abs(out - out[:1]).max()) > 1e-3


def _why_uneven(block: Any) -> str:
    """Which mistake makes weights that do not sum to 1: each leaves another trace in a sentence that repeats one word."""
    if not _leaks(block, words_at(6)):
        return "softmax is missing: the scores are used as weights, so they do not sum to 1"
    same = answer(block, np.repeat(words_at(1), 6, axis=1))[0]
    if np.abs(same[-1] - answer(block, words_at(1))[0, 0]).max() < 1e-3:  # the last word sees all, so its weights do sum to 1
        return "the mask is applied after the softmax: before it, set the scores of the future to -1e9"
    return (
        "the softmax runs over the wrong axis: it must run over the words looked at, the last axis of the scores (B, H, T, T)"
    )
