"""Densities, ties, and intervals."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde, norm

from spindsl.kernels import densities
from spindsl.kernels.intervals import pointwise, simultaneous, wilson


@pytest.fixture
def cloud():
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(3), 200)
    return rng.normal(size=(600, 2)) * [1, 3] + label[:, None], label, rng.normal(size=(50, 2)) * 4


def test_kde_is_scipys_with_scotts_rule(cloud):
    """Up to ln(2 pi), which the classes have in common."""
    x, label, test = cloud
    ours = densities.kde(x, label, test, 3)
    theirs = np.stack([gaussian_kde(x[label == k].T).logpdf(test.T) for k in range(3)], axis=1)
    np.testing.assert_allclose(ours - np.log(2 * np.pi), theirs, rtol=0, atol=1e-4)


def test_gaussian_is_naive_bayes(cloud):
    x, label, test = cloud
    found = densities.gaussian(x, label, test, 3)
    for k in range(3):
        mine = x[label == k]
        expected = norm.logpdf(test, mine.mean(axis=0), mine.std(axis=0)).sum(axis=1) + np.log(1 / 3)
        np.testing.assert_allclose(found[:, k], expected, atol=1e-5)


def test_histogram_counts_cells():
    x, label = np.array([[0.0], [0.1], [0.9], [1.0], [0.2], [1.0]]), np.array([0, 0, 0, 1, 1, 1])
    found = densities.histogram(x, label, np.array([[0.05], [0.95], [2.0]]), 2, bins=2)
    np.testing.assert_allclose(found, [[2 / 3, 1 / 3], [1 / 3, 2 / 3], [0, 0]])


@pytest.mark.parametrize("density", ["kde", "gaussian", "histogram"])
def test_a_constant_feature_scores_exactly_chance(density):
    """Power at the first switch: all trials alike, ties share, one fifth exactly."""
    x, label = np.zeros((500, 1)), np.repeat(np.arange(5), 100)
    extra = {"bins": 20} if density == "histogram" else {}
    evidence = getattr(densities, density)(x, label, x, 5, **extra)
    assert (densities.credit(evidence, label) == 0.2).all()


def test_ties_share():
    evidence = np.array([[1.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(densities.credit(evidence, np.array([0, 0, 2])), [0.5, 0.0, 1 / 3])


def test_logistic_separates_what_is_separable():
    rng = np.random.default_rng(1)
    label = np.repeat(np.arange(2), 100)
    x = np.where(rng.random((200, 20)) < 0.5, 1.0, -1.0)
    x[:, 0] = 2.0 * label - 1
    assert (densities.logistic(x, label, x, 2, C=10.0).argmax(axis=1) == label).all()


def test_wilson_is_the_root_of_the_score_test():
    """(S - p)^2 = z^2 p (1 - p) / n at both ends; Wilson 1927."""
    low, high = wilson(0.3, 50, 1.96)
    for p in (low, high):
        assert (0.3 - p) ** 2 == pytest.approx(1.96**2 * p * (1 - p) / 50)
    assert wilson(1.0, 500, 1.96)[1] == pytest.approx(1.0, abs=1e-15)
    assert wilson(1.0, 500, 1.96)[0] == pytest.approx(500 / (500 + 1.96**2))


def test_pointwise_quantile():
    assert pointwise() == pytest.approx(1.959964, abs=1e-6)


def test_simultaneous_band_holds_at_all_times_at_once():
    """200 data sets of 400 trials at 60 independent times, true score 0.7. Expected coverage 0.95; below 0.863 has
    probability < 1e-6 (binomial, 200). A pointwise band would cover 0.05 of them."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        credit = (rng.random((400, 60)) < 0.7).astype(float)
        low, high = wilson(credit.mean(axis=0), 400, simultaneous(credit, np.zeros(400), rng, resamples=300))
        held += bool(((low <= 0.7) & (high >= 0.7)).all())
    assert held / 200 > 0.863


def test_simultaneous_band_of_one_time_is_pointwise():
    credit = (np.random.default_rng(0).random((2000, 1)) < 0.5).astype(float)
    assert simultaneous(credit, np.zeros(2000), np.random.default_rng(1)) == pytest.approx(1.96, abs=0.12)


def test_unequal_classes_do_not_widen_the_band():
    """No error anywhere: weights alone must not look like variance."""
    label = np.repeat(np.arange(5), [20, 50, 100, 130, 200])
    weight = (500 / (5 * np.bincount(label)))[label]
    assert simultaneous(np.tile(weight[:, None], 20), label, np.random.default_rng(0)) == pointwise()
