"""Let the model speak: it says a word, reads it, says the next."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from minigpt.engine.next_word import next_word_function
from minigpt.sampling import check_settings, choose
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
        model: what maps ids (1, T) to probabilities (1, T, V): a keras.Model, any such function, or a `NumpyGPT`.
        tokenizer: a `WordTokenizer`, or anything with `encode` and `decode`.
        prompt: the text to continue. Unknown words are read as `<OOV>`, with a warning that names them. With an
            empty prompt, the first word is drawn from the vocabulary.
        max_new_tokens: how many words to say. Past the context window of the model, the window slides.
        temperature: 0 always takes the likeliest word (greedy); below 1 keeps to the likely ones; above 1 dares more.
        top_k: choose among the k likeliest words only (Fan et al., 2018); None for all.
        top_p: choose among the likeliest words that together have probability p (Holtzman et al., 2020); None for all.
        seed: the same seed says the same; None says something else each time.
        include_prompt: False returns only what is new.

    Returns:
        The prompt and its continuation.

    Raises:
        GenerationError: a setting that cannot be right.

    Example:
        >>> from minigpt import GPTConfig, WordTokenizer, build_gpt_model
        >>> tokenizer = WordTokenizer().fit("the cat sat on the mat")
        >>> model = build_gpt_model(GPTConfig.quick(tokenizer.vocab_size))
        >>> len(generate_text(model, tokenizer, "the cat", max_new_tokens=5, seed=0).split())
        7

    Reference: Holtzman et al., "The Curious Case of Neural Text Degeneration", https://arxiv.org/abs/1904.09751
    """
    pieces = _start(model, tokenizer, prompt, max_new_tokens, temperature, top_k, top_p, seed)
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
    return _start(model, tokenizer, prompt, max_new_tokens, temperature, top_k, top_p, seed)


def _start(model, tokenizer, prompt, max_new_tokens, temperature, top_k, top_p, seed) -> Iterator[str]:
    """What is wrong with the settings or the prompt is said now, not when the first word is asked for."""
    check_settings(max_new_tokens, temperature, top_k, top_p, seed)
    warn_of_unknown_words(tokenizer, prompt, stacklevel=4)
    return _stream(model, tokenizer, prompt, max_new_tokens, temperature, top_k, top_p, seed)


def _stream(model, tokenizer, prompt, max_new_tokens, temperature, top_k, top_p, seed) -> Iterator[str]:
    rng = np.random.default_rng(seed)
    ids = list(tokenizer.encode(prompt))
    spaced = getattr(tokenizer, "spaced", _spaced)
    text = prompt
    say_next = next_word_function(model)
    silent: np.ndarray | None = None
    for _ in range(max_new_tokens):
        probabilities = say_next(ids or [0])  # (V,); an empty prompt reads as padding
        if silent is None:
            silent = never_said(tokenizer, len(probabilities))
        if not ids:
            probabilities = first_word_probabilities(tokenizer, len(probabilities))
        word_id = choose(np.where(silent, 0.0, probabilities), temperature, top_k, top_p, rng)
        ids.append(word_id)
        piece = spaced(tokenizer.decode([word_id]), text)
        text += piece
        yield piece


def never_said(tokenizer: Any, vocab_size: int) -> np.ndarray:  # -> bool (V,)
    """Which ids are no word: padding, `<OOV>`, and ids of the model past the vocabulary of the tokenizer."""
    silent = np.zeros(vocab_size, dtype=bool)
    special = getattr(tokenizer, "special_ids", None)
    if special is None:  # some other tokenizer: its first two ids are no words if they read like none
        special = [word_id for word_id in range(min(2, vocab_size)) if _reads_like_none(tokenizer, word_id)]
    silent[list(special)] = True
    silent[getattr(tokenizer, "vocab_size", vocab_size) :] = True
    return silent


def _reads_like_none(tokenizer: Any, word_id: int) -> bool:
    try:
        return tokenizer.decode([word_id]).strip() in ("", "<OOV>", getattr(tokenizer, "oov_token", None))
    except Exception:  # a learner's tokenizer may have no word for padding
        return True


def first_word_probabilities(tokenizer: Any, vocab_size: int) -> np.ndarray:  # -> (V,)
    """For an empty prompt: each word as often as it stands in the text, where the tokenizer knows that; else all alike."""
    if not isinstance(tokenizer, WordTokenizer):
        return np.full(vocab_size, 1 / vocab_size)
    counts = tokenizer.word_counts
    weights = np.zeros(vocab_size)
    weights[: tokenizer.vocab_size] = [counts.get(word, 0) for word in tokenizer.words[:vocab_size]]
    return weights / weights.sum()


def unknown_words(tokenizer: Any, text: str) -> list[str]:
    """The words of a text that the tokenizer does not know, as far as it can tell."""
    return tokenizer.unknown_words(text) if hasattr(tokenizer, "unknown_words") else []


def warn_of_unknown_words(tokenizer: Any, text: str, stacklevel: int) -> None:
    """Name the words of a text that will be read as `<OOV>`; `stacklevel` counts from here to the user's own line."""
    if unknown := unknown_words(tokenizer, text):
        warnings.warn(f"the model does not know {', '.join(map(repr, unknown))}: read as <OOV>", stacklevel=stacklevel)


def _spaced(word: str, before: str) -> str:
    return word if not before or before[-1].isspace() else f" {word}"
