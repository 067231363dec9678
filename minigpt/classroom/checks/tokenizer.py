"""Checks of `WordTokenizer`: words to ids and back."""

import re
from collections.abc import Callable
from typing import Any

from minigpt.classroom.checks.machinery.messages import exception_means
from minigpt.classroom.checks.machinery.run import CheckFailed, check

TokenizerClass = Callable[..., Any]
TEXT = "the cat sat on the mat the cat slept and the dog sat by the door"
WORDS = TEXT.split()
DIFFERENT = len(set(WORDS))


def fitted(tokenizer_class: TokenizerClass, text: str = TEXT, num_words: int = 5000) -> Any:
    """A student's tokenizer that has seen the text; whatever `fit` returns, which has a check of its own."""
    tokenizer = tokenizer_class(num_words=num_words, oov_token="<OOV>")
    tokenizer.fit(text)
    return tokenizer


def encode(tokenizer: Any, text: str) -> list[int]:
    """The ids as a flat list of int, or CheckFailed where they are something else."""
    ids = tokenizer.encode(text)
    if ids is None:
        raise CheckFailed("a list of ids", "None", "encode has no `return`")
    try:
        ids = [item.item() if hasattr(item, "item") else item for item in list(ids)]
    except (TypeError, ValueError):
        ids = [ids]
    words = text.split()
    if len(ids) == 1 and isinstance(ids[0], (list, tuple)):
        mistake = "a list inside a list: texts_to_sequences takes a list of texts and returns a list of sequences, so take [0]"
        raise CheckFailed(f"one id for each word of {text!r}", str(ids)[:60], mistake)
    if len(ids) > len(words) and len(ids) >= len("".join(words)):
        mistake = "every letter gets an id: give the Keras Tokenizer a list, [text], not the text"
        raise CheckFailed(f"{len(words)} ids for {text!r}", str(len(ids)), mistake)
    if not all(isinstance(item, int) for item in ids):
        raise CheckFailed("a list of int", str(ids)[:60], "encode must return the id of each word, not the word")
    return ids


def decode(tokenizer: Any, ids: list[int]) -> str:
    """The text of the ids, or CheckFailed where it is no text."""
    text = tokenizer.decode(ids)
    if not isinstance(text, str):
        mistake = "join the words: ' '.join(words)" if isinstance(text, list) else "decode must return a str"
        raise CheckFailed("a str", f"a {type(text).__name__}", mistake)
    return text


@check("WordTokenizer", "fit_returns_self", "fit returns the tokenizer itself")
def fit_returns_self(tokenizer_class: TokenizerClass) -> None:
    tokenizer = tokenizer_class(num_words=5000, oov_token="<OOV>")
    returned = tokenizer.fit(TEXT)
    if returned is not tokenizer:
        expected = "the tokenizer, so that tokenizer = WordTokenizer().fit(text) works"
        mistake = "fit does not return the tokenizer: end it with `return self`"
        raise CheckFailed(expected, f"a {type(returned).__name__}", mistake)


@check("WordTokenizer", "one_id_a_word", "every word gets an id, and the same word always gets the same one")
def one_id_a_word(tokenizer_class: TokenizerClass) -> None:
    ids = encode(fitted(tokenizer_class), TEXT)
    if len(ids) != len(WORDS):
        mistake = "encode must return one id for each word, in the order of the text"
        raise CheckFailed(f"{len(WORDS)} ids for {len(WORDS)} words", str(len(ids)), mistake)
    mistake = ""
    if len(set(zip(WORDS, ids, strict=True))) > DIFFERENT:
        mistake = "the same word gets several ids: look its id up, do not count places in the text"
    elif len(set(ids)) < DIFFERENT:
        mistake = "different words share an id: number the words of the vocabulary one by one"
    if mistake:
        raise CheckFailed(f"{DIFFERENT} different ids, one for each word", str(len(set(ids))), mistake)


@check("WordTokenizer", "case_and_marks", "capitals and punctuation do not make another word")
def case_and_marks(tokenizer_class: TokenizerClass) -> None:
    tokenizer = fitted(tokenizer_class, "The cat sat. the Cat slept, sat and slept.")
    marked, plain = encode(tokenizer, "The cat sat."), encode(tokenizer, "the cat sat")
    if marked == plain:
        return
    mistake = "case is kept, so 'The' and 'the' are two words: lower-case the text, as in the class"
    if len(marked) == len(plain) and marked[:2] == plain[:2]:
        mistake = "punctuation sticks to the words, so 'sat.' and 'sat' are two words: .split() alone does not remove it"
    elif len(marked) != len(plain):
        mistake = "punctuation marks count as words: the tokenizer of the class drops them"
    raise CheckFailed(f"{plain} for 'The cat sat.', as for 'the cat sat'", str(marked), mistake)


