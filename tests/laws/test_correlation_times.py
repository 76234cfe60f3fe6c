"""Correlation times against series whose time is known, and R-hat against a computation by hand.

Statistical tests use fixed seeds; each states its false-alarm rate, at most 1e-6.
"""

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from spindsl.kernels.autocorrelation import blocks, correlation, exponential, integrated, r_hat

FALSE_ALARM = 1e-6


def autoregressive(tau: float, chains: int, samples: int, seed: int) -> np.ndarray:
    """x_t = a x_(t - 1) + noise, stationary, var 1, with 1/2 (1 + a) / (1 - a) = tau."""
    a = (2 * tau - 1) / (2 * tau + 1)
    noise = np.random.default_rng(seed).normal(size=(chains, samples))
    noise[:, 1:] *= np.sqrt(1 - a**2)
    return lfilter([1.0], [1.0, -a], noise, axis=1)


@pytest.mark.parametrize("tau", [0.5, 1.0, 4.0, 20.0])
def test_the_time_of_an_autoregressive_series(tau):
    """tau = 1/2 + sum a^t within 5.2 of the standard errors that come with it (2e-7 each, 8e-7 in all), and these are
    within a tenth. The window leaves out e^-5 of the sum at most, 0.7 % of tau."""
    found, se = integrated(autoregressive(tau, 20, 20_000, seed=1))
    assert abs(found - tau) < 5.2 * se + 0.007 * tau
    assert se < 0.1 * tau


def test_the_errors_of_times_are_right():
    """(tau - true) / se over 400 series: mean square inside its chi^2 range at 1e-6."""
    z = []
    for seed in range(400):
        found, se = integrated(autoregressive(3.0, 4, 3000, seed))
        z.append((found - 3.0) / se)
    low, high = stats.chi2.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], 400) / 400
    assert low < np.mean(np.square(z)) < high


@pytest.mark.parametrize("tau", [0.5, 5.0])
def test_means_lie_as_n_eff_says(tau):
    """1,000 series of 4 chains: sum z^2 of their means, z = mean (n_eff / var)^(1/2), inside chi^2 at 5e-7 a
    case. tau is that of the series itself."""
    x = [autoregressive(tau, 4, 1000, seed) for seed in range(1000)]
    z2 = [y.mean() ** 2 * y.size / (2 * integrated(y)[0]) / y.var() for y in x]
    low, high = stats.chi2.ppf([FALSE_ALARM / 4, 1 - FALSE_ALARM / 4], 1000)
    assert low < np.sum(z2) < high


def test_the_correlation_is_that_of_its_definition():
    """rho(t) from the sum over all pairs of samples t apart, exact to rounding."""
    x = autoregressive(3.0, 3, 40, seed=3)
    d = x - x.mean()
    direct = np.array([np.mean(d[:, : 40 - t] * d[:, t:]) for t in range(40)])
    assert np.abs(correlation(x) - direct / direct[0]).max() < 1e-12


def test_an_exponential_is_found():
    """tau = -1 / ln a, 4.98: 5.2 standard errors of a least-squares fit are below a tenth of it for 10^6 samples."""
    a = 9 / 11
    assert abs(exponential(autoregressive(5.0, 50, 20_000, seed=4)) + 1 / np.log(a)) < 0.5


def test_an_exact_exponential_is_found_exactly(monkeypatch):
    import spindsl.kernels.autocorrelation as module

    monkeypatch.setattr(module, "correlation", lambda x: np.exp(-np.arange(60) / 7.0))
    assert abs(module.exponential(np.zeros((1, 60))) - 7.0) < 1e-12


def test_a_constant_or_short_series_has_no_time():
    assert np.isnan(integrated(np.ones((3, 50)))).all()
    assert np.isnan(integrated(np.array([[0.0] * 12, [5.0] * 12]))).all()  # rho = 1 for ever
    assert np.isnan(exponential(np.ones((3, 50))))
    assert np.isnan(r_hat(np.zeros((2, 3))))
    assert np.isnan(r_hat(np.ones((2, 8))))


def test_r_hat_by_hand():
    """Two chains of four: halves (1, 2), (3, 4), (5, 6), (7, 8) have the ranks 1 … 8.

    z = Phi^-1((r - 3/8) / 8.25); W the mean variance within halves, B / n the variance of their means;
    R^2 = ((n - 1) / n W + B / n) / W with n = 2.
    """
    x = np.array([[10.0, 20.0, 30.0, 40.0], [50.0, 60.0, 70.0, 80.0]])
    z = [stats.norm.ppf((r - 0.375) / 8.25) for r in range(1, 9)]
    halves = [(z[0], z[1]), (z[2], z[3]), (z[4], z[5]), (z[6], z[7])]
    W = sum((b - a) ** 2 / 2 for a, b in halves) / 4
    means = [(a + b) / 2 for a, b in halves]
    between = sum((m - sum(means) / 4) ** 2 for m in means) / 3
    assert abs(r_hat(x) - np.sqrt((W / 2 + between) / W)) < 1e-12


def test_r_hat_sees_chains_that_differ():
    """1 + O(1 / n) where all are alike; ties share their rank; far beyond 1 where one chain is elsewhere."""
    x = np.random.default_rng(6).normal(size=(8, 1000))
    assert abs(r_hat(x) - 1) < 0.01
    assert abs(r_hat(np.sign(x)) - 1) < 0.01
    x[0] += 5
    assert r_hat(x) > 1.2
    drift = np.random.default_rng(7).normal(size=(8, 1000)) + np.linspace(0, 3, 1000)
    assert r_hat(drift) > 1.2


def test_blocks_are_means_of_parts():
    """As many as asked for, but none shorter than 20 tau; chains are never joined."""
    x = np.arange(2 * 100.0).reshape(2, 100)
    assert np.array_equal(blocks(x, 0.5), x.reshape(20, 10).mean(axis=1))
    assert np.array_equal(blocks(x[:, :97], 0.3), x[:, :96].reshape(32, 6).mean(axis=1))
    assert np.array_equal(blocks(x, 2.5), x.reshape(4, 50).mean(axis=1))
    assert np.array_equal(blocks(x, 50.0), x.mean(axis=1))
    assert np.array_equal(blocks(x, float("nan")), x.mean(axis=1))
    many = np.arange(64 * 100.0).reshape(64, 100)
    assert np.array_equal(blocks(many, 0.5), many.mean(axis=1))


def test_blocks_are_independent():
    """Means of blocks of 20 tau: neighbours correlate by less than 5.2 / n^(1/2) + tau / length (2e-7)."""
    part = blocks(autoregressive(5.0, 20, 20_000, seed=8), 5.0)
    one = blocks(autoregressive(5.0, 1, 4000, seed=9), 5.0)
    assert len(part) == 40
    assert len(one) == 32
    rho = np.corrcoef(one[1:], one[:-1])[0, 1]
    assert abs(rho) < 5.2 / np.sqrt(31) + 0.05
