"""The format of a turn: where a question begins, where its answer begins, where it ends; and the arrays made of turns."""

import re
import zlib
from collections.abc import Sequence

import numpy as np

from minigpt.chat.questions import Fact
from minigpt.dataset import WindowBatches
from minigpt.tokenizer import PADDING_ID, WordTokenizer

USER, ANSWER, END = "<user>", "<answer>", "<end>"  # each is one word for the tokenizer, and stands in no text
_MARKER = re.compile("<(user|answer|end)>", re.IGNORECASE)
_LAST_MARK = re.compile(r"[\s?.!…？！。।]+$")


def asked(question: str) -> str:
    """A question as the model reads it: in small letters and without its last mark, so that no one has to type them.

    Example:
        >>> asked("Who is Tavia? ")
        'who is tavia'
    """
    return _LAST_MARK.sub("", " ".join(_MARKER.sub(" ", question).lower().split()))


def turn_prompt(question: str) -> str:
    """What the model continues with the answer.

    Example:
        >>> turn_prompt("Who is Tavia?")
        '<user> who is tavia <answer>'
    """
    return f"{USER} {asked(question)} {ANSWER}"


def turn(question: str, answer: str) -> str:
    """A whole turn.

    Example:
        >>> turn("Who is Tavia?", "A teacher.")
        '<user> who is tavia <answer> A teacher. <end>'
    """
    return f"{turn_prompt(question)} {answer} {END}"


def dialogue_tokenizer(story: str, facts: Sequence[Fact]) -> WordTokenizer:
    """Learn the words of the story and of the questions that are trained on, never those that are held out.

    Case and punctuation are kept, because the answers shall be proper sentences.
    """
    turns = [turn(question, fact.answer) for fact in facts for question in fact.phrasings]
    return WordTokenizer(num_words=None, keep_punctuation=True).fit([story, *turns])


def turn_arrays(tokenizer: WordTokenizer, facts: Sequence[Fact]) -> tuple[np.ndarray, np.ndarray]:
    """Make a row of ids of each turn.

    Args:
        tokenizer: that knows the marker words.
        facts: whose phrasings become turns.

    Returns:
        x and y, two int32 arrays (N, T). y is x one word later, and is 0 wherever the next word is not a word of the
        answer: in the question, and in the padding behind the end. The loss leaves the zeros out.

    Example:
        >>> facts = [Fact(["Who?"], "She.")]
        >>> tokenizer = dialogue_tokenizer("", facts)
        >>> x, y = turn_arrays(tokenizer, facts)
        >>> tokenizer.words[2:]
        ['<user>', 'who', '<answer>', 'She', '.', '<end>']
        >>> x.tolist(), y.tolist()
        ([[2, 3, 4, 5, 6]], [[0, 0, 5, 6, 7]])
    """
    prompts, turns = [], []
    for fact in facts:
        for question in fact.phrasings:
            prompts.append(tokenizer.encode(turn_prompt(question)))
            turns.append(tokenizer.encode(turn(question, fact.answer)))
    length = max(map(len, turns)) - 1
    x, y = np.full((2, len(turns), length), PADDING_ID, dtype="int32")
    for row, (prompt, ids) in enumerate(zip(prompts, turns, strict=True)):
        x[row, : len(ids) - 1] = ids[:-1]
        y[row, len(prompt) - 1 : len(ids) - 1] = ids[len(prompt) :]  # the last word of the prompt is followed by the answer
    return x, y


class DialogueBatches(WindowBatches):
    """Serves shuffled batches of turns, hiding some words of each question, other ones each epoch.

    A question with a word hidden is a new way to ask the same: the model must not hang on a single word. And it learns
    what to do with a word that it does not know.

    Args:
        x, y: the turns, int arrays (N, T) from `turn_arrays`.
        tokenizer: of the turns.
        word_dropout: share of the words of a question that are hidden, read as the unknown word.
        batch_size, seed: as for `WindowBatches`.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        tokenizer: WordTokenizer,
        word_dropout: float = 0.1,
        batch_size: int = 32,
        seed: int = 0,
    ) -> None:
        super().__init__(x, y, batch_size, seed=seed)
        self.word_dropout = word_dropout
        (self.user,) = tokenizer.encode(USER)
        (self.unknown,) = tokenizer.encode("<OOV>")

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = super().__getitem__(index)  # (B, T), (B, T)
        rng = np.random.default_rng([self.seed, self.epoch, index])
        of_question = (y == PADDING_ID) & (x != PADDING_ID) & (x != self.user)  # (B, T)
        hidden = of_question & (rng.random(x.shape) < self.word_dropout)
        return np.where(hidden, self.unknown, x), y

    def fingerprint(self) -> int:
        """A checksum of all turns, by which a checkpoint tells one dialogue from another."""
        return zlib.crc32(self.y.tobytes(), zlib.crc32(self.x.tobytes()))