@check("WordTokenizer", "round_trip", "decode returns the text that was encoded")
def round_trip(tokenizer_class: TokenizerClass) -> None:
    tokenizer = fitted(tokenizer_class)
    text = decode(tokenizer, encode(tokenizer, TEXT))
    found = re.findall(r"\w+", text.lower())
    if found == WORDS:
        return
    mistake = "decode must look each id up in the table from ids to words"
    if "".join(found) == "".join(WORDS):
        mistake = "the words are joined without a space: ' '.join(words)"
    elif len(found) == len(WORDS):
        mistake = "decode is off by one: ids begin at 1 (0 is padding), but the list of words is read from 0"
    elif found and set(found) <= set("".join(WORDS)):
        mistake = "decode returns letters: join the words with ' '.join(words)"
    raise CheckFailed(repr(TEXT[:30]), repr(text[:30]), mistake)


@check("WordTokenizer", "unknown_words", "a word outside the vocabulary becomes the id of oov_token")
def unknown_words(tokenizer_class: TokenizerClass) -> None:
    tokenizer = fitted(tokenizer_class)
    known = set(encode(tokenizer, TEXT))
    expected = "three ids for 'the purple cat': the middle one that of <OOV>"
    mistake = "an unknown word is looked up as if it were known: use the id of oov_token for it, .get(word, oov_id)"
    with exception_means(mistake, expected, KeyError, ValueError, AttributeError):
        ids = encode(tokenizer, "the purple cat")
    if len(ids) != 3:
        mistake = "unknown words are dropped, and their neighbours close up: is oov_token given to the Keras Tokenizer?"
        raise CheckFailed(expected, str(ids), mistake)
    if ids[1] in known:
        raise CheckFailed(expected, str(ids), "the unknown word gets the id of a known word: reserve an id for oov_token")
    violet = encode(tokenizer, "violet")[0]
    size = getattr(tokenizer, "vocab_size", None)  # one that is wrong by itself fails a check of its own
    too_large = isinstance(size, int) and DIFFERENT < size <= ids[1]
    if violet != ids[1] or too_large:
        mistake = "encode learns new words: only fit may extend the vocabulary, because the model has no row for a later word"
        raise CheckFailed(expected, f"a new id for each unknown word, {ids[1]} and {violet}", mistake)


@check("WordTokenizer", "vocab_size", "vocab_size is larger than every id, so the model has a row for each")
def vocab_size(tokenizer_class: TokenizerClass) -> None:
    tokenizer = fitted(tokenizer_class)
    size = tokenizer.vocab_size
    if callable(size):
        mistake = "vocab_size is a method: write @property above it, so that tokenizer.vocab_size is the number"
        raise CheckFailed("a number", "a method", mistake)
    largest = max(encode(tokenizer, TEXT + " purple"))
    if size <= largest:
        mistake = "vocab_size must count every id: padding, <OOV> and all words"
        if size == largest:
            mistake = "len(word_index) is one too small: it does not count id 0 (padding), so add 1"
        raise CheckFailed(f"at least {largest + 1}, because {largest} is an id", str(size), mistake)
    if size > max(largest + 3, 5000):
        raise CheckFailed(str(largest + 1), str(size), "vocab_size must count the different ids, not the words of the text")


@check("WordTokenizer", "num_words", "num_words limits the vocabulary to the most frequent words")
def num_words(tokenizer_class: TokenizerClass) -> None:
    tokenizer = fitted(tokenizer_class, num_words=5)
    with exception_means("a word outside num_words must become the id of oov_token", "<OOV> for rare words", KeyError):
        ids = encode(tokenizer, TEXT)
    size = tokenizer.vocab_size
    expected = "at most 5 different ids, with the frequent words the, cat and sat among them"
    if len(ids) != len(WORDS):
        mistake = "words outside num_words are dropped: they must become <OOV>"
        raise CheckFailed(expected, f"{len(ids)} ids for {len(WORDS)} words", mistake)
    if len(set(ids)) > 7:
        raise CheckFailed(expected, str(len(set(ids))), "num_words is ignored: pass it on to the Keras Tokenizer")
    kept = [word for word, id_ in dict(zip(WORDS, ids, strict=True)).items() if ids.count(id_) == WORDS.count(word)]
    if "the" not in kept:
        mistake = "the rarest words are kept instead of the most frequent: sort by count, largest first"
        raise CheckFailed(expected, f"the words kept are {', '.join(kept)}", mistake)
    if not callable(size) and size > 9:
        mistake = "len(word_index) ignores num_words: the vocabulary is the smaller of num_words and len(word_index) + 1"
        raise CheckFailed("a vocab_size of at most 5, the num_words", str(size), mistake)


@check("WordTokenizer", "independent", "two tokenizers do not share their vocabulary")
def independent(tokenizer_class: TokenizerClass) -> None:
    first = fitted(tokenizer_class)
    before = encode(first, TEXT)
    second = fitted(tokenizer_class, "fish swim in green water")
    try:
        after, words = encode(first, TEXT), decode(second, encode(second, "green fish"))
        mixed = encode(second, "door") != encode(second, "window")  # neither is in the second text
    except (KeyError, IndexError):
        after, words, mixed = [], "", True
    if after != before or words.lower().split() != ["green", "fish"] or mixed:
        expected = "two tokenizers that know nothing of each other's text"
        mistake = "the vocabulary is kept in the class and shared by all: create it in __init__, as self.…"
        raise CheckFailed(expected, "words of one in the other", mistake)
