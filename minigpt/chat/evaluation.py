"""Measure a dialogue honestly: on questions it was trained on, on new wordings of them, and on questions with no answer."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from minigpt.chat.answering import answer
from minigpt.chat.questions import Fact
from minigpt.engine.progress import track
from minigpt.errors import MinigptError
from minigpt.numpy_gpt import NumpyGPT


@dataclass
class Share:
    """How many of some questions were answered rightly.

    Example:
        >>> print(Share(3, 4))
        3 of 4 (75.0 %)
    """

    right: int = 0
    total: int = 0

    def __float__(self) -> float:
        return self.right / self.total if self.total else float("nan")

    def __str__(self) -> str:
        return f"{self.right} of {self.total} ({float(self):.1%})".replace("%", " %") if self.total else "none asked"


@dataclass
class Mistake:
    """A question that was answered wrongly."""

    question: str
    expected: str
    said: str
    held_out: bool


@dataclass
class DialogueReport:
    """What `evaluate_dialogue` has counted. `print(report)` shows it as a table."""

    seen: Share  # exact answers to phrasings that were trained on
    unseen: Share  # exact answers to phrasings that were held out
    seen_declined: Share  # questions without an answer in the story, declined: phrasings that were trained on
    unseen_declined: Share  # the same, held out
    refused: Share  # held-out questions that have an answer and were declined all the same
    mistakes: list[Mistake]

    def rows(self) -> dict[str, str]:
        """What was counted, in words: the same for a table and for the page."""
        return {
            "exact answers, phrasings it was trained on": str(self.seen),
            "exact answers, new phrasings": str(self.unseen),
            "declined, phrasings it was trained on": str(self.seen_declined),
            "declined, new phrasings": str(self.unseen_declined),
            "declined though the story says it, new phrasings": str(self.refused),
        }

    def __str__(self) -> str:
        return "\n".join(f"{name:<50}{share}" for name, share in self.rows().items())


def evaluate_dialogue(model: Any, tokenizer: Any, facts: Sequence[Fact], progress: bool = True) -> DialogueReport:
    """Ask every question of a divided dialogue, trained on or held out, and count the answers that are exactly right.

    Args:
        model: from `train_dialogue` or `load_gpt`.
        tokenizer: of the model.
        facts: from `hold_out_phrasings`, divided as for the training.
        progress: show how far it is.

    Returns:
        A `DialogueReport`. The words are always the likeliest ones (temperature 0), so the same model gets the same report.
    """
    ask = _asker(model, tokenizer)
    report = DialogueReport(Share(), Share(), Share(), Share(), Share(), [])
    questions = [(fact, question, False) for fact in facts for question in fact.phrasings]
    questions += [(fact, question, True) for fact in facts for question in fact.held_out]
    declines = {fact.answer for fact in facts if fact.declined}
    for fact, question, held_out in track(questions, "questions asked") if progress else questions:
        said = ask(question)
        right = said == fact.answer
        if fact.declined:
            share = report.unseen_declined if held_out else report.seen_declined
        else:
            share = report.unseen if held_out else report.seen
            if held_out:
                report.refused.total += 1
                report.refused.right += said in declines
        share.total += 1
        share.right += right
        if not right:
            report.mistakes.append(Mistake(question, fact.answer, said, held_out))
    return report


def _asker(model: Any, tokenizer: Any) -> Callable[[str], str]:
    """Read the weights into NumPy once, not once a question."""
    if isinstance(model, keras.Model):
        with contextlib.suppress(MinigptError):  # a model of one's own is asked itself
            model = NumpyGPT.from_keras(model)
    return lambda question: answer(model, tokenizer, question)
