"""Areas under the curve, their errors between states, thresholds: against sums over pairs and simulated truth."""

import numpy as np
import pytest
from scipy.stats import norm

from spindsl.kernels import densities, roc


def pairwise(known, novel):
    """The definition itself."""
    return (novel[None] > known[:, None]).mean() + 0.5 * (novel[None] == known[:, None]).mean()


def test_the_area_is_that_over_all_pairs():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    for n in (1, 7, 50):
        known, novel = rng.integers(0, 10, 40).astype(float), rng.integers(3, 13, n).astype(float)
        assert roc.auc(known, novel) == pytest.approx(pairwise(known, novel), abs=1e-14)
        label = np.repeat([0, 1], [40, n])
        assert roc.auc(known, novel) == pytest.approx(roc_auc_score(label, np.concatenate([known, novel])), abs=1e-14)
    assert roc.auc(np.array([-np.inf, 0.0]), np.array([1.0, np.inf])) == 1.0
    with pytest.raises(ValueError, match="NaN"):
        roc.auc(np.array([np.nan]), np.array([1.0]))


def test_singletons_have_delongs_variance():
    """var(V10) / n + var(V01) / m, placements by pairs."""
    rng = np.random.default_rng(1)
    known, novel = rng.normal(0, 1, 30), rng.normal(1, 1, 20)
    v10 = (novel[:, None] > known).mean(axis=1)
    v01 = (novel > known[:, None]).mean(axis=1)
    expected = v10.var(ddof=1) / 20 + v01.var(ddof=1) / 30
    assert roc.variance(known, novel, np.arange(50)) == pytest.approx(expected, rel=1e-12)


def test_clusters_have_obuchowskis_variance():
    """Written out: sums of placements over clusters that hold both."""
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(8), 4)
    state = np.repeat(rng.normal(0, 1, 8), 4)
    known, novel = state + rng.normal(0, 1, 32), state + rng.normal(1, 1, 32)
    a = pairwise(known, novel)
    v10 = np.array([sum((n > known).mean() for n in novel[group == c]) for c in range(8)])
    v01 = np.array([sum((novel > k).mean() for k in known[group == c]) for c in range(8)])
    s10, s01 = (8 / (7 * 32) * ((v - 4 * a) ** 2).sum() for v in (v10, v01))
    s11 = 8 / 7 * ((v10 - 4 * a) * (v01 - 4 * a)).sum()
    expected = s10 / 32 + s01 / 32 + 2 * s11 / 32**2
    assert roc.variance(known, novel, np.concatenate([group, group])) == pytest.approx(expected, rel=1e-12)


def test_a_perfect_area_has_an_exact_bound():
    """0.05^(1/n), n the pairs no two of which share a state; of AUC below it all n in order has less than 5 %."""
    known, novel = np.arange(10.0), np.arange(20.0, 30.0)
    assert roc.interval(known, novel, np.arange(20)) == (pytest.approx(0.05**0.1), 1.0)
    assert roc.interval(known, novel, np.tile(np.arange(5), 4)) == (pytest.approx(0.05**0.5), 1.0)
    assert roc.interval(novel, known, np.arange(20)) == (0.0, pytest.approx(1 - 0.05**0.1))
    assert roc.pairs(np.array([0, 1, 2, 3]), np.array([3, 4, 5])) == 3


@pytest.mark.parametrize(("area", "size", "shared"), [(0.75, 1, 0.0), (0.95, 1, 0.0), (0.75, 3, 1.0), (0.95, 3, 1.0)])
def test_intervals_of_areas_cover(area, size, shared):
    """1,000 sets of 60 states, `size` known and novel values each, which share a state's own shift: 95 % intervals
    hold the true area in 91.5 to 97.9 % (a right one leaves that in 2 of 10^6 at most: s.e. 0.7 %)."""
    rng = np.random.default_rng(3)
    shift = norm.ppf(area) * np.sqrt(2 * (1 + shared**2))
    held = 0
    group = np.tile(np.repeat(np.arange(60), size), 2)
    for _ in range(1000):
        state = np.repeat(rng.normal(0, shared, 60), size)
        known, novel = state + rng.normal(0, 1, 60 * size), state + rng.normal(shift, 1, 60 * size)
        low, high = roc.interval(known, novel, group)
        # pairs of one state see no shift of their own: a share 1 / 60 of all pairs
        truth = area * 59 / 60 + norm.cdf(shift / np.sqrt(2)) / 60
        held += low <= truth <= high
    assert 915 <= held <= 979


def test_the_curve_passes_through_its_points():
    known, novel = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.5, 3.5, 5.0, 0.5])
    np.testing.assert_allclose(roc.curve(known, novel, [0, 0.25, 0.5, 0.75, 1.0]), [0.25, 0.5, 0.75, 0.75, 1.0])
    rng = np.random.default_rng(4)
    known, novel = rng.normal(0, 1, 300), rng.normal(1, 1, 300)
    at = np.linspace(0, 1, 20_001)
    assert np.trapezoid(roc.curve(known, novel, at), at) == pytest.approx(roc.auc(known, novel), abs=1e-3)


def test_thresholds_keep_their_promise():
    """Of 2,000 training samples of 100 the true false alarm at the threshold is above 10 % in at most 5 % + 5.0
    standard errors (0.49 % each), and not idly low: the order statistic before would fail in more than 5 %."""
    rng = np.random.default_rng(5)
    known = np.sort(rng.random((2000, 100)), axis=1)  # uniform: P(X > t) = 1 - t
    found = np.array([roc.threshold(k, 0.1) for k in known])
    assert (1 - found > 0.1).mean() < 0.05 + 5.0 * 0.0049
    k = int(np.flatnonzero(known[0] == found[0])[0])
    from scipy.stats import binom

    assert binom.sf(k, 100, 0.9) <= 0.05 < binom.sf(k - 1, 100, 0.9)
    assert np.isnan(roc.threshold(np.arange(20.0), 0.01))


def test_permutations_of_two_values_are_counted_exactly():
    """Three known below three novel: one in C(6, 3) = 20 orders is as good; 20,000 draws, s.e. 0.0015, 5.0 of them."""
    known, novel = np.arange(3.0), np.arange(3.0) + 10
    p = roc.p_value(known, novel, np.arange(6), np.random.default_rng(6), 20_000)
    assert abs(p - 1 / 20) < 5.0 * 0.0015
    paired = roc.p_value(known, novel, np.tile(np.arange(3), 2), np.random.default_rng(7), 20_000)
    assert abs(paired - 1 / 8) < 5.0 * 0.0023


def test_a_full_gaussian_is_a_normal_density():
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(8)
    x, label = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 3)), np.repeat([0, 1], 30)
    x[label == 1] += 2
    found = densities.full_gaussian(x, label, x[:5], 2)
    for k in range(2):
        mine = x[label == k]
        expected = multivariate_normal(mine.mean(axis=0), np.cov(mine.T)).logpdf(x[:5])
        np.testing.assert_allclose(found[:, k], expected + 1.5 * np.log(2 * np.pi), rtol=1e-6)


def test_bernoulli_counts_ups():
    """P(up) = (ups + 1/2) / (n + 1), spins independent."""
    train, label = np.array([[1, -1], [1, 1], [-1, -1]]), np.array([0, 0, 1])
    found = densities.bernoulli(train, label, np.array([[1, -1]]), 2)
    np.testing.assert_allclose(found[0], [np.log(2.5 / 3 * 1.5 / 3), np.log(0.5 / 2 * 1.5 / 2)], rtol=1e-12)
