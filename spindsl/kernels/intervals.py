"""Intervals of scores: what a fraction of successes says of its probability."""

import numpy as np
from scipy.stats import norm


def wilson(score, trials, z):
    """Wilson interval of a binomial fraction, Wilson 1927; sound where the score touches 0 or 1."""
    centre = (score + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * np.sqrt(score * (1 - score) / trials + z * z / (4 * trials * trials))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def pointwise(level=0.95):
    """Normal quantile of a two-sided interval."""
    return float(norm.ppf(0.5 + level / 2))


def simultaneous(credit, rng, level=0.95, resamples=2000):
    """Quantile z such that Wilson intervals of z hold at all times at once, for credit (trial, time).

    Bootstrap over trials of max_t |S*_t - S_t| / se_t, with se_t of the score shrunk off 0 and 1
    (two successes and two failures added), so that a flat time cannot rule.
    """
    n = len(credit)
    score = credit.mean(axis=0)
    shrunk = (n * score + 2) / (n + 4)
    weight = rng.multinomial(n, np.full(n, 1 / n), size=resamples) / n
    deviation = np.abs(weight @ credit - score) / np.sqrt(shrunk * (1 - shrunk) / n)
    return max(float(np.quantile(deviation.max(axis=1), level)), pointwise(level))
