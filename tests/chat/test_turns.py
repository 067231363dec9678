"""Turns: their markers, their arrays, and the words that are hidden in training."""

import numpy as np
import pytest

from minigpt.chat import DialogueBatches, Fact, asked, dialogue_tokenizer, read_dialogue, turn, turn_arrays, turn_prompt

FACTS = [Fact(["Who is she?", "What is her name?"], "She is Ada.", held_out=["Zanzibar?"]), Fact(["Where?"], "Here, in town.")]


@pytest.fixture(scope="module")
def tokenizer():
    return dialogue_tokenizer("Once upon a time.", FACTS)


def test_a_question_reads_the_same_however_it_is_typed():
    assert asked("Who is Tavia?") == asked("who is tavia") == asked("  WHO IS TAVIA ?! ")


def test_punctuation_inside_a_question_stays():
    assert asked("In 3.5 years, who?") == "in 3.5 years, who"


def test_markers_in_a_question_do_not_end_it():
    assert turn_prompt("Who <end> is <ANSWER> she?").split() == ["<user>", "who", "is", "she", "<answer>"]


def test_each_marker_is_one_word_of_the_vocabulary(tokenizer):
    ids = [tokenizer.encode(marker) for marker in ("<user>", "<answer>", "<end>")]
    assert all(len(one) == 1 for one in ids) and len({one[0] for one in ids}) == 3
    assert not set(np.ravel(ids)) & set(tokenizer.special_ids)


def test_held_out_words_are_not_in_the_vocabulary(tokenizer):
    assert tokenizer.unknown_words("zanzibar once") == ["zanzibar", "once"]  # the story has "Once", with a capital letter


def test_only_the_answer_and_its_end_count(tokenizer):
    x, y = turn_arrays(tokenizer, FACTS)
    assert x.shape == y.shape and x.dtype == y.dtype == np.int32 and len(x) == 3
    for row, (question, fact) in enumerate((q, f) for f in FACTS for q in f.phrasings):
        ids = tokenizer.encode(turn(question, fact.answer))
        assert x[row, : len(ids) - 1].tolist() == ids[:-1] and not x[row, len(ids) - 1 :].any()
        assert tokenizer.decode(y[row]) == f"{fact.answer} <end>"
        first = int((y[row] != 0).argmax())
        assert tokenizer.decode(x[row, : first + 1]) == turn_prompt(question)


def test_y_is_the_next_word_of_x_wherever_it_counts(tokenizer):
    x, y = turn_arrays(tokenizer, FACTS)
    later = (y[:, :-1] != 0) & (x[:, 1:] != 0)
    assert later.any() and np.array_equal(y[:, :-1][later], x[:, 1:][later])


def test_only_words_of_the_question_are_hidden(tokenizer):
    x, y = turn_arrays(tokenizer, FACTS)
    batches = DialogueBatches(x, y, tokenizer, word_dropout=0.999, batch_size=3)
    hidden, same_y = batches[0]
    unknown = tokenizer.special_ids[1]
    for row, target in zip(hidden, same_y, strict=True):
        words = [tokenizer.words[word_id] for word_id in row]
        start, end = words.index("<user>"), words.index("<answer>")
        assert (row[start + 1 : end] == unknown).all(), "at a share of 0.999, every word of the question should be hidden"
        assert unknown not in row[end:], "the answer should never be hidden"
        assert tokenizer.decode(target).endswith("<end>")
    assert unknown not in x, "the turns themselves should stay as they are"


def test_hidden_words_differ_by_epoch_and_repeat_with_the_same_seed():
    facts = read_dialogue()[:20]
    tokenizer = dialogue_tokenizer("", facts)
    x, y = turn_arrays(tokenizer, facts)

    def epoch(number, seed=0, share=0.3):
        batches = DialogueBatches(x, y, tokenizer, share, batch_size=len(x), seed=seed)
        batches.epoch = number
        return np.array(sorted(batches[0][0].tolist()))

    assert np.array_equal(epoch(1), epoch(1))
    assert not np.array_equal(epoch(1), epoch(2))
    assert not np.array_equal(epoch(1), epoch(1, seed=1))
    assert np.array_equal(epoch(1, share=0.0), np.array(sorted(x.tolist())))


def test_the_fingerprint_tells_one_dialogue_from_another(tokenizer):
    x, y = turn_arrays(tokenizer, FACTS)
    other = y.copy()
    other[-1, other[-1].nonzero()[0][0]] += 1
    assert DialogueBatches(x, y, tokenizer).fingerprint() == DialogueBatches(x.copy(), y, tokenizer).fingerprint()
    assert DialogueBatches(x, y, tokenizer).fingerprint() != DialogueBatches(x, other, tokenizer).fingerprint()
