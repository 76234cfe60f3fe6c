"""How many bits features keep of a label: a held-out bound through any reader, and an estimate by nearest neighbours.

Labels (n) are 0..classes-1, or -1 where nothing is asked. All results are in bits.
"""

from collections.abc import Iterable

import numpy as np
from numba import njit
from scipy.special import digamma
from scipy.stats import t as student

FLOOR, SHARPEST = 1e3, 10.0  # nats below the best class; largest inverse temperature
TIE = 1 + 1e-12  # squared distances that differ by less are equal


def log_posterior(evidence: np.ndarray, prior: np.ndarray, sharpness: float, trials: int) -> np.ndarray:
    """ln q(k|z), q = (n softmax_k(b ln p(z|k) + ln pi_k) + pi_k) / (n + 1): never surer than one in n trials.

    evidence (m, class) is NaN for a class that was never seen: it keeps its prior pi_k.
    """
    seen = ~np.isnan(evidence).any(axis=0)
    x = evidence[:, seen]
    x = sharpness * np.maximum(x - x.max(axis=1, keepdims=True), -FLOOR) + np.log(prior[seen])
    share = np.exp(x - x.max(axis=1, keepdims=True))
    q = np.tile(prior, (len(evidence), 1))
    q[:, seen] = prior[seen].sum() * share / share.sum(axis=1, keepdims=True)
    return np.log((trials * q + prior) / (trials + 1))


def sharpness(asked: Iterable[tuple[np.ndarray, np.ndarray]], prior: np.ndarray) -> float:
    """Inverse temperature b in [0, 10] that maximises sum ln softmax_label(b ln p(z|k) + ln pi_k), which is concave.

    `asked` are pairs of evidence (m, class), NaN for a class never seen, and label (m), of trials not fitted to.
    """
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for evidence, label in asked:
        seen = np.asarray(~np.isnan(evidence).any(axis=0))
        mine = seen[label]
        x = evidence[np.ix_(mine, seen)]
        own = (np.cumsum(seen) - 1)[label[mine]]
        parts.append((np.maximum(x - x.max(axis=1, keepdims=True), -FLOOR), own, np.log(prior[seen])))

    def slope(b: float) -> float:
        total = 0.0
        for x, own, log_prior in parts:
            weight = np.exp(b * x + log_prior)
            mean = (weight * x).sum(axis=1) / weight.sum(axis=1)
            total += (x[np.arange(len(x)), own] - mean).sum()
        return total

    low, high = 0.0, SHARPEST
    if slope(high) >= 0:
        return high
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return low


def bound(log_q: np.ndarray, label: np.ndarray, cluster: np.ndarray) -> tuple[float, float]:
    """I(Y; Z) >= H(Y) - E[-log2 q(y|z)] (Barber and Agakov), from ln q of the true label of trials q was not fitted to.

    H(Y) is that of the label's frequencies, which is too small on average, if anything. Value, and its standard error
    over clusters.
    """
    share = np.bincount(label) / len(label)
    gain = (log_q - np.log(share[label])) / np.log(2)
    which = np.unique(cluster, return_inverse=True)[1]
    total = np.bincount(which, gain - gain.mean())
    error = np.sqrt(len(total) / (len(total) - 1) * (total**2).sum()) / len(gain) if len(total) > 1 else np.nan
    return gain.mean(), error


def entropy(label: np.ndarray) -> float:
    """H(Y) = -sum_k p_k log2 p_k of the frequencies."""
    share = np.bincount(label[label >= 0]) / max((label >= 0).sum(), 1)
    return float(-(share[share > 0] * np.log2(share[share > 0])).sum())


def mutual(a: np.ndarray, b: np.ndarray) -> float:
    """I(A; B) of two labels: plug-in; Miller and Madow add (cells - 1) / 2n nats to each entropy."""
    known = (a >= 0) & (b >= 0)
    pair = np.unique(np.stack([a[known], b[known]]), axis=1, return_inverse=True)[1].ravel()
    cells = [len(np.unique(v)) for v in (a[known], b[known], pair)]
    plain = entropy(a[known]) + entropy(b[known]) - entropy(pair)
    return plain + (cells[0] + cells[1] - cells[2] - 1) / (2 * known.sum() * np.log(2))


