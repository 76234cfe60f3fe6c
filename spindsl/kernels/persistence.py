"""What a trial keeps of itself: covariances within one time and between different ones, and the directions that last.

Trials a = 1..n, times t = 1..T, d_a(t) = x_a(t) - mean(t), the mean over trials at that time:

    C_0 = 1/(n T) sum_a sum_t d_a(t) d_a(t)',   C_tau = 1/(n T (T - 1)) sum_a sum_{t != t'} d_a(t) d_a(t')'

    C_tau v = lambda [C_0 + r (tr C_0 / width) 1] v,   largest lambda first.

Molgedey and Schuster 1994, with the correlation function averaged over all lags there are; for r = 0, lambda is the
correlation of v . x at one time with v . x at another.
"""

import numpy as np

FLAT = 1e-10  # of the largest variance: directions that vary less are taken not to vary


def totals(x: np.ndarray, mean: np.ndarray, orders: list[np.ndarray] | None = None) -> np.ndarray:
    """sum_t d_a(t), (trial, width), of x (time, trial, width); `orders` give trials another order at each time."""
    total = np.zeros(x.shape[1:])
    for k, one in enumerate(x):
        total += one if orders is None else one[orders[k]]
    return total - mean.sum(axis=0)


def within(x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """C_0 (width, width) of x (time, trial, width) and mean (time, width)."""
    found = np.zeros((x.shape[2], x.shape[2]))
    for one, middle in zip(x, mean):
        away = one - middle
        found += away.T @ away
    return found / (x.shape[0] * x.shape[1])


def between(total: np.ndarray, within: np.ndarray, times: int) -> np.ndarray:
    """C_tau (width, width): the square of the sum over times has all pairs, C_0 those of a time with itself."""
    return (total.T @ total / (len(total) * times) - within) / (times - 1)


def whitener(within: np.ndarray, shrinkage: float) -> np.ndarray:
    """W (width, kept) with W' [C_0 + r (tr C_0 / width) 1] W = 1, without directions along which nothing varies."""
    width = len(within)
    variance, axes = np.linalg.eigh(within + shrinkage * np.trace(within) / width * np.eye(width))
    kept = variance > FLAT * variance[-1]
    return axes[:, kept] / np.sqrt(variance[kept])


def modes(between: np.ndarray, whitener: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """lambda (kept), largest first, and v (width, kept), whose largest entry is positive."""
    persistence, v = np.linalg.eigh(whitener.T @ between @ whitener)
    v = (whitener @ v)[:, ::-1]
    return persistence[::-1], v * np.sign(v[np.abs(v).argmax(axis=0), np.arange(v.shape[1])])


def shuffled(
    x: np.ndarray, mean: np.ndarray, within: np.ndarray, whitener: np.ndarray, rng: np.random.Generator
) -> float:
    """The largest lambda once the trials of every time are in a random order of their own, so that nothing lasts."""
    orders = [rng.permutation(x.shape[1]) for _ in x]
    cross = between(totals(x, mean, orders), within, len(x))
    return float(np.linalg.eigvalsh(whitener.T @ cross @ whitener)[-1])


def autocorrelation(y: np.ndarray) -> np.ndarray:
    """Of latent variables y (trial, time, latent) with mean 0, averaged over all pairs of different times, (latent)."""
    own, times = (y * y).sum(axis=(0, 1)), y.shape[1]
    both = (y.sum(axis=1) ** 2).sum(axis=0) - own
    return np.divide(both, own * (times - 1), out=np.full(len(own), np.nan), where=own > 0)
