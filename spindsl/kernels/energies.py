"""Energies of discrete configurations as sums of local terms: a few representations, two verbs.

    Clusters  E(s) = sum_t c_t prod_{i in t} s_i                        s_i = ±1: fields, pairs, plaquettes
    Paired    E(s) = sum_(ij) c_ij s_i s_j + sum_i field_i s_i          the same where no term holds more than two
    Colours   E(q) = sum_(ij) table_ij[q_i, q_j] + sum_i field[i, q_i]  q_i = 0 … Q - 1: Potts and clock models
    Tiles     E(s) = sum_w table[pattern of s in window w]              s_i = ±1: a function of many spins, looked up

`energy(model, s)` is E; `cost(model, s, i, new)` is what E changes by when site i takes the value `new`, from the
terms that hold i alone. c_t carries its sign: a ferromagnet, E = -J sum s_i s_j, has c = -J.
"""

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import NamedTuple

import numpy as np
from numba import njit

from .verbs import compiled


class Clusters(NamedTuple):
    """Terms t as lists of sites, and for each site the terms that hold it without itself."""

    start: np.ndarray  # int64 (term + 1): site[start[t]:start[t + 1]] are the sites of term t
    site: np.ndarray  # uint32
    c: np.ndarray  # float64 (term)
    at: np.ndarray  # int64 (sites + 1): places at[i]:at[i + 1] of the lists below belong to site i
    first: np.ndarray  # int64 (place + 1): other[first[k]:first[k + 1]] are the other sites of the term
    other: np.ndarray  # uint32
    own: np.ndarray  # float64 (place): c of the term

    @property
    def sites(self) -> int:
        """Number of sites."""
        return len(self.at) - 1


class Paired(NamedTuple):
    """Pairs in both directions: place k of row i holds neighbour other[k] and the coupling c[k]."""

    at: np.ndarray  # int64 (sites + 1)
    other: np.ndarray  # uint32 (2 pairs)
    c: np.ndarray  # float64 (2 pairs)
    field: np.ndarray  # float64 (sites)

    @property
    def sites(self) -> int:
        """Number of sites."""
        return len(self.at) - 1


class Colours(NamedTuple):
    """Pairs in both directions: place k of row i holds neighbour other[k] and the table of (q_i, q_other)."""

    at: np.ndarray  # int64 (sites + 1)
    other: np.ndarray  # uint32 (2 pairs)
    kind: np.ndarray  # int64 (2 pairs): which table
    table: np.ndarray  # float64 (kind, Q, Q)
    field: np.ndarray  # float64 (sites, Q)

    @property
    def sites(self) -> int:
        """Number of sites."""
        return len(self.at) - 1


class Tiles(NamedTuple):
    """Windows of the same form, each with the same table; bit b of a pattern is 1 where site b of the window is up."""

    window: np.ndarray  # uint32 (window, bit)
    table: np.ndarray  # float64 (2^bits)
    at: np.ndarray  # int64 (sites + 1)
    place: np.ndarray  # int64: windows that hold site i
    bit: np.ndarray  # int64: and which bit of them it is

    @property
    def sites(self) -> int:
        """Number of sites."""
        return len(self.at) - 1


Model = Clusters | Paired | Colours | Tiles


def clusters(sites: int, terms: Sequence[Sequence[int]], c: Iterable[float]) -> Clusters:
    """E = sum_t c_t prod_{i in terms[t]} s_i; ValueError where a term holds a site twice."""
    for t in terms:
        if len(set(t)) < len(t):
            raise ValueError(f"the term {tuple(t)} holds a site twice")
    size = np.array([len(t) for t in terms], dtype=np.int64)
    site = np.array([i for t in terms for i in t], dtype=np.uint32)
    return gathered(sites, np.concatenate([[0], size.cumsum()]), site, np.fromiter(c, np.float64, len(size)))


