"""create_dataset and split_sequence: windows that share the memory of the words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt import create_dataset, split_sequence
from minigpt.errors import ConfigError, MinigptError, WindowTooLarge


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
def test_a_window_size_that_is_not_a_positive_number(window_size):
    with pytest.raises(MinigptError, match="window_size"):
        create_dataset(range(50), window_size)


@pytest.mark.parametrize(
    "sequence",
    [[list(range(50))], [[1, 2], [3]], ["a", "b"] * 20, "the text itself " * 9, [1.5] * 20, [True] * 20, None],
    ids=["nested", "several texts", "words", "text", "fractions", "booleans", "None"],
)
def test_what_is_not_a_list_of_ids_is_a_clear_error(sequence):
    with pytest.raises(ConfigError) as error:
        create_dataset(sequence, 10)
    assert "has 1 words" not in str(error.value), "the text of texts_to_sequences([text]) has more than one word"


def test_an_id_too_large_does_not_become_another():
    for kind in ("int64", "uint64"):
        with pytest.raises(ConfigError, match=str(2**32 + 5)):
            create_dataset(np.array([2**32 + 5] * 20, kind), 10)
    with pytest.raises(ConfigError, match=str(2**31 + 5)):
        create_dataset(np.array([2**31 + 5] * 20, "uint32"), 10)


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint32", "int64", "uint64"])
def test_ids_of_any_integer_type_are_ids(kind):
    np.testing.assert_array_equal(create_dataset(np.arange(50, dtype=kind), 10)[1][-1], range(40, 50))


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


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, 10, float("nan"), "0.1", True, None])
def test_a_share_outside_0_to_1(share):
    with pytest.raises(MinigptError, match="validation_split"):
        split_sequence(range(100), share)
