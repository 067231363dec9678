"""Ask a model: a question goes in as a turn, and the answer is what the model says until the end word."""

import warnings
from collections.abc import Iterator
from typing import Any

from minigpt.chat.turns import ANSWER, END, USER, asked, turn_prompt
from minigpt.engine.next_word import window_of
from minigpt.generation import stream_text, unknown_words

MARKERS = (USER, ANSWER, END)


def is_dialogue(tokenizer: Any) -> bool:
    """Whether a model was tuned on dialogue: only then does its vocabulary hold the marker words."""
    known = set(getattr(tokenizer, "words", ()))
    return known.issuperset(MARKERS)


def answer(
    model: Any,
    tokenizer: Any,
    question: str,
    max_new_tokens: int = 40,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> str:
    """Answer a question.

    Args:
        model: from `train_dialogue` or `load_gpt`; any model of `generate_text`.
        tokenizer: of the model.
        question: the words of the user. Unknown words are read as `<OOV>`; one that is too long loses its end.
        max_new_tokens: the longest answer, in words.
        temperature: 0 always takes the likeliest word, which is right for facts.
        top_k, top_p, seed: as in `generate_text`.

    Returns:
        The answer, a sentence. A model that was not tuned on dialogue continues the question instead.

    Raises:
        GenerationError: a setting that cannot be right.

    Example:
        >>> answer(model, tokenizer, "Who is Tavia Brankwell?")  # doctest: +SKIP
        'Tavia Brankwell is a founder and a teacher.'
    """
    return "".join(stream_answer(model, tokenizer, question, max_new_tokens, temperature, top_k, top_p, seed)).strip()


def stream_answer(
    model: Any,
    tokenizer: Any,
    question: str,
    max_new_tokens: int = 40,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> Iterator[str]:
    """Like `answer`, but yields each new piece of the answer as it comes."""
    prompt = prompt_for(model, tokenizer, question)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the unknown words: `unknown_in` tells them to whoever wants to show them
        pieces = stream_text(model, tokenizer, prompt, max_new_tokens, temperature, top_k, top_p, seed)
    for piece in pieces:
        if piece.strip() in MARKERS:  # the end word, or another turn that the model begins by itself
            return
        yield piece


def prompt_for(model: Any, tokenizer: Any, question: str) -> str:
    """What the model reads when it is asked: a turn up to the answer; for a plain model the words themselves.

    Of a very long question only the first words are kept, so that question and answer fit the window together.
    """
    if not is_dialogue(tokenizer):
        return question
    text = asked(question)
    window, _ = window_of(model)
    words = tokenizer.tokenize(text) if hasattr(tokenizer, "tokenize") else text.split()
    if window and len(words) > window // 2:
        text = " ".join(words[: window // 2])
    return turn_prompt(text)


def unknown_in(tokenizer: Any, question: str) -> list[str]:
    """The words of a question that the model has never read, and cannot understand; unknown marks are no words."""
    unknown = unknown_words(tokenizer, asked(question) if is_dialogue(tokenizer) else question)
    return [word for word in unknown if any(letter.isalnum() for letter in word)]
