"""Drawing the next word: temperature, top-k and top-p against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt.errors import GenerationError
from minigpt.sampling import apply_temperature, check_settings, choose, keep_top_k, keep_top_p

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
        settings = {"temperature": 1.0, "top_k": None, "top_p": None, **options}
        return np.bincount([choose(p, rng=rng, **settings) for _ in range(4000)], minlength=4) / 4000

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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_new_tokens", -1),
        ("max_new_tokens", 2.5),
        ("max_new_tokens", "3"),
        ("max_new_tokens", None),
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", None),
        ("temperature", "hot"),
        ("top_k", 0),
        ("top_k", -3),
        ("top_k", 1.5),
        ("top_p", 0),
        ("top_p", -0.5),
        ("top_p", 1.01),
        ("top_p", float("nan")),
        ("top_p", "most"),
    ],
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(GenerationError, match=f"{name}=") as error:
        check_settings(**{"max_new_tokens": 3, "temperature": 0.8, "top_k": None, "top_p": None, name: value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("temperature", [0, 1.0])
@pytest.mark.parametrize("p", [[0.0, 0.0], [np.nan, np.nan]])
def test_probabilities_that_are_none(p, temperature):
    with pytest.raises(GenerationError):
        choose(np.array(p), temperature, None, None, np.random.default_rng(0))
