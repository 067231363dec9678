"""Asking and measuring, with models that recite what the test gives them."""

import keras
import numpy as np
import pytest
from helpers import random_weights, tiny_model

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


def reciting(tokenizer, answer_to, read=None):
    """A model that, after "… <answer>", recites `answer_to(question)` word by word, then the end marker, then nonsense."""

    def model(ids):
        words = [tokenizer.words[word_id] for word_id in np.asarray(ids)[0]]
        if read is not None:
            read.append(words)
        place = len(words) - 1 - words[::-1].index("<answer>") if "<answer>" in words else len(words) - 1
        recited = [*tokenizer.tokenize(answer_to(" ".join(words[1:place]))), "<end>", "king", "king"]
        p = np.zeros((1, len(words), tokenizer.vocab_size))
        p[0, -1, tokenizer.encode(recited[min(len(words) - place - 1, len(recited) - 1)])] = 1
        return p

    return model


def test_an_answer_ends_at_the_end_marker_and_reads_as_a_sentence(tokenizer):
    assert answer(reciting(tokenizer, lambda _: "She is Ada, a teacher."), tokenizer, "Who?") == "She is Ada, a teacher."


def test_pieces_come_one_by_one_and_make_the_answer(tokenizer):
    pieces = list(stream_answer(reciting(tokenizer, lambda _: "She is Ada, a teacher."), tokenizer, "Who?"))
    assert [piece.strip() for piece in pieces] == ["She", "is", "Ada", ",", "a", "teacher", "."]
    assert "".join(pieces).strip() == "She is Ada, a teacher."


def test_a_model_that_begins_another_turn_is_cut_off(tokenizer):
    assert answer(reciting(tokenizer, lambda _: "She is <user> Ada"), tokenizer, "Who?") == "She is"


def test_max_new_tokens_is_the_longest_answer(tokenizer):
    assert answer(reciting(tokenizer, lambda _: "She is Ada, a teacher."), tokenizer, "Who?", max_new_tokens=2) == "She is"


def test_a_setting_out_of_range_is_refused(tokenizer):
    with pytest.raises(GenerationError, match="temperature"):
        answer(reciting(tokenizer, str), tokenizer, "Who?", temperature=-1)


def test_the_model_reads_a_turn_in_lower_case(tokenizer):
    read = []
    answer(reciting(tokenizer, lambda _: "She", read), tokenizer, "WHO is she?!", max_new_tokens=1)
    assert read[0] == ["<user>", "who", "is", "she", "<answer>"]


def test_unknown_words_are_named_without_a_warning(tokenizer, recwarn):
    assert unknown_in(tokenizer, "Who is (Zanzibar), she?") == ["zanzibar"]
    answer(reciting(tokenizer, lambda _: "She"), tokenizer, "Who is Zanzibar?", max_new_tokens=1)
    assert not recwarn.list


@pytest.mark.parametrize(
    "question", ["", "   ", "?!", "<end>", "<answer> <user>", "\u0000\u202e", "😀" * 50, "who " * 5000, "a" * 9999]
)
def test_odd_questions_are_answered(tokenizer, question):
    assert answer(reciting(tokenizer, lambda _: "She is Ada."), tokenizer, question) == "She is Ada."


def test_a_long_question_leaves_room_for_the_answer(tokenizer):
    class Model:
        max_seq_length = 20

    words = prompt_for(Model(), tokenizer, "she " * 100).split()
    assert len(words) == 12 and words[0] == "<user>" and words[-1] == "<answer>"


def test_a_model_that_was_not_tuned_on_dialogue_reads_the_words_as_they_are():
    plain = WordTokenizer().fit("who is she")
    assert not is_dialogue(plain)
    assert prompt_for(None, plain, "Who is <end> she?") == "Who is <end> she?"


def test_the_report_counts_each_kind_of_question(tokenizer):
    known = {"who is she": "She is Ada, a teacher.", "who is the king": "The story does not say."}
    model = reciting(tokenizer, lambda question: known.get(question, "The story does not say."))
    report = evaluate_dialogue(model, tokenizer, FACTS, progress=False)
    assert (report.seen.count, report.seen.total) == (1, 1)
    assert (report.unseen.count, report.unseen.total) == (0, 1)
    assert (report.seen_declined.count, report.seen_declined.total) == (1, 1)
    assert (report.unseen_declined.count, report.unseen_declined.total) == (1, 1)
    assert (report.wrongly_declined.count, report.wrongly_declined.total) == (1, 1)
    (mistake,) = report.mistakes
    assert mistake.question == "What is her name?" and mistake.said == "The story does not say." and mistake.held_out
    assert "0 of 1 (0.0 %)" in str(report)


def test_nearly_right_is_not_right(tokenizer):
    report = evaluate_dialogue(reciting(tokenizer, lambda _: "She is Ada, a teacher"), tokenizer, FACTS, progress=False)
    assert report.seen.count == 0, "the answer lacks its full stop"


def test_a_model_whose_numpy_copy_does_not_agree_is_asked_itself(tokenizer):
    """Our layers under our names, then one more that puts the least probable word first: a copy by name would miss it."""
    model = random_weights(tiny_model(vocab_size=tokenizer.vocab_size, max_seq_length=64))
    other = keras.Model(model.input, (1 - model.output) / (tokenizer.vocab_size - 1))
    other.gpt_config = model.gpt_config
    report = evaluate_dialogue(other, tokenizer, FACTS, progress=False)
    asked_itself = evaluate_dialogue(lambda ids: other(ids).numpy(), tokenizer, FACTS, progress=False)
    assert [mistake.said for mistake in report.mistakes] == [mistake.said for mistake in asked_itself.mistakes]
