"""Position-dependent couplings on a graph that is not known: E(s) = -sum_(i<j) J_ij s_i s_j - sum_i h_i s_i.

Each site's conditional is a logistic regression on all others (Ravikumar, Wainwright and Lafferty 2010). With far more
observations than sites it needs no penalty but a wide prior; a pair is kept where its estimates exceed chance, and what
is kept is fitted anew with one J a bond: symmetric pseudolikelihood, then the likelihood's Newton step. Pairs left out
are tested against that fit, pairs kept against zero, until nothing changes.

At low temperature a stiff spin is hardly ever against its neighbours: its conditional, free in all couplings at
once, is then certain in the observations and has no maximum. The prior bounds it; the freer end of the bond decides.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from .moments import sharpen
from .templates import runs, sandwich

ROUNDS = 8  # of adding and dropping; two or three are usual


class Graph(NamedTuple):
    """The couplings of a graph, zero where no bond was found."""

    J: np.ndarray  # (site, site), symmetric
    h: np.ndarray  # (site)
    se: np.ndarray  # (site, site); that of a bond not found is what it would have had
    h_se: np.ndarray  # (site)
    bonds: np.ndarray  # (bond, 2), i < j
    covariance: np.ndarray  # (bond + field, bond + field) of those found, in the order of `bonds`, then of the fields
    fields: np.ndarray  # sites found to have a field
    chance: float  # |z| beyond which a term is taken


def fit_pairs(spins: np.ndarray, beta: float, *, alarm: float, prior: float, blocks: int, fields: bool = True,
              key=None, share: float = 0.1) -> Graph:  # fmt: skip
    """Fit `spins` (observation, site), ±1, seen at `beta`; `alarm` is the number of false terms to expect.

    `prior` is the standard deviation of beta J, a wide normal (10, say): it moves only what the observations do not
    tell, bonds between spins that never part. `key` as in `fit_templates`.
    """
    sites, cuts = spins.shape[1], runs(len(spins), blocks)
    x = np.ascontiguousarray(spins, dtype=np.float32)
    index, pool = numbered(sites, fields)
    chance = float(norm.isf(alarm / (2 * len(pool))))
    K, se = neighbourhoods(x, fields, prior)
    z = np.array([abs(K[t[0], t[-1]]) / se[t[0], t[-1]] for t in pool])
    chosen, K, covariance = settle(x, index, np.flatnonzero(z > chance), cuts, chance, prior)
    if key is not None and len(chosen):
        lists = [np.array([pool[k]]) for k in chosen]
        K, covariance, _ = sharpen(spins, lists, K, cuts, key=key, share=share)
    return _graph(sites, [pool[k] for k in chosen], K / beta, covariance / beta**2, se / beta, chance)


def numbered(sites: int, fields: bool) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Number of each candidate, index (site, site) with fields on the diagonal (-1: none), and their sites."""
    i, j = np.triu_indices(sites, 1)
    index = np.full((sites, sites), -1)
    index[i, j] = index[j, i] = np.arange(len(i))
    pool = [(int(a), int(b)) for a, b in zip(i, j)]
    if fields:
        np.fill_diagonal(index, len(i) + np.arange(sites))
        pool += [(a,) for a in range(sites)]
    return index, pool


def neighbourhoods(x: np.ndarray, fields: bool, prior: float) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regression of each site on all others: K (site, site), fields on its diagonal, and standard errors.

    Both estimates of a bond weigh by their precision: the freer of its two spins tells more. Their errors are taken
    as fully correlated.
    """
    K, se = map(np.array, zip(*(logistic(x, i, fields, prior) for i in range(x.shape[1]))))
    weight = 1.0 / se**2
    return (K * weight + (K * weight).T) / (weight + weight.T), (se * weight + (se * weight).T) / (weight + weight.T)


def logistic(x: np.ndarray, i: int, field: bool, prior: float) -> tuple[np.ndarray, np.ndarray]:
    """K_i. (site) of p(s_i | rest) = 1 / (1 + exp(-2 s_i (K_ii + sum_j K_ij s_j))), with standard errors; Newton."""
    free = np.flatnonzero((np.arange(x.shape[1]) != i) | field)
    y = x[:, free].copy()
    y[:, free == i] = 1.0
    w, se = np.zeros(x.shape[1]), np.full(x.shape[1], prior)
    for part in (slice(None, None, 8), slice(None)):
        w[free], curve = climb(partial(_node, x[part, i], y[part]), w[free], prior)
    se[free] = np.sqrt(np.diag(np.linalg.inv(curve)))
    return w, se


def climb(slope, K, prior: float):
    """Newton's method on a concave function with a normal prior; steps of at most 1. K and the curvature there."""
    for _ in range(200):
        gradient, curve = slope(K)
        curve = curve + np.eye(len(K)) / prior**2
        step = np.linalg.solve(curve, gradient.sum(axis=0) - K / prior**2)
        K = K + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-4:
            return K, curve
    raise ValueError("the pseudolikelihood has no maximum that Newton's method finds: give a narrower prior")


