"""From the story to the dialogue, on a tiny model."""

import json
import math

import keras
import numpy as np
import pytest
from helpers import tiny_model

from minigpt.beyond import merge_lora, use_lora
from minigpt.chat import (
    Fact,
    answer,
    answer_accuracy,
    answer_loss,
    dialogue_config,
    dialogue_tokenizer,
    evaluate_dialogue,
    train_dialogue,
)
from minigpt.errors import ConfigError, TrainingError
from minigpt.model import config_of
from minigpt.training import train_model

pytestmark = pytest.mark.slow

STORY = "Ada lives in a red house by the sea. Ada has a gray cat and a blue boat. " * 2
FACTS = [
    Fact(["Where does Ada live?", "In what house does Ada live?"], "Ada lives in a red house.", ["Where is the house of Ada?"]),
    Fact(["What color is the cat?", "Which color has the cat?"], "The cat is gray.", ["What is the color of the cat?"]),
    Fact(["Who is the king?", "Is there a king?"], "The story does not say.", ["Do you know the king?"]),
]
SMALL = {"max_seq_length": 40, "embed_dim": 32, "num_heads": 2, "ff_dim": 64, "num_layers": 1, "dropout": 0.0}


@pytest.fixture(scope="module", autouse=True)
def without_graphs():
    """For so few steps, building a graph costs more than it saves."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def small_config():
    import minigpt

    return minigpt.GPTConfig(vocab_size=dialogue_tokenizer(STORY, FACTS).vocab_size, **SMALL)


def train(**options):
    return train_dialogue(STORY, FACTS, small_config(), **{"story_epochs": 1, "epochs": 2, "progress": False, **options})


def test_the_loss_counts_the_answer_only():
    y = np.array([[0, 2, 1, 0]])
    p = np.full((1, 4, 3), 1 / 3, dtype="float32")
    p[0, 1], p[0, 2] = (0.25, 0.25, 0.5), (0.25, 0.25, 0.5)
    assert float(answer_loss(y, p)) == pytest.approx((math.log(2) + math.log(4)) / 2, rel=1e-5)
    assert float(answer_accuracy(y, p)) == pytest.approx(0.5)
    p[0, 0], p[0, 3] = (1, 0, 0), (0, 0, 1)
    assert float(answer_loss(y, p)) == pytest.approx((math.log(2) + math.log(4)) / 2, rel=1e-5), "a word of the question counts"


@pytest.fixture(scope="module")
def learned():
    return train(epochs=40)


def test_it_learns_the_answers_and_gives_them(learned):
    for fact in FACTS:
        for question in fact.phrasings:
            assert answer(learned.model, learned.tokenizer, question) == fact.answer
    report = evaluate_dialogue(learned.model, learned.tokenizer, FACTS, progress=False)
    assert (report.seen.count, report.seen.total) == (4, 4) and report.seen_declined.count == 2
    assert report.unseen.total == 2 and report.unseen_declined.total == 1 and report.wrongly_declined.total == 2


def test_there_is_a_history_of_the_story_and_one_of_the_dialogue(learned):
    assert len(learned.story.history["accuracy"]) == 1 and len(learned.dialogue.history["answer_accuracy"]) == 40


class StopsInTheMiddle(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def test_a_training_interrupted_in_the_dialogue_continues_to_the_same_weights(tmp_path, monkeypatch):
    unbroken = train(epochs=3, story_epochs=0)
    import minigpt.chat.fine_tuning as tuning

    def interrupted(*arguments, **options):
        stops = [StopsInTheMiddle()] if options["checkpoint"].name == "dialogue" else []
        return train_model(*arguments, **{**options, "callbacks": stops})

    with monkeypatch.context() as patch:
        patch.setattr(tuning, "train_model", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(epochs=3, story_epochs=0, checkpoint=tmp_path)
    assert json.loads((tmp_path / "dialogue" / "progress.json").read_text())["epochs"] == 1
    resumed = train(epochs=3, story_epochs=0, checkpoint=tmp_path)
    for one, other in zip(unbroken.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert len(resumed.dialogue.history["loss"]) == 3


def test_the_window_of_the_default_model_holds_the_longest_turn():
    long_answer = "word " * 50 + "."
    facts = [Fact(["Who?"], long_answer)]
    tokenizer = dialogue_tokenizer("", facts)
    assert dialogue_config(tokenizer, facts).max_seq_length >= 55


def test_lora_trains_a_small_share_and_freezes_the_rest():
    model = tiny_model(embed_dim=64, ff_dim=256, vocab_size=300)
    before = model.count_params()
    share = use_lora(model, rank=2)
    trained = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    assert share == pytest.approx(trained / before) and 0 < share < 0.1
    assert all("lora" in variable.path for variable in model.trainable_variables)
    # embedding, three projections and output of the attention, two feed-forward layers, the last layer: two factors each
    assert len(model.trainable_variables) == 2 * 8


def test_a_merged_model_predicts_what_the_tuned_one_predicts():
    model = tiny_model()
    ids = np.arange(10)[None]
    plain = np.asarray(model(ids))
    use_lora(model, rank=2)
    np.testing.assert_allclose(
        np.asarray(model(ids)), plain, atol=1e-6, err_msg="an untrained correction changes the predictions"
    )
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.3, variable.shape))
    tuned = np.asarray(model(ids))
    assert np.abs(tuned - plain).max() > 0.01
    merged = merge_lora(model)
    np.testing.assert_allclose(np.asarray(merged(ids)), tuned, atol=1e-5)
    assert config_of(merged) == config_of(model) and not any("lora" in weight.path for weight in merged.weights)


def test_a_dialogue_can_be_tuned_with_lora():
    trained = train(lora_rank=2, story_epochs=0)
    assert trained.story.history == {}, "the story should be skipped"
    assert not any("lora" in weight.path for weight in trained.model.weights)
    assert isinstance(answer(trained.model, trained.tokenizer, "Where does Ada live?"), str)


def test_lora_needs_a_rank_and_a_model_of_build_gpt_model():
    with pytest.raises(ConfigError, match="rank=0"):
        use_lora(tiny_model(), rank=0)
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(TrainingError, match="build_gpt_model"):
        merge_lora(other)