def coupled(sites: int, i: np.ndarray, j: np.ndarray, c: np.ndarray, field: np.ndarray | None = None) -> Clusters:
    """E = sum_(ij) c_ij s_i s_j + sum_i field_i s_i from pairs, each once; sites without a field have no term of it."""
    held = np.flatnonzero(field) if field is not None else np.zeros(0, dtype=np.int64)
    size = np.concatenate([np.full(len(i), 2), np.ones(len(held), dtype=np.int64)])
    site = np.concatenate([np.stack([i, j], axis=1).ravel(), held]).astype(np.uint32)
    own = np.concatenate([c, field[held] if field is not None else []]).astype(np.float64)
    return gathered(sites, np.concatenate([[0], size.cumsum()]), site, own)


def gathered(sites: int, start: np.ndarray, site: np.ndarray, c: np.ndarray) -> Clusters:
    """Clusters from lists of terms: each site is told of its terms, in their order."""
    size = np.diff(start)
    term = np.repeat(np.arange(len(size)), size)
    order = np.argsort(site, kind="stable")
    at = np.zeros(sites + 1, dtype=np.int64)
    np.cumsum(np.bincount(site, minlength=sites), out=at[1:])
    first = np.zeros(len(site) + 1, dtype=np.int64)
    np.cumsum(size[term[order]] - 1, out=first[1:])
    # all sites of the terms, one term after another in the order of the places, without the site itself
    own = term[order]
    offset = np.arange(int(size[own].sum())) - np.repeat(np.cumsum(size[own]) - size[own], size[own])
    where = np.repeat(start[own], size[own]) + offset
    other = site[where[where != np.repeat(order, size[own])]]
    return Clusters(start.astype(np.int64), site, c, at, first, other, c[own])


def paired(model: Clusters) -> Paired:
    """The same energy by pairs; ValueError, naming the term, where one holds more than two sites, or none."""
    size = np.diff(model.start)
    if (bad := np.flatnonzero((size > 2) | (size == 0))).size:
        t = int(bad[0])
        term = tuple(model.site[model.start[t] : model.start[t + 1]].tolist())
        raise ValueError(f"term {t} is a product of {len(term)} spins, {term}, not of one or two")
    field = np.bincount(model.site[model.start[:-1][size == 1]], model.c[size == 1], model.sites)
    two = np.diff(model.first) == 1
    row = np.repeat(np.arange(model.sites), np.diff(model.at))[two]
    return Paired(np.searchsorted(row, np.arange(model.sites + 1)), model.other, model.own[two], field)


def fastest(model: Model) -> Model:
    """The representation in which chains of this energy run fastest."""
    if isinstance(model, Clusters) and np.isin(np.diff(model.start), (1, 2)).all():
        return paired(model)
    return model


def colours(
    sites: int, i: np.ndarray, j: np.ndarray, kind: np.ndarray, table: np.ndarray, field: np.ndarray | None = None
) -> Colours:
    """Pairs (i, j), each once, with the table (kind, Q, Q) of (q_i, q_j), energies."""
    row, other = np.concatenate([i, j]), np.concatenate([j, i])
    both = np.concatenate([kind, np.asarray(kind) + len(table)])
    order = np.lexsort((other, row))
    at = np.zeros(sites + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=sites), out=at[1:])
    tables = np.concatenate([table, table.transpose(0, 2, 1)])
    none = np.zeros((sites, table.shape[1]))
    return Colours(at, other[order].astype(np.uint32), both[order].astype(np.int64), np.ascontiguousarray(tables),
                   none if field is None else np.asarray(field, dtype=np.float64))  # fmt: skip


def tiles(sites: int, window: np.ndarray, table: np.ndarray) -> Tiles:
    """Windows (window, bit) of sites with one table of 2^bits energies; ValueError where one holds a site twice."""
    if table.shape != (1 << window.shape[1],):
        raise ValueError(f"{window.shape[1]} sites have {1 << window.shape[1]} patterns, the table holds {table.shape}")
    if (np.diff(np.sort(window, axis=1), axis=1) == 0).any():
        raise ValueError("a window holds a site twice: the lattice is smaller than the window")
    flat = window.ravel()
    order = np.argsort(flat, kind="stable")
    at = np.zeros(sites + 1, dtype=np.int64)
    np.cumsum(np.bincount(flat, minlength=sites), out=at[1:])
    place, bit = np.divmod(order, window.shape[1])
    return Tiles(window.astype(np.uint32), np.asarray(table, dtype=np.float64), at, place, bit)


