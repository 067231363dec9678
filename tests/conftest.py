"""What many tests share: the text of the class, its tokenizer, tiny models, and one model trained once for all of them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

TINY = {"vocab_size": 20, "max_seq_length": 12, "embed_dim": 16, "num_heads": 2, "ff_dim": 32, "num_layers": 1, "dropout": 0.0}
WORDS = " ".join(f"w{number}" for number in range(18))  # a vocabulary of 20 ids: padding, <OOV>, w0 … w17


def tiny_model(**fields):
    """A GPT that is built in a moment; the fields given replace those of TINY."""
    import minigpt

    return minigpt.build_gpt_model(minigpt.GPTConfig(**{**TINY, **fields}))


def light_model(vocab_size=20):
    """The lightest model that has everything a training must repeat: weights, an optimizer, dropout."""
    import keras
    from keras import layers

    parts = [keras.Input((None,)), layers.Embedding(vocab_size, 8), layers.Dropout(0.3)]
    return keras.Sequential([*parts, layers.Dense(vocab_size, activation="softmax")])


def random_weights(model, seed=0):
    """Give every weight a random number, the same in every process; biases too, so that a part left out is noticed."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        centre = 1.0 if weight.path.endswith(("gamma", "variance")) else 0.0
        if "seed" not in weight.path:
            weight.assign(rng.normal(centre, 0.2, weight.shape).clip(centre - 0.5, centre + 0.5))
    return model


def run_python(code, *arguments, **options):
    """Run a program in a fresh process; return the finished process, with its output as text."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False, **options
    )


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
