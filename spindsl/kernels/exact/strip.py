"""Nearest-neighbour models on M × W spins, as transfer matrices see them: rows of W spins, added one after another.

    E(q) = sum_(x,y) [ across_xy[q_xy, q_x,y+1] + along_xy[q_xy, q_x+1,y] + own_xy[q_xy] ],   q = 0 … Q - 1

with y + 1 modulo W and x + 1 modulo M; a table of zeros is a bond that is not there. Any bonds, any fields. The number
of a row's state is sum_y q_xy Q^y.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from ..energies import Clusters, Colours, Model

Pair = tuple[int, int, np.ndarray]  # two spins and the table (Q, Q) of their energies


class Strip(NamedTuple):
    """Energies of bonds and spins; `site` says which spin of the model sits where."""

    across: np.ndarray  # float64 (M, W, Q, Q)
    along: np.ndarray  # float64 (M, W, Q, Q)
    own: np.ndarray  # float64 (M, W, Q)
    site: np.ndarray  # int64 (M, W)
    value: np.ndarray  # int8 (Q): what a spin in state 0 … Q - 1 is called

    @property
    def closed(self) -> bool:
        """Whether the last row meets the first: the trace is then over all states of the first row."""
        return bool(self.along[-1].any())

    @property
    def rows(self) -> int:
        """Number of states of a row, Q^W."""
        return self.own.shape[2] ** self.own.shape[1]

    @property
    def work(self) -> int:
        """Additions that Z takes, about."""
        M, W, Q = self.own.shape
        return M * W * Q * self.rows * (self.rows if self.closed else 1)


def strip(model: Model, sides: tuple[int, int]) -> Strip:
    """A model whose pairs are neighbours on a grid in C order, turned so that least work is left.

    ValueError where a term is neither a field nor a pair of neighbours.
    """
    m, n = sides
    if m * n != model.sites:
        raise ValueError(f"{m} × {n} is not {model.sites} sites")
    site = np.arange(m * n).reshape(m, n)
    if not isinstance(model, Clusters | Colours):
        raise ValueError("a strip is made of products of spins, or of tables of colours")
    pairs, own, value = _spins(model) if isinstance(model, Clusters) else _colours(model)
    both = [_laid(pairs, own, value, s) for s in (site, site.T)]
    return min(both, key=lambda s: s.work)


def _spins(model: Clusters) -> tuple[list[Pair], np.ndarray, np.ndarray]:
    """Pairs and fields of spins: tables over -1, +1."""
    s = np.array([-1, 1])
    own, pairs = np.zeros((model.sites, 2)), []
    for t, c in enumerate(model.c):
        at = model.site[model.start[t] : model.start[t + 1]].astype(int)
        if len(at) == 1:
            own[at[0]] += c * s
        elif len(at) == 2:
            pairs.append((*at, c * np.outer(s, s)))
        else:
            raise ValueError(f"a term of {len(at)} spins: a transfer matrix takes fields and pairs of neighbours")
    return pairs, own, s.astype(np.int8)


def _colours(model: Colours) -> tuple[list[Pair], np.ndarray, np.ndarray]:
    """Pairs and fields of colours."""
    row = np.repeat(np.arange(model.sites), np.diff(model.at))
    once = [k for k in range(len(row)) if model.other[k] > row[k]]
    pairs = [(row[k], int(model.other[k]), model.table[model.kind[k]]) for k in once]
    return pairs, model.field, np.arange(model.table.shape[1], dtype=np.int8)


def _laid(pairs: list[Pair], own: np.ndarray, value: np.ndarray, site: np.ndarray) -> Strip:
    """Each pair at its place, seen from the end that has the other one step ahead."""
    (M, W), Q = site.shape, own.shape[1]
    across, along = np.zeros((M, W, Q, Q)), np.zeros((M, W, Q, Q))
    where = dict(zip(site.ravel().tolist(), np.ndindex(M, W)))
    for i, j, table in pairs:
        (x, y), (u, v) = where[int(i)], where[int(j)]
        if x == u and (v - y) % W == 1:
            across[x, y] += table
        elif x == u and (y - v) % W == 1:
            across[x, v] += table.T
        elif y == v and (u - x) % M == 1:
            along[x, y] += table
        elif y == v and (x - u) % M == 1:
            along[u, y] += table.T
        else:
            raise ValueError(f"spins {i} and {j} are no neighbours on {M} × {W}: a transfer matrix takes neighbours")
    return Strip(across, along, own[site], site, value)


def lifted(s: Strip) -> tuple[Strip, float]:
    """The same with tables that begin at 0, and the energy taken out: no weight is above 1."""
    low = [t.min(axis=k, keepdims=True) for t, k in ((s.across, (2, 3)), (s.along, (2, 3)), (s.own, 2))]
    out = s._replace(across=s.across - low[0], along=s.along - low[1], own=s.own - low[2])
    return out, float(sum(t.sum() for t in low))


@njit(cache=True, nogil=True)
def row_energies(across: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Energies within rows, (M, Q^W), in the dtype of the tables."""
    M, W, Q = own.shape
    out = np.zeros((M, Q**W), dtype=own.dtype)
    digit = np.zeros(W + 1, dtype=np.int64)
    for x in range(M):
        for a in range(Q**W):
            rest = a
            for y in range(W):
                digit[y] = rest % Q
                rest //= Q
            digit[W] = digit[0]
            for y in range(W):
                out[x, a] += own[x, y, digit[y]] + across[x, y, digit[y], digit[y + 1]]
    return out
