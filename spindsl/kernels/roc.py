"""Receiver operating characteristics: how well one number tells the novel from the known, larger is novel.

    AUC = P(novel > known) + P(tie) / 2

Samples of one cluster (a state that was probed with known and with novel fields) are not independent: variances
are between clusters.
"""

import numpy as np
from scipy.stats import binom, norm, rankdata

ALPHA = 0.05


def placements(known, novel):
    """Of each known value the share of novel ones above it, of each novel one that of known ones below; ties half."""
    if np.isnan(known).any() or np.isnan(novel).any():
        raise ValueError("a score is NaN")
    m, n = len(known), len(novel)
    rank = rankdata(np.concatenate([known, novel]))
    below_novel = (rank[m:] - rankdata(novel)) / m
    above_known = 1 - (rank[:m] - rankdata(known)) / n
    return above_known, below_novel


def auc(known, novel):
    """Area under the curve, by ranks."""
    return float(placements(known, novel)[1].mean())


def variance(known, novel, clusters):
    """Variance of the AUC; `clusters` of the known, then of the novel values.

    Obuchowski 1997, Eq. 5: with V the placements summed over a cluster and counts m_c, n_c of M known, N novel values,

        S10 / N + S01 / M + 2 S11 / (M N),   S10 = I / ((I - 1) N) sum_c (V_c - n_c A)^2,   and so on;

    for clusters of one value DeLong, DeLong and Clarke-Pearson 1988.
    """
    above, below = placements(known, novel)
    m, n, area = len(known), len(novel), below.mean()
    _, which = np.unique(clusters, return_inverse=True)
    size = which.max() + 1
    first = np.bincount(which[:m], above - area, size)
    second = np.bincount(which[m:], below - area, size)
    i, j = (max(len(np.unique(v)), 2) for v in (which[:m], which[m:]))
    own = i / (i - 1) * (first**2).sum() / m**2 + j / (j - 1) * (second**2).sum() / n**2
    return float(own + 2 * size / max(size - 1, 1) * (first * second).sum() / (m * n))


def interval(known, novel, clusters):
    """95 % interval of the AUC: normal on the logit; where it is 1 or 0 the exact one-sided bound.

    Of n pairs of two clusters each, no cluster twice, all are in order with probability AUC^n: AUC >= 0.05^(1/n) is
    not excluded at one-sided 5 %.
    """
    area = auc(known, novel)
    if area in (0.0, 1.0):
        bound = ALPHA ** (1 / pairs(clusters[: len(known)], clusters[len(known) :]))
        return (bound, 1.0) if area else (0.0, 1 - bound)
    half = norm.ppf(1 - ALPHA / 2) * np.sqrt(max(variance(known, novel, clusters), 0.0)) / (area * (1 - area))
    middle = np.log(area / (1 - area))
    return tuple(float(1 / (1 + np.exp(-(middle + s * half)))) for s in (-1, 1))


def pairs(known, novel):
    """Number of independent pairs of a known and a novel value: no two values share a cluster, of a pair neither."""
    a, b = np.unique(known), np.unique(novel)
    return max(min(len(a), len(b), len(np.union1d(a, b)) // 2), 1)


def curve(known, novel, at):
    """Share of novel values detected where a share `at` of the known ones is a false alarm; linear between points."""
    order = np.unique(np.concatenate([known, novel]))[::-1]
    alarm = np.concatenate([[0.0], (np.sort(-known).searchsorted(-order, "right")) / len(known)])
    hit = np.concatenate([[0.0], (np.sort(-novel).searchsorted(-order, "right")) / len(novel)])
    top = np.array([hit[alarm <= a].max() for a in at])
    after = np.array([np.flatnonzero(alarm <= a).max() for a in at])
    following = np.minimum(after + 1, len(alarm) - 1)
    step = alarm[following] - alarm[after]
    share = np.where(step > 0, (np.asarray(at) - alarm[after]) / np.where(step > 0, step, 1.0), 0.0)
    return top + share * (hit[following] - hit[after])


def threshold(known, level, violation=0.05):
    """The least order statistic of known values above which a new one falls with probability <= level, but for a
    chance `violation` of the sample (Tong, Feng and Li 2018, Proposition 1). NaN if they are too few.

    P(rank k does not hold) = P(Binomial(n, 1 - level) >= k).
    """
    n = len(known)
    k = np.arange(1, n + 1)
    holds = binom.sf(k - 1, n, 1 - level) <= violation
    return float(np.sort(known)[np.argmax(holds)]) if holds.any() else float("nan")


def p_value(known, novel, clusters, rng, permutations):
    """(1 + #{permuted >= AUC}) / (1 + permutations): known and novel dealt anew, within clusters that have both."""
    rank = rankdata(np.concatenate([known, novel]))
    label = np.repeat([0.0, 1.0], [len(known), len(novel)])
    _, which = np.unique(clusters, return_inverse=True)
    mixed = (np.bincount(which, label) > 0) & (np.bincount(which, 1 - label) > 0)
    group = np.where(mixed[which], which, which.max() + 1)
    home = np.argsort(group, kind="stable")
    count = 0
    for _ in range(permutations):
        dealt = np.lexsort((rng.random(len(label)), group))
        count += rank[home] @ label[dealt] >= rank @ label - 1e-9
    return (1 + count) / (1 + permutations)
