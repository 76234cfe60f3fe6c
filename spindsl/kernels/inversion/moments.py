"""From pseudolikelihood to likelihood: one step of Newton with the moments of the fitted model.

    K' = K + F^-1 (<Phi>_observed - <Phi>_K),   F = covariance of Phi over the observations

As K is within O(n^-1/2) of the truth, one step reaches the Cramer-Rao floor (Le Cam 1956). <Phi>_K comes from heat-bath
chains that start at observations; they run until their noise is a stated share of that of the observations.
Random numbers are named by (key; lane, site, sweep, batch).
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

from ..energies import gathered
from ..floats import exp
from ..philox import philox
from .scores import Terms, terms

CHAINS = 256  # that run side by side, a multiple of four
BURN = 200  # sweeps from the observations they start at, which are nearly in equilibrium already
BATCH = 500  # sweeps between two looks at the noise
MOST = 2_000  # batches

Key = Sequence[int] | np.ndarray  # two words, of the random numbers


def features(spins: np.ndarray, lists: list[np.ndarray]) -> np.ndarray:
    """Phi (observation, coupling): sums of the terms of each coupling."""
    out = np.empty((len(spins), len(lists)))
    for low in range(0, len(spins), 8192):
        part = spins[low : low + 8192]
        for t, p in enumerate(lists):
            product = part[:, p[:, 0]]
            for k in range(1, p.shape[1]):
                product = product * part[:, p[:, k]]
            out[low : low + 8192, t] = product.sum(axis=1, dtype=np.int64)
    return out


def sharpen(
    spins: np.ndarray, lists: list[np.ndarray], K: np.ndarray, cuts: np.ndarray, *, key: Key, share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """K after the step (coupling), its covariance with the noise of the chains in it, and its naive standard errors.

    `share`: the variance of the chains' moments over that of the observations', at most; ValueError where the chains
    do not get there in `MOST` batches.
    """
    phi = features(spins, lists)
    mean, scatter = phi.mean(axis=0), noise(phi, cuts)
    information = np.atleast_2d(np.cov(phi.T))
    chains = np.ascontiguousarray(spins[np.linspace(0, len(spins) - 1, CHAINS).astype(np.int64)].T, dtype=np.float32)
    held = terms(lists)
    walk(chains, held, K, BURN, key, 0)
    each = np.zeros((held.count, CHAINS))
    for n in range(1, MOST + 1):
        each += (walk(chains, held, K, BATCH, key, n) - each) / n
        own = np.atleast_2d(np.cov(each)) / CHAINS
        if (np.diag(own) <= share * np.diag(scatter)).all():
            break
    else:
        raise ValueError(f"{MOST * BATCH} sweeps of {CHAINS} chains do not give the moments of the fitted energy")
    inverse = np.linalg.inv(information)
    K = K + inverse @ (mean - each.mean(axis=1))
    with np.errstate(invalid="ignore"):  # rounding may leave a variance below zero: its error is not known
        return K, inverse @ (scatter + own) @ inverse, np.sqrt(np.diag(inverse) / len(spins))


def noise(phi: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Covariance of the mean of Phi from sums over blocks."""
    total = np.add.reduceat(phi - phi.mean(axis=0), cuts[:, 0], axis=0)
    return total.T @ total * (len(cuts) / (len(cuts) - 1)) / len(phi) ** 2


def walk(s: np.ndarray, fitted: Terms, K: np.ndarray, sweeps: int, key: Key, batch: int) -> np.ndarray:
    """Run chains s (site, chain), float32 ±1, in place; means of Phi (coupling, chain) over the sweeps."""
    c = gathered(len(s), fitted.start, fitted.site, np.asarray(K, np.float64)[fitted.own])
    out = np.zeros((fitted.count, s.shape[1]))
    _walk(s, c.at, c.first, c.other, c.own, *fitted[:3], sweeps, np.asarray(key, np.uint64), np.uint64(batch), out)
    return out / max(sweeps, 1)


@njit(cache=True, error_model="numpy")  # no fastmath: it would undo the rounding inside exp
def _walk(
    s: np.ndarray, at: np.ndarray, first: np.ndarray, other: np.ndarray, own: np.ndarray, start: np.ndarray,
    site: np.ndarray, coupling: np.ndarray, sweeps: int, key: np.ndarray, batch: np.uint64, out: np.ndarray,
) -> None:  # fmt: skip
    sites, lanes = s.shape
    h, p, u = np.empty(lanes, np.float32), np.empty(lanes, np.float32), np.empty((4, lanes // 4), np.uint32)
    for sweep in range(sweeps):
        for i in range(sites):
            _field(s, at, first, other, own, i, h, p)
            _draw(u, np.uint64(i), np.uint64(sweep), batch, key)
            flat, row = u.ravel(), s[i]
            for b in range(lanes):
                up = 1.0 / (1.0 + exp(-2.0 * np.float64(h[b])))
                row[b] = 1 if (np.float64(flat[b]) + 0.5) * 2.0**-32 < up else -1
        for c in range(len(coupling)):
            _product(s, site, start[c], start[c + 1], p)
            into = out[coupling[c]]
            for b in range(lanes):
                into[b] += p[b]


@njit(cache=True, inline="always", fastmath=True)
def _product(s: np.ndarray, site: np.ndarray, low: int, high: int, p: np.ndarray) -> None:
    row = s[site[low]]
    for b in range(len(p)):
        p[b] = row[b]
    for m in range(low + 1, high):
        row = s[site[m]]
        for b in range(len(p)):
            p[b] *= row[b]


@njit(cache=True, fastmath=True)
def _field(
    s: np.ndarray, at: np.ndarray, first: np.ndarray, other: np.ndarray, own: np.ndarray, i: int, h: np.ndarray,
    p: np.ndarray,
) -> None:  # fmt: skip
    h[:] = 0
    for k in range(at[i], at[i + 1]):
        c = np.float32(own[k])
        if first[k + 1] - first[k] == 1:
            row = s[other[first[k]]]
            for b in range(len(h)):
                h[b] += c * row[b]
        else:
            p[:] = 1
            for m in range(first[k], first[k + 1]):
                row = s[other[m]]
                for b in range(len(h)):
                    p[b] *= row[b]
            for b in range(len(h)):
                h[b] += c * p[b]


@njit(cache=True)
def _draw(u: np.ndarray, i: np.uint64, sweep: np.uint64, batch: np.uint64, key: np.ndarray) -> None:
    for b in range(u.shape[1]):
        a, c, d, e = philox(np.uint64(b), i, sweep, batch, key[0], key[1])
        u[0, b] = a
        u[1, b] = c
        u[2, b] = d
        u[3, b] = e
