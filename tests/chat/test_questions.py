"""The file of questions: how it is read, the mistakes in it, and which phrasings are held out."""

import pytest

from minigpt.chat import Fact, hold_out_phrasings, read_dialogue
from minigpt.errors import TextError, TextNotFound

GOOD = """# a comment

Q: Who is she?
Q: What is her name?
A: She is Ada.


Q: Where?
# in between
A: The story does not say.
"""


def write(tmp_path, content):
    path = tmp_path / "questions.txt"
    path.write_text(content, encoding="utf-8")
    return path


def test_blocks_are_facts_and_comments_are_skipped(tmp_path):
    facts = read_dialogue(write(tmp_path, GOOD))
    assert [(fact.phrasings, fact.answer) for fact in facts] == [
        (["Who is she?", "What is her name?"], "She is Ada."),
        (["Where?"], "The story does not say."),
    ]
    assert [fact.declined for fact in facts] == [False, True]


def test_the_last_block_needs_no_empty_line_and_windows_line_endings_work(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_bytes(b"Q: Who?\r\nA: Ada.\r\n\r\nQ: Where?\r\nA: Here.")
    assert [fact.answer for fact in read_dialogue(path)] == ["Ada.", "Here."]


@pytest.mark.parametrize(
    ("content", "line", "hint"),
    [
        ("Q: Who?\nWho else?\nA: Ada.\n", 2, "begin it with"),
        ("Q: Who?\nQ:\nA: Ada.\n", 2, "write the question there"),
        ("Q: Who?\nA:  \n", 2, "write the answer there"),
        ("Q: Who?\n\nQ: Where?\nA: Here.\n", 2, "has no answer"),
        ("Q: Where?\nA: Here.\n\nQ: Who?", 5, "has no answer"),
        ("A: Ada.\n", 1, "an answer without a question"),
        ("Q: Who?\nA: Ada.\nQ: Where?\nA: Here.\n", 3, "empty line between two blocks"),
        ("Q: Who?\nA: Ada.\n\nQ: Who?\nA: Eve.\n", 4, "was asked in line 1 already"),
    ],
)
def test_a_badly_formed_line_is_named_with_its_number(tmp_path, content, line, hint):
    with pytest.raises(TextError) as caught:
        read_dialogue(write(tmp_path, content))
    assert f"line {line}:" in str(caught.value) and hint in str(caught.value), caught.value
    assert "\n" not in str(caught.value)


def test_a_file_of_comments_only_has_no_questions(tmp_path):
    with pytest.raises(TextError, match="has no questions"):
        read_dialogue(write(tmp_path, "# nothing yet\n"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TextNotFound, match=r"nowhere\.txt"):
        read_dialogue(tmp_path / "nowhere.txt")


def test_the_file_of_the_class_has_enough_facts_phrasings_and_questions_without_an_answer():
    facts = read_dialogue()
    assert sum(not fact.declined for fact in facts) >= 60
    assert sum(fact.declined for fact in facts) >= 10
    short = [fact.answer for fact in facts if len(fact.phrasings) < 5]
    assert not short, f"facts with fewer than five phrasings: {short}"
    rough = [fact.answer for fact in facts if not (fact.answer[0].isupper() and fact.answer.endswith("."))]
    assert not rough, f"answers that are not sentences: {rough}"


def test_a_fifth_of_the_phrasings_is_held_out_and_never_a_whole_fact():
    facts = read_dialogue()
    divided = hold_out_phrasings(facts)
    total, held_out = sum(len(fact.phrasings) for fact in facts), sum(len(fact.held_out) for fact in divided)
    assert held_out == total // 5
    for before, after in zip(facts, divided, strict=True):
        assert after.phrasings, f"every phrasing is held out of {before.answer!r}"
        assert sorted(after.phrasings + after.held_out) == sorted(before.phrasings)


def test_the_rule_is_fixed_and_does_not_depend_on_the_order_of_the_phrasings():
    facts = read_dialogue()
    turned = [Fact(fact.phrasings[::-1], fact.answer) for fact in facts]
    again = hold_out_phrasings(turned)
    for one, other in zip(hold_out_phrasings(facts), again, strict=True):
        assert set(one.held_out) == set(other.held_out)


def test_a_fact_with_one_phrasing_keeps_it():
    (divided,) = hold_out_phrasings([Fact(["Who?"], "Ada.")], share=0.9)
    assert divided.phrasings == ["Who?"] and divided.held_out == []
