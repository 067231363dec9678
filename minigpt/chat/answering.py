"""Ask a model: a question goes in as a turn, and the answer is what the model writes up to the end marker."""

import warnings
from collections.abc import Iterator
from typing import Any

from minigpt.chat.turns import MARKERS, asked, turn_prompt
from minigpt.engine.next_word import window_of
from minigpt.generation import stream_text, unknown_words


def is_dialogue(tokenizer: Any) -> bool:
    """Whether a model was tuned on dialogue: only then are the markers in its vocabulary."""
    return set(MARKERS) <= set(getattr(tokenizer, "words", ()))


def answer(
    model: Any, tokenizer: Any, question: str, max_new_tokens: int = 40, temperature: float = 0.0, **sampling: Any
) -> str:
    """Answer a question.

    Args:
        model: from `train_dialogue` or `load_gpt`, or any model that `generate_text` takes.
        tokenizer: the tokenizer of the model.
        question: what the user typed. Unknown words are read as `<OOV>`; the end of a very long question is dropped.
        max_new_tokens: the longest answer, in words.
        temperature: 0 always takes the likeliest word, which is right for facts.
        sampling: `top_k`, `top_p` and `seed`, as for `generate_text`.

    Returns:
        The answer, a sentence. A model that was not tuned on dialogue continues the question instead.

    Raises:
        GenerationError: a setting is out of range.

    Example:
        >>> answer(model, tokenizer, "Who is Tavia Brankwell?")  # doctest: +SKIP
        'Tavia Brankwell is a founder and a teacher.'
    """
    return "".join(stream_answer(model, tokenizer, question, max_new_tokens, temperature, **sampling)).strip()


def stream_answer(
    model: Any, tokenizer: Any, question: str, max_new_tokens: int = 40, temperature: float = 0.0, **sampling: Any
) -> Iterator[str]:
    """Like `answer`, but yields the answer piece by piece, as it is generated."""
    prompt = prompt_for(model, tokenizer, question)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unknown words: whoever wants to show them asks `unknown_in`
        pieces = stream_text(model, tokenizer, prompt, max_new_tokens, temperature, **sampling)
    for piece in pieces:
        if piece.strip() in MARKERS:  # the end, or another turn that the model begins by itself
            return
        yield piece


def prompt_for(model: Any, tokenizer: Any, question: str) -> str:
    """What the model reads: a turn up to the answer; the question as it is, for a model that was not tuned on dialogue.

    A very long question is cut after half a window, so that the answer fits into the window with it.
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
    """The words of a question that the model does not know. Unknown punctuation is not worth a remark."""
    unknown = unknown_words(tokenizer, asked(question) if is_dialogue(tokenizer) else question)
    return [word for word in unknown if any(letter.isalnum() for letter in word)]
