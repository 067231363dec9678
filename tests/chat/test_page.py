"""The page, run by Streamlit's own AppTest: questions, settings, several runs, odd prompts, a run that vanishes, the inside."""

import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "streamlit", reason='the page needs Streamlit: type python -m pip install -e ".[chat]" in the project folder'
)

import minigpt.chat
from minigpt.chat import Fact

pytestmark = pytest.mark.slow

PAGE = str(Path(minigpt.chat.__file__).with_name("page.py"))
FACTS = [
    Fact(["Where does Ada live?", "In what house does Ada live?"], "Ada lives in a red house."),
    Fact(["What color is the cat?", "Which color has the cat?"], "The cat is gray."),
]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A folder with one tiny run that was tuned on dialogue."""
    import tensorflow as tf

    import minigpt
    from minigpt.chat import dialogue_tokenizer, save_dialogue, train_dialogue

    folder = tmp_path_factory.mktemp("runs")
    size = dialogue_tokenizer("", FACTS).vocab_size
    config = minigpt.GPTConfig(size, max_seq_length=32, embed_dim=32, num_heads=2, ff_dim=64, num_layers=2, dropout=0.0)
    tf.config.run_functions_eagerly(True)  # for so few steps, building a graph costs more than it saves
    trained = train_dialogue("", FACTS, config, story_epochs=0, epochs=40, progress=False)
    tf.config.run_functions_eagerly(False)
    save_dialogue(folder / "ada", trained.model, trained.tokenizer, FACTS)
    return folder


@pytest.fixture
def runs(tuned, tmp_path):
    """A copy that a test may change."""
    return Path(shutil.copytree(tuned, tmp_path / "runs"))


@pytest.fixture
def open_page(monkeypatch):
    """Opens the page of a folder, as a new browser tab does."""
    from streamlit.testing.v1 import AppTest

    def open_page(folder):
        monkeypatch.setattr(sys, "argv", [PAGE, str(folder)])
        page = AppTest.from_file(PAGE, default_timeout=60).run()
        assert not page.exception, page.exception
        return page

    return open_page


def ask(page, question):
    page.chat_input[0].set_value(question).run()
    assert not page.exception, page.exception
    return page


def said(page):
    """(who, what) of each message on the page."""
    return [(message.name, message.text[0].value) for message in page.chat_message]


def test_a_question_is_answered_and_stays_in_the_history(tuned, open_page):
    page = ask(open_page(tuned), "Where does Ada live?")
    ask(page, "What color is the cat?")
    assert said(page) == [
        ("user", "Where does Ada live?"),
        ("assistant", "Ada lives in a red house."),
        ("user", "What color is the cat?"),
        ("assistant", "The cat is gray."),
    ]


def test_a_new_conversation_is_empty(tuned, open_page):
    page = ask(open_page(tuned), "Where does Ada live?")
    (button,) = [button for button in page.button if button.label == "New conversation"]
    button.click().run()
    assert said(page) == [] and not page.exception


def test_an_example_can_be_clicked(tuned, open_page):
    page = open_page(tuned)
    (button,) = [button for button in page.button if button.label == "Where does Ada live?"]
    button.click().run()
    assert said(page)[-1] == ("assistant", "Ada lives in a red house.")


def test_unknown_words_of_a_question_are_shown(tuned, open_page):
    page = ask(open_page(tuned), "Where does Zanzibar live?")
    assert page.chat_message[0].text[1].value == "(words that it does not know: zanzibar)"


@pytest.mark.parametrize(
    "question",
    [
        "<script>alert(1)</script> <b>bold</b>",
        "**bold** [a](javascript:b) $x$ :smile:",
        "<end> <answer>",
        "?",
        "word " * 800,
        "a" * 4000,
    ],
)
def test_an_odd_question_is_shown_as_text_and_answered(tuned, open_page, question):
    page = ask(open_page(tuned), question)
    assert said(page)[0] == ("user", question.strip()) and said(page)[1][1]
    shown_otherwise = [element.value for element in [*page.markdown, *page.caption] if question.strip() in element.value]
    assert not shown_otherwise, "the question is shown by an element that renders Markdown"


def test_the_source_never_allows_html():
    assert "unsafe_allow_html" not in Path(PAGE).read_text("utf-8")


def test_the_length_is_obeyed_and_the_same_seed_gives_the_same_answer(tuned, open_page):
    page = open_page(tuned)
    sliders = {slider.label: slider for slider in page.slider}
    sliders["Temperature"].set_value(2.0)
    sliders["Length, in words"].set_value(3)
    (seed,) = [number for number in page.number_input if number.label == "Seed"]
    seed.set_value(7).run()
    ask(ask(page, "Where does Ada live?"), "Where does Ada live?")
    first, second = (text for who, text in said(page) if who == "assistant")
    assert first == second and len(first.split()) <= 3


def test_two_tabs_have_two_conversations(tuned, open_page):
    one, other = open_page(tuned), open_page(tuned)
    ask(one, "Where does Ada live?")
    ask(other, "What color is the cat?")
    assert said(one) == [("user", "Where does Ada live?"), ("assistant", "Ada lives in a red house.")]
    assert said(other) == [("user", "What color is the cat?"), ("assistant", "The cat is gray.")]


def test_the_look_inside_shows_every_word_of_the_answer(tuned, open_page):
    page = ask(open_page(tuned), "Where does Ada live?")
    (inside,) = [expander for expander in page.expander if expander.label == "A look inside"]
    (word,) = inside.select_slider
    assert [option.split(": ")[1] for option in word.options] == ["Ada", "lives", "in", "a", "red", "house", "."]
    word.set_value(4).run()
    assert not page.exception
    assert "It has read: <user> where does ada live <answer> Ada lives in a" in [text.value for text in page.text]
    (table,) = page.dataframe
    assert table.value["layer"].iloc[-1] == "next_word" and table.value.iloc[-1, -1].startswith("red ")
    (head,) = [box for box in page.selectbox if box.label == "Head"]
    head.set_value(2).run()
    assert not page.exception


def test_a_model_whose_numpy_copy_does_not_agree_answers_and_is_not_shown_from_inside(runs, open_page, monkeypatch):
    monkeypatch.setattr("minigpt.engine.next_word.fast_copy", lambda model: None)
    page = ask(open_page(runs), "Where does Ada live?")
    assert said(page)[-1] == ("assistant", "Ada lives in a red house.")
    (inside,) = [expander for expander in page.expander if expander.label == "A look inside"]
    (sentence,) = [text.value for text in inside.text]
    assert sentence.startswith("The inside of this model cannot be shown")


def test_a_run_without_dialogue_continues_the_words_and_can_be_chosen_too(runs, open_page):
    import helpers

    import minigpt

    tokenizer = minigpt.WordTokenizer().fit(helpers.WORDS)
    minigpt.save_gpt(runs / "plain", helpers.tiny_model(), tokenizer)
    page = open_page(runs)
    assert set(page.selectbox[0].options) == {"ada", "plain"}
    page.selectbox[0].set_value(str(runs / "plain")).run()
    assert any("continues your words" in caption.value for caption in page.caption)
    ask(page, "w1 w2")
    assert said(page)[0] == ("user", "w1 w2") and len(said(page)[1][1].split()) == 40


def test_a_run_that_vanishes_is_an_error_and_the_conversation_stays(runs, open_page):
    page = ask(open_page(runs), "Where does Ada live?")
    shutil.rmtree(runs / "ada")
    page.run()
    assert not page.exception and len(page.error) == 1
    assert any("there is no saved model" in text.value for text in page.text)
    assert said(page)[-1] == ("assistant", "Ada lives in a red house.")


def test_a_damaged_run_is_an_error(runs, open_page):
    (runs / "ada" / "model.h5").write_bytes(b"nothing")
    page = open_page(runs)
    assert len(page.error) == 1 and any("model.h5" in text.value for text in page.text)


def test_a_run_that_was_trained_again_is_loaded_again(runs, open_page):
    page = ask(open_page(runs), "Where does Ada live?")
    (runs / "ada" / "model.h5").write_bytes(b"nothing")
    page.run()
    assert len(page.error) == 1, "the page went on with the old model"
