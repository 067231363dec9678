"""Checks of `generate_text`: what the model is given to read, with models whose predictions are known."""

from collections.abc import Callable
from typing import Any

from minigpt.classroom.checks.machinery.messages import exception_means
from minigpt.classroom.checks.machinery.run import CheckFailed, check
from minigpt.classroom.checks.machinery.stub_model import (
    WORDS,
    StubTokenizer,
    continuation,
    depends_on_last_three,
    new_words,
    next_animal,
)

Generate = Callable[..., Any]


def wrong_words(prompt: str, expected: list[str], words: list[str], mistake: str) -> CheckFailed:
    """The failure for words that should have been others."""
    return CheckFailed(f"{prompt!r} goes on with {' '.join(expected)!r}", repr(" ".join(words)), mistake)


@check("generate_text", "text", "it returns a text, max_new_tokens words longer")
def text(generate_text: Generate) -> None:
    for count in (5, 1):
        words = new_words(generate_text, next_animal, "gnu dog", max_new_tokens=count)
        if len(words) != count:
            mistake = "let the loop run max_new_tokens times"
            if len(words) == count - 2:
                mistake = "the words of the prompt are counted too: max_new_tokens counts the new ones only"
            elif len(words) == count + 1:
                mistake = "the loop runs one time too many"
            elif words and all(len(word) == 1 for word in words):
                mistake = "the letters are joined, not the words: ' '.join(words)"
            expected = f"{count} new words at max_new_tokens={count}"
            raise CheckFailed(expected, f"{len(words)}: {' '.join(words)!r}", mistake)


@check("generate_text", "feeds_back", "each new word is read before the next one is predicted")
def feeds_back(generate_text: Generate) -> None:
    words = new_words(generate_text, next_animal, "hen dog", max_new_tokens=4)
    expected = continuation("dog", 4, next_animal)
    if words == expected:
        return
    after_hen = continuation("hen", 4, next_animal)
    mistake = "append the new word to the ids, and give all of them to the model again"
    if words == [expected[0]] * 4:
        mistake = "the new word is not fed back: append it to the ids, or the model predicts the same word for ever"
    elif words[:1] == after_hen[:1] and words != after_hen:
        mistake = "the prediction is read from the wrong position: the one after the last word is at [0, -1], not [0, 0]"
    elif words[:1] in (["hen"], after_hen[:1]):
        mistake = "the prediction is read from the wrong position: the one after the last word is at [0, -1]"
    elif not any(word in WORDS for word in words):
        mistake = "the words are not decoded with the given tokenizer"
    elif expected[0] in words[1:]:
        mistake = "the new words are put in front, or the text is read backwards: append them at the end"
    elif words and words[0] in WORDS and abs(WORDS.index(words[0]) - WORDS.index(expected[0])) == 1:
        mistake = "the ids are off by one: the index of a probability is the id itself, add or subtract nothing"
    raise wrong_words("hen dog", expected, words, mistake)


@check("generate_text", "whole_prompt", "the whole prompt counts, not its last word alone")
def whole_prompt(generate_text: Generate) -> None:
    for prompt in ("fox jay cat elk", "ant bee cat", "hen bee", "cat"):
        words = new_words(generate_text, depends_on_last_three, prompt, max_new_tokens=4)
        expected = continuation(prompt, 4, depends_on_last_three)
        if words == expected:
            continue
        mistake = "the model must read all words so far, and nothing else: no padding in front, and nothing left out"
        if words == continuation(prompt, 4, depends_on_last_three, seen=slice(-1, None)):
            mistake = "only the last word is given to the model: give it all ids so far, or it predicts without the context"
        elif words == continuation([0, 0, 0, *StubTokenizer().encode(prompt)], 4, depends_on_last_three):
            mistake = "the prompt is padded, and the model takes the zeros for words: give it the ids as they are"
        elif words[:1] == expected[:1]:
            mistake = "from the second word on, the context is lost: give the model the prompt and all new words"
        raise wrong_words(prompt, expected, words, mistake)


@check("generate_text", "slides", "past the context window the window slides: the model reads the last words")
def slides(generate_text: Generate) -> None:
    window = 6
    for prompt in ("ant fox cat hen dog jay elk bee gnu", "fox bee cat"):  # too long at once, and only after some words
        expected = continuation(prompt, 8, depends_on_last_three)
        try:
            words = new_words(generate_text, depends_on_last_three, prompt, window=window, max_new_tokens=8)
        except ValueError as error:
            if isinstance(error, CheckFailed) or "reads at most" not in str(error):
                raise
            mistake = "the window never slides: the model reads at most max_seq_length words, so give it ids[-max_seq_length:]"
            raise CheckFailed(f"8 new words from a model that reads {window}", str(error), mistake) from None
        if words == expected:
            continue
        mistake = "give the model the last words, ids[-max_seq_length:]"
        first_words_only = continuation(prompt, 8, depends_on_last_three, seen=slice(window))
        if (words and len(set(words[-3:])) == 1) or words == first_words_only:
            mistake = "the window is cut at the wrong end: ids[:n] are the first n words, ids[-n:] the last"
        elif len(words) < 8:
            mistake = "it stops when the window is full: let the window slide, ids[-max_seq_length:]"
        raise wrong_words(prompt, expected, words, mistake)


@check("generate_text", "unknown_prompt", "a prompt with unknown words is answered")
def unknown_prompt(generate_text: Generate) -> None:
    mistake = "an unknown word must not end the text: encode gives it the id of <OOV>, and the model reads that"
    words = _at_least_one_word(generate_text, "zebra cat", StubTokenizer(), mistake)
    expected = continuation("cat", 3, next_animal)
    if words != expected:
        mistake = "the unknown word must not change the others: encode the whole prompt"
        raise wrong_words("zebra cat", expected, words, mistake)
    mistake = "if no word of the prompt is known, encode may give no id, and the model needs one: begin with some word"
    _at_least_one_word(generate_text, "zebra yak", StubTokenizer(drops_unknown=True), mistake)


@check("generate_text", "empty_prompt", "an empty prompt is answered")
def empty_prompt(generate_text: Generate) -> None:
    mistake = "an empty prompt has no id, and the model needs one: begin with some word"
    _at_least_one_word(generate_text, "", StubTokenizer(), mistake)


def _at_least_one_word(generate_text: Generate, prompt: str, tokenizer: Any, mistake: str) -> list[str]:
    expected = f"words after the prompt {prompt!r}"
    with exception_means(mistake, expected):
        words = new_words(generate_text, next_animal, prompt, tokenizer, max_new_tokens=3)
    if not words:
        raise CheckFailed(expected, "no word", mistake)
    return words
