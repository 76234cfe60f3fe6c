"""Permutation tests: what a score would be if the labels told nothing."""

import numpy as np


def p_value(
    guess: np.ndarray, label: np.ndarray, cluster: np.ndarray, rng: np.random.Generator, permutations: int
) -> float:
    """(1 + #{permuted score >= score}) / (1 + permutations) of the balanced score, Phipson & Smyth 2010.

    guess, label, cluster (trial,). Exact at any number of trials: under the null the labels could as well have been
    dealt in any order that `dealt` gives.
    """
    known, label = np.unique(label, return_inverse=True)
    guess = np.where(np.isin(guess, known), np.searchsorted(known, guess), -1)
    found = balanced(guess, label[None], len(known))[0]
    blind = balanced(guess, dealt(label, cluster, rng, permutations), len(known))
    return (1 + np.count_nonzero(blind >= found - 1e-9)) / (1 + permutations)


def dealt(label: np.ndarray, cluster: np.ndarray, rng: np.random.Generator, times: int) -> np.ndarray:
    """Labels dealt anew (times, trial), so that trials of one cluster need not be independent.

    Where a cluster has one label, it is dealt as a whole, among the clusters that have one label each. Where its labels
    differ, they are dealt among its own trials.
    """
    which = np.unique(cluster, return_inverse=True)[1]
    order = np.argsort(which, kind="stable")
    first, size = np.flatnonzero(np.diff(which[order], prepend=-1)), np.bincount(which)
    own = label[order][first]
    differ = np.bincount(which, weights=label != own[which]) > 0
    out = np.empty((times, len(own)), dtype=np.int64)
    out[:, ~differ] = rng.permuted(np.tile(own[~differ], (times, 1)), axis=1)
    out = out.take(which, axis=1)
    for m in np.unique(size[differ]):
        mine = order[first[differ & (size == m)][:, None] + np.arange(m)]  # (cluster, m)
        out[:, mine] = rng.permuted(np.tile(label[mine], (times, 1, 1)), axis=2)
    return out


def balanced(guess: np.ndarray, label: np.ndarray, classes: int) -> np.ndarray:
    """Mean over classes of the share of a class's trials that is guessed, for label (times, trial)."""
    place = label + classes * np.arange(len(label))[:, None]
    count, right = (np.bincount(v, minlength=len(label) * classes) for v in (place.ravel(), place[label == guess]))
    return (right / count).reshape(-1, classes).mean(axis=1)
