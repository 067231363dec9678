"""The format of a turn, a question and its answer between three markers; and the arrays made from turns."""

import re
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigpt.chat.questions import Fact
from minigpt.engine.batches import WindowBatches
from minigpt.tokenizer import PADDING_ID, WordTokenizer

MARKERS = USER, ANSWER, END = "<user>", "<answer>", "<end>"  # each is one word for the tokenizer, and occurs in no text
_ANY_MARKER = re.compile("|".join(MARKERS), re.IGNORECASE)
_FINAL_PUNCTUATION = re.compile(r"[\s?.!…？！。।]+$")


def asked(question: str) -> str:
    """A question as the model reads it: in lower case and without its final punctuation, so that nobody has to type them.

    Example:
        >>> asked("Who is Tavia? ")
        'who is tavia'
    """
    return _FINAL_PUNCTUATION.sub("", " ".join(_ANY_MARKER.sub(" ", question).lower().split()))


def turn_prompt(question: str) -> str:
    """The first part of a turn, which the model continues with the answer.

    Example:
        >>> turn_prompt("Who is Tavia?")
        '<user> who is tavia <answer>'
    """
    return f"{USER} {asked(question)} {ANSWER}"


def turn(question: str, answer: str) -> str:
    """A whole turn, as the model is trained on it.

    Example:
        >>> turn("Who is Tavia?", "A teacher.")
        '<user> who is tavia <answer> A teacher. <end>'
    """
    return f"{turn_prompt(question)} {answer} {END}"


def dialogue_tokenizer(story: str, facts: Sequence[Fact]) -> WordTokenizer:
    """Learn the words of the story, of the answers, and of the questions to train on, but not of those held out.

    Case and punctuation are kept, because the answers should be proper sentences.
    """
    turns = [turn(question, fact.answer) for fact in facts for question in fact.phrasings]
    return WordTokenizer(num_words=None, keep_punctuation=True).fit([story, *turns])


def turn_arrays(tokenizer: WordTokenizer, facts: Sequence[Fact]) -> tuple[np.ndarray, np.ndarray]:
    """Turn each phrasing of each fact, but none that is held out, into a row of ids.

    Returns:
        x and y, two int32 arrays (N, T). y is x one word later, but 0 wherever the next word does not belong to the
        answer: within the question, and in the padding after the end. The loss ignores the zeros.

    Example:
        >>> facts = [Fact(["Who?"], "She.")]
        >>> tokenizer = dialogue_tokenizer("", facts)
        >>> x, y = turn_arrays(tokenizer, facts)
        >>> tokenizer.words[2:]
        ['<user>', 'who', '<answer>', 'She', '.', '<end>']
        >>> x.tolist(), y.tolist()
        ([[2, 3, 4, 5, 6]], [[0, 0, 5, 6, 7]])
    """
    pairs = [(question, fact.answer) for fact in facts for question in fact.phrasings]
    prompts = [tokenizer.encode(turn_prompt(question)) for question, _ in pairs]
    turns = [tokenizer.encode(turn(question, answer)) for question, answer in pairs]
    length = max(map(len, turns)) - 1
    x, y = np.full((2, len(turns), length), PADDING_ID, dtype="int32")
    for row, (prompt, ids) in enumerate(zip(prompts, turns, strict=True)):
        x[row, : len(ids) - 1] = ids[:-1]
        y[row, len(prompt) - 1 : len(ids) - 1] = ids[len(prompt) :]  # the answer follows the last word of the prompt
    return x, y


class DialogueBatches(WindowBatches):
    """Serves shuffled batches of turns and hides some words of the questions, different ones in each epoch.

    A question with a hidden word is one more way to ask the same thing: so the model does not come to depend on a single
    word, and it learns to cope with a word that it does not know.

    Args:
        x, y: the turns, int arrays (N, T) from `turn_arrays`.
        tokenizer: the tokenizer of the turns.
        word_dropout: the share of the words of the questions to hide, that is, to replace by `<OOV>`.
        options: `batch_size` and `seed`, as for `WindowBatches`.
    """

    def __init__(
        self, x: np.ndarray, y: np.ndarray, tokenizer: WordTokenizer, word_dropout: float = 0.1, **options: Any
    ) -> None:
        super().__init__(x, y, **options)
        self.word_dropout = word_dropout
        (self.user,) = tokenizer.encode(USER)
        (self.unknown,) = tokenizer.encode("<OOV>")

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = super().__getitem__(index)  # (B, T), (B, T)
        rng = np.random.default_rng([self.seed, self.epoch, index])
        in_question = (y == PADDING_ID) & (x != PADDING_ID) & (x != self.user)  # (B, T)
        hidden = in_question & (rng.random(x.shape) < self.word_dropout)
        return np.where(hidden, self.unknown, x), y

    def fingerprint(self) -> int:
        """A checksum of all turns, by which a checkpoint tells one dialogue from another."""
        return zlib.crc32(self.y.tobytes(), zlib.crc32(self.x.tobytes()))