def _node(own, y, w, cuts=None, full=None):
    """Gradient (block, coupling) and curvature of one site's conditional; those of all of `full` where it is given."""
    full = y if full is None else full
    r = expit(-2.0 * own * (y @ w.astype(np.float32)))
    signed = r * own
    starts = [0] if cuts is None else cuts[:, 0]
    gradient = np.stack([signed[a:b] @ full[a:b] for a, b in zip(starts, [*starts[1:], len(own)])])
    return 2.0 * gradient.astype(np.float64), 4.0 * (full.T @ (y * (r * (1.0 - r))[:, None])).astype(np.float64)


def joint(x, index, chosen, K, cuts, whole: bool):
    """Gradient (block, coupling) and Hessian (coupling, chosen) of the symmetric pseudolikelihood.

    Of the chosen couplings alone, or of all candidates where `whole`.
    """
    asked = index.max() + 1 if whole else len(chosen)
    place = np.full(index.max() + 2, -1)
    place[chosen] = np.arange(len(chosen))
    place = place[index]  # the last entry serves the -1 of no candidate
    gradient, hessian = np.zeros((len(cuts), asked)), np.zeros((asked, len(chosen)))
    for i in range(len(index)):
        near = np.flatnonzero(place[i] >= 0)
        some = np.flatnonzero(index[i] >= 0) if whole else near
        y, full = x[:, near], x[:, some]
        y[:, near == i] = 1.0
        full[:, some == i] = 1.0
        g, c = _node(x[:, i], y, K[place[i, near]], cuts, full)
        to = index[i, some] if whole else place[i, near]
        gradient[:, to] += g
        hessian[np.ix_(to, place[i, near])] += c
    return gradient, hessian


def refit(x, index, chosen, K, cuts, prior):
    """K (chosen) of largest symmetric pseudolikelihood, and its covariance from the blocks."""
    K, curve = climb(lambda K: joint(x, index, chosen, K, cuts, whole=False), K, prior)
    return K, sandwich(curve, joint(x, index, chosen, K, cuts, whole=False)[0])


def settle(x, index, chosen, cuts, chance, prior):
    """Add the candidates whose efficient score exceeds chance, drop the terms within it, until neither is left."""
    dropped: set[int] = set()
    for _ in range(ROUNDS):
        K, covariance = refit(x, index, chosen, np.zeros(len(chosen)), cuts, prior)
        keep = np.abs(K) > chance * np.sqrt(np.diag(covariance))
        dropped |= set(chosen[~keep].tolist())
        chosen = chosen[keep]
        if not keep.all():
            K, covariance = refit(x, index, chosen, K[keep], cuts, prior)
        gradient, hessian = joint(x, index, chosen, K, cuts, whole=True)
        z = efficient(gradient, hessian, chosen, prior)
        new = [k for k in np.flatnonzero(np.abs(z) > chance) if k not in dropped]
        if not new:
            return chosen, K, covariance
        chosen = np.sort(np.append(chosen, new))
    raise ValueError(f"the graph does not settle in {ROUNDS} rounds: too few observations for these couplings")


def efficient(gradient, hessian, chosen, prior) -> np.ndarray:
    """z (candidate) of U_t - H_tS H_SS^-1 U_S, 0 for those in the fit; its variance from the blocks."""
    project = np.linalg.solve(hessian[chosen] + np.eye(len(chosen)) / prior**2, hessian.T)
    score = gradient - gradient[:, chosen] @ project
    noise = np.sqrt(((score - score.mean(axis=0)) ** 2).sum(axis=0) * len(score) / (len(score) - 1))
    noise[chosen] = np.inf
    return score.sum(axis=0) / noise


def _graph(sites, found, value, covariance, se, chance) -> Graph:
    J, h, se = np.zeros((sites, sites)), np.zeros(sites), se.copy()
    for t, v, e in zip(found, value, np.sqrt(np.diag(covariance))):
        if len(t) == 2:
            J[t], se[t], J[t[::-1]], se[t[::-1]] = v, e, v, e
        else:
            h[t[0]], se[t[0], t[0]] = v, e
    bonds = np.array([t for t in found if len(t) == 2], dtype=np.int64).reshape(-1, 2)
    fields = np.array([t[0] for t in found if len(t) == 1], dtype=np.int64)
    h_se = np.diag(se).copy()
    np.fill_diagonal(se, 0.0)
    return Graph(J, h, se, h_se, bonds, covariance, fields, chance)
