"""What `minigpt train --dialogue` calls: from two files of one's own to a run that answers."""

import json

import pytest

from minigpt.chat import tuning
from minigpt.commands.train_dialogue import run_training
from minigpt.errors import TextError
from minigpt.saving import load_gpt

pytestmark = pytest.mark.slow

QUESTIONS = "Q: Where does Ada live?\nQ: In what house does Ada live?\nA: Ada lives in a red house.\n"


def test_a_story_and_questions_of_ones_own_become_a_run(tmp_path, monkeypatch, capsys):
    import tensorflow as tf

    from minigpt.config import GPTConfig

    tf.config.run_functions_eagerly(True)  # one step is not worth the seconds that it takes to make a graph of it
    monkeypatch.setattr(
        tuning, "dialogue_config", lambda tokenizer, facts: GPTConfig(tokenizer.vocab_size, 32, 16, 2, ff_dim=32, num_layers=1)
    )
    (tmp_path / "story.txt").write_text("Ada lives in a red house by the sea. It is old.")
    (tmp_path / "questions.txt").write_text(QUESTIONS)
    folder = run_training(tmp_path / "run", tmp_path / "story.txt", tmp_path / "questions.txt", story_epochs=1, epochs=1)
    tf.config.run_functions_eagerly(False)
    output = capsys.readouterr().out
    assert "epoch 1/1" in output and "exact answers, new phrasings" in output and f"minigpt chat {folder}" in output
    _, tokenizer = load_gpt(folder)
    assert tokenizer.unknown_words("sea <user> where") == []
    assert json.loads((folder / "chat.json").read_text())["examples"] == ["Where does Ada live?"]
    assert not (folder / "checkpoint").exists(), "the training is done: nothing is left to go on with"


def test_a_badly_formed_line_stops_it_before_anything_is_trained(tmp_path):
    (tmp_path / "questions.txt").write_text(QUESTIONS + "\nWhere?\n")
    with pytest.raises(TextError, match="line 5"):
        run_training(tmp_path / "run", questions=tmp_path / "questions.txt")
    assert not (tmp_path / "run").exists()
