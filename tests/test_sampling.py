"""Drawing the next word: temperature, top-k and top-p against their definitions."""

from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt import WordTokenizer, generate_text
from minigpt.errors import GenerationError
from minigpt.sampling import Sampling, apply_temperature, keep_top_k, keep_top_p

distributions = st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any).map(lambda n: np.array(n) / sum(n))


@given(distributions, st.floats(0.01, 50))
@settings(max_examples=60, deadline=None)
def test_temperature(p, temperature):
    q = apply_temperature(p, temperature)
    assert q.sum() == pytest.approx(1)
    assert ((q > 0) <= (p > 0)).all(), "what is impossible stays impossible"
    assert (np.argsort(p, kind="stable") == np.argsort(p, kind="stable")).all() and q[p.argmax()] == q.max()
    expected = np.where(p > 0, (p / p.max()) ** (1 / temperature), 0)
    np.testing.assert_allclose(q, expected / expected.sum(), atol=1e-9)


@given(distributions, st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_top_k_keeps_the_k_likeliest(p, k):
    q = keep_top_k(p, k)
    kept = q > 0
    assert kept.sum() == min(k, (p > 0).sum()) and q.sum() == pytest.approx(1)
    if not kept.all():
        assert p[kept].min() >= p[~kept].max()
    np.testing.assert_allclose(q[kept], p[kept] / p[kept].sum())


@given(distributions, st.floats(0.001, 1))
@settings(max_examples=60, deadline=None)
def test_top_p_keeps_the_fewest_that_reach_p(p, top_p):
    q = keep_top_p(p, top_p)
    kept = q > 0
    assert q.sum() == pytest.approx(1) and kept.any()
    assert p[kept].sum() >= top_p - 1e-9, "what is kept reaches p"
    assert p[kept].sum() - p[kept].min() < top_p + 1e-9, "without the least of them it would not"
    if not kept.all():
        assert p[kept].min() >= p[~kept].max()
    np.testing.assert_allclose(q[kept], p[kept] / p[kept].sum())


def test_what_is_drawn_follows_the_probabilities():
    p = np.array([0.5, 0.3, 0.15, 0.05])

    def frequencies(**options):
        rng = np.random.default_rng(0)
        sampling = Sampling(**{"temperature": 1.0, **options})
        return np.bincount([sampling.draw(p, rng) for _ in range(4000)], minlength=4) / 4000

    np.testing.assert_allclose(frequencies(), p, atol=0.03)
    np.testing.assert_allclose(frequencies(top_k=2), [0.625, 0.375, 0, 0], atol=0.03)
    np.testing.assert_allclose(frequencies(top_p=0.9), np.array([0.5, 0.3, 0.15, 0]) / 0.95, atol=0.03)
    np.testing.assert_allclose(frequencies(top_p=0.1), [1, 0, 0, 0])
    np.testing.assert_allclose(frequencies(temperature=0.5), p**2 / (p**2).sum(), atol=0.03)
    np.testing.assert_allclose(frequencies(temperature=0), [1, 0, 0, 0])
    np.testing.assert_allclose(frequencies(top_k=3, top_p=0.6), [0.625, 0.375, 0, 0], atol=0.03)


@pytest.mark.parametrize("temperature", [1e-300, 1e-3, 1e300])
def test_extreme_temperatures_are_numbers(temperature):
    q = apply_temperature(np.array([0.6, 0.4, 0.0]), temperature)
    assert np.isfinite(q).all() and q[2] == 0 and q.sum() == pytest.approx(1)


NAN, INF = float("nan"), float("inf")
BAD = {
    "temperature": [
        -0.1,
        NAN,
        INF,
        -INF,
        None,
        "hot",
        "0.8",
        True,
        np.True_,
        np.float32("nan"),
        10**400,
        1j,
        [1],
        np.array([1, 2]),
    ],
    "top_k": [0, -3, 1.5, 3.0, "3", True, np.True_, NAN, np.int8(0), -(10**30), [1]],
    "top_p": [0, -0.5, 1.01, NAN, INF, "most", True, np.True_, np.float16(2), 10**400, b"1"],
    "seed": [-1, 1.5, "x", True, NAN, np.int64(-1), [1]],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values], ids=repr)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(GenerationError, match=f"^{name}=") as error:
        Sampling(**{name: value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", [-1, 2.5, "3", None, True, NAN])
def test_a_bad_number_of_words_is_named(value):
    with pytest.raises(GenerationError, match=r"^max_new_tokens="):
        generate_text(print, WordTokenizer().fit("a b"), "a", max_new_tokens=value)


GOOD = {
    "temperature": [
        0,
        1,
        np.int8(1),
        np.float16(0.5),
        np.float64(0.5),
        np.longdouble(0.5),
        Fraction(1, 2),
        5e-324,
        1e300,
        10**300,
    ],
    "top_k": [1, np.uint8(2), np.int64(2), 10**30],
    "top_p": [1, 0.5, np.float16(0.5), np.float32(1), Fraction(1, 3), 5e-324],
    "seed": [0, np.uint64(7), 10**30],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values], ids=repr)
def test_any_kind_of_number_is_accepted(name, value):
    sampling = Sampling(**{name: value})
    p = sampling.apply(np.array([0.5, 0.3, 0.2, 0.0]))
    assert p.dtype == "float64" and p.sum() == pytest.approx(1) and p[3] == 0
    assert sampling.draw(np.array([0.5, 0.3, 0.2, 0.0]), np.random.default_rng(sampling.seed)) in range(3)


def test_settings_that_are_checked_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Sampling().temperature = -1


@pytest.mark.parametrize("temperature", [0, 1.0])
@pytest.mark.parametrize("p", [[0.0, 0.0], [np.nan, np.nan]])
def test_probabilities_that_are_none(p, temperature):
    with pytest.raises(GenerationError):
        Sampling(temperature).draw(np.array(p), np.random.default_rng(0))
