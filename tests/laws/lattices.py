"""Tiny lattices of every representation, their energies written afresh, the exact transition matrix of every move."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spindsl.kernels import energies
from spindsl.kernels.chains import HeatBath, Metropolis
from spindsl.kernels.clusters import growing, swendsen_wang, wolff

FALSE_ALARM = 1e-6
KEY = np.array([0x243F6A88, 0x85A308D3], dtype=np.uint64)
RING = [(0, 1), (1, 2), (2, 0)]


@dataclass(frozen=True)
class Matter:
    """A model, and E of a state as a sum of pairs (i, j, f) and fields (i, f), or of anything where `pairs` is None."""

    model: energies.Model
    values: tuple[int, ...]
    E: Callable[[tuple[int, ...]], float]
    pairs: list | None = None
    fields: list | None = None

    @property
    def states(self) -> list[tuple[int, ...]]:
        """In the order of `enumeration`: site 0 the most significant."""
        return list(itertools.product(self.values, repeat=self.model.sites))

    def boltzmann(self, beta: float) -> np.ndarray:
        w = np.exp([-beta * self.E(x) for x in self.states])
        return w / w.sum()

    def number(self, s: np.ndarray) -> np.ndarray:
        """Numbers of the states s (…, site)."""
        digit = (s + 1) // 2 if self.values[0] < 0 else s
        return np.ravel_multi_index(tuple(np.moveaxis(digit.astype(int), -1, 0)), (len(self.values),) * s.shape[-1])


def summed(model: energies.Model, values: tuple[int, ...], pairs: list, fields: list) -> Matter:
    def E(x):
        return sum(f(x[i], x[j]) for i, j, f in pairs) + sum(f(x[i]) for i, f in fields)

    return Matter(model, values, E, pairs, fields)


def ising(sites: int, edges: list, c: list[float], h: list[float], pairwise: bool = False) -> Matter:
    i, j = np.array(edges).T
    model = energies.coupled(sites, i, j, np.array(c), np.array(h))
    pairs = [(i, j, lambda a, b, c=c: c * a * b) for (i, j), c in zip(edges, c)]
    fields = [(i, lambda a, h=h: h * a) for i, h in enumerate(h) if h]
    return summed(energies.paired(model) if pairwise else model, (-1, 1), pairs, fields)


def several() -> Matter:
    """Products of one, two, three and four spins."""
    terms, c = [(0, 1, 2), (1, 2, 3), (0, 3), (3,), (0, 1, 2, 3)], [0.6, -0.8, 0.5, 0.3, -0.4]
    model = energies.clusters(4, terms, c)
    return Matter(model, (-1, 1), lambda x: sum(c * np.prod([x[i] for i in t]) for t, c in zip(terms, c)))


def tiles() -> Matter:
    """Windows of three around a ring of four, with a table of no symmetry."""
    window = np.array([[0, 1, 2], [1, 2, 3], [2, 3, 0], [3, 0, 1]])
    table = np.random.default_rng(5).normal(size=8)

    def E(x):
        return sum(table[sum((x[i] > 0) << b for b, i in enumerate(w))] for w in window)

    return Matter(energies.tiles(4, window, table), (-1, 1), E)


def potts(Q: int, J: list[float], cosine: bool, h: np.ndarray | None = None) -> Matter:
    a = np.arange(Q)
    phi = np.cos(2 * np.pi * (a[:, None] - a) / Q) if cosine else np.eye(Q)
    i, j = np.array(RING).T
    table = np.array([-J * phi for J in J])
    pairs = [(i, j, lambda a, b, t=t: t[a, b]) for (i, j), t in zip(RING, table)]
    fields = [] if h is None else [(i, lambda a, h=h: h[a]) for i, h in enumerate(h)]
    return summed(energies.colours(3, i, j, np.arange(3), table, h), tuple(range(Q)), pairs, fields)


SQUARE = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (0, 1)]  # a chord, and two bonds of one pair
MATTERS = {
    "ising": ising(4, SQUARE, [-0.9, 0.7, -0.5, -0.4, 0.6, 0.2], [0.4, 0.0, -0.3, 0.1]),
    "ising-pairs": ising(4, SQUARE, [-0.9, 0.7, -0.5, -0.4, 0.6, 0.2], [0.4, 0.0, -0.3, 0.1], pairwise=True),
    "ising-no-field": ising(4, SQUARE, [-0.9, -0.7, -0.5, -0.4, -0.6, -0.2], [0.0] * 4, pairwise=True),
    "three-spins": several(),
    "tiles": tiles(),
    "potts-3": potts(3, [1.0, 0.8, 0.6], cosine=False),
    "potts-3-cosine": potts(3, [1.0, 0.8, 0.6], cosine=True, h=np.array([[0.5, 0, -0.2], [0, 0.3, 0], [0, 0, 0]])),
    "potts-4-frustrated": potts(4, [1.0, -0.8, 0.6], cosine=False, h=np.linspace(-0.4, 0.4, 12).reshape(3, 4)),
    "clock-4": potts(4, [1.0, 0.8, -0.6], cosine=True),
}
PAIRWISE = {k: m for k, m in MATTERS.items() if m.pairs is not None}
ANYWHERE = np.zeros(0, dtype=np.uint32)


def moved(kind: str, matter: Matter):
    """Model and move as kernels take them."""
    local = {"metropolis": Metropolis, "heat-bath": HeatBath}
    if kind in local:
        return matter.model, local[kind](ANYWHERE)
    model = growing(matter.model)
    return model, {"wolff": wolff, "swendsen-wang": swendsen_wang}[kind](model)


def matrix(kind: str, matter: Matter, beta: float) -> np.ndarray:
    """P[x, y] of one attempt, (state, state), from the definition of the move."""
    row = {"metropolis": metropolis, "heat-bath": heat_bath, "wolff": single, "swendsen-wang": all_clusters}[kind]
    number = {x: n for n, x in enumerate(matter.states)}
    P = np.zeros((len(number), len(number)))
    for x in number:
        for y, p in row(matter, beta, x):
            P[number[x], number[y]] += p
    return P


def changed(x: tuple[int, ...], i: int, a: int) -> tuple[int, ...]:
    return (*x[:i], a, *x[i + 1 :])


def metropolis(matter: Matter, beta: float, x):
    """min(1, e^(-beta dE)) / (N (Q - 1)) for each other value of each site."""
    N, Q, stay = len(x), len(matter.values), 1.0
    for i, a in itertools.product(range(N), matter.values):
        if a != x[i]:
            y = changed(x, i, a)
            p = min(1.0, np.exp(-beta * (matter.E(y) - matter.E(x)))) / (N * (Q - 1))
            stay -= p
            yield y, p
    yield x, stay


def heat_bath(matter: Matter, beta: float, x):
    """e^(-beta E(a)) / sum_b e^(-beta E(b)) / N for each value of each site."""
    for i in range(len(x)):
        several = [changed(x, i, a) for a in matter.values]
        w = np.exp([-beta * matter.E(y) for y in several])
        yield from zip(several, w / w.sum() / len(x))


def reflections(matter: Matter) -> list[Callable[[int], int]]:
    """s -> -s, or q -> (r - q) mod Q."""
    Q = len(matter.values)
    return [lambda a: -a] if matter.values[0] < 0 else [lambda a, r=r: (r - a) % Q for r in range(Q)]


def tied(matter: Matter, beta: float, x, R):
    """All ways to tie (component of each site and of the ghost at the end, probability)."""
    N = len(x)
    bonds = [(i, j, f(R(x[i]), x[j]) - f(x[i], x[j])) for i, j, f in matter.pairs]
    bonds += [(i, N, f(R(x[i])) - f(x[i])) for i, f in matter.fields]
    live = [(i, j, 1 - np.exp(-beta * d)) for i, j, d in bonds if d > 0]
    for on in itertools.product((False, True), repeat=len(live)):
        part = list(range(N + 1))
        for (i, j, _), tie in zip(live, on):
            if tie:
                part = [part[i] if p == part[j] else p for p in part]
        yield part, np.prod([p if tie else 1 - p for (*_, p), tie in zip(live, on)])


def reflected(x, R, chosen) -> tuple[int, ...]:
    return tuple(R(a) if c else a for a, c in zip(x, chosen))


def single(matter: Matter, beta: float, x):
    """The component of a random site under a reflection that changes it, unless it is the ghost's."""
    for seed in range(len(x)):
        able = [R for R in reflections(matter) if R(x[seed]) != x[seed]]
        for R in able:
            for part, p in tied(matter, beta, x, R):
                chosen = [part[i] == part[seed] != part[-1] for i in range(len(x))]
                yield reflected(x, R, chosen), p / len(able) / len(x)


def all_clusters(matter: Matter, beta: float, x):
    """Every component but the ghost's with probability 1/2, under a random reflection."""
    for R in reflections(matter):
        for part, p in tied(matter, beta, x, R):
            free = sorted(set(part) - {part[-1]})
            for on in itertools.product((False, True), repeat=len(free)):
                chosen = [part[i] in free and on[free.index(part[i])] for i in range(len(x))]
                yield reflected(x, R, chosen), p / 2 ** len(free) / len(reflections(matter))
