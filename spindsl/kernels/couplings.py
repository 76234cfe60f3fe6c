"""Couplings as kernels see them: one convention, a few representations.

    E(s) = sum_{i<j} J_ij s_i s_j + sum_i A_i s_i        (Zhong et al. 2020, Eq. 1, field not halved)

J carries its sign, so a ferromagnet has J < 0 here. The local field of the couplings is
g_i = sum_j J_ij s_j, the local energy e_i = s_i (g_i + A_i), and flipping spin i changes E by -2 e_i.

J lies on a grid (`on_grid`): every g is then an exact sum in float64, so that fields updated flip by
flip equal a fresh recomputation bit for bit, in any order, after any number of flips.
"""

from functools import singledispatch
from typing import NamedTuple

import numpy as np
from numba.extending import overload


class Pairs(NamedTuple):
    """Sparse couplings, both directions: row i holds other[start[i]:start[i+1]] and their J."""

    start: np.ndarray  # int64 (spin + 1)
    other: np.ndarray  # uint32 (2 edges): unsigned, so that indexing need not look for negative numbers
    J: np.ndarray  # float64 (2 edges)


class Dense(NamedTuple):
    """All couplings as a matrix, for graphs on which most pairs are coupled."""

    J: np.ndarray  # float64 (spin, spin), symmetric, zero diagonal


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


def largest(couplings: Pairs | Dense, A: np.ndarray) -> float:
    """Upper bound of |e_i| over all configurations at fields A (field, spin), K."""
    if isinstance(couplings, Dense):
        reach = np.abs(couplings.J).sum(axis=1)
    else:
        row = np.repeat(np.arange(len(couplings.start) - 1), np.diff(couplings.start))
        reach = np.bincount(row, np.abs(couplings.J), A.shape[1])
    return float((reach + np.abs(A).max(axis=0)).max())


@singledispatch
def local_fields(couplings, s, g):
    """Fill g_i = sum_j J_ij s_j afresh."""
    raise TypeError(f"no local fields for {type(couplings).__name__}")


@local_fields.register(Pairs)
def _(couplings, s, g):
    for i in range(len(s)):
        total = 0.0
        for k in range(couplings.start[i], couplings.start[i + 1]):
            total += couplings.J[k] * s[couplings.other[k]]
        g[i] = total


@local_fields.register(Dense)
def _(couplings, s, g):
    for i in range(len(s)):
        total = 0.0
        for j in range(len(s)):
            total += couplings.J[i, j] * s[j]
        g[i] = total


@overload(local_fields, inline="always")
def _local_fields(couplings, s, g):
    return local_fields.dispatch(couplings.instance_class)
