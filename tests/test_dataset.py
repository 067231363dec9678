"""create_dataset, split_sequence and the streaming dataset: windows that share the memory of the words."""

import numpy as np
import pytest
from helpers import run_python
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt import create_dataset, split_sequence, stream_dataset
from minigpt.dataset import WindowBatches, shuffled, windows_to_sequence
from minigpt.errors import MinigptError, WindowTooLarge


def classroom_dataset(sequence, window_size):
    """The loop of the class, with lists of lists."""
    x, y = [], []
    for i in range(len(sequence) - window_size):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i + 1 : i + window_size + 1])
    return np.array(x), np.array(y)


@pytest.mark.parametrize(("window_size", "windows"), [(32, 828), (100, 760)])
def test_the_numbers_and_the_arrays_of_the_class(sequence, window_size, windows):
    x, y = create_dataset(sequence, window_size)
    assert x.shape == y.shape == (windows, window_size)
    assert x.dtype == y.dtype == np.int32
    expected_x, expected_y = classroom_dataset(sequence, window_size)
    np.testing.assert_array_equal(x, expected_x)
    np.testing.assert_array_equal(y, expected_y)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40), st.data())
@settings(max_examples=60, deadline=None)
def test_any_text_and_window_gives_the_arrays_of_the_class(sequence, data):
    window_size = data.draw(st.integers(1, len(sequence) - 1))
    x, y = create_dataset(sequence, window_size)
    expected_x, expected_y = classroom_dataset(sequence, window_size)
    np.testing.assert_array_equal(x, expected_x)
    np.testing.assert_array_equal(y, expected_y)
    np.testing.assert_array_equal(windows_to_sequence(x, y), sequence)


def test_the_windows_are_views():
    words = np.arange(1000, dtype="int32")
    x, y = create_dataset(words, 100)
    assert np.shares_memory(x, words) and np.shares_memory(y, words)
    x, y = create_dataset(list(range(1000)), 100)
    assert np.shares_memory(x, y), "x and y must be views of one sequence"
    with pytest.raises(ValueError, match="read-only"):
        x[0, 0] = 1


@pytest.mark.parametrize("length", [0, 1, 5, 10])
def test_a_text_shorter_than_the_window(length):
    with pytest.raises(WindowTooLarge, match=f"has {length} words but window_size is 10"):
        create_dataset(list(range(length)), 10)


def test_the_longest_window_that_fits_is_named():
    with pytest.raises(WindowTooLarge, match="at most 39"):
        create_dataset(range(40), 100)
    assert create_dataset(range(40), 39)[0].shape == (1, 39)


@pytest.mark.parametrize("window_size", [0, -1, 2.5, "3", None, True])
def test_a_window_that_is_no_size(window_size):
    with pytest.raises(MinigptError, match="window_size"):
        create_dataset(range(50), window_size)


@pytest.mark.parametrize(
    "sequence", [[list(range(50))], ["a", "b"] * 20, "the text itself " * 9], ids=["nested", "words", "text"]
)
def test_what_is_no_list_of_ids_is_a_clear_error(sequence):
    with pytest.raises(MinigptError) as error:
        create_dataset(sequence, 10)
    assert "has 1 words" not in str(error.value), "the text of texts_to_sequences([text]) has more than one word"


def test_an_id_too_large_does_not_become_another():
    with pytest.raises((MinigptError, OverflowError)):
        create_dataset(np.array([2**32 + 5] * 20), 10)


@given(st.integers(2, 500), st.floats(0.01, 0.99), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_no_validation_window_shares_a_word_with_a_training_window(length, share, window_size):
    training, validation = split_sequence(range(length), share)
    np.testing.assert_array_equal(np.concatenate([training, validation]), range(length))
    assert abs(len(validation) - length * share) <= 1
    if min(len(training), len(validation)) > window_size:  # every word has its own number here
        seen = {int(word) for windows in create_dataset(training, window_size) for word in windows.ravel()}
        held_out = {int(word) for windows in create_dataset(validation, window_size) for word in windows.ravel()}
        assert not seen & held_out


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, 10])
def test_a_share_that_is_none(share):
    with pytest.raises(MinigptError, match="validation_split"):
        split_sequence(range(100), share)


@given(st.integers(1, 300), st.integers(0, 2**31), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_the_shuffling_is_a_permutation(n, seed, epoch):
    order = shuffled(np.arange(n), n, seed, epoch)
    assert sorted(order.tolist()) == list(range(n))


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
    order = shuffled(np.arange(2000), 2000, 0, 0)
    assert abs(np.corrcoef(order, np.arange(2000))[0, 1]) < 0.1
    assert np.mean(np.abs(np.diff(order)) == 1) < 0.01, "neighbours stay neighbours"


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
    model = Sees(words, words)
    model.compile(run_eagerly=True)
    model.fit(batches, epochs=3, shuffle=False, verbose=0, callbacks=[Recorder()])
    assert len(served) == 3
    assert all(sorted(epoch) == list(range(100)) for epoch in served.values()), served
    assert len({tuple(epoch) for epoch in served.values()}) == 3, "each epoch has another order"


@pytest.mark.parametrize("batch_size", [0, -1, 2.5])
def test_a_batch_that_is_no_size(batch_size):
    with pytest.raises(MinigptError, match="batch_size"):
        stream_dataset(range(100), 10, batch_size=batch_size)


def test_windows_that_are_separate_examples_are_no_sequence():
    rng = np.random.default_rng(0)
    x, y = rng.integers(1, 20, (8, 5)), rng.integers(1, 20, (8, 5))
    assert windows_to_sequence(x, y) is None
    x, y = rng.integers(1, 20, (8, 1)), rng.integers(1, 20, (8, 1))
    assert windows_to_sequence(x, y) is None, "pairs of words are a sequence only where each begins with the end of the last"


TEN_MILLION = """
import resource
import numpy as np
import tensorflow
import minigpt
from minigpt.training import _header, check_windows

words = np.random.default_rng(0).integers(1, 5000, 10_000_000, dtype="int32")
print(words.nbytes / 2**20)
model = minigpt.build_gpt_model(minigpt.GPTConfig(5000, embed_dim=16, num_heads=2, ff_dim=32, num_layers=1))
batches = minigpt.stream_dataset(words[:10_000], 100)  # so that TensorFlow has taken what it needs
check_windows(model, batches.x, batches.y), batches[0], _header(batches, 5000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
batches = minigpt.stream_dataset(words, 100)
for index in range(0, len(batches), 5000):
    batches[index]
batches.on_epoch_end()
batches[len(batches) - 1]
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
check_windows(model, batches.x, batches.y)
_header(batches, 5000)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
def test_ten_million_words_take_little_more_memory_than_the_words():
    done = run_python(TEN_MILLION)
    assert done.returncode == 0, done.stderr
    words, serving, training = map(float, done.stdout.split())
    assert words > 38
    assert serving < words, f"serving batches of {words} MB of words took {serving} MB more"
    assert training < 3 * words, f"what train_model does before the first step took {training} MB more for {words} MB of words"


def test_a_memmap_is_not_read_into_memory(tmp_path):
    np.arange(100_000, dtype="int32").tofile(tmp_path / "words.bin")
    corpus = np.memmap(tmp_path / "words.bin", dtype="int32", mode="r")
    batches = stream_dataset(corpus, 10)
    assert np.shares_memory(batches.x, corpus)
    assert isinstance(batches, WindowBatches) and batches[0][0].shape == (32, 10)
