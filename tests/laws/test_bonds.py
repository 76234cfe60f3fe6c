"""Which pairs are bonded, from all estimates together: the odds are Bayes' own, and the mean has the least error."""

import numpy as np
import pytest
from scipy.stats import norm

from spindsl.kernels.inversion.bonds import Prior, conditional, learned, needed, odds, posterior

LIKE = Prior(0.06, 1.0)
ESTIMATE, SE = np.linspace(-0.5, 0.9, 29), np.geomspace(0.01, 3.0, 29)


def drawn(n: int, seed: int):
    """Pairs as the prior says, with errors of their own: K, estimate, standard error."""
    rng = np.random.default_rng(seed)
    K = np.where(rng.random(n) < LIKE.share, rng.normal(0, LIKE.width, n), 0.0)
    se = rng.uniform(0.02, 0.2, n)
    return K, K + se * rng.normal(size=n), se


def test_odds_are_those_of_bayes():
    """Densities of the estimate under both, written out: agreement to 1e-9."""
    bond = np.log(LIKE.share) + norm.logpdf(ESTIMATE, 0, np.hypot(LIKE.width, SE))
    none = np.log(1 - LIKE.share) + norm.logpdf(ESTIMATE, 0, SE)
    np.testing.assert_allclose(odds(ESTIMATE, SE, LIKE), bond - none, rtol=1e-10)
    want = np.exp(bond - np.logaddexp(bond, none))
    np.testing.assert_allclose(posterior(ESTIMATE, SE, LIKE)[0], want, rtol=1e-9)


def test_mean_and_spread_are_those_of_bayes():
    """Integrals over the density of K given the estimate, on a grid: 1e-6."""
    K = np.linspace(-8, 8, 400_001)
    for estimate, se in ((0.3, 0.1), (0.25, 0.1), (1.2, 1.5)):
        slab = norm.pdf(K, 0, LIKE.width) * norm.pdf(estimate, K, se)
        slab /= slab.sum()
        p, mean, sd = (float(v) for v in posterior(np.array(estimate), np.array(se), LIKE))
        _, bare, bare_sd = (float(v) for v in conditional(np.array(estimate), np.array(se), LIKE))
        assert bare == pytest.approx(slab @ K, rel=1e-6)
        assert bare_sd == pytest.approx(np.sqrt(slab @ K**2 - (slab @ K) ** 2), rel=1e-6)
        assert mean == pytest.approx(p * (slab @ K), rel=1e-6)
        assert sd == pytest.approx(np.sqrt(p * (slab @ K**2) - (p * (slab @ K)) ** 2), rel=1e-6)


def test_what_is_needed_is_where_the_odds_are_so():
    """At |z| = needed the probability of a bond is the one asked for; 0 where even z = 0 has it."""
    se = np.geomspace(0.01, 0.5, 7)
    for least in (0.05, 0.5, 0.9):
        z = needed(se, LIKE, least)
        np.testing.assert_allclose(posterior(z * se, se, LIKE)[0], least, rtol=1e-9)
    assert needed(np.array([50.0]), Prior(0.5, 1.0), 0.05)[0] == 0


def test_share_and_width_are_learned():
    """20,000 pairs, 1,200 bonds: standard errors sqrt(.06 x .94 / 20,000) = .0017, of weak bonds that hide somewhat
    more, .0025; of the width 1 / sqrt(2 x 1,200) = .02, .025 at most. Bounds 5.5 of them: false-alarm rate 4e-8."""
    _, estimate, se = drawn(20_000, 1)
    like = learned(estimate, se, np.abs(estimate) > 5 * se)
    assert like.share == pytest.approx(LIKE.share, abs=5.5 * 0.0025)
    assert like.width == pytest.approx(LIKE.width, abs=5.5 * 0.025)


def test_what_is_learned_is_the_maximum_of_the_likelihood():
    """Errors as wide as bonds: the marginal likelihood, written out, is higher at what is learned than two per cent
    off in any direction."""
    rng = np.random.default_rng(3)
    K, se = np.where(rng.random(3000) < 0.4, rng.normal(0, 1, 3000), 0), rng.uniform(0.2, 1.0, 3000)
    estimate = K + se * rng.normal(size=3000)

    def likelihood(share, width):
        bond = np.log(share) + norm.logpdf(estimate, 0, np.hypot(width, se))
        return np.logaddexp(bond, np.log(1 - share) + norm.logpdf(estimate, 0, se)).sum()

    like = learned(estimate, se, np.abs(estimate) > 2 * se)
    best = likelihood(*like)
    for share, width in ((1.02, 1), (0.98, 1), (1, 1.02), (1, 0.98), (1.02, 0.98), (0.98, 1.02)):
        assert likelihood(share * like.share, width * like.width) < best


def test_the_mean_errs_least_and_probabilities_are_kept():
    """Of 20,000 pairs it errs less than a threshold at 4.9 standard errors, than one at P = 1/2, and than no threshold.

    Of the pairs with P between .05 and .95 sum P are bonds, with variance sum P (1 - P): within 5.5 of its root. The
    spread covers: mean square of (K - mean) / sd over those with P > .05 is 1, standard error sqrt(m4 / n), below 6 %
    for the at least 1,200 of them even with the tails of a mixture (fourth moment 4 to 5).
    """
    K, estimate, se = drawn(20_000, 2)
    p, mean, sd = posterior(estimate, se, LIKE)
    error = lambda found: ((found - K) ** 2).sum()
    hard = [np.where(np.abs(estimate) > 4.9 * se, estimate, 0), np.where(p > 0.5, estimate, 0), estimate]
    assert error(mean) < 0.95 * min(map(error, hard))
    open_ = (p > 0.05) & (p < 0.95)
    assert open_.sum() > 100
    assert abs((K[open_] != 0).sum() - p[open_].sum()) < 5.5 * np.sqrt((p * (1 - p))[open_].sum())
    some = p > 0.05
    assert abs((((K - mean) / sd)[some] ** 2).mean() - 1) < 5.5 * 0.06
