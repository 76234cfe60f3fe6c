"""Decays whose times are known exactly, times that lie beyond what was looked at, and memories without any height."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from spindsl.kernels import decays

T = np.array([100.0, 200, 300, 500, 900, 1700, 3300])


@pytest.mark.parametrize(
    ("tau", "above", "shape"), [(400, 0.7, 1), (50, 0.5, 1), (5000, 0.3, 1), (400, 0.7, 0.5), (900, 0.2, 2)]
)
def test_a_decay_is_found_from_heights_without_noise(tau, above, shape):
    """Time counts from the first; a floor may change with time; the fit is to 1e-6."""
    floor = np.linspace(0.2, 0.3, len(T))
    height = floor + above * np.exp(-(((T - T[0]) / tau) ** shape))
    found = decays.fit(T, height, floor, stretched=shape != 1)
    np.testing.assert_allclose(found, (tau, above, shape), rtol=1e-6)
    assert decays.exponential(decays.half(*found[::2]), *found) == pytest.approx(above / 2, rel=1e-6)


def test_half_is_left_where_the_lifetime_is():
    t = np.linspace(0, 3000, 300_001)
    height = 0.25 + decays.exponential(t, 400.0, 0.6, 0.7)
    assert decays.lifetime(t, height, 0.25, height[0]) == pytest.approx(decays.half(400.0, 0.7), rel=1e-4)


@pytest.mark.parametrize("stretched", [False, True], ids=["plain", "stretched"])
def test_the_fit_is_the_least_sum_of_squares(stretched):
    """Of noisy heights with errors of their own, many at once, against scipy's; the sum is a parabola at its minimum,
    so that times agree to 1e-5 where sums do to 1e-10."""
    rng, error = np.random.default_rng(0), np.linspace(0.01, 0.03, len(T))
    height = 0.2 + decays.exponential(T - T[0], 400.0, 0.7, 0.8) + error * rng.normal(size=(2, 3, len(T)))
    found = decays.fit(T, height, 0.2, error, stretched)
    for place in np.ndindex(2, 3):
        law = lambda t, u, a, *s: decays.exponential(t, np.exp(u), a, *np.exp(s))
        first = (6.0, 0.7, 0.0) if stretched else (6.0, 0.7)
        known, _ = curve_fit(law, T - T[0], height[place] - 0.2, first, error, xtol=1e-13, ftol=1e-13)
        np.testing.assert_allclose([v[place] for v in found[:2]], [np.exp(known[0]), known[1]], rtol=1e-5)
        if stretched:
            assert found[2][place] == pytest.approx(np.exp(known[2]), rel=1e-5)
    assert stretched or (found[2] == 1).all()


def test_times_beyond_what_was_looked_at():
    """A height that does not change lasts longer than can be told, one that is gone at once less; none has no time."""
    heights = np.array([[0.7] * 7, [0.7] + [0.2] * 6, [0.2] * 7, [0.1] * 7])
    tau, above, _ = decays.fit(T, heights, 0.2)
    np.testing.assert_array_equal(tau, [np.inf, 0.0, np.nan, np.nan])
    t = T - T[0]
    slow, fast = np.exp(-t / (decays.LATEST * t[-1])), np.exp(-t / (decays.SOONEST * t[1]))  # the limits of the search
    np.testing.assert_allclose(above, [0.5 * slow.sum() / (slow @ slow), 0.5 / (fast @ fast), 0, 0], rtol=1e-12)


@pytest.mark.parametrize("start", [0.2, 0.2 + 1e-16, 0.2 - 1e-9])
def test_a_memory_that_does_not_begin_does_not_last(start):
    """Ties at chance, to rounding: neither for ever nor for no time."""
    height = np.full(len(T), start)
    assert np.isnan(decays.lifetime(T, height, 0.2, start))
    assert np.isnan(decays.fit(T, height, 0.2)[0])
    assert decays.lifetime(T, np.full(len(T), 0.3), 0.2, 0.3) == np.inf


def test_an_interval_of_censored_times():
    """Order statistics: of 1,000, the 26th and the 975th; what says nothing widens both ends."""
    found = np.random.default_rng(0).permutation(np.arange(1, 1001.0))
    assert decays.interval(found) == (26, 975)
    assert decays.interval(found, 0.9) == (51, 950)
    assert decays.interval(np.where(found > 960, np.inf, found)) == (26, np.inf)
    silent = np.where(found > 970, np.nan, found)  # 30 of them
    assert decays.interval(silent) == (0.0, np.inf)
    low, high = decays.interval(np.stack([found, silent], axis=1))
    np.testing.assert_array_equal([low, high], [[26, 0], [975, np.inf]])
