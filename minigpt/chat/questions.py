"""Read the questions and answers that a model is tuned on, and hold out some of the phrasings."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from minigpt.engine.files import data_path
from minigpt.errors import TextError
from minigpt.text import read_text

NO_ANSWER = "The story does not say."  # what the model should say to a question that the story does not answer


@dataclass
class Fact:
    """One fact: the ways to ask for it, and the answer to all of them."""

    phrasings: list[str]  # the questions to train on
    answer: str  # a full sentence
    held_out: list[str] = field(default_factory=list)  # more questions about the same fact, kept out of the training

    @property
    def declined(self) -> bool:
        """Whether the right answer is that the story does not say."""
        return self.answer == NO_ANSWER


def read_dialogue(path: str | Path | None = None) -> list[Fact]:
    """Read a file of questions and answers.

    Blocks are separated by empty lines. A block has one or more lines "Q: a way to ask", then one line "A: the answer to
    all of them". The answer "The story does not say." marks questions that the model should decline. A line that begins
    with # is a comment. Without a path, these are the questions about the story of the class.

    Returns:
        A `Fact` for each block, with nothing held out yet.

    Raises:
        TextError: a line or a block has another form; the message names the line.

    Example:
        >>> facts = read_dialogue()
        >>> facts[0].phrasings[0], facts[0].answer
        ('Who is Tavia Brankwell?', 'Tavia Brankwell is a founder and a teacher.')
    """
    path = data_path("questions.txt") if path is None else path
    facts: list[Fact] = []
    line_of: dict[str, int] = {}  # question -> its line
    questions: list[str] = []
    answer = ""
    lines = [*read_text(path).split("\n"), ""]  # the empty line at the end closes the last block
    for number, line in enumerate(map(str.strip, lines), start=1):
        kind, text, problem = line[:2], line[2:].strip(), ""
        if line.startswith("#"):
            continue
        if not line:
            if questions and not answer:
                problem = f"the question {questions[-1]!r} has no answer: put a line 'A: …' below it"
            elif answer:
                facts.append(Fact(questions, answer))
            questions, answer = [], ""
        elif kind not in ("Q:", "A:"):
            problem = f"{line[:60]!r} is neither question nor answer: begin it with 'Q:', 'A:' or '#'"
        elif not text:
            problem = f"there is nothing after {kind!r}: write the {'question' if kind == 'Q:' else 'answer'} there"
        elif answer:
            problem = "a line follows the answer of its block: put an empty line between two blocks"
        elif kind == "A:":
            answer = text
            if not questions:
                problem = "an answer without a question: put a line 'Q: …' above it"
        elif text in line_of:
            problem = f"{text!r} was asked in line {line_of[text]} already: remove one of the two"
        else:
            line_of[text] = number
            questions.append(text)
        if problem:
            raise TextError(f"{path}, line {number}: {problem}")
    if not facts:
        raise TextError(f"{path} has no questions: write lines 'Q: …' and, below them, a line 'A: …'")
    return facts


def hold_out_phrasings(facts: Sequence[Fact], share: float = 0.2) -> list[Fact]:
    """Keep a share of the phrasings out of the training, but never all of a fact, by a fixed rule.

    The phrasings of a fact are sorted by a checksum of their letters, and the last ones are held out: two of ten
    phrasings, sometimes one and sometimes two of six, so that the share (from 0 to 1) is right over the whole file.

    Example:
        >>> fact, = hold_out_phrasings([Fact(["Who is she?", "What is her name?", "Who?", "Her name?", "Name?"], "Ada.")])
        >>> fact.held_out
        ['Who?']
    """
    divided, before = [], 0
    for fact in facts:
        after = before + len(fact.phrasings)
        count = min(int(after * share) - int(before * share), len(fact.phrasings) - 1)
        by_checksum = sorted(fact.phrasings, key=lambda question: hashlib.sha256(question.encode()).digest())
        kept = set(by_checksum[: len(by_checksum) - count])
        held_out = [question for question in fact.phrasings if question not in kept]
        divided.append(Fact([question for question in fact.phrasings if question in kept], fact.answer, held_out))
        before = after
    return divided
