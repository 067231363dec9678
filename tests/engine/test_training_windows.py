"""What happens to the windows before a training: they are recognised, held out, and checked against the model."""

import tracemalloc

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt import create_dataset, train_model
from minigpt.engine.training_windows import windows_to_sequence
from minigpt.errors import TrainingError


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40), st.data())
@settings(max_examples=60, deadline=None)
def test_a_sequence_is_recovered_from_its_windows(sequence, data):
    x, y = create_dataset(sequence, data.draw(st.integers(1, len(sequence) - 1)))
    np.testing.assert_array_equal(windows_to_sequence(x, y), sequence)
    np.testing.assert_array_equal(windows_to_sequence(x.copy(), y.astype("int64")), sequence)


def test_separate_examples_are_not_a_sequence():
    rng = np.random.default_rng(0)
    x, y = rng.integers(1, 20, (8, 5)), rng.integers(1, 20, (8, 5))
    assert windows_to_sequence(x, y) is None
    x, y = rng.integers(1, 20, (8, 1)), rng.integers(1, 20, (8, 1))
    assert windows_to_sequence(x, y) is None, "pairs of words are a sequence only if each begins with the end of the one before"


@pytest.mark.parametrize(("array", "row"), [(array, row) for array in (0, 1) for row in (0, 7, 29)])
def test_windows_that_differ_in_one_word_are_not_a_sequence(array, row):
    windows = [part.copy() for part in create_dataset(range(1, 41), 10)]
    windows[array][row, 4] += 50
    assert windows_to_sequence(*windows) is None


def test_recognising_a_large_corpus_takes_little_more_than_its_words():
    words = np.random.default_rng(0).integers(1, 5000, 300_000, dtype="int32")
    x, y = create_dataset(words, 100)
    tracemalloc.start()
    np.testing.assert_array_equal(windows_to_sequence(x, y), words)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < words.nbytes + 6e6, f"{peak / 1e6:.0f} MB for {words.nbytes / 1e6:.1f} MB of words"


# The model


V = 20
WINDOWS = create_dataset(np.arange(1, 19).repeat(4), 12)


def model_with(*last, length=None):
    return keras.Sequential([keras.Input((length,)), keras.layers.Embedding(V, 8), *last])


LOGITS = {
    "no softmax": [keras.layers.Dense(V, bias_initializer="ones")],
    "relu": [keras.layers.Dense(V, activation="relu", bias_initializer="ones")],
    "a sigmoid": [keras.layers.Dense(V, activation="sigmoid")],
}


@pytest.mark.parametrize("last", LOGITS.values(), ids=LOGITS.keys())
def test_outputs_that_are_not_probabilities_are_refused_with_their_sum_and_the_remedy(last):
    model = model_with(*last)
    total = float(keras.ops.convert_to_numpy(model(np.zeros((1, 12), "int32")))[0, 0].sum())
    with pytest.raises(TrainingError, match="not probabilities") as error:
        train_model(model, *WINDOWS, epochs=1, progress=False)
    message = str(error.value)
    assert f"sum to {total:.3g}" in message and 'layers.Dense(vocab_size, activation="softmax")' in message
    assert "\n" not in message


def test_a_loss_that_expects_logits_gets_them():
    model = model_with(keras.layers.Dense(V))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert train_model(model, *WINDOWS, epochs=1, progress=False).history["loss"][0] > 0


def test_one_prediction_for_a_whole_window_is_refused():
    model = model_with(keras.layers.Flatten(), keras.layers.Dense(V, activation="softmax"), length=12)
    with pytest.raises(TrainingError, match=r"shape \(1, 20\)"):
        train_model(model, *WINDOWS, epochs=1, progress=False)


@pytest.mark.parametrize("length", [10, 14])
def test_a_model_of_another_length_is_refused(length):
    model = model_with(keras.layers.Dense(V, activation="softmax"), length=length)
    with pytest.raises(TrainingError, match=rf"12 words.*windows of {length}"):
        train_model(model, *WINDOWS, epochs=1, progress=False)
