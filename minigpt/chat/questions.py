"""Read the questions and answers that a model is tuned on, and hold some of the phrasings back."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from minigpt.engine.files import data_path
from minigpt.errors import TextError
from minigpt.text import read_text

DECLINES = "The story does not say."  # the answer of every question that the story does not answer
HELD_OUT_SHARE = 0.2


@dataclass
class Fact:
    """One fact: the ways to ask for it, and the answer to all of them.

    Args:
        phrasings: the questions that are trained on.
        answer: a full sentence.
        held_out: questions for the same fact that are kept from training.
    """

    phrasings: list[str]
    answer: str
    held_out: list[str] = field(default_factory=list)

    @property
    def declined(self) -> bool:
        """Whether the story does not say it."""
        return self.answer == DECLINES


def read_dialogue(path: str | Path | None = None) -> list[Fact]:
    """Read a file of questions and answers.

    Blocks are separated by empty lines. A block is some lines "Q: a way to ask" and one line "A: the answer", the same for
    all of them. The answer "The story does not say." marks questions that shall be declined. A line that begins with # is
    a comment.

    Args:
        path: the file; by default the questions about the story of the class.

    Returns:
        A `Fact` for each block, with nothing held out yet.

    Raises:
        TextError: a line or a block that is not so; the message names the line.

    Example:
        >>> facts = read_dialogue()
        >>> facts[0].phrasings[0], facts[0].answer
        ('Who is Tavia Brankwell?', 'Tavia Brankwell is a founder and a teacher.')
    """
    path = data_path("questions.txt") if path is None else path
    facts: list[Fact] = []
    asked: dict[str, int] = {}  # question -> the line it stood in
    questions: list[str] = []
    answer: str | None = None
    lines = read_text(path).split("\n")
    for number, line in enumerate([*lines, ""], start=1):  # the empty line at the end closes the last block
        kind, text = line.strip()[:2], line.strip()[2:].strip()
        where = f"{path}, line {number}"
        if line.lstrip().startswith("#"):
            continue
        if not line.strip():
            if questions and answer is None:
                raise TextError(f"{where}: the question {questions[-1]!r} has no answer: put a line 'A: …' below it")
            if answer is not None:
                facts.append(Fact(questions, answer))
            questions, answer = [], None
        elif kind not in ("Q:", "A:"):
            raise TextError(f"{where}: {line.strip()[:60]!r} is neither question nor answer: begin it with 'Q:', 'A:' or '#'")
        elif not text:
            raise TextError(
                f"{where}: nothing stands after {kind!r}: write the {'question' if kind == 'Q:' else 'answer'} there"
            )
        elif answer is not None:
            raise TextError(f"{where}: a line after the answer of line {number - 1}: put an empty line between two blocks")
        elif kind == "Q:":
            if text in asked:
                raise TextError(f"{where}: {text!r} was asked in line {asked[text]} already: remove one of the two")
            asked[text] = number
            questions.append(text)
        elif not questions:
            raise TextError(f"{where}: an answer without a question: put a line 'Q: …' above it")
        else:
            answer = text
    if not facts:
        raise TextError(f"{path} has no questions: write lines 'Q: …' and below them a line 'A: …'")
    return facts


def hold_out_phrasings(facts: Sequence[Fact], share: float = HELD_OUT_SHARE) -> list[Fact]:
    """Keep a share of the phrasings from training, never all of a fact, by a rule that does not depend on chance.

    The phrasings of a fact are ordered by a checksum of their letters, and the last ones are held out: of ten phrasings
    two, of six sometimes one and sometimes two, so that over the whole file the share comes out.

    Args:
        facts: from `read_dialogue`.
        share: of the phrasings to hold out, from 0 up to, not including, 1.

    Returns:
        The same facts, each with its phrasings divided.

    Example:
        >>> fact, = hold_out_phrasings([Fact(["Who is she?", "What is her name?", "Who?", "Her name?", "Name?"], "Ada.")])
        >>> fact.held_out
        ['Who?']
    """
    divided, before = [], 0
    for fact in facts:
        after = before + len(fact.phrasings)
        count = min(int(after * share) - int(before * share), len(fact.phrasings) - 1)
        last = set(sorted(fact.phrasings, key=_checksum)[len(fact.phrasings) - count :])
        kept = [question for question in fact.phrasings if question not in last]
        divided.append(Fact(kept, fact.answer, [question for question in fact.phrasings if question in last]))
        before = after
    return divided


def _checksum(question: str) -> str:
    return hashlib.sha256(question.encode()).hexdigest()
