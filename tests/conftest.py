"""What many tests share: the text of the class, its tokenizer, tiny models, and one model trained once for all of them."""

import os
from pathlib import Path

import numpy as np
import pytest
from helpers import WORDS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session")
def text() -> str:
    """The story of the class."""
    import minigpt

    return minigpt.read_text(minigpt.data_path("data.txt"))


@pytest.fixture(scope="session")
def tokenizer(text):
    """The tokenizer of the class, fitted on the story."""
    import minigpt

    return minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text)


@pytest.fixture(scope="session")
def sequence(tokenizer, text) -> list[int]:
    """The story as ids."""
    return tokenizer.encode(text)


@pytest.fixture(scope="session")
def trained_run(tokenizer, sequence):
    """The quick model after 6 epochs on the story, and the history of its training. Do not train it on."""
    import keras

    import minigpt

    keras.utils.set_random_seed(0)
    model = minigpt.build_gpt_model(minigpt.GPTConfig.quick(tokenizer.vocab_size))
    history = minigpt.train_model(model, *minigpt.create_dataset(sequence, 32), epochs=6, seed=0, progress=False)
    return model, history


@pytest.fixture(scope="session")
def trained(trained_run):
    """The quick model, trained on the story."""
    return trained_run[0]


@pytest.fixture(scope="session")
def small_tokenizer():
    """A tokenizer of 20 ids for the tiny models."""
    import minigpt

    return minigpt.WordTokenizer().fit(WORDS)


@pytest.fixture(scope="session")
def small_windows():
    """Windows of 12 from 200 random ids, for the tiny models."""
    import minigpt

    return minigpt.create_dataset(np.random.default_rng(0).integers(1, 20, 200), 12)


@pytest.fixture
def in_tmp(tmp_path: Path, monkeypatch) -> Path:
    """An empty folder, and the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
