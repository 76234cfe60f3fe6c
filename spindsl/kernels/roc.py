"""Receiver operating characteristics: how well one number tells the novel from the known, larger is novel.

    AUC = P(novel > known) + P(tie) / 2

Samples of one cluster (a state that was probed with known and with novel fields) are not independent: variances
are between clusters.
"""

import numpy as np
from scipy.stats import binom, rankdata, t

ALPHA = 0.05


def placements(known: np.ndarray, novel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each known value the share of novel ones above it, of each novel one that of known ones below; ties half."""
    if np.isnan(known).any() or np.isnan(novel).any():
        raise ValueError("a score is NaN")
    m, n = len(known), len(novel)
    rank = rankdata(np.concatenate([known, novel]))
    below_novel = (rank[m:] - rankdata(novel)) / m
    above_known = 1 - (rank[:m] - rankdata(known)) / n
    return above_known, below_novel


def auc(known: np.ndarray, novel: np.ndarray) -> float:
    """Area under the curve, by ranks."""
    return float(placements(known, novel)[1].mean())


def variance(known: np.ndarray, novel: np.ndarray, clusters: np.ndarray) -> float:
    """Variance of the AUC; `clusters` of the known, then of the novel values. NaN for one cluster on a side."""
    return spread(*placements(known, novel), clusters)


def spread(above: np.ndarray, below: np.ndarray, clusters: np.ndarray) -> float:
    """Variance of the mean of placements `above` of m known and `below` of n novel values, Obuchowski 1997.

    With a_c and b_c the sums over cluster c of the placements less their mean, of known and of novel values, and
    I_a, I_b, I the numbers of clusters that have known, novel, any values:

        I_a / (I_a - 1) sum_c (a_c / m)^2 + I_b / (I_b - 1) sum_c (b_c / n)^2 + 2 I / (I - 1) sum_c a_c b_c / (m n)

    For clusters of one value it is that of DeLong, DeLong and Clarke-Pearson 1988.
    """
    m, n = len(above), len(below)
    names, which = np.unique(clusters, return_inverse=True)
    size, i, j = len(names), len(np.unique(which[:m])), len(np.unique(which[m:]))
    if min(i, j) < 2:
        return float("nan")
    a = np.bincount(which[:m], above - above.mean(), size) / m
    b = np.bincount(which[m:], below - below.mean(), size) / n
    return float(i / (i - 1) * a @ a + j / (j - 1) * b @ b + 2 * size / (size - 1) * a @ b)


def interval(known: np.ndarray, novel: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """95 % interval of the AUC: logit AUC ± t se / (AUC (1 - AUC)), t of as many degrees of freedom as there are
    clusters on the lesser side, less one.

    Where nothing varies, [AUC q, 1 - (1 - AUC) q] with q of `bound`: exact where the AUC is 1 or 0, one-sided at 5 %.
    Nowhere is the lower end above q or the upper one below 1 - q: values that are all but apart say no more than
    values that are apart, though their variance is next to nothing.
    """
    m, area = len(known), auc(known, novel)
    found = variance(known, novel, clusters)
    q = bound(pairs(clusters[:m], clusters[m:]))
    if np.isnan(found):
        return 0.0, 1.0
    if area in (0.0, 1.0) or found < 1e-24:
        return area * q, 1 - (1 - area) * q
    freedom = min(len(np.unique(clusters[:m])), len(np.unique(clusters[m:]))) - 1
    half = t.ppf(1 - ALPHA / 2, freedom) * np.sqrt(found) / (area * (1 - area))
    middle = np.log(area / (1 - area))
    low, high = (float(1 / (1 + np.exp(-(middle + s * half)))) for s in (-1, 1))
    return min(low, q), max(high, 1 - q)


def bound(independent: int) -> float:
    """The least AUC that so many independent pairs, all of them in order, do not exclude: 0.05^(1 / pairs).

    If all novel values lie above all known ones, so they do in disjoint pairs of independent states, which has
    probability AUC^pairs; an AUC below the bound is excluded at 5 %, one-sided. No better bound holds whatever the
    distribution: if a state has (known, novel) = (0, 1) with probability sqrt(AUC) and (2, -1) otherwise, all values
    of I states are apart with probability AUC^(I / 2).
    """
    return ALPHA ** (1 / independent) if independent else 0.0


def pairs(known: np.ndarray, novel: np.ndarray) -> int:
    """Most pairs of a known and a novel value of two clusters, no cluster in two pairs: min(I_a, I_b, I // 2).

    A pair within one cluster says how often novel is above known in one state. The AUC asks that of two states.
    """
    a, b = np.unique(known), np.unique(novel)
    return min(len(a), len(b), len(np.union1d(a, b)) // 2)


def curve(known: np.ndarray, novel: np.ndarray, at: np.ndarray) -> np.ndarray:
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


def threshold(known: np.ndarray, level: float, violation: float = 0.05) -> float:
    """The least order statistic of known values above which a new one falls with probability <= level, but for a
    chance `violation` of the sample (Tong, Feng and Li 2018, Proposition 1). NaN if they are too few.

    P(rank k does not hold) = P(Binomial(n, 1 - level) >= k), for independent values: of a state give one.
    """
    n = len(known)
    k = np.arange(1, n + 1)
    holds = binom.sf(k - 1, n, 1 - level) <= violation
    return float(np.sort(known)[np.argmax(holds)]) if holds.any() else float("nan")


def p_value(
    known: np.ndarray, novel: np.ndarray, clusters: np.ndarray, rng: np.random.Generator, permutations: int
) -> float:
    """(1 + #{permuted >= AUC}) / (1 + permutations), known and novel dealt anew by `dealt`."""
    rank = rankdata(np.concatenate([known, novel]))
    label = np.repeat([0.0, 1.0], [len(known), len(novel)])
    count, least = 0, ranked(rank, label[None])[0] - 1e-12
    for start in range(0, permutations, 100):
        count += (ranked(rank, dealt(label, clusters, rng, min(100, permutations - start))) >= least).sum()
    return float((1 + count) / (1 + permutations))


def ranked(rank: np.ndarray, label: np.ndarray) -> np.ndarray:
    """AUC of labels (permutation, value), 1 for novel, from the ranks of all values: Mann and Whitney's U / (m n)."""
    n = label.sum(axis=1)
    return (label @ rank - n * (n + 1) / 2) / (n * (len(rank) - n))


def dealt(label: np.ndarray, clusters: np.ndarray, rng: np.random.Generator, permutations: int) -> np.ndarray:
    """Labels (permutation, value) dealt anew: within clusters that have both, else between clusters, whole."""
    _, which, count = np.unique(clusters, return_inverse=True, return_counts=True)
    share = np.bincount(which, label) / count
    both = (share > 0) & (share < 1)
    out = np.tile(label, (permutations, 1))
    home = np.argsort(which, kind="stable")
    home = home[both[which[home]]]
    out[:, home] = label[home][np.argsort(which[home] + rng.random((permutations, len(home))), axis=1)]
    whole, rest = np.flatnonzero(~both), np.flatnonzero(~both[which])
    lent = rng.permuted(np.tile(share[whole], (permutations, 1)), axis=1)
    out[:, rest] = lent[:, np.searchsorted(whole, which[rest])]
    return out