def neighbours(
    z: np.ndarray, label: np.ndarray, cluster: np.ndarray, k: int, rng: np.random.Generator, shuffles: int = 20,
    groups: int = 20,
) -> tuple[float, float, float, float]:  # fmt: skip
    """I(Y; Z) = psi(N) - <psi(N_y)> + psi(k) - <psi(m)>, Ross 2014 eq. 2, minus its mean over shuffled labels.

    z (n, d) in units of its standard deviations, Euclidean; m is the number of others within the distance of the k-th
    neighbour of the same label. Where distances tie, all that tie are counted, in k as well as in m: nothing is
    jittered. Gives value, low, high, mean over shuffles. The 95 % interval is Student's, from the jackknife that leaves
    out each of `groups` sets of whole clusters, even in the labels; there is none for fewer than 2 clusters.
    """
    few = np.bincount(label[label >= 0]) < 2
    known = (label >= 0) & ~few[label]
    if len(np.unique(label[known])) < 2:
        return np.nan, np.nan, np.nan, np.nan
    z, label = z[known], label[known]
    std = z.std(axis=0)
    z = (z - z.mean(axis=0)) / np.where(std > 0, std, 1.0)
    first, which = np.unique(cluster[known], return_index=True, return_inverse=True)[1:]
    groups = min(groups, len(first))
    place = np.empty(len(first), dtype=np.int64)
    place[np.lexsort((rng.random(len(first)), label[first]))] = np.arange(len(first)) % groups
    labels = np.stack([label, *(rng.permutation(label) for _ in range(shuffles))])
    row = np.concatenate([np.arange(shuffles + 1), np.zeros(groups, dtype=np.int64)])
    out = np.concatenate([np.full(shuffles + 1, -1), np.arange(groups)])
    found = ross(z, labels, place[which], row, out, k)
    blind, left = found[1 : shuffles + 1], found[shuffles + 1 :]
    value = found[0] - blind.mean()
    if groups < 2:
        return value, np.nan, np.nan, blind.mean()
    error = np.sqrt((groups - 1) / groups * ((left - left.mean()) ** 2).sum() + blind.var(ddof=1) / shuffles)
    half = student.ppf(0.975, groups - 1) * error
    return value, value - half, value + half, blind.mean()


def ross(z: np.ndarray, labels: np.ndarray, group: np.ndarray, row: np.ndarray, out: np.ndarray, k: int) -> np.ndarray:
    """The estimate in bits for each job: labels (row, n), with the group `out` left out (-1 for none)."""
    n, classes = len(z), labels.max() + 1
    psi = np.concatenate([[np.nan], digamma(np.arange(1, n + 1))])
    count = np.stack([np.bincount(labels[r][group != g], minlength=classes) for r, g in zip(row, out)])
    total = walks(np.ascontiguousarray(z.T), labels, group, row, out, np.minimum(k, count - 1), psi)
    kept = np.where(count > 1, count, 0)
    size = kept.sum(axis=1)
    return (psi[size] + (total - (kept * psi[np.maximum(count, 1)]).sum(axis=1)) / size) / np.log(2)


@njit(nogil=True, cache=True)
def walks(
    z: np.ndarray, labels: np.ndarray, group: np.ndarray, row: np.ndarray, out: np.ndarray, want: np.ndarray,
    psi: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """sum_i psi(k_i) - psi(m_i) of each job, walking outwards from every point (d, n) until `want` are alike."""
    d, n = z.shape
    total, far = np.zeros(len(row)), np.empty(n)
    for i in range(n):
        far[:] = 0.0
        for a in range(d):
            for j in range(n):
                far[j] += (z[a, i] - z[a, j]) ** 2
        order = np.argsort(far)
        for job in range(len(row)):
            label, gone = labels[row[job]], out[job]
            needed = want[job, label[i]]
            if group[i] == gone or needed < 1:
                continue
            alike, all_, reach = 0, 0, np.inf
            for j in order:
                if far[j] > reach:
                    break
                if j == i or group[j] == gone:
                    continue
                all_ += 1
                if label[j] == label[i]:
                    alike += 1
                    if alike == needed:
                        reach = far[j] * TIE
            total[job] += psi[alike] - psi[all_]
    return total
