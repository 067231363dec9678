"""Generate a text: predict the next word, draw it, read it, and predict the next."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigpt.config import check_whole
from minigpt.engine.inputs import encode_prompt, never_said
from minigpt.engine.next_word import next_word_function
from minigpt.errors import GenerationError
from minigpt.sampling import Sampling
from minigpt.tokenizer import WordTokenizer


def generate_text(
    model: Any,
    tokenizer: Any,
    prompt: str = "",
    max_new_tokens: int = 30,
    temperature: float = 0.8,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    include_prompt: bool = True,
) -> str:
    """Continue a text, word by word.

    Args:
        model: maps ids (1, T) to probabilities (1, T, V): a keras.Model, any such function, or a `NumpyGPT`.
        tokenizer: a `WordTokenizer`, or anything with `encode` and `decode`.
        prompt: the text to continue. Unknown words are read as `<OOV>`, with a warning that names them. With an
            empty prompt, the first word is drawn from the vocabulary.
        max_new_tokens: how many words to generate. Of a text longer than the context window of the model, the end is read: the
            window slides, by an eighth of its length at a time, because then most words can be read from the cache.
        temperature: 0 always takes the likeliest word (greedy); below 1 prefers likely words; above 1 dares more.
        top_k: choose among the k likeliest words only (Fan et al., 2018); None for all.
        top_p: choose among the likeliest words that together have probability p (Holtzman et al., 2020); None for all.
        seed: the same seed gives the same text; None, another one each time.
        include_prompt: False returns only what is new.

    Returns:
        The prompt and its continuation.

    Raises:
        GenerationError: a setting that cannot be right, a prompt that is no text, or a model that predicts no probabilities.

    Example:
        >>> from minigpt import GPTConfig, WordTokenizer, build_gpt_model
        >>> tokenizer = WordTokenizer().fit("the cat sat on the mat")
        >>> model = build_gpt_model(GPTConfig.quick(tokenizer.vocab_size))
        >>> len(generate_text(model, tokenizer, "the cat", max_new_tokens=5, seed=0).split())
        7

    Reference: Holtzman et al., "The Curious Case of Neural Text Degeneration", https://arxiv.org/abs/1904.09751
    """
    pieces = _start(model, tokenizer, prompt, max_new_tokens, Sampling(temperature, top_k, top_p, seed))
    new_text = "".join(pieces)
    return prompt + new_text if include_prompt else new_text.lstrip()


def stream_text(
    model: Any,
    tokenizer: Any,
    prompt: str = "",
    max_new_tokens: int = 30,
    temperature: float = 0.8,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> Iterator[str]:
    """Like `generate_text`, but yields each new piece of text as it comes, with its space in front where one belongs."""
    return _start(model, tokenizer, prompt, max_new_tokens, Sampling(temperature, top_k, top_p, seed))


def _start(model: Any, tokenizer: Any, prompt: str, max_new_tokens: int, sampling: Sampling) -> Iterator[str]:
    """Complain about the settings and the prompt now, not when the first word is asked for."""
    max_new_tokens = check_whole("max_new_tokens", max_new_tokens, 0, error=GenerationError)
    ids = read_prompt(tokenizer, prompt, stacklevel=4)
    return _stream(model, tokenizer, prompt, ids, max_new_tokens, sampling)


def _stream(model: Any, tokenizer: Any, text: str, ids: list[int], max_new_tokens: int, sampling: Sampling) -> Iterator[str]:
    rng = np.random.default_rng(sampling.seed)
    probabilities_after = word_probabilities(model, tokenizer)
    spaced = getattr(tokenizer, "spaced", _spaced)
    for _ in range(max_new_tokens):
        word_id = sampling.draw(probabilities_after(ids), rng)
        ids.append(word_id)
        piece = spaced(tokenizer.decode([word_id]), text)
        text += piece
        yield piece


def word_probabilities(model: Any, tokenizer: Any) -> Callable[[list[int]], np.ndarray]:
    """Return a function from the ids of a text that grows to the probabilities (V,) of the next word; 0 for what is no word."""
    predict, silent = next_word_function(model), np.empty(0, dtype=bool)

    def after(ids: list[int]) -> np.ndarray:
        nonlocal silent
        probabilities = predict(ids or [0])  # (V,); the model reads an empty text as padding
        if not silent.size:
            silent = never_said(tokenizer, len(probabilities))
        if not ids:
            probabilities = first_word_probabilities(tokenizer, len(probabilities))
        return np.where(silent, 0.0, probabilities)

    return after


def first_word_probabilities(tokenizer: Any, vocab_size: int) -> np.ndarray:  # -> (V,)
    """For an empty prompt: each word as likely as it is frequent in the text, if the tokenizer knows that; else all alike."""
    if not isinstance(tokenizer, WordTokenizer):
        return np.full(vocab_size, 1 / vocab_size)
    counts = tokenizer.word_counts
    weights = np.zeros(vocab_size)
    weights[: tokenizer.vocab_size] = [counts.get(word, 0) for word in tokenizer.words[:vocab_size]]
    return weights / weights.sum()


def read_prompt(tokenizer: Any, prompt: Any, stacklevel: int) -> list[int]:
    """The ids of a prompt; a warning, `stacklevel` calls up from here, names the words that are read as `<OOV>`."""
    ids = encode_prompt(tokenizer, prompt)
    if unknown := unknown_words(tokenizer, prompt):
        warnings.warn(f"the model does not know {', '.join(map(repr, unknown))}: read as <OOV>", stacklevel=stacklevel)
    return ids


def unknown_words(tokenizer: Any, text: str) -> list[str]:
    """The words of a text that the tokenizer does not know, as far as it can tell."""
    return tokenizer.unknown_words(text) if hasattr(tokenizer, "unknown_words") else []


def _spaced(word: str, before: str) -> str:
    return word if not before or before[-1].isspace() else f" {word}"
