"""Forced choices of an observer that is known exactly: what the fitted curve and its interval say of it."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from spindsl.kernels import psychometric

W = np.geomspace(1e-3, 0.9, 8)


@pytest.mark.parametrize("d", [0.0, 0.3, 1.0, 2.5])
def test_an_ideal_observer_is_right_as_often_as_its_roc_area(d):
    """Phi(d' / sqrt 2) is the chance that N(d', 1) exceeds N(0, 1); d' ~ sqrt(w) is the curve with b = 1."""
    area = quad(lambda x: norm.pdf(x - d) * norm.cdf(x), -10, 12)[0]
    assert norm.cdf(d / np.sqrt(2)) == pytest.approx(area, abs=1e-9)
    theta = 0.02
    amplitude = np.sqrt(2) * norm.ppf(0.75) / np.sqrt(theta)  # d' = amplitude sqrt(w) is noticed at theta
    np.testing.assert_allclose(psychometric.curve(W, theta, 1.0, 0.0), norm.cdf(amplitude * np.sqrt(W / 2)), rtol=1e-12)


def test_choices_between_all_pairs_are_the_area_under_the_curve():
    """The share of pairs told right is the ROC area of the evidence, ties a half; a margin favours the truth."""
    rng = np.random.default_rng(0)
    reference, other = np.round(rng.normal(size=40), 1), np.round(rng.normal(0.7, size=50), 1)
    found = psychometric.chosen(-reference[:, None], other[None])
    assert (found == 0.5).any()
    area = roc_auc_score(np.repeat([0, 1], [40, 50]), np.concatenate([reference, other]))
    assert found.mean() == pytest.approx(area, abs=1e-12)
    assert np.isnan(psychometric.chosen(np.nan, 1.0))


@pytest.mark.parametrize(("theta", "b", "lapse"), [(0.03, 1, 0), (0.1, 2, 0.02), (0.005, 0.7, 0.05), (0.3, 3, 0)])
def test_the_difference_is_found_from_shares_without_noise(theta, b, lapse):
    """And that is where three of four are right, which without lapses is theta."""
    share = psychometric.curve(W, theta, b, lapse)
    found = psychometric.fit(W, 1000 * share, 1000)
    np.testing.assert_allclose(found, (theta, b, lapse), rtol=1e-5, atol=1e-6)
    jnd = psychometric.difference(*found)
    assert psychometric.curve(jnd, theta, b, lapse) == pytest.approx(0.75, abs=1e-7)
    if not lapse:
        assert jnd == pytest.approx(theta, rel=1e-6)


def test_the_curve_begins_at_one_half_and_ends_a_lapse_below_one():
    assert psychometric.curve(0.0, 0.1, 1.0, 0.04) == 0.5
    assert psychometric.curve(1e6, 0.1, 1.0, 0.04) == pytest.approx(0.96, abs=1e-12)


def test_scoring_is_the_slope_and_its_variance():
    """Slope against differences of the likelihood; its variance over all counts of one choice is the information."""
    x, step = np.array([[np.log(0.04), np.log(1.3), 0.03]]), 1e-6
    n, k = np.full((1, 8), 50.0), np.array([[27.0, 24, 30, 35, 40, 44, 49, 48]])
    slope, information = psychometric.scoring(W, k, n, x)
    for i, e in enumerate(step * np.eye(3)):
        change = psychometric.value(W, k, n, x + e) - psychometric.value(W, k, n, x - e)
        assert slope[0, i] == pytest.approx(change[0] / (2 * step), rel=1e-6)
    one, p = np.ones((1, 8)), psychometric.curve(W, 0.04, 1.3, 0.03)
    variance = np.zeros((3, 3))
    for w, share in zip(range(8), p):
        only = np.eye(8)[w][None]
        for right, chance in ((1.0, share), (0.0, 1 - share)):
            g = psychometric.scoring(W, right * only, only, x)[0][0]
            variance += chance * np.outer(g, g)
    np.testing.assert_allclose(psychometric.scoring(W, one, one, x)[1][0], variance, rtol=1e-9)


def test_the_fit_is_the_most_likely():
    """No point nearby is more likely, for 200 sets of 60 choices, those without any signal included."""
    rng = np.random.default_rng(1)
    k = rng.binomial(60, psychometric.curve(W, rng.uniform(0.003, 2.0, (200, 1)), 1.2, 0.02))
    found = psychometric.fit(W, k, 60)
    best = psychometric.likelihood(W, k, 60.0, *(v[:, None] for v in found))
    for scale in (0.97, 1.03):
        for at in range(3):
            near = [v * (scale if i == at else 1.0) for i, v in enumerate(found)]
            near[0] = np.minimum(near[0], psychometric.REACH * W[-1])
            near[1], near[2] = np.clip(near[1], *psychometric.SLOPE), np.clip(near[2], 0.0, psychometric.LAPSE)
            assert (psychometric.likelihood(W, k, 60.0, *(v[:, None] for v in near)) <= best + 1e-7).all()


def test_what_was_not_measured_is_said_to_be_beyond():
    """All right already at the smallest w: below it; never three of four: above the largest."""
    for correct, expected in ((np.full(8, 100), 0.0), (np.full(8, 50), np.inf)):
        assert psychometric.censored(psychometric.difference(*psychometric.fit(W, correct, 100)), W) == expected
        right = np.zeros((100, 8)) + (np.arange(100)[:, None] < correct)
        low, high = psychometric.interval(W, right, np.random.default_rng(0), 100)
        assert (low, high) == (expected, expected)
    np.testing.assert_array_equal(psychometric.censored(np.array([5e-4, 0.5, 0.95]), W), [0.0, 0.5, np.inf])


def test_deviance_is_that_of_binomial_counts():
    """Twice the log of the ratio of binomial probabilities; 0 where the counts lie on the curve."""
    from scipy.stats import binom

    k, args = np.array([27.0, 24, 30, 35, 40, 44, 49, 50]), (0.04, 1.3, 0.03)
    expected = 2 * (binom.logpmf(k, 50, k / 50) - binom.logpmf(k, 50, psychometric.curve(W, *args))).sum()
    assert psychometric.deviance(W, k, 50.0, *args) == pytest.approx(expected, rel=1e-9)
    assert psychometric.deviance(W, 50 * psychometric.curve(W, *args), 50.0, *args) == pytest.approx(0.0, abs=1e-9)


def test_the_interval_covers_the_difference():
    """An observer that shows one reference for all w of a state, so that choices of a state go together.

    Of 300 sets of 120 states 95 % should cover: standard error 0.0126. Fewer than 264 do so with the exact binomial
    probability 5.1e-7, all of them with 2.1e-7.
    """
    rng, theta, states, sets = np.random.default_rng(2), 0.03, 120, 300
    d = np.sqrt(2) * norm.ppf(0.75) * np.sqrt(W / theta)
    covered = 0
    for _ in range(sets):
        right = psychometric.chosen(-rng.normal(size=(states, 1)), rng.normal(d, 1, (states, len(W))))
        low, high = psychometric.interval(W, right, rng, 200)
        covered += low <= theta <= high
    assert 264 <= covered < sets
