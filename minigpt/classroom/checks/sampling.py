"""Checks of `generate_text`: how the next word is chosen, with a model that always predicts the same four probabilities."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigpt.classroom.checks.machinery.run import CheckFailed, check
from minigpt.classroom.checks.machinery.stub_model import ANIMALS, FIRST_ANIMAL, WORDS, always, new_words

Generate = Callable[..., Any]
PROBABILITIES = {4: 0.5, 5: 0.3, 6: 0.15, 7: 0.05}
RANKED = [WORDS[id_] for id_ in PROBABILITIES]  # cat, dog, elk, fox


@check("generate_text", "temperature", "temperature makes the choice bolder or safer, p ** (1 / temperature)")
def temperature(generate_text: Generate) -> None:
    p = np.array(list(PROBABILITIES.values()))
    shares = {}
    for seed, t in enumerate((0.5, 2.0, 1.0)):
        words = new_words(generate_text, always(PROBABILITIES), "ant", max_new_tokens=500, temperature=t, seed=seed)
        shares[t] = np.array([words.count(word) for word in RANKED]) / max(len(words), 1)
    worst = max(shares, key=lambda t: _distance(shares[t], p ** (1 / t)))
    if _distance(shares[worst], p ** (1 / worst)) < 0.2:
        return
    mistakes: dict[str, Callable[[float], np.ndarray]] = {
        "the logits are multiplied by the temperature: they must be divided by it": lambda t: p**t,
        "temperature is not used": lambda t: p,
        "the probabilities themselves are divided by the temperature before softmax: take their logarithm first": (
            lambda t: np.exp(p / t)
        ),
        "the most likely word is always taken (argmax): draw from the probabilities, rng.choice(V, p=p)": lambda t: (
            p == p.max()
        ),
        "every word is drawn with the same probability: pass the probabilities to choice, p=p": lambda t: np.ones_like(p),
    }
    distances = {mistake: sum(_distance(shares[t], weights(t)) for t in shares) for mistake, weights in mistakes.items()}
    mistake = min(distances, key=lambda name: distances[name])
    if distances[mistake] > 0.9:
        mistake = "divide ln p by the temperature, then softmax"
    right = p ** (1 / worst) / (p ** (1 / worst)).sum()
    expected = f"about {_percent(right)} of 500 words at temperature={worst}"
    raise CheckFailed(expected, _percent(shares[worst]), mistake)


def _distance(shares: np.ndarray, weights: np.ndarray) -> float:
    return float(np.abs(shares - weights / weights.sum()).sum())


def _percent(shares: np.ndarray) -> str:
    return ", ".join(f"{share:.0%}" for share in shares)


@check("generate_text", "greedy", "a temperature near 0 takes the most likely word")
def greedy(generate_text: Generate) -> None:
    close = always({4: 0.40, 5: 0.35, 6: 0.25})
    words = new_words(generate_text, close, "ant", max_new_tokens=20, temperature=0.02)
    if words != ["cat"] * 20:
        mistake = "temperature must sharpen the probabilities: divide ln p by it, and subtract the largest first"
        if len(set(words)) == 1:
            mistake = "the least likely word is taken, or the ids are off by one: argmax gives the id itself"
        raise CheckFailed("'cat' 20 times, the most likely word", ", ".join(sorted(set(words))), mistake)


@check("generate_text", "top_k", "top_k chooses among the k most likely words only")
def top_k(generate_text: Generate) -> None:
    mistakes = {
        "": "keep the k largest probabilities, set the others to 0, and divide by the sum",
        "one too many": "top_k is off by one: k + 1 words are kept. Compare with >= the k-th largest, sorted[-k]",
        "too few": "top_k is off by one: k - 1 words are kept. Keep those >= the k-th largest, not only those above it",
        "all": "top_k is not used",
        "none": "the k least likely words are kept: argsort sorts in ascending order, the most likely are at the end",
    }
    for k in (2, 1, 3):
        _compare_kept(generate_text, k, mistakes, top_k=k)


@check("generate_text", "top_p", "top_p chooses among the fewest words that together have probability p")
def top_p(generate_text: Generate) -> None:
    mistakes = {
        "": "sort the words by probability, add them up, and keep the fewest that reach p",
        "one too many": "top_p keeps one word too many: stop with the word that makes the sum reach p",
        "too few": "top_p is off by one: keep the word with which the sum reaches p, and always at least one word",
        "all": "top_p is not used",
        "none": "the least likely words are kept: sort in descending order",
    }
    for p, count in ((0.7, 2), (0.4, 1), (0.9, 3)):
        _compare_kept(generate_text, count, mistakes, top_p=p)


def _compare_kept(generate_text: Generate, count: int, mistakes: dict[str, str], **option: Any) -> None:
    """Generate with top_k or top_p, of which this number of words should be left to choose from."""
    words = set(new_words(generate_text, always(PROBABILITIES), "ant", max_new_tokens=100, **option))
    expected = set(RANKED[:count])
    if words == expected:
        return
    kind = ""
    if len(words) == count + 1 and expected < words:
        kind = "one too many"
    elif words < expected:
        kind = "too few"
    elif words >= set(RANKED):
        kind = "all"
    elif not words & expected:
        kind = "none"
    [(name, value)] = option.items()
    raise CheckFailed(f"only {', '.join(sorted(expected))} at {name}={value}", ", ".join(sorted(words)), mistakes[kind])


@check("generate_text", "seed", "the same seed gives the same text, another seed another one")
def seed(generate_text: Generate) -> None:
    uniform = always(dict.fromkeys(range(FIRST_ANIMAL, FIRST_ANIMAL + ANIMALS), 0.1))
    first, again, other = (new_words(generate_text, uniform, "ant", max_new_tokens=25, seed=number) for number in (1, 1, 2))
    if first != again:
        mistake = "the seed is not used: np.random.default_rng(seed) at the start of the function, and draw from it"
        raise CheckFailed("the same 25 words twice at seed=1", f"{' '.join(first[:4])} … and {' '.join(again[:4])} …", mistake)
    if len(set(first)) == 1:
        mistake = "the random numbers start again for each word: create the generator once, before the loop"
        raise CheckFailed("different words, since all are equally likely", f"{first[0]!r} 25 times", mistake)
    if first == other:
        mistake = "the seed is hard-coded: use the argument"
        raise CheckFailed("other words at seed=2", "the same as at seed=1", mistake)