def states(model: Model) -> int:
    """Number of values a site can take: 2 (-1 and +1) or Q (0 … Q - 1)."""
    return model.table.shape[1] if isinstance(model, Colours) else 2


@compiled()
@singledispatch
def cost(model: Model, s: np.ndarray, i: int, new: int) -> float:
    """E with site i at the value `new`, minus E."""
    raise TypeError(f"no cost of a change in {type(model).__name__}")


@cost.register(Clusters)
def _(model: Clusters, s: np.ndarray, i: int, new: int) -> float:
    total = 0.0
    for k in range(model.at[i], model.at[i + 1]):
        term = model.own[k]
        for m in range(model.first[k], model.first[k + 1]):
            term *= s[model.other[m]]
        total += term
    return (new - s[i]) * total


@cost.register(Paired)
def _(model: Paired, s: np.ndarray, i: int, new: int) -> float:
    total = model.field[i]
    for k in range(model.at[i], model.at[i + 1]):
        total += model.c[k] * s[model.other[k]]
    return (new - s[i]) * total


@cost.register(Colours)
def _(model: Colours, s: np.ndarray, i: int, new: int) -> float:
    old = s[i]
    total = model.field[i, new] - model.field[i, old]
    for k in range(model.at[i], model.at[i + 1]):
        q = s[model.other[k]]
        total += model.table[model.kind[k], new, q] - model.table[model.kind[k], old, q]
    return total


@cost.register(Tiles)
def _(model: Tiles, s: np.ndarray, i: int, new: int) -> float:
    total = 0.0
    if new != s[i]:
        for k in range(model.at[i], model.at[i + 1]):
            pattern, row = 0, model.window[model.place[k]]
            for b in range(len(row)):
                pattern |= (1 if s[row[b]] > 0 else 0) << b
            total += model.table[pattern ^ (1 << model.bit[k])] - model.table[pattern]
    return total


@njit(inline="always")
def products(start: np.ndarray, site: np.ndarray, c: np.ndarray, s: np.ndarray) -> float:
    """sum_t c_t prod_k s_k over the sites k of term t, site[start[t]:start[t + 1]]."""
    total = 0.0
    for t in range(len(c)):
        term = c[t]
        for k in range(start[t], start[t + 1]):
            term *= s[site[k]]
        total += term
    return total


@compiled()
@singledispatch
def energy(model: Model, s: np.ndarray) -> float:
    """E of a configuration (site)."""
    raise TypeError(f"no energy for {type(model).__name__}")


@energy.register(Clusters)
def _(model: Clusters, s: np.ndarray) -> float:
    return products(model.start, model.site, model.c, s)


@energy.register(Paired)
def _(model: Paired, s: np.ndarray) -> float:
    total = 0.0
    for i in range(len(s)):
        total += model.field[i] * s[i]
        for k in range(model.at[i], model.at[i + 1]):
            if model.other[k] > i:
                total += model.c[k] * s[i] * s[model.other[k]]
    return total


@energy.register(Colours)
def _(model: Colours, s: np.ndarray) -> float:
    total = 0.0
    for i in range(len(s)):
        total += model.field[i, s[i]]
        for k in range(model.at[i], model.at[i + 1]):
            if model.other[k] > i:
                total += model.table[model.kind[k], s[i], s[model.other[k]]]
    return total


@energy.register(Tiles)
def _(model: Tiles, s: np.ndarray) -> float:
    total = 0.0
    for w in range(len(model.window)):
        pattern = 0
        for b in range(model.window.shape[1]):
            pattern |= (1 if s[model.window[w, b]] > 0 else 0) << b
        total += model.table[pattern]
    return total
