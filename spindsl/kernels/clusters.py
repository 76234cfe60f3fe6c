"""Cluster moves of energies of pairs, frustrated or not, with fields: they flip what would cost much one by one.

A reflection R is a symmetry of every pair: s -> -s for spins, q -> (r - q) mod Q for colours, which delta and cosine
obey. Let d be what the pair (i, j) rises by when one end alone is reflected. The pair is tied with probability

    1 - exp(-beta max(d, 0))          1 - exp(-2 beta |J|) for satisfied spins, 1 - exp(-beta J) for like colours

and what is tied is reflected together. A field ties a site in the same way to a ghost, which is never reflected: such a
cluster stays. Swendsen and Wang 1987 reflect every cluster with probability 1/2, Wolff 1989 the one of a random site.
Embedding of colours: Wolff 1989; Wang, Swendsen and Kotecký 1989. Draw n of cluster t is named (key, chain, t, n).
"""

from functools import singledispatch
from typing import NamedTuple

import numpy as np
from numba import njit

from .chains import UNCOUNTED, attempts
from .energies import Clusters, Colours, Model, Paired, paired
from .floats import exp
from .philox import uniforms
from .verbs import compiled

SAME = 1e-12  # relative difference of energies that are meant to be alike


class Wolff(NamedTuple):
    """One cluster is grown and reflected: an attempt is a cluster."""

    stack: np.ndarray  # uint32 (site), room
    inside: np.ndarray  # bool (site), room, all false between attempts


class SwendsenWang(NamedTuple):
    """All clusters are found, each reflected with probability 1/2: an attempt is a sweep."""

    parent: np.ndarray  # uint32 (site), room
    held: np.ndarray  # bool (site), room


def wolff(model: Paired | Colours) -> Wolff:
    """Room for the clusters of one chain at a time."""
    return Wolff(np.zeros(model.sites, dtype=np.uint32), np.zeros(model.sites, dtype=bool))


def swendsen_wang(model: Paired | Colours) -> SwendsenWang:
    """Room for the clusters of one chain at a time."""
    return SwendsenWang(np.zeros(model.sites, dtype=np.uint32), np.zeros(model.sites, dtype=bool))


def growing(model: Model) -> Paired | Colours:
    """The energy as clusters need it; ValueError where it is not of pairs that every reflection leaves alone."""
    if isinstance(model, Paired):
        return model
    if isinstance(model, Clusters):
        return paired(model)
    if not isinstance(model, Colours):
        raise ValueError(f"clusters grow along pairs; a {type(model).__name__} energy is a table of whole patterns")
    a = np.arange(model.table.shape[1])
    for k, table in enumerate(model.table):
        for r in a:
            mirror = table[np.ix_((r - a) % len(a), (r - a) % len(a))]
            if np.abs(mirror - table).max() > SAME * max(1.0, np.abs(table).max()):
                raise ValueError(f"clusters need pairs alike under q -> ({r} - q) mod {len(a)}; table {k} is not")
    return model


@compiled()
@singledispatch
def reflections(model: Paired | Colours) -> int:
    """Number of reflections to choose from."""
    raise TypeError(f"no reflections of {type(model).__name__}")


@compiled()
@singledispatch
def mirrored(model: Paired | Colours, value: int, r: int) -> int:
    """The reflection of a value."""
    raise TypeError(f"no reflections of {type(model).__name__}")


@compiled()
@singledispatch
def rise(model: Paired | Colours, s: np.ndarray, i: int, k: int, j: int, r: int) -> float:
    """What the pair at place k, of i and j, rises by when i alone is reflected."""
    raise TypeError(f"no pairs of {type(model).__name__}")


@compiled()
@singledispatch
def lean(model: Paired | Colours, s: np.ndarray, i: int, r: int) -> float:
    """What the field on i rises by when i is reflected."""
    raise TypeError(f"no fields of {type(model).__name__}")


@reflections.register(Paired)
def _(model: Paired) -> int:
    return 1


@reflections.register(Colours)
def _(model: Colours) -> int:
    return model.table.shape[1]


@mirrored.register(Paired)
def _(model: Paired, value: int, r: int) -> int:
    return -value


@mirrored.register(Colours)
def _(model: Colours, value: int, r: int) -> int:
    other = r - value
    return other + model.table.shape[1] if other < 0 else other


@rise.register(Paired)
def _(model: Paired, s: np.ndarray, i: int, k: int, j: int, r: int) -> float:
    return -2.0 * model.c[k] * s[i] * s[j]


@rise.register(Colours)
def _(model: Colours, s: np.ndarray, i: int, k: int, j: int, r: int) -> float:
    return model.table[model.kind[k], mirrored(model, s[i], r), s[j]] - model.table[model.kind[k], s[i], s[j]]


@lean.register(Paired)
def _(model: Paired, s: np.ndarray, i: int, r: int) -> float:
    return -2.0 * model.field[i] * s[i]


@lean.register(Colours)
def _(model: Colours, s: np.ndarray, i: int, r: int) -> float:
    return model.field[i, mirrored(model, s[i], r)] - model.field[i, s[i]]


@njit(inline="always")
def draw(n: int, spare: float, t: np.uint64, chain: np.uint64, k0: np.uint64, k1: np.uint64) -> tuple[float, float]:
    """Uniform n of attempt t, and the one after it, of which every second is fresh."""
    if n & 1:
        return spare, spare
    return uniforms(t, np.uint64(n >> 1), chain, k0, k1)


