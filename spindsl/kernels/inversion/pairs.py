"""Position-dependent couplings on a graph that is not known: E(s) = -sum_(i<j) J_ij s_i s_j - sum_i h_i s_i.

Each site's conditional is a logistic regression on all others (Ravikumar, Wainwright and Lafferty 2010). With far more
observations than sites it needs no penalty but a wide prior; a pair is kept where its estimates exceed chance, and what
is kept is fitted anew with one J a bond: symmetric pseudolikelihood, then the likelihood's Newton step. Pairs left out
are tested against that fit, pairs kept against zero, until nothing changes. Of bonds too weak to be told from chance
one by one all estimates tell together (`bonds`): pairs that are bonded with a probability of `LEAST` or more enter the
fit, and J is the mean given the data.

At low temperature a stiff spin is hardly ever against its neighbours: its conditional, free in all couplings at
once, is then certain in the observations and has no maximum. The prior bounds it; the freer end of the bond decides.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from . import bonds
from .growth import grown
from .moments import Key, sharpen
from .templates import runs, sandwich

ROUNDS = 20  # of adding and dropping; two or three are usual, more at low temperature
AGAIN = 2  # times that a term may be dropped: while others are missing its estimate is off
SLACK = 0.8  # a term in the fit stays down to this share of what it needed to come in
LEAST = 0.05  # P(bond) from which a pair counts


class Settled(NamedTuple):
    """A fit to which no candidate wants to be added, and the estimate of each."""

    chosen: np.ndarray  # numbers of the candidates in the fit
    K: np.ndarray  # (chosen)
    covariance: np.ndarray  # (chosen, chosen)
    estimate: np.ndarray  # (candidate): K; of those left out, K to first order were they in the fit
    se: np.ndarray  # (candidate)


class Graph(NamedTuple):
    """The couplings of a graph; matrices (site, site) are symmetric."""

    J: np.ndarray  # mean given the data, 0 where P(bond) < LEAST
    sd: np.ndarray  # standard deviation given the data
    estimate: np.ndarray  # mean given the data and that the pair is bonded
    se: np.ndarray  # standard deviation given the same
    probability: np.ndarray  # P(bond)
    h: np.ndarray  # (site), 0 where no field was found
    h_se: np.ndarray  # (site)
    bonds: np.ndarray  # (bond, 2), i < j: pairs that chance does not explain one by one
    fields: np.ndarray  # sites found to have a field
    chance: float  # |z| beyond which a term is no chance


def fit_pairs(
    spins: np.ndarray, beta: float, *, alarm: float, prior: float, blocks: int, fields: bool = True,
    key: Key | None = None, share: float = 0.1,
) -> Graph:  # fmt: skip
    """Fit `spins` (observation, site), ±1, seen at `beta`; `alarm` is the number of false terms to expect.

    `prior` is the standard deviation of beta J, a wide normal (10, say): it moves only what the observations do not
    tell, bonds between spins that never part. `key` as in `fit_templates`.
    """
    sites, cuts = spins.shape[1], runs(len(spins), blocks)
    x = np.ascontiguousarray(spins, dtype=np.float32)
    index, pool = numbered(sites, fields)
    chance = float(norm.isf(alarm / (2 * len(pool))))
    K, se = neighbourhoods(x, fields, prior)
    K, se = (np.array([v[t[0], t[-1]] for t in pool]) for v in (K, se))
    pairs = sites * (sites - 1) // 2
    like = likeness(K[:pairs], se[:pairs], chance)

    def needed(se: np.ndarray) -> np.ndarray:
        least = np.full(len(pool), chance)
        if like is not None:
            least[:pairs] = np.minimum(chance, bonds.needed(se[:pairs], like, LEAST))
        return least * se

    search = Search(x, index, cuts, needed, prior)
    found = settle(search, np.flatnonzero(np.abs(K) > needed(se)).tolist())
    like = likeness(found.estimate[:pairs], found.se[:pairs], chance)
    if key is not None and len(found.chosen):
        found = sharper(spins, found, [np.array([pool[k]]) for k in found.chosen], cuts, key, share)
    return _graph(sites, pool, found, like, beta, chance)


def likeness(estimate: np.ndarray, se: np.ndarray, chance: float) -> bonds.Prior | None:
    """What bonds are like, from the estimates of all pairs; None where not one pair is beyond chance."""
    start = np.abs(estimate) > chance * se
    return bonds.learned(estimate, se, start) if start.any() else None


def sharper(
    spins: np.ndarray, found: Settled, lists: list[np.ndarray], cuts: np.ndarray, key: Key, share: float
) -> Settled:
    """The fit after the likelihood's Newton step."""
    K, covariance, _ = sharpen(spins, lists, found.K, cuts, key=key, share=share)
    return settled(found.chosen, K, covariance, found.estimate, found.se)


