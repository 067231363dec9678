"""Measure a dialogue honestly: on phrasings it was trained on, on new ones, and on questions that have no answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from minigpt.chat.answering import answer
from minigpt.chat.questions import NO_ANSWER, Fact
from minigpt.engine.console import track
from minigpt.engine.next_word import fast_copy


@dataclass
class Share:
    """A part of a total.

    Example:
        >>> print(Share(3, 4))
        3 of 4 (75.0 %)
    """

    count: int = 0
    total: int = 0

    def add(self, counts: bool) -> None:
        """Count one more question."""
        self.count += counts
        self.total += 1

    def __str__(self) -> str:
        return f"{self.count} of {self.total} ({100 * self.count / self.total:.1f} %)" if self.total else "none asked"


@dataclass
class Mistake:
    """A question that was answered wrongly."""

    question: str
    expected: str
    said: str
    held_out: bool


@dataclass
class DialogueReport:
    """The counts of `evaluate_dialogue`. `print(report)` shows them as a table."""

    seen: Share = field(default_factory=Share)  # exact answers to phrasings that were trained on
    unseen: Share = field(default_factory=Share)  # exact answers to phrasings that were held out
    seen_declined: Share = field(default_factory=Share)  # rightly declined, phrasings that were trained on
    unseen_declined: Share = field(default_factory=Share)  # rightly declined, phrasings that were held out
    wrongly_declined: Share = field(default_factory=Share)  # declined although there is an answer, held-out phrasings
    mistakes: list[Mistake] = field(default_factory=list)

    def rows(self) -> dict[str, str]:
        """The counts in words, for the table and for the page."""
        return {
            "exact answers, phrasings it was trained on": str(self.seen),
            "exact answers, new phrasings": str(self.unseen),
            "declined, phrasings it was trained on": str(self.seen_declined),
            "declined, new phrasings": str(self.unseen_declined),
            "declined though the story says it, new phrasings": str(self.wrongly_declined),
        }

    def __str__(self) -> str:
        return "\n".join(f"{name:<50}{share}" for name, share in self.rows().items())


def evaluate_dialogue(model: Any, tokenizer: Any, facts: Sequence[Fact], progress: bool = True) -> DialogueReport:
    """Ask every question, those trained on and those held out, and count the answers that are exactly right.

    Args:
        model, tokenizer: as for `answer`.
        facts: from `hold_out_phrasings`, divided as for the training.
        progress: show how many questions have been asked.

    Returns:
        The counts. Every word is the likeliest one (temperature 0), so the same model gets the same report.
    """
    model = fast_copy(model) or model  # made once, not once a question
    report = DialogueReport()
    questions = [(fact, question, False) for fact in facts for question in fact.phrasings]
    questions += [(fact, question, True) for fact in facts for question in fact.held_out]
    for fact, question, held_out in track(questions, "questions asked") if progress else questions:
        said = answer(model, tokenizer, question)
        right = said == fact.answer
        shares = (report.seen_declined, report.unseen_declined) if fact.declined else (report.seen, report.unseen)
        shares[held_out].add(right)
        if held_out and not fact.declined:
            report.wrongly_declined.add(said == NO_ANSWER)
        if not right:
            report.mistakes.append(Mistake(question, fact.answer, said, held_out))
    return report
