"""train_model and the baselines: repeatable, honest about what is held out, clear about what cannot be trained."""

import itertools
import math

import keras
import numpy as np
import pytest
from helpers import light_model, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from minigpt import baselines, create_dataset, stream_dataset, train_model
from minigpt.engine.batches import WindowBatches
from minigpt.engine.training_windows import hold_out
from minigpt.errors import ConfigError, MinigptError, TrainingError, WindowTooLarge
from minigpt.training import suitable_learning_rate

V = 20


def sequential(length=None):
    return keras.Sequential([keras.Input((length,)), layers.Embedding(V, 8), layers.Dense(V, activation="softmax")])


# Baselines


def test_baselines_worked_out_by_hand():
    alternating = baselines([1, 2] * 50)
    assert alternating.uniform == pytest.approx(math.log(2))
    assert alternating.unigram == pytest.approx(math.log(2))
    assert alternating.bigram == pytest.approx(0)
    # After 1 comes 2 or 3, each half of the time; after 2 and 3 always 1. Pairs that begin with 1 are half of all pairs.
    branching = baselines([*[1, 2, 1, 3] * 500, 1])
    assert branching.unigram == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(4), abs=1e-3)
    assert branching.bigram == pytest.approx(0.5 * math.log(2), abs=1e-3)
    assert baselines([1, 2, 3], vocab_size=385).uniform == pytest.approx(math.log(385))


@given(st.lists(st.integers(0, 6), min_size=2, max_size=60))
@settings(max_examples=60, deadline=None)
def test_baselines_are_the_definition(sequence):
    b = baselines(sequence)
    share = {word: sequence.count(word) / len(sequence) for word in sequence}
    assert b.unigram == pytest.approx(-sum(p * math.log(p) for p in share.values()), abs=1e-9)
    pairs = list(itertools.pairwise(sequence))
    firsts = sequence[:-1]
    losses = [-math.log(pairs.count(pair) / firsts.count(pair[0])) for pair in pairs]
    assert b.bigram == pytest.approx(sum(losses) / len(losses), abs=1e-9)
    assert b.unigram <= b.uniform + 1e-9


def test_baselines_of_odd_texts():
    assert baselines([3] * 50) == (0, 0, 0)
    for sequence in ([], [1]):
        with pytest.raises(TrainingError, match=f"has {len(sequence)}"):
            baselines(sequence)


# Training


def test_the_history_has_a_number_for_each_epoch(small_windows, capsys):
    model = tiny_model()
    history = train_model(model, *small_windows, epochs=3, validation_split=0.2)
    assert {name: len(values) for name, values in history.history.items()} == dict.fromkeys(
        ("loss", "accuracy", "val_loss", "val_accuracy"), 3
    )
    assert history.epoch == [0, 1, 2]
    shown = capsys.readouterr().out
    assert "any word 3.00" in shown, "the header names the baselines, ln 20 = 3.00"
    assert shown.count("epoch ") >= 3 and "\r" not in shown and "\b" not in shown
    assert type(model.optimizer).__name__ == "Adam"


def test_progress_can_be_turned_off(small_windows, capsys):
    train_model(tiny_model(), *small_windows, epochs=1, progress=False)
    assert capsys.readouterr().out == ""


def test_the_same_seed_gives_the_same_losses(small_windows):
    def losses(seed):
        keras.utils.set_random_seed(1)
        return train_model(light_model(), *small_windows, epochs=2, seed=seed, progress=False).history["loss"]

    first = losses(7)
    np.random.default_rng().normal(size=9)
    assert losses(7) == first
    assert losses(8) != first


def test_it_learns(small_windows):
    losses = train_model(tiny_model(), *small_windows, epochs=6, progress=False).history["loss"]
    assert losses[-1] < losses[0]


def test_the_steps_an_epoch_of_the_class(sequence):
    batches, _ = hold_out(stream_dataset(sequence, 100), 0.1)
    assert len(batches) == 22