def settled(chosen: np.ndarray, K: np.ndarray, covariance: np.ndarray, estimate: np.ndarray, se: np.ndarray) -> Settled:
    """Estimates of the candidates left out, and those of the chosen in their places."""
    estimate, se = estimate.copy(), se.copy()
    estimate[chosen], se[chosen] = K, np.sqrt(np.diag(covariance))
    return Settled(chosen, K, covariance, estimate, se)


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


def climb(
    slope: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, object]], K: np.ndarray, prior: float
) -> tuple[np.ndarray, np.ndarray]:
    """Newton's method on a concave function with a normal prior; steps of at most 1. K and the curvature there."""
    for _ in range(200):
        gradient, curve, _ = slope(K)
        curve = curve + np.eye(len(K)) / prior**2
        step = np.linalg.solve(curve, gradient.sum(axis=0) - K / prior**2)
        K = K + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-4:
            return K, curve
    raise ValueError("the pseudolikelihood has no maximum that Newton's method finds: give a narrower prior")


def _node(
    own: np.ndarray, y: np.ndarray, w: np.ndarray, cuts: np.ndarray | None = None, full: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, float]:
    """Gradient (block, coupling) and curvature of one site's conditional, and that of any coupling by itself; those of
    all of `full` where it is given."""
    full = y if full is None else full
    r = expit(-2.0 * own * (y @ w.astype(np.float32)))
    signed, loose = r * own, r * (1.0 - r)
    starts = [0] if cuts is None else cuts[:, 0]
    gradient = np.stack([signed[a:b] @ full[a:b] for a, b in zip(starts, [*starts[1:], len(own)])])
    curve = 4.0 * (full.T @ (y * loose[:, None])).astype(np.float64)
    return 2.0 * gradient.astype(np.float64), curve, 4.0 * float(loose.sum(dtype=np.float64))


