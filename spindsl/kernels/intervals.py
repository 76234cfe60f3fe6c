"""Intervals of scores: what a fraction of successes says of its probability."""

import numpy as np
from scipy.stats import norm, t

PRIOR = 0.25  # trials whose clusters agree wholly, added to what is known of a design effect


def wilson(score: np.ndarray | float, trials: np.ndarray | float, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson interval of a binomial fraction, Wilson 1927; sound where the score touches 0 or 1."""
    centre = (score + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * np.sqrt(score * (1 - score) / trials + z * z / (4 * trials * trials))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def pointwise(level: float = 0.95) -> float:
    """Normal quantile of a two-sided interval."""
    return float(norm.ppf(0.5 + level / 2))


def simultaneous(
    credit: np.ndarray, label: np.ndarray, rng: np.random.Generator, level: float = 0.95, resamples: int = 2000
) -> float:
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


def effective(credit: np.ndarray, cluster: np.ndarray, label: np.ndarray) -> float:
    """Number of independent trials that would give the mean credit the same error; credit, cluster, label (trial,).

    n / D with the design effect (Kish 1965) D = sum_g (sum_{i in g} e_i)^2 / sum_g sum_d m_gd (1 - m_gd / n_d) v_d,
    that is the variance between clusters, linearised, over what it would be if trials were independent: e_i is the
    deviation of a credit from the mean of its class d, v_d its variance, m_gd trials of class d lie in cluster g.
    Few errors say little of D, and a score of 0 or 1 nothing; so a quarter of a trial's worth of clusters that agree
    wholly is added to both sums, which at 0 and 1 leaves the number of clusters, if they are of one size. Few
    clusters know their own variance badly: n shrinks by (z / t)^2 (Korn & Graubard 1998), and an interval of z holds.
    Never above n, and n exactly where every trial is a cluster.
    """
    which, own = (np.unique(v, return_inverse=True)[1] for v in (cluster, label))
    if which.max() + 1 == len(credit):
        return float(len(credit))
    size = np.bincount(own)
    weight = (len(credit) / (len(size) * size))[own]
    deviation = credit - (np.bincount(own, weights=credit) / size)[own]
    variance = np.bincount(own, weights=deviation**2) / np.maximum(size - 1, 1)
    shared = np.zeros((which.max() + 1, len(size)))
    np.add.at(shared, (which, own), 1.0)
    free = 1 - shared / size  # of each cluster and class: deviations not bound by the mean of the class
    wholly = (np.bincount(which, weights=weight) ** 2).sum() / len(credit)
    between = (np.bincount(which, weights=deviation) ** 2).sum() + PRIOR * wholly
    design = between / ((shared * free @ variance).sum() + PRIOR * (weight**2).mean())
    freedom = max((shared * free).sum(axis=1) @ (1 / shared.sum(axis=1)), 1.0)
    return float(len(credit) / max(design, 1.0) * (norm.ppf(0.975) / t.ppf(0.975, freedom)) ** 2)


def stratified(credit: np.ndarray, label: np.ndarray) -> float:
    """Number n with S (1 - S) / n = sum_d S_d (1 - S_d) / (k^2 n_d), the variance of the mean S of k scores S_d.

    Where small classes hold the errors it is less than k^2 / sum_d 1/n_d, and a Wilson interval of that would be too
    short. S_d = (right + 1) / (n_d + 2), or a small class without errors would look certain. Credits are weighted to
    equal classes. Infinite for classes of equal size, where the bound holds by itself.
    """
    own = np.unique(label, return_inverse=True)[1]
    size = np.bincount(own)
    if not np.ptp(size):
        return np.inf
    right = np.bincount(own, weights=credit) * len(size) * size / len(credit)
    score = (right + 1) / (size + 2)
    return score.mean() * (1 - score.mean()) * len(size) ** 2 / (score * (1 - score) / size).sum()
