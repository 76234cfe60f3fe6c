"""Couplings as kernels see them: one convention, a few representations.

    E(s) = sum_{i<j} J_ij s_i s_j + sum_i A_i s_i        (Zhong et al. 2020, Eq. 1, field not halved)

J carries its sign, so a ferromagnet has J < 0 here. The local field of the couplings is
g_i = sum_j J_ij s_j, the local energy e_i = s_i (g_i + A_i), and flipping spin i changes E by -2 e_i.
Products of any number of spins, E(s) = sum_t c_t prod_{j in t} s_j + sum_i A_i s_i, have the local field
g_i = sum_{t with i} c_t prod_{j in t, j != i} s_j, of which the same is true.

J, and c, lies on a grid (`on_grid`): every g is then an exact sum in float64, so that fields updated flip by
flip equal a fresh recomputation bit for bit, in any order, after any number of flips.
"""

from functools import singledispatch
from typing import NamedTuple

import numpy as np

from .verbs import compiled


class Pairs(NamedTuple):
    """Sparse couplings, both directions: row i holds other[start[i]:start[i+1]] and their J."""

    start: np.ndarray  # int64 (spin + 1)
    other: np.ndarray  # uint32 (2 edges): unsigned, so that indexing need not look for negative numbers
    J: np.ndarray  # float64 (2 edges)


class Dense(NamedTuple):
    """All couplings as a matrix, for graphs on which most pairs are coupled."""

    J: np.ndarray  # float64 (spin, spin), symmetric, zero diagonal


class Products(NamedTuple):
    """Products of any number of spins. Term t holds site[start[t]:start[t+1]], each site once, and its c.

    Spin i is in the terms term[first[i]:first[i+1]]; the other spins of these are near[edge[i]:edge[i+1]], each once.
    """

    start: np.ndarray  # int64 (term + 1)
    site: np.ndarray  # uint32 (member)
    c: np.ndarray  # float64 (term), K
    first: np.ndarray  # int64 (spin + 1)
    term: np.ndarray  # uint32 (member)
    edge: np.ndarray  # int64 (spin + 1)
    near: np.ndarray  # uint32 (neighbour)


DENSE = 0.12  # fraction of pairs beyond which a matrix is faster than lists of neighbours


def on_grid(J: np.ndarray, row_sum: float) -> np.ndarray:
    """Round J to multiples of a power of two so fine that sums up to `row_sum` are exact in float64.

    `row_sum` is the largest sum_j |J_ij|. The rounding is below row_sum * 2^-50.
    """
    if row_sum == 0.0:
        return J
    grid = 2.0 ** (np.ceil(np.log2(row_sum)) - 50)
    return np.round(J / grid) * grid


def represented(spins: int, i: np.ndarray, j: np.ndarray, J: np.ndarray) -> Pairs | Dense:
    """Undirected edges (i, j, J), each once, as what is fastest; the numbers are the same bits in both."""
    sparse = pairs(spins, i, j, J)
    return sparse if 2 * len(i) < DENSE * spins * (spins - 1) else dense(sparse)


def dense(couplings: Pairs) -> Dense:
    """The same couplings as a matrix."""
    spins = len(couplings.start) - 1
    J = np.zeros((spins, spins))
    J[np.repeat(np.arange(spins), np.diff(couplings.start)), couplings.other] = couplings.J
    return Dense(J)


def pairs(spins: int, i: np.ndarray, j: np.ndarray, J: np.ndarray) -> Pairs:
    """Undirected edges (i, j, J), each once -> Pairs, with J put on its grid."""
    row, other = np.concatenate([i, j]), np.concatenate([j, i])
    order = np.lexsort((other, row))
    both = np.concatenate([J, J])[order]
    start = np.zeros(spins + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=spins), out=start[1:])
    row_sum = np.bincount(row[order], weights=np.abs(both), minlength=spins).max(initial=0.0)
    return Pairs(start, other[order].astype(np.uint32), on_grid(both, row_sum))


