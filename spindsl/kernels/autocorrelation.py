"""How much the samples of Markov chains know of one another. Series are (chain, sample); times are in samples.

rho(t) = <(x_0 - m)(x_t - m)> / var x          averaged over chains, m the mean of them all
tau    = 1/2 + sum_(t = 1 … W) rho(t)          W the first with W >= 5 tau(W), W >= 8   (Madras and Sokal 1988)
var of the mean of n samples = var x 2 tau / n;  n_eff = n / (2 tau);  tau = 1/2 where nothing is correlated
"""

import numpy as np
from scipy import fft, stats

WINDOW = 5.0  # W over tau
NARROWEST = 8  # W at least: what is correlated negatively needs its next terms too
TIMES = 20.0  # correlation times that make a block
BLOCKS = 32  # as many blocks as errors are to be taken from, where there are chains enough


def correlation(x: np.ndarray) -> np.ndarray:
    """rho(t), (sample); NaN for a constant series."""
    n = x.shape[1]
    d = x - x.mean()
    size = fft.next_fast_len(2 * n, real=True)
    power = (np.abs(np.asarray(fft.rfft(d, size, axis=1))) ** 2).mean(axis=0)
    c = fft.irfft(power, size)[:n] / (n - np.arange(n))
    return c / c[0] if c[0] > 0 else np.full(n, np.nan)


def integrated(x: np.ndarray) -> tuple[float, float]:
    """tau and its standard error, tau (4 (W + 1/2 - tau) / n)^(1/2) with n the number of samples of all chains.

    The error is that of U. Wolff, Comput. Phys. Commun. 156, 143 (2004), Eq. 42; Madras and Sokal leave out the tau.
    Where tau is a few samples it is too large by an eighth.
    NaN where a series is constant or too short for its window.
    """
    rho = correlation(x)
    tau = 0.5 + np.concatenate([[0.0], np.cumsum(rho[1:])])
    long = np.flatnonzero(np.arange(len(tau)) >= np.maximum(WINDOW * tau, NARROWEST))
    if not len(long):
        return float("nan"), float("nan")
    window = int(long[0])
    tau = max(tau[window], 0.5 / x.size)
    return float(tau), float(tau * np.sqrt(4 * (window + 0.5 - tau) / x.size))


def exponential(x: np.ndarray) -> float:
    """tau of rho(t) = exp(-t / tau), least squares of ln rho through 0 where rho > 0.1; NaN if it is below at once."""
    rho = correlation(x)
    below = np.flatnonzero(~(rho > 0.1))
    reach = int(below[0]) if len(below) else len(rho)
    t = np.arange(1, reach)
    return float(-(t @ t) / (t @ np.log(rho[1:reach]))) if reach > 1 else float("nan")


def r_hat(x: np.ndarray) -> float:
    """Rank-normalised split R-hat, 1 where half chains agree (Vehtari et al. 2021, Eqs. 4, 14); NaN below 4 samples."""
    half = x.shape[1] // 2
    if half < 2:
        return float("nan")
    parts = np.concatenate([x[:, :half], x[:, -half:]])
    rank = stats.rankdata(parts, method="average").reshape(parts.shape)
    z = stats.norm.ppf((rank - 0.375) / (parts.size + 0.25))
    within = z.var(axis=1, ddof=1).mean()
    between = z.mean(axis=1).var(ddof=1)
    return float(np.sqrt((half - 1) / half + between / within)) if within > 0 else float("nan")


def averaged(x: np.ndarray) -> tuple[float, float]:
    """Mean of samples and its standard error, from chains or blocks; NaN of one chain too short for two blocks."""
    if not x.size:
        return float("nan"), float("nan")
    part = blocks(x, integrated(x)[0])
    return float(x.mean()), float(part.std(ddof=1) / len(part) ** 0.5) if len(part) > 1 else float("nan")


def blocks(x: np.ndarray, tau: float) -> np.ndarray:
    """Means (block, …) of blocks of series (chain, sample, …) that are independent: chains, or parts of `TIMES` tau."""
    chains, samples = x.shape[:2]
    wanted = -(-BLOCKS // chains)
    cut = max(1, min(wanted, int(samples / (TIMES * tau)))) if tau > 0 else 1
    length = samples // cut
    return x[:, : cut * length].reshape(chains * cut, length, *x.shape[2:]).mean(axis=1)
