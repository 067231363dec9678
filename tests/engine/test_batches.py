"""stream_dataset and WindowBatches: each window once an epoch, in an order that seed and epoch decide."""

import sys

import numpy as np
import pytest
from helpers import PEAK_MEMORY, run_python
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt import stream_dataset
from minigpt.engine.batches import WindowBatches
from minigpt.errors import ConfigError


@given(st.integers(1, 300), st.integers(0, 2**31), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_the_shuffling_is_a_permutation(n, seed, epoch):
    batches = stream_dataset(range(n + 1), 1, seed=seed)
    batches.epoch = epoch
    assert sorted(batches.order().tolist()) == list(range(n))


def epoch_of(batches):
    return np.concatenate([batches[i][0][:, 0] for i in range(len(batches))])


def test_each_window_once_an_epoch_in_a_new_order_that_the_seed_decides():
    batches, same, other = (stream_dataset(range(1000), 10, batch_size=32, seed=seed) for seed in (3, 3, 4))
    assert len(batches) == 31
    first = epoch_of(batches)
    assert sorted(first) == list(range(990))
    assert list(first) != sorted(first), "the windows come in the order of the text"
    np.testing.assert_array_equal(first, epoch_of(same))
    assert list(first) != list(epoch_of(other))
    for epochs in (batches, same):
        epochs.on_epoch_end()
    second = epoch_of(batches)
    assert sorted(second) == list(range(990)) and list(second) != list(first)
    np.testing.assert_array_equal(second, epoch_of(same))


def test_the_order_looks_random():
    order = stream_dataset(range(2010), 10).order()
    assert abs(np.corrcoef(order, np.arange(2000))[0, 1]) < 0.1
    assert np.mean(np.abs(np.diff(order)) == 1) < 0.01, "neighbours stay neighbours"


def test_a_training_that_is_resumed_meets_the_order_that_it_would_have_met():
    unbroken, resumed = stream_dataset(range(1000), 10), stream_dataset(range(1000), 10)
    for _ in range(3):
        epoch_of(unbroken)
        unbroken.on_epoch_end()
    resumed.epoch = 3  # as train_model sets it
    np.testing.assert_array_equal(epoch_of(resumed), epoch_of(unbroken))


def test_the_order_is_made_once_an_epoch_and_takes_four_bytes_a_window(monkeypatch):
    made = []
    real = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda seed: made.append(seed) or real(seed))
    batches = stream_dataset(range(1000), 10, seed=5)
    for _ in range(2):
        epoch_of(batches)
        batches.on_epoch_end()
    assert made == [[5, 0], [5, 1]]
    assert batches.order().nbytes == 4 * 990


def test_without_shuffling_the_text_keeps_its_order():
    batches = stream_dataset(range(100), 10, batch_size=7, shuffle=False)
    np.testing.assert_array_equal(epoch_of(batches), range(90))
    x, y = batches[len(batches) - 1]
    assert x.shape == (90 % 7, 10)
    np.testing.assert_array_equal(y, x + 1)


def test_y_is_one_word_later_in_every_shuffled_batch():
    batches = stream_dataset(range(500), 10)
    for index in range(len(batches)):
        x, y = batches[index]
        np.testing.assert_array_equal(y, x + 1)


def test_fit_sees_each_window_once_an_epoch():
    import keras

    served: dict[int, list[int]] = {}

    class Recorder(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            served.setdefault(batches.epoch, []).extend(firsts.numpy().astype(int).tolist())

    import tensorflow as tf

    firsts = tf.Variable(np.zeros(25), shape=(None,), dtype="float32")

    class Sees(keras.Model):
        def train_step(self, data):
            firsts.assign(tf.cast(data[0][:, 0], "float32"))
            return {"loss": tf.constant(0.0)}

    batches = stream_dataset(range(110), 10, batch_size=25)
    words = keras.Input((None,))
    model = Sees(words, keras.layers.Identity()(words))  # Keras 3.12 wants a layer between them
    model.compile(run_eagerly=True)
    model.fit(batches, epochs=3, shuffle=False, verbose=0, callbacks=[Recorder()])
    assert len(served) == 3
    assert all(sorted(epoch) == list(range(100)) for epoch in served.values()), served
    assert len({tuple(epoch) for epoch in served.values()}) == 3, "each epoch has another order"


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "32", True, None])
def test_a_batch_size_that_is_not_a_positive_number(batch_size):
    with pytest.raises(ConfigError, match="batch_size"):
        stream_dataset(range(100), 10, batch_size=batch_size)


@pytest.mark.parametrize("seed", [-1, 2.5, float("nan"), "3", True, None])
def test_a_seed_that_is_not_a_whole_number(seed):
    with pytest.raises(ConfigError, match="seed"):
        stream_dataset(range(100), 10, seed=seed)


TEN_MILLION = f"""{PEAK_MEMORY}
import numpy as np
import tensorflow
import minigpt
from minigpt.engine.training_windows import check_windows, describe, hold_out

words = np.random.default_rng(0).integers(1, 5000, 10_000_000, dtype="int32")
print(words.nbytes / 2**20)
model = minigpt.build_gpt_model(minigpt.GPTConfig(5000, embed_dim=16, num_heads=2, ff_dim=32, num_layers=1))
batches = minigpt.stream_dataset(words[:10_000], 100)  # so that TensorFlow has taken what it needs
check_windows(model, batches.x, batches.y), batches[0], describe(batches, 5000), hold_out(batches, 0.1)
before = peak_memory()
batches = minigpt.stream_dataset(words, 100)
for index in range(0, len(batches), 5000):
    batches[index]
batches.on_epoch_end()
batches[len(batches) - 1]
print((peak_memory() - before) / 2**20)
check_windows(model, batches.x, batches.y)
describe(batches, 5000)
hold_out(batches, 0.1)
print((peak_memory() - before) / 2**20)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ten_million_words_take_little_more_memory_than_the_words():
    done = run_python(TEN_MILLION)
    assert done.returncode == 0, done.stderr
    words, serving, training = map(float, done.stdout.split())
    assert words > 38
    assert serving < 1.5 * words, f"serving batches of {words} MB of words took {serving} MB more"
    assert training < 3 * words, f"what train_model does before the first step took {training} MB more for {words} MB of words"


def test_a_memmap_is_not_read_into_memory(tmp_path):
    np.arange(100_000, dtype="int32").tofile(tmp_path / "words.bin")
    corpus = np.memmap(tmp_path / "words.bin", dtype="int32", mode="r")
    batches = stream_dataset(corpus, 10)
    assert np.shares_memory(batches.x, corpus)
    assert isinstance(batches, WindowBatches) and batches[0][0].shape == (32, 10)
