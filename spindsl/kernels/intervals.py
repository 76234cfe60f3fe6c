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


def simultaneous(credit, label, rng, level=0.95, resamples=2000):
    """Quantile z such that Wilson intervals of z hold at all times at once, for credit (trial, time).

    Bootstrap over trials, within classes if these are unequal, of max_t |S*_t - S_t| / se_t, with se_t of
    the score shrunk off 0 and 1 (two successes and two failures added), so that a flat time cannot rule.
    The level is nominal: where fewer than about five trials fail, the upper edge covers less.
    """
    n, counts = len(credit), np.unique(label, return_counts=True)[1]
    effective = len(counts) ** 2 / (1 / counts).sum()
    score = credit.mean(axis=0)
    shrunk = (effective * score + 2) / (effective + 4)
    weight = np.empty((resamples, n))
    for mine in [label == k for k in np.unique(label)] if np.ptp(counts) else [np.ones(n, dtype=bool)]:
        weight[:, mine] = rng.multinomial(mine.sum(), np.full(mine.sum(), 1 / mine.sum()), size=resamples) / n
    deviation = np.abs(weight @ credit - score) / np.sqrt(shrunk * (1 - shrunk) / effective)
    return max(float(np.quantile(deviation.max(axis=1), level)), pointwise(level))


def effective(credit, cluster):
    """Number of independent trials."""
    return float(len(credit))
