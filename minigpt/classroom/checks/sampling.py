"""Checks of `generate_text`: how the next word is chosen, with a model that always gives the same four probabilities."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigpt.classroom.checks.machinery.run import CheckFailed, check
from minigpt.classroom.checks.machinery.stub_model import FIRST_WORD, VOCAB, WORDS, always, speak

Generate = Callable[..., Any]
CHANCES = {4: 0.5, 5: 0.3, 6: 0.15, 7: 0.05}  # of cat, dog, elk and fox


@check("generate_text", "temperature", "temperature makes the choice bolder or safer, p ** (1 / temperature)")
def temperature(generate_text: Generate) -> None:
    p = np.array(list(CHANCES.values()))
    settings = (0.5, 2.0, 1.0)
    came = {
        setting: _shares(speak(generate_text, always(CHANCES), "ant", max_new_tokens=500, temperature=setting, seed=number))
        for number, setting in enumerate(settings)
    }
    wrong = {setting: _apart(came[setting], p ** (1 / setting)) for setting in settings}
    setting = max(settings, key=lambda one: wrong[one])
    if wrong[setting] < 0.2:
        return
    kinds: dict[str, Callable[[float], np.ndarray]] = {
        "the logits are multiplied by the temperature: they must be divided by it": lambda t: p**t,
        "temperature is not used": lambda t: p,
        "the probabilities themselves are divided by the temperature before softmax: take their logarithm first": lambda t: (
            np.exp(p / t)
        ),
        "the likeliest word is always taken (argmax): draw from the probabilities, rng.choice(V, p=p)": lambda t: p == p.max(),
        "every word is drawn with the same chance: give the probabilities to choice, p=p": lambda t: np.ones_like(p),
    }
    apart = {name: sum(_apart(came[one], kind(one)) for one in settings) for name, kind in kinds.items()}
    mistake = min(apart, key=lambda name: apart[name])
    if apart[mistake] > 0.9:
        mistake = "divide ln p by the temperature, then softmax"
    right = p ** (1 / setting) / (p ** (1 / setting)).sum()
    raise CheckFailed(f"about {_percent(right)} of 500 words at temperature={setting}", _percent(came[setting]), mistake)


@check("generate_text", "greedy", "a temperature near 0 takes the likeliest word")
def greedy(generate_text: Generate) -> None:
    said = speak(generate_text, always({4: 0.40, 5: 0.35, 6: 0.25}), "ant", max_new_tokens=20, temperature=0.02)
    if said != ["cat"] * 20:
        mistake = "temperature must sharpen the probabilities: divide ln p by it, and subtract the largest first"
        if len(set(said)) == 1:
            mistake = "the least likely word is taken, or the ids are one off: argmax gives the id itself"
        raise CheckFailed("'cat' 20 times, the likeliest word", f"{', '.join(sorted(set(said)))}", mistake)


@check("generate_text", "top_k", "top_k chooses among the k likeliest words only")
def top_k(generate_text: Generate) -> None:
    for k in (2, 1, 3):
        said = set(speak(generate_text, always(CHANCES), "ant", max_new_tokens=100, top_k=k))
        expected = {"cat", "dog", "elk", "fox"} & {WORDS[id_] for id_ in list(CHANCES)[:k]}
        if said == expected:
            continue
        mistake = "keep the k largest probabilities, set the others to 0, and divide by the sum"
        if len(said) == k + 1 and expected < said:
            mistake = "top_k is off by one: k + 1 words are kept. Compare with >= the k-th largest, sorted[-k]"
        elif said < expected:
            mistake = "top_k is off by one: k - 1 words are kept. Keep those >= the k-th largest, not only those above it"
        elif said >= {"cat", "dog", "elk", "fox"}:
            mistake = "top_k is not used"
        elif not said & expected:
            mistake = "the k least likely words are kept: argsort sorts upwards, the likeliest are at the end"
        raise CheckFailed(f"only {', '.join(sorted(expected))} at top_k={k}", ", ".join(sorted(said)), mistake)


@check("generate_text", "top_p", "top_p chooses among the fewest words that together have probability p")
def top_p(generate_text: Generate) -> None:
    for p, count in ((0.7, 2), (0.4, 1), (0.9, 3)):
        said = set(speak(generate_text, always(CHANCES), "ant", max_new_tokens=100, top_p=p))
        expected = {WORDS[id_] for id_ in list(CHANCES)[:count]}
        if said == expected:
            continue
        mistake = "sort the words by probability, add them up, and keep the fewest that reach p"
        if len(said) == count + 1 and expected < said:
            mistake = "top_p keeps one word too many: stop with the word that makes the sum reach p"
        elif said < expected:
            mistake = (
                "top_p is off by one: the word with which the sum reaches p belongs to them, and at least one word must stay"
            )
        elif said >= {"cat", "dog", "elk", "fox"}:
            mistake = "top_p is not used"
        elif not said & expected:
            mistake = "the least likely words are kept: sort downwards"
        raise CheckFailed(f"only {', '.join(sorted(expected))} at top_p={p}", ", ".join(sorted(said)), mistake)


@check("generate_text", "seed", "the same seed says the same, another seed something else")
def seed(generate_text: Generate) -> None:
    even = always(dict.fromkeys(range(FIRST_WORD, VOCAB), 0.1))
    first, again, other = (speak(generate_text, even, "ant", max_new_tokens=25, seed=number) for number in (1, 1, 2))
    if first != again:
        mistake = "the seed is not used: np.random.default_rng(seed) at the start of the function, and draw from it"
        raise CheckFailed("the same 25 words twice at seed=1", f"{' '.join(first[:4])} … and {' '.join(again[:4])} …", mistake)
    if len(set(first)) == 1:
        mistake = "the random numbers start anew for each word: make the generator once, before the loop"
        raise CheckFailed("different words, all are equally likely", f"{first[0]!r} 25 times", mistake)
    if first == other:
        raise CheckFailed(
            "other words at seed=2", "the same as at seed=1", "the seed is fixed: use the argument, not a number of your own"
        )


def _shares(said: list[str]) -> np.ndarray:  # -> (4,)
    counts = np.array([said.count(WORDS[id_]) for id_ in CHANCES], dtype=float)
    return counts / max(len(said), 1)


def _apart(shares: np.ndarray, weights: np.ndarray) -> float:
    return float(np.abs(shares - weights / weights.sum()).sum())


def _percent(shares: np.ndarray) -> str:
    return ", ".join(f"{share:.0%}" for share in shares)