def joint(
    x: np.ndarray, index: np.ndarray, chosen: np.ndarray, K: np.ndarray, cuts: np.ndarray, whole: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradient (block, coupling) and Hessian (coupling, chosen) of the symmetric pseudolikelihood, and its diagonal.

    Of the chosen couplings alone, or of all candidates where `whole`.
    """
    asked = index.max() + 1 if whole else len(chosen)
    place = np.full(index.max() + 2, -1)
    place[chosen] = np.arange(len(chosen))
    place = place[index]  # the last entry serves the -1 of no candidate
    gradient, hessian, diagonal = np.zeros((len(cuts), asked)), np.zeros((asked, len(chosen))), np.zeros(asked)
    for i in range(len(index)):
        near = np.flatnonzero(place[i] >= 0)
        some = np.flatnonzero(index[i] >= 0) if whole else near
        y, full = x[:, near], x[:, some]
        y[:, near == i] = 1.0
        full[:, some == i] = 1.0
        g, c, loose = _node(x[:, i], y, K[place[i, near]], cuts, full)
        to = index[i, some] if whole else place[i, near]
        gradient[:, to] += g
        hessian[np.ix_(to, place[i, near])] += c
        diagonal[to] += loose
    return gradient, hessian, diagonal


class Search(NamedTuple):
    """Couplings and fields that are fitted and tested by what is `needed` by the error, a function (candidate)."""

    x: np.ndarray
    place: np.ndarray
    cuts: np.ndarray
    needed: Callable[[np.ndarray], np.ndarray]
    prior: float

    def fitted(self, chosen: Sequence[int], before: Settled) -> Settled:
        """K of largest symmetric pseudolikelihood, and its covariance from the blocks."""
        which, K, covariance = np.sort(np.array(chosen, dtype=np.int64)), np.zeros(0), np.zeros((0, 0))
        if len(which):
            slope = partial(joint, self.x, self.place, which, cuts=self.cuts, whole=False)
            K, curve = climb(slope, before.estimate[which], self.prior)
            covariance = sandwich(curve, slope(K)[0])
        return settled(which, K, covariance, before.estimate, before.se)

    def within(self, fit: Settled) -> list[int]:
        """Terms that are down to a share of what they needed to come in."""
        down = np.abs(fit.K) <= SLACK * self.needed(fit.se)[fit.chosen]
        return fit.chosen[down].tolist()

    def beyond(self, fit: Settled, shut: Sequence[int]) -> tuple[Settled, list[int]]:
        """Candidates whose estimate to first order exceeds what is needed."""
        slopes = joint(self.x, self.place, fit.chosen, fit.K, self.cuts, whole=True)
        fit = settled(fit.chosen, fit.K, fit.covariance, *efficient(*slopes, fit.chosen, self.prior))
        new = np.flatnonzero(np.abs(fit.estimate) > self.needed(fit.se))
        return fit, np.setdiff1d(new, [*fit.chosen, *shut]).tolist()


def settle(search: Search, start: list[int]) -> Settled:
    """Add and drop until neither is left, beginning with the candidates `start`."""
    size, none = search.place.max() + 1, np.zeros(0, dtype=np.int64)
    fit = Settled(none, np.zeros(0), np.zeros((0, 0)), np.zeros(size), np.ones(size))
    dropped = np.zeros(size, dtype=np.int64)
    return grown(search, fit, dropped, new=start, singly=False, again=AGAIN, rounds=ROUNDS)


def efficient(
    gradient: np.ndarray, hessian: np.ndarray, diagonal: np.ndarray, chosen: np.ndarray, prior: float
) -> tuple[np.ndarray, np.ndarray]:
    """One step of Newton for each candidate by itself, (U_t - H_tS H_SS^-1 U_S) / (H_tt - H_tS H_SS^-1 H_St), and its
    standard error from the blocks; 0 for those in the fit."""
    project = np.linalg.solve(hessian[chosen] + np.eye(len(chosen)) / prior**2, hessian.T)
    score = gradient - gradient[:, chosen] @ project
    noise = np.sqrt(((score - score.mean(axis=0)) ** 2).sum(axis=0) * len(score) / (len(score) - 1))
    curve = diagonal + 1 / prior**2 - (hessian.T * project).sum(axis=0)
    curve[chosen] = np.inf  # 0 of those in the fit
    return score.sum(axis=0) / curve, noise / curve


def _graph(
    sites: int, pool: list[tuple[int, ...]], found: Settled, like: bonds.Prior | None, beta: float, chance: float
) -> Graph:
    """Of couplings K = beta J: pairs by what bonds are like, fields by chance."""
    pairs, square = sites * (sites - 1) // 2, partial(_square, sites)
    K, se = found.estimate[:pairs] / beta, found.se[:pairs] / beta
    given = K, se
    p, J, spread = np.zeros((3, pairs))
    if like is not None:
        like = bonds.Prior(like.share, like.width / beta)
        given = bonds.conditional(K, se, like)[1:]
        p, mean, spread = bonds.posterior(K, se, like)
        J = np.where(np.isin(np.arange(pairs), found.chosen), mean, 0.0)
    certain = np.isin(np.arange(len(pool)), found.chosen) & (np.abs(found.estimate) > chance * found.se)
    h, h_se = np.zeros(sites), np.full(sites, np.nan)
    if len(pool) > pairs:
        h, h_se = np.where(certain, found.estimate, 0.0)[pairs:] / beta, found.se[pairs:] / beta
    J, spread, estimate, error, p = map(square, (J, spread, *given, p))
    return Graph(
        J, spread, estimate, error, p, h, h_se, np.array(pool[:pairs])[certain[:pairs]].reshape(-1, 2),
        np.flatnonzero(certain[pairs:]), chance,
    )  # fmt: skip


def _square(sites: int, value: np.ndarray) -> np.ndarray:
    """Values of the pairs i < j as a symmetric matrix (site, site)."""
    out = np.zeros((sites, sites))
    out[np.triu_indices(sites, 1)] = value
    return out + out.T
