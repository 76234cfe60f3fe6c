"""Correlation times and errors of Markov chains, held to series whose correlations are known: x' = a x + noise."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import signal, stats

from spindsl.kernels.autocorrelation import BLOCKS, TIMES, blocks, correlation, exponential, integrated

FALSE = 1e-6  # of an alarm, in each test


def series(a: float, chains: int, samples: int, seed: int = 0) -> np.ndarray:
    """Stationary x_(t+1) = a x_t + (1 - a^2)^(1/2) noise: rho(t) = a^t, tau = (1 + a) / (1 - a) / 2, variance 1."""
    noise = np.random.default_rng(seed).normal(size=(chains, samples))
    noise[:, 1:] *= np.sqrt(1 - a * a)
    return signal.lfilter([1.0], [1.0, -a], noise, axis=1)


def tau(a: float) -> float:
    return (1 + a) / (1 - a) / 2


def error(x: np.ndarray) -> float:
    """Standard error of the mean of all samples, (var x 2 tau / n)^(1/2)."""
    return float(np.sqrt(x.var() * 2 * integrated(x)[0] / x.size))


def fitted(x: np.ndarray) -> tuple[float, float]:
    """`exponential`, and its standard error by leaving out chains, or parts of `TIMES` tau where they are few."""
    tau = exponential(x)
    if not tau > 0:
        return tau, float("nan")
    wanted = -(-BLOCKS // len(x))
    cut = max(1, min(wanted, int(x.shape[1] / (TIMES * tau))))
    part = x[:, : x.shape[1] // cut * cut].reshape(len(x) * cut, -1)
    if len(part) < 2:
        return tau, float("nan")
    left = np.array([exponential(np.delete(part, k, axis=0)) for k in range(len(part))])
    return tau, float(np.sqrt((len(part) - 1) * left.var()))


def jackknife(
    x: np.ndarray, estimator: Callable[[np.ndarray], np.ndarray], tau: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """estimator(mean) of series x (chain, sample, moment), its standard error, and the bias that is to be subtracted.

    `estimator` takes mean moments (…, moment). Blocks are chains, or parts of `TIMES` tau; error NaN of a single one.
    """
    part = blocks(x, tau)
    n, mean = len(part), part.mean(axis=0)
    value = estimator(mean)
    if n < 2:
        return value, np.full(np.shape(value), np.nan), np.full(np.shape(value), np.nan)
    left = estimator((n * mean - part) / (n - 1))
    return value, np.sqrt((n - 1) * left.var(axis=0)), (n - 1) * (left.mean(axis=0) - value)


def spread(z: np.ndarray) -> None:
    """Sum of z^2 within its chi^2 range."""
    low, high = stats.chi2.ppf([FALSE / 2, 1 - FALSE / 2], len(z))
    assert low < (z**2).sum() < high, (z**2).mean()


def test_correlation_is_that_of_the_definition():
    """The transform against sums written out, exact."""
    x = series(0.7, 3, 50)
    d = x - x.mean()
    direct = np.array([(d[:, : 50 - t] * d[:, t:]).sum() / (3 * (50 - t)) for t in range(50)])
    np.testing.assert_allclose(correlation(x), direct / direct[0], atol=1e-12)
    assert np.isnan(correlation(np.ones((2, 8)))).all()


@pytest.mark.parametrize("a", [-0.5, 0.0, 0.5, 0.9, 0.97])
def test_errors_of_the_time_and_of_means_are_honest(a):
    """1,000 series: z^2 of the mean and of tau within chi^2 at 1e-6 (the window cuts e^-5 of tau)."""
    long = max(4000, int(500 * tau(a)))
    x = series(a, 1000, long, seed=1)
    found = np.array([(*integrated(row[None]), error(row[None]), row.mean()) for row in x])
    spread(found[:, 3] / found[:, 2])
    if a in (0.0, 0.9, 0.97):
        spread((found[:, 0] - tau(a)) / found[:, 1])
    if a == 0.5:  # where tau is a few samples its error is said too large, by an eighth
        assert 0.7 < (((found[:, 0] - tau(a)) / found[:, 1]) ** 2).mean() < 1
    np.testing.assert_allclose(np.median(found[:, 0]), tau(a), rtol=0.04)


def test_many_chains_know_more_than_one():
    """tau of 64 chains of 400 samples within 5 of its standard errors and 1 %."""
    x = series(0.9, 64, 4000, seed=2)
    t, se = integrated(x)
    assert abs(t - tau(0.9)) < 5 * se + 0.01 * tau(0.9) and se < 0.3


def test_the_exponential_time_is_that_of_the_decay():
    """-1 / ln a over 60 data sets: z^2 with errors of the fit within chi^2, and at most 1 % beyond, both at 1e-6."""
    want = -1 / np.log(0.9)
    found = np.array([fitted(series(0.9, 32, 1500, seed=s)) for s in range(60)])
    z = (found[:, 0] - want) / found[:, 1]
    spread(z)
    assert (
        abs(found[:, 0].mean() - want)
        < stats.t.isf(FALSE / 2, 59) * found[:, 0].std(ddof=1) / np.sqrt(60) + 0.01 * want
    )
    assert exponential(series(0.9, 32, 1500)) == found[0, 0]
    assert np.isnan(exponential(series(-0.5, 2, 1000)))


def test_errors_of_what_is_not_linear_are_honest():
    """var x and x^4 / x^2^2 by jackknife over 300 data sets, few long chains and many short: z^2 as of Student."""
    kinds = lambda mean: np.stack([mean[..., 1] - mean[..., 0] ** 2, mean[..., 2] / mean[..., 1] ** 2], axis=-1)
    for chains, samples in ((2, 8000), (48, 400)):
        z = []
        for seed in range(300):
            x = series(0.6, chains, samples, seed=1000 + seed)
            value, se, bias = jackknife(np.stack([x, x**2, x**4], axis=-1), kinds, tau(0.6))
            z.append((value - bias - np.array([1.0, 3.0])) / se)
        n = len(blocks(x, tau(0.6)))
        z2 = (np.array(z) ** 2).mean(axis=0)
        # t^2 of n - 1 degrees: mean (n - 1) / (n - 3); its sum over 300 sets is within 6 standard deviations, 1e-6
        mean = (n - 1) / (n - 3)
        var = 2 * mean**2 * (n - 2) / (n - 5)
        assert (np.abs(z2 - mean) < 6 * np.sqrt(var / 300)).all(), z2
    value, se, _ = jackknife(np.ones((1, 10, 3)), kinds, 5.0)
    assert np.isnan(se).all() and value[1] == 1
