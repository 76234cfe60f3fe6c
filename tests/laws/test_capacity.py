"""Capacity, detectable n and lifetime, on curves whose answers are known."""

import numpy as np
import pytest

from spindsl.kernels.capacity import detectable, half_height
from spindsl.kernels.decays import lifetime

N = np.array([4, 8, 16, 32, 64])


def test_half_height_is_where_a_straight_line_in_ln_n_crosses_it():
    """score = 1 - a ln(n / 4) falls through (1/4 + 1) / 2 = 5/8 at n = 4 exp(3 / (8 a)), whatever the grid."""
    for a in (0.2, 0.3, 0.5):
        score = 1 - a * np.log(N / 4)
        assert half_height(N, score, np.full(5, 0.25)) == pytest.approx(4 * np.exp(0.375 / a), rel=1e-12)


def test_half_height_beyond_the_grid():
    assert half_height(N, np.full(5, 0.7), np.full(5, 0.25)) == np.inf
    assert half_height(N, np.full(5, 0.6), np.full(5, 0.25)) == 0


def test_half_height_of_many_curves_with_floors_of_their_own():
    """The last fall counts, and the level follows the floor."""
    scores = np.array([[0.9, 0.5, 0.9, 0.5, 0.3], [0.9, 0.5, 0.5, 0.5, 0.3]])
    found = half_height(N, scores, np.full(5, 0.2))
    np.testing.assert_allclose(found, [16 * 2 ** (0.3 / 0.4), 4 * 2 ** (0.3 / 0.4)], rtol=1e-12)
    floor = np.array([0.0, 0.2, 0.4, 0.4, 0.4])  # levels .5 .6 .7 .7 .7
    assert half_height(N[:2], np.array([0.9, 0.5]), floor[:2]) == pytest.approx(4 * 2 ** (0.4 / 0.5), rel=1e-12)


def test_detectable_is_contiguous_from_the_smallest():
    floor, error = np.full(5, 0.25), np.full(5, 0.02)
    assert detectable(N, [0.9, 0.5, 0.32, 0.30, 0.4], error, floor) == 16
    assert detectable(N, [0.30, 0.9, 0.9, 0.9, 0.9], error, floor) == 0
    assert detectable(N, [0.9] * 5, error, floor) == 64
    assert detectable(N, [0.9, 0.309, 0.9, 0.9, 0.9], error, floor) == 4
    assert detectable(N, floor, np.zeros(5), floor) == 0  # ties at the floor, which have no error


def test_lifetime_of_an_exponential_is_ln_two():
    """floor + (1 - floor) exp(-t / tau): half is left after tau ln 2, to the error of the chord."""
    t, tau, floor = np.linspace(100, 400, 100_001), 50.0, 0.2
    score = floor + (1 - floor) * np.exp(-(t - t[0]) / tau)
    assert lifetime(t, score, floor, score[0]) == pytest.approx(tau * np.log(2), rel=1e-6)


def test_lifetime_is_logarithmic_between_times_and_knows_its_limits():
    t = np.array([10.0, 20.0, 40.0])
    scores = np.array([[1.0, 0.8, 0.4], [1.0, 0.9, 0.7], [0.2, 0.2, 0.2], [1.0, 0.5, 0.9]])
    found = lifetime(t, scores, 0.2, scores[:, 0])
    np.testing.assert_allclose(found[[0, 3]], [10 * 3**0.5, 10 * 0.8], rtol=1e-12)
    assert found[1] == np.inf
    assert np.isnan(found[2])  # nothing above the floor: nothing that could last


SETS, RESAMPLES = 300, 200


def quantiles(values):
    """The 2.5 and 97.5 % quantiles of bootstrap values, which may be infinite."""
    return np.sort(values)[[round(q * (len(values) - 1)) for q in (0.025, 0.975)]]


def test_intervals_of_lifetimes_cover():
    """A trial is remembered with probability 0.9 until an exponential time, and guessed at 1/5 afterwards. Of 300 such
    sets 95 % should hold the lifetime of the true heights: fewer than 264 do with probability 5e-7, all with 2e-7."""
    rng, t, tau, floor = np.random.default_rng(1), np.arange(9) * 100.0, 200.0, 0.2
    true = floor + 0.9 * (1 - floor) * np.exp(-t / tau)
    known, held = lifetime(t, true, floor, true[0]), 0
    for _ in range(SETS):
        remembered = (rng.random((100, 1)) < 0.9) & (t < tau * rng.exponential(size=(100, 1)))
        credit = (remembered | (rng.random((100, len(t))) < floor)).astype(float)
        drawn = rng.multinomial(100, np.full(100, 0.01), size=RESAMPLES) @ credit / 100
        low, high = quantiles(lifetime(t, drawn, floor, drawn[:, 0]))
        held += low <= known <= high
    assert 264 <= held < SETS


def test_intervals_of_capacities_cover():
    """100 trials a number of fields, whose bootstrap is binomial; false alarms as above."""
    rng, n, trials = np.random.default_rng(2), np.array([4, 8, 16, 24, 32, 48, 64]), 100
    true, floor = 0.25 + 0.75 / (1 + (n / 20) ** 1.4), np.full(7, 0.25)
    known, held = half_height(n, true, floor), 0
    for _ in range(SETS):
        score = rng.binomial(trials, true) / trials
        low, high = quantiles(half_height(n, rng.binomial(trials, score, (RESAMPLES, 7)) / trials, floor))
        held += low <= known <= high
    assert 264 <= held < SETS


@pytest.mark.parametrize("start", [0.2, 0.2 + 1e-16, 0.2 - 1e-9])
def test_a_memory_that_does_not_begin_does_not_last(start):
    """Ties at chance, to rounding: neither for ever nor for no time. Where it begins apart from the first height, half
    of it may be gone by then."""
    t = np.array([10.0, 20.0, 40.0])
    assert np.isnan(lifetime(t, np.full(3, start), 0.2, start))
    assert lifetime(t, np.full(3, 0.3), 0.2, 0.3) == np.inf
    assert np.isnan(lifetime(t, np.full(3, 0.3), 0.2, 0.9))