@pytest.mark.parametrize("window_size", [12, 32, 100])
def test_validation_shares_no_word_with_training(window_size):
    batches, (x, y) = hold_out(stream_dataset(range(860), window_size), 0.1)
    seen = set(batches.x.ravel().tolist()) | set(batches.y.ravel().tolist())
    held_out = set(x.ravel().tolist()) | set(y.ravel().tolist())
    assert not seen & held_out and len(seen) == 774 and len(held_out) == 86
    np.testing.assert_array_equal(y, x + 1)


def test_validation_data_of_another_text(small_windows):
    history = train_model(tiny_model(), *small_windows, epochs=1, validation_data=small_windows, progress=False)
    assert "val_loss" in history.history
    with pytest.raises(MinigptError, match="one of them"):
        train_model(tiny_model(), *small_windows, validation_split=0.1, validation_data=small_windows)


def test_separate_examples_are_held_out_as_they_are():
    x = np.random.default_rng(0).integers(1, V, (10, 12))
    y = np.random.default_rng(1).integers(1, V, (10, 12))
    batches, (held_x, held_y) = hold_out(WindowBatches(x, y, 4), 0.2)
    np.testing.assert_array_equal(batches.x, x[:8])
    np.testing.assert_array_equal(held_x, x[8:])
    np.testing.assert_array_equal(held_y, y[8:])
    for share in (1.5, -0.5, 0.001):
        with pytest.raises(MinigptError):
            hold_out(WindowBatches(x, y, 4), share)


def test_a_stream_trains_like_the_arrays(sequence):
    def losses(*data):
        keras.utils.set_random_seed(1)
        return train_model(light_model(385), *data, epochs=1, progress=False).history["loss"]

    assert losses(stream_dataset(sequence, 12)) == losses(*create_dataset(sequence, 12))


class Subclassed(keras.Model):
    """A learner's model that has no shape before its first call."""

    def __init__(self):
        super().__init__()
        self.words, self.next_word = layers.Embedding(V, 8), layers.Dense(V, activation="softmax")

    def call(self, ids):
        return self.next_word(self.words(ids))


@pytest.mark.parametrize(
    "make",
    [
        sequential,
        lambda: sequential(12),
        lambda: keras.Sequential([layers.Embedding(V, 8), layers.Dense(V, activation="softmax")]),
        Subclassed,
    ],
    ids=["any length", "fixed length", "no input given", "subclassed"],
)
def test_a_model_of_ones_own(small_windows, make):
    history = train_model(make(), *small_windows, epochs=1, progress=False)
    assert 0 < history.history["loss"][0] < 5


def test_a_model_of_fixed_length_can_hold_out_words(sequence):
    model = keras.Sequential([keras.Input((100,)), layers.Embedding(385, 8), layers.Flatten(), layers.Reshape((100, 8))])
    model.add(layers.Dense(385, activation="softmax"))
    try:  # 86 words are held out: no window of 100 fits into them
        history = train_model(model, *create_dataset(sequence, 100), epochs=1, validation_split=0.1, progress=False)
    except MinigptError:
        return
    assert "val_loss" in history.history


def test_a_compiled_model_keeps_its_optimizer_unless_a_rate_is_given(small_windows):
    model = tiny_model()
    model.compile(keras.optimizers.SGD(0.125), "sparse_categorical_crossentropy")
    train_model(model, *small_windows, epochs=1, progress=False)
    assert isinstance(model.optimizer, keras.optimizers.SGD) and float(model.optimizer.learning_rate) == 0.125
    train_model(model, *small_windows, epochs=1, learning_rate=0.25, progress=False)
    assert isinstance(model.optimizer, keras.optimizers.Adam) and float(model.optimizer.learning_rate) == 0.25


