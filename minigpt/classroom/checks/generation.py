"""Checks of `generate_text`: what the model is given to read, with models whose answers are known in advance."""

from collections.abc import Callable
from typing import Any

from minigpt.classroom.checks.machinery.messages import said_by
from minigpt.classroom.checks.machinery.run import CheckFailed, check
from minigpt.classroom.checks.machinery.stub_model import WORDS, StubTokenizer, next_in_row, row_after, speak, sum_of_three

Generate = Callable[..., Any]


@check("generate_text", "text", "it returns a text, max_new_tokens words longer")
def text(generate_text: Generate) -> None:
    for count in (5, 1):
        said = speak(generate_text, next_in_row, "gnu dog", max_new_tokens=count)
        if len(said) != count:
            mistake = "let the loop run max_new_tokens times"
            if len(said) == count - 2:
                mistake = "the words of the prompt are counted too: max_new_tokens counts the new ones only"
            elif len(said) == count + 1:
                mistake = "the loop runs once too often"
            elif said and all(len(word) == 1 for word in said):
                mistake = "the letters are joined, not the words: ' '.join(words)"
            raise CheckFailed(f"{count} new words at max_new_tokens={count}", f"{len(said)}: {' '.join(said)!r}", mistake)


@check("generate_text", "feeds_back", "each new word is read before the next one is said")
def feeds_back(generate_text: Generate) -> None:
    said, expected = speak(generate_text, next_in_row, "hen dog", max_new_tokens=4), row_after("dog", 4)
    if said == expected:
        return
    mistake = "append the new word to the ids, and give all of them to the model again"
    if said == [expected[0]] * 4:
        mistake = (
            "the new word is not fed back: append it to the ids before the next turn, or the model says the same word for ever"
        )
    elif said[:1] == row_after("hen", 1):
        mistake = "the prediction is read from the wrong position: the answer after the last word is at [0, -1], not [0, 0]"
    elif said[:1] == ["hen"] or said == row_after("hen", 4):
        mistake = "the prediction is read from the wrong position: the answer after the last word is at [0, -1]"
    elif not any(word in WORDS for word in said):
        mistake = "the words are not decoded with the tokenizer that was given"
    elif expected[0] in said[1:]:
        mistake = "the new words are put in front, or the text is read backwards: append them at the end"
    elif said and _follows(said[0], expected[0]):
        mistake = "the ids are one off: the place in the probabilities is the id itself, add or subtract nothing"
    raise CheckFailed(
        f"'hen dog' goes on with {' '.join(expected)!r}, where each animal follows from the one before",
        repr(" ".join(said)),
        mistake,
    )


@check("generate_text", "whole_prompt", "the whole prompt counts, not its last word alone")
def whole_prompt(generate_text: Generate) -> None:
    for prompt in ("fox jay cat elk", "ant bee cat", "hen bee", "cat"):
        ids = StubTokenizer().encode(prompt)
        for _ in range(4):
            ids.append(int(sum_of_three(ids).argmax()))
        expected = [WORDS[id_] for id_ in ids[-4:]]
        said = speak(generate_text, sum_of_three, prompt, max_new_tokens=4)
        if said == expected:
            continue
        mistake = "the model must read all words so far, and nothing else: no padding in front, and nothing left out"
        alone = [ids[-5]]
        for _ in range(4):
            alone.append(int(sum_of_three(alone[-1:]).argmax()))
        if said == [WORDS[id_] for id_ in alone[1:]]:
            mistake = "only the last word is given to the model: give it all ids so far, or it answers without the context"
        elif said == _continued([0, 0, 0, *StubTokenizer().encode(prompt)], 4):
            mistake = "the prompt is padded: the model takes the zeros for words. Give it the ids as they are"
        elif said[:1] == expected[:1]:
            mistake = "from the second word on the context is lost: give the model the prompt and all new words"
        raise CheckFailed(f"{prompt!r} goes on with {' '.join(expected)!r}", repr(" ".join(said)), mistake)


@check("generate_text", "slides", "past the context window the window slides: the model reads the last words")
def slides(generate_text: Generate) -> None:
    prompt = "ant fox cat hen dog jay elk bee gnu"
    for given in (prompt, "fox bee cat"):  # longer than the window of 6 at once, and only after some words
        expected = _continued(StubTokenizer().encode(given), 8)
        try:
            said = speak(generate_text, sum_of_three, given, window=6, max_new_tokens=8)
        except ValueError as error:
            if isinstance(error, CheckFailed) or "reads at most" not in str(error):
                raise
            mistake = "the window never slides: the model reads at most max_seq_length words, so give it ids[-max_seq_length:]"
            raise CheckFailed("8 new words from a model that reads 6", f"{error}", mistake) from None
        if said == expected:
            continue
        mistake = "give the model the last words, ids[-max_seq_length:]"
        if (said and len(set(said[-3:])) == 1) or said == _cut_at_the_end(given, 8, 6):
            mistake = (
                "the window is cut at the wrong end: ids[:max_seq_length] keeps the first words, ids[-max_seq_length:] the last"
            )
        elif len(said) < 8:
            mistake = "it stops when the window is full: let the window slide, ids[-max_seq_length:]"
        raise CheckFailed(f"{given!r} goes on with {' '.join(expected)!r}", repr(" ".join(said)), mistake)


@check("generate_text", "unknown_prompt", "a prompt with unknown words is answered")
def unknown_prompt(generate_text: Generate) -> None:
    mistake = "an unknown word must not end the answer: encode gives it the id of <OOV>, and the model reads that"
    said = _at_least_a_word(generate_text, "zebra cat", StubTokenizer(), mistake)
    if said != row_after("cat", 3):
        mistake = "the unknown word must not change the others: encode the whole prompt"
        raise CheckFailed(f"'zebra cat' goes on with {' '.join(row_after('cat', 3))!r}", repr(" ".join(said)), mistake)
    mistake = "none of its words is known, so encode gives no id, and the model needs one: begin with some word"
    _at_least_a_word(generate_text, "zebra yak", StubTokenizer(drops=True), mistake)


@check("generate_text", "empty_prompt", "an empty prompt is answered")
def empty_prompt(generate_text: Generate) -> None:
    _at_least_a_word(
        generate_text, "", StubTokenizer(), "an empty prompt has no id, and the model needs one: begin with some word"
    )


def _at_least_a_word(generate_text: Generate, prompt: str, tokenizer: Any, mistake: str) -> list[str]:
    try:
        said = speak(generate_text, next_in_row, prompt, tokenizer, max_new_tokens=3)
    except CheckFailed:
        raise
    except Exception as error:
        raise CheckFailed(f"words after the prompt {prompt!r}", said_by(error), mistake) from None
    if not said:
        raise CheckFailed(f"words after the prompt {prompt!r}", "no word", mistake)
    return said


def _continued(ids: list[int], count: int) -> list[str]:
    ids = list(ids)
    for _ in range(count):
        ids.append(int(sum_of_three(ids).argmax()))
    return [WORDS[id_] for id_ in ids[-count:]]


def _cut_at_the_end(prompt: str, count: int, window: int) -> list[str]:
    ids = StubTokenizer().encode(prompt)
    for _ in range(count):
        ids.append(int(sum_of_three(ids[:window]).argmax()))
    return [WORDS[id_] for id_ in ids[-count:]]


def _follows(word: str, right: str) -> bool:
    return word in WORDS and abs(WORDS.index(word) - WORDS.index(right)) == 1