@njit(inline="always")
def ties(
    beta: float, d: float, n: int, spare: float, t: np.uint64, chain: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[bool, int, float]:
    """Whether what rises by d is tied, by uniform n where d > 0; the number of the next, and the spare one."""
    tied = False
    if d > 0.0:
        u, spare = draw(n, spare, t, chain, k0, k1)
        tied = u >= exp(-beta * d)
        n += 1
    return tied, n, spare


@njit(**UNCOUNTED)
def root(parent: np.ndarray, i: np.uint32) -> np.uint32:
    """The site that stands for the cluster of i; the path to it is halved."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(**UNCOUNTED)
def join(parent: np.ndarray, i: int, j: np.int64) -> None:
    """Make one cluster of two; the lower site stands for it."""
    a, b = root(parent, np.uint32(i)), root(parent, np.uint32(j))
    if a < b:
        parent[b] = a
    elif b < a:
        parent[a] = b


@njit(**UNCOUNTED)
def grow(
    move: Wolff, model: Paired | Colours, beta: float, s: np.ndarray, seed: np.int64, r: np.int64, t: np.uint64,
    chain: np.uint64, k0: np.uint64, k1: np.uint64,
) -> int:  # fmt: skip
    """The cluster of `seed` on the stack and its size, 0 where it is tied to the ghost. Draws count from 2."""
    stack, inside = move.stack, move.inside
    stack[0], inside[seed] = seed, True
    size, done, n, spare, free = 1, 0, 2, 0.0, True
    while free and done < size:
        i = np.int64(stack[done])
        done += 1
        tied, n, spare = ties(beta, lean(model, s, i, r), n, spare, t, chain, k0, k1)
        free = not tied
        for k in range(model.at[i], model.at[i + 1] if free else model.at[i]):
            j = np.int64(model.other[k])
            if inside[j]:
                continue
            tied, n, spare = ties(beta, rise(model, s, i, k, j, r), n, spare, t, chain, k0, k1)
            if tied:
                stack[size], inside[j] = j, True
                size += 1
    for a in range(size):
        inside[stack[a]] = False
    return size if free else 0


@njit(**UNCOUNTED)
def single(
    move: Wolff, model: Paired | Colours, beta: float, s: np.ndarray, t: np.uint64, chain: np.uint64, k0: np.uint64,
    k1: np.uint64,
) -> None:  # fmt: skip
    """Reflect the cluster of a random site."""
    u, v = uniforms(t, np.uint64(0), chain, k0, k1)
    seed = np.int64(u * len(s))
    values = reflections(model)
    # a reflection that changes the seed, each as likely: q -> a + q' with q' another colour
    r = (2 * np.int64(s[seed]) + 1 + np.int64(v * (values - 1))) % values
    for a in range(grow(move, model, beta, s, seed, r, t, chain, k0, k1)):
        i = move.stack[a]
        s[i] = mirrored(model, s[i], r)


@njit(**UNCOUNTED)
def tie(
    move: SwendsenWang, model: Paired | Colours, beta: float, s: np.ndarray, r: np.int64, t: np.uint64,
    chain: np.uint64, k0: np.uint64, k1: np.uint64,
) -> int:  # fmt: skip
    """Tie pairs and sites with the ghost: fills parent and held. Returns the number of the next draw, even."""
    parent, held = move.parent, move.held
    n, spare = 2, 0.0
    for i in range(len(s)):
        parent[i], held[i] = i, False
    for i in range(len(s)):
        for k in range(model.at[i], model.at[i + 1]):
            j = np.int64(model.other[k])
            if j <= i:
                continue
            tied, n, spare = ties(beta, rise(model, s, i, k, j, r), n, spare, t, chain, k0, k1)
            if tied:
                join(parent, i, j)
    for i in range(len(s)):
        tied, n, spare = ties(beta, lean(model, s, i, r), n, spare, t, chain, k0, k1)
        if tied:
            held[root(parent, np.uint32(i))] = True
    return n + (n & 1)


@njit(**UNCOUNTED)
def several(
    move: SwendsenWang, model: Paired | Colours, beta: float, s: np.ndarray, t: np.uint64, chain: np.uint64,
    k0: np.uint64, k1: np.uint64,
) -> None:  # fmt: skip
    """Reflect every cluster with probability 1/2."""
    _, v = uniforms(t, np.uint64(0), chain, k0, k1)
    r = np.int64(v * reflections(model))
    n, spare = tie(move, model, beta, s, r, t, chain, k0, k1), 0.0
    parent, held = move.parent, move.held
    for i in range(len(s)):
        a = root(parent, np.uint32(i))
        if a == i and not held[a]:  # roots come before the others of their cluster
            u, spare = draw(n, spare, t, chain, k0, k1)
            n += 1
            held[a] = u < 0.5
        if not held[a]:
            s[i] = mirrored(model, s[i], r)


@attempts.register(Wolff)
def _(
    move: Wolff, model: Paired | Colours, beta: float, s: np.ndarray, t: np.uint64, count: int, chain: np.uint64,
    k0: np.uint64, k1: np.uint64,
) -> None:  # fmt: skip
    for n in range(count):
        single(move, model, beta, s, t + np.uint64(n), chain, k0, k1)


@attempts.register(SwendsenWang)
def _(
    move: SwendsenWang, model: Paired | Colours, beta: float, s: np.ndarray, t: np.uint64, count: int,
    chain: np.uint64, k0: np.uint64, k1: np.uint64,
) -> None:  # fmt: skip
    for n in range(count):
        several(move, model, beta, s, t + np.uint64(n), chain, k0, k1)