def test_the_learning_rate_suits_the_model():
    assert suitable_learning_rate(tiny_model()) > suitable_learning_rate(tiny_model(norm="post"))
    assert suitable_learning_rate(sequential()) == 1e-3


def test_own_callbacks_are_called(small_windows):
    ends = []
    train_model(
        tiny_model(),
        *small_windows,
        epochs=2,
        progress=False,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append((epoch, set(logs))))],
    )
    assert ends == [(0, {"loss", "accuracy"}), (1, {"loss", "accuracy"})]


# What cannot be trained


@pytest.mark.parametrize("where", ["x", "y", "both"])
@pytest.mark.parametrize("wrong", [-1, 20, 9999])
def test_ids_outside_the_vocabulary(small_windows, where, wrong):
    x, y = (windows.copy() for windows in small_windows)
    sequence = np.append(small_windows[0][:, 0], [3, wrong, 4] + [5] * 12)
    if where == "both":
        x, y = create_dataset(sequence, 12)
    else:
        {"x": x, "y": y}[where][5, 3] = wrong
    with pytest.raises(TrainingError, match=f"id {wrong} is outside the vocabulary"):
        train_model(tiny_model(), x, y, epochs=1, progress=False)


def test_an_id_outside_the_vocabulary_beside_a_view(small_windows):
    x, y = small_windows
    wrong = y.copy()
    wrong[5, 3] = 9999
    with pytest.raises(TrainingError, match="id 9999"):
        train_model(tiny_model(), x, wrong, epochs=1, progress=False)
    with pytest.raises(TrainingError, match="id 9999"):
        train_model(tiny_model(), x, y, epochs=1, validation_data=(x, wrong), progress=False)


def test_windows_longer_than_the_model_reads():
    long = create_dataset([1, 2, 3] * 20, 13)
    with pytest.raises(TrainingError, match=r"13 words.*max_seq_length=12"):
        train_model(tiny_model(), *long, progress=False)
    with pytest.raises(TrainingError, match="12"):
        train_model(tiny_model(), *create_dataset([1, 2, 3] * 20, 12), validation_data=long, progress=False)


def test_windows_of_the_wrong_shape(small_windows):
    x, y = small_windows
    for wrong in ((x, y[:-1]), (x, y[:, -1]), (x[:0], y[:0]), (x[0], y[0])):
        with pytest.raises(TrainingError, match="shape"):
            train_model(tiny_model(), *wrong, progress=False)
    with pytest.raises(TrainingError, match="y is missing"):
        train_model(tiny_model(), x)


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "epochs": [0, -1, 1.5, "3", True, float("nan"), None],
        "batch_size": [0, -1, 1.5, "32", True, None],
        "learning_rate": [0, -1e-3, float("nan"), float("inf"), "0.1", True],
        "validation_split": [1, -0.1, float("nan"), "0.1", True, None],
        "seed": [-1, 0.5, float("nan"), "1", True, None],
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_setting_is_named(small_windows, name, values):
    for value in values:
        with pytest.raises(ConfigError, match=name):
            train_model(tiny_model(), *small_windows, progress=False, **{name: value})


def test_numbers_of_numpy_are_settings(small_windows, tmp_path):
    settings = {
        "epochs": np.int64(1),
        "batch_size": np.int32(16),
        "learning_rate": np.float32(0.01),
        "validation_split": np.float64(0.2),
        "seed": np.int64(3),
    }
    history = train_model(tiny_model(), *small_windows, progress=False, checkpoint=tmp_path, **settings)
    assert len(history.history["val_loss"]) == 1


def test_a_share_too_small_for_a_window():
    with pytest.raises(WindowTooLarge, match="larger share"):
        train_model(tiny_model(), *create_dataset([1, 2, 3] * 10, 12), validation_split=0.01, progress=False)
    with pytest.raises(WindowTooLarge):
        train_model(tiny_model(), *create_dataset([1, 2, 3] * 10, 12), validation_split=0.9, progress=False)
