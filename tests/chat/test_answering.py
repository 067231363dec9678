"""Asking and measuring, with models that say by heart what the test gives them."""

import numpy as np
import pytest

from minigpt.chat import Fact, answer, dialogue_tokenizer, evaluate_dialogue, stream_answer, unknown_in
from minigpt.chat.answering import is_dialogue, prompt_for
from minigpt.errors import GenerationError
from minigpt.tokenizer import WordTokenizer

FACTS = [
    Fact(["Who is she?"], "She is Ada, a teacher.", ["What is her name?"]),
    Fact(["Who is the king?"], "The story does not say.", ["Is there a king?"]),
]


@pytest.fixture(scope="module")
def tokenizer():
    return dialogue_tokenizer("Once upon a time.", FACTS)


def by_heart(tokenizer, says, read=None):
    """A model: after "… <answer>" it says `says(question)` word by word, then the end word, then nonsense."""

    def model(ids):
        words = [tokenizer.words[word_id] for word_id in np.asarray(ids)[0]]
        if read is not None:
            read.append(words)
        place = len(words) - 1 - words[::-1].index("<answer>") if "<answer>" in words else len(words) - 1
        said = [*tokenizer.tokenize(says(" ".join(words[1:place]))), "<end>", "king", "king"]
        p = np.zeros((1, len(words), tokenizer.vocab_size))
        p[0, -1, tokenizer.encode(said[min(len(words) - place - 1, len(said) - 1)])] = 1
        return p

    return model


def test_an_answer_ends_at_the_end_word_and_reads_as_a_sentence(tokenizer):
    assert answer(by_heart(tokenizer, lambda question: "She is Ada, a teacher."), tokenizer, "Who?") == "She is Ada, a teacher."


def test_pieces_come_one_by_one_and_make_the_answer(tokenizer):
    pieces = list(stream_answer(by_heart(tokenizer, lambda question: "She is Ada, a teacher."), tokenizer, "Who?"))
    assert [piece.strip() for piece in pieces] == ["She", "is", "Ada", ",", "a", "teacher", "."]
    assert "".join(pieces).strip() == "She is Ada, a teacher."


def test_a_model_that_begins_another_turn_is_cut_off(tokenizer):
    assert answer(by_heart(tokenizer, lambda question: "She is <user> Ada"), tokenizer, "Who?") == "She is"


def test_max_new_tokens_is_the_longest_answer(tokenizer):
    assert (
        answer(by_heart(tokenizer, lambda question: "She is Ada, a teacher."), tokenizer, "Who?", max_new_tokens=2) == "She is"
    )


def test_a_setting_that_cannot_be_right_is_refused(tokenizer):
    with pytest.raises(GenerationError, match="temperature"):
        answer(by_heart(tokenizer, str), tokenizer, "Who?", temperature=-1)


def test_the_model_reads_a_turn_in_small_letters(tokenizer):
    read = []
    answer(by_heart(tokenizer, lambda question: "She", read), tokenizer, "WHO is she?!", max_new_tokens=1)
    assert read[0] == ["<user>", "who", "is", "she", "<answer>"]


def test_unknown_words_are_named_without_a_warning(tokenizer, recwarn):
    assert unknown_in(tokenizer, "Who is (Zanzibar), she?") == ["zanzibar"]
    answer(by_heart(tokenizer, lambda question: "She"), tokenizer, "Who is Zanzibar?", max_new_tokens=1)
    assert not recwarn.list


@pytest.mark.parametrize(
    "question", ["", "   ", "?!", "<end>", "<answer> <user>", "\u0000\u202e", "😀" * 50, "who " * 5000, "a" * 9999]
)
def test_odd_questions_are_answered(tokenizer, question):
    assert answer(by_heart(tokenizer, lambda question: "She is Ada."), tokenizer, question) == "She is Ada."


def test_a_long_question_leaves_room_for_the_answer(tokenizer):
    class Model:
        max_seq_length = 20

    words = prompt_for(Model(), tokenizer, "she " * 100).split()
    assert len(words) == 12 and words[0] == "<user>" and words[-1] == "<answer>"


def test_a_plain_tokenizer_is_no_dialogue_and_reads_the_words_as_they_are():
    plain = WordTokenizer().fit("who is she")
    assert not is_dialogue(plain)
    assert prompt_for(None, plain, "Who is <end> she?") == "Who is <end> she?"


def test_the_report_counts_each_kind_of_question(tokenizer):
    known = {"who is she": "She is Ada, a teacher.", "who is the king": "The story does not say."}
    model = by_heart(tokenizer, lambda question: known.get(question, "The story does not say."))
    report = evaluate_dialogue(model, tokenizer, FACTS, progress=False)
    assert (report.seen.right, report.seen.total) == (1, 1)
    assert (report.unseen.right, report.unseen.total) == (0, 1)
    assert (report.seen_declined.right, report.seen_declined.total) == (1, 1)
    assert (report.unseen_declined.right, report.unseen_declined.total) == (1, 1)
    assert (report.refused.right, report.refused.total) == (1, 1)
    (mistake,) = report.mistakes
    assert mistake.question == "What is her name?" and mistake.said == "The story does not say." and mistake.held_out
    assert "0 of 1 (0.0 %)" in str(report)


def test_nearly_right_is_not_right(tokenizer):
    report = evaluate_dialogue(by_heart(tokenizer, lambda question: "She is Ada, a teacher"), tokenizer, FACTS, progress=False)
    assert report.seen.right == 0, "the answer lacks its last mark"