def products(spins: int, start: np.ndarray, site: np.ndarray, c: np.ndarray) -> Products:
    """Terms c_t prod s_j over site[start[t]:start[t+1]] -> Products, with c put on its grid.

    A term without a site is a constant, one of one site a field. ValueError for a site that is none of the
    spins, or that stands twice in a term.
    """
    start, site, c = np.asarray(start, np.int64), np.asarray(site, np.int64), np.asarray(c, np.float64)
    if len(site) and not 0 <= site.min() <= site.max() < spins:
        raise ValueError(f"sites are numbered from 0 to {spins - 1}, found {site.min()} and {site.max()}")
    owner = np.repeat(np.arange(len(c)), np.diff(start))
    if len(np.unique(owner * spins + site)) < len(site):
        raise ValueError("a site stands twice in a term; s s = 1: leave both out")
    order = np.lexsort((owner, site))
    first, edge = np.zeros(spins + 1, np.int64), np.zeros(spins + 1, np.int64)
    np.cumsum(np.bincount(site, minlength=spins), out=first[1:])
    near = neighbours(spins, start, site)
    np.cumsum([len(n) for n in near], out=edge[1:])
    row_sum = np.bincount(site, np.abs(c)[owner], spins).max(initial=0.0)
    grid, flat = on_grid(c, row_sum), np.concatenate([np.empty(0, np.int64), *near])
    return Products(
        start, site.astype(np.uint32), grid, first, owner[order].astype(np.uint32), edge, flat.astype(np.uint32)
    )


def neighbours(spins: int, start: np.ndarray, site: np.ndarray) -> list[np.ndarray]:
    """The other spins of the terms of each spin, ascending."""
    found: list[list[np.ndarray]] = [[] for _ in range(spins)]
    for t in range(len(start) - 1):
        members = site[start[t] : start[t + 1]]
        for i in members:
            found[i].append(members)
    alone = np.empty(0, np.int64)
    return [np.setdiff1d(np.concatenate([alone, *several]), i) for i, several in enumerate(found)]


def reach(couplings: Pairs | Dense | Products) -> np.ndarray:
    """The largest |g_i| over all configurations, K, (spin)."""
    if isinstance(couplings, Dense):
        return np.abs(couplings.J).sum(axis=1)
    if isinstance(couplings, Products):
        size = np.repeat(np.abs(couplings.c), np.diff(couplings.start))
        return np.bincount(couplings.site, size, len(couplings.first) - 1)
    row = np.repeat(np.arange(len(couplings.start) - 1), np.diff(couplings.start))
    return np.bincount(row, np.abs(couplings.J), len(couplings.start) - 1)


def largest(couplings: Pairs | Dense | Products, A: np.ndarray) -> float:
    """Upper bound of |e_i| over all configurations at fields A (field, spin), K."""
    return float((reach(couplings) + np.abs(A).max(axis=0)).max())


@compiled(inline="always")
@singledispatch
def local_fields(couplings: Pairs | Dense | Products, s: np.ndarray, g: np.ndarray) -> None:
    """Fill g_i, the sum of all that the other spins do to spin i, afresh."""
    raise TypeError(f"no local fields for {type(couplings).__name__}")


@local_fields.register(Pairs)
def _(couplings: Pairs, s: np.ndarray, g: np.ndarray) -> None:
    for i in range(len(s)):
        total = 0.0
        for k in range(couplings.start[i], couplings.start[i + 1]):
            total += couplings.J[k] * s[couplings.other[k]]
        g[i] = total


@local_fields.register(Dense)
def _(couplings: Dense, s: np.ndarray, g: np.ndarray) -> None:
    for i in range(len(s)):
        total = 0.0
        for j in range(len(s)):
            total += couplings.J[i, j] * s[j]
        g[i] = total


@local_fields.register(Products)
def _(couplings: Products, s: np.ndarray, g: np.ndarray) -> None:
    g[:] = 0.0
    for t in range(len(couplings.c)):
        c = couplings.c[t]
        for k in range(couplings.start[t], couplings.start[t + 1]):
            c *= s[couplings.site[k]]
        for k in range(couplings.start[t], couplings.start[t + 1]):
            i = couplings.site[k]
            g[i] += c * s[i]
