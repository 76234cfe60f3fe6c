"""Small driven glasses that can be checked against everything, and the kernels run on them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pytest

from spindsl.kernels.couplings import Pairs, local_fields, pairs  # first, since it says where numba caches
from spindsl.kernels.events import drive, dwell
from spindsl.kernels.rules.arrhenius import Arrhenius
from spindsl.kernels.tree import FAN, levels

from numba import njit  # isort: skip

KEY = np.array([0x243F6A88, 0x85A308D3], dtype=np.uint64)


@dataclass(frozen=True)
class Glass:
    """E(s) = sum_{i<j} J_ij s_i s_j + sum_i A_i s_i, written out afresh and independently of the kernels."""

    J: np.ndarray  # (spin, spin), symmetric, K
    A: np.ndarray  # (field, spin), K
    beta: float
    barrier: np.ndarray  # (spin), K

    @cached_property
    def couplings(self) -> Pairs:
        i, j = np.nonzero(np.triu(self.J, 1))
        return pairs(len(self.J), i, j, self.J[i, j])

    @property
    def rule(self) -> Arrhenius:
        return Arrhenius(self.beta, self.barrier)

    @property
    def spins(self) -> int:
        return len(self.J)

    def energy(self, s, A) -> float:
        i, j = np.nonzero(np.triu(self.J, 1))
        return math.fsum([*(self.J[i, j] * s[i] * s[j]), *(A * s)])

    def local_energies(self, s, A) -> list[float]:
        """e_j = s_j (sum_k J_jk s_k + A_j), the sum rounded once."""
        return [s[j] * (math.fsum(self.J[j] * s) + A[j]) for j in range(self.spins)]

    def rates(self, s, A) -> list[float]:
        """exp(beta (e_j - B_j)) per second."""
        return [math.exp(self.beta * (e - B)) for e, B in zip(self.local_energies(s, A), self.barrier)]

    def gauged(self, epsilon) -> "Glass":
        """J_ij -> epsilon_i epsilon_j J_ij, A -> epsilon A."""
        return replace(self, J=np.outer(epsilon, epsilon) * self.J, A=self.A * epsilon)


class Record(NamedTuple):
    """What `drive` gives: spins (trial, switch, spin), the others (trial, switch), end (trial, spin)."""

    spins: np.ndarray
    flips: np.ndarray
    work: np.ndarray
    heat: np.ndarray
    interaction: np.ndarray
    zeeman: np.ndarray
    end: np.ndarray


@pytest.fixture(scope="session")
def key() -> np.ndarray:
    return KEY


@pytest.fixture(scope="session")
def glass() -> Callable[..., Glass]:
    """A glass on an Erdős–Rényi graph, J and A normal and on a grid, so that all energies are exact sums."""

    def draw(spins, seed, *, degree=4.0, fields=4, beta=1.0, barrier=(0.0, 2.0), field_std=1.0, grid=True):
        rng = np.random.default_rng(seed)
        linked = np.triu(rng.random((spins, spins)) < degree / (spins - 1), 1)
        J, A = rng.normal(size=(spins, spins)) * linked, rng.normal(0.0, field_std, (fields, spins))
        if grid:
            J, A = np.round(J * 2.0**30) / 2.0**30, np.round(A * 2.0**30) / 2.0**30
        return Glass(J + J.T, A, beta, rng.uniform(*barrier, spins))

    return draw


@pytest.fixture(scope="session")
def start() -> Callable[..., np.ndarray]:
    """Random configurations (trial, spin), int8."""

    def draw(trials, spins, seed=0) -> np.ndarray:
        return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), (trials, spins))

    return draw


@pytest.fixture(scope="session")
def run() -> Callable[..., Record]:
    """`drive` with every dwell recorded."""

    def go(glass, field, s, duration, *, trials=None, switch=1, previous=None, key=KEY) -> Record:
        field = np.ascontiguousarray(field, dtype=np.int64)
        shape, end = field.shape, np.array(s, dtype=np.int8)
        trials = np.arange(len(field)) if trials is None else trials
        previous = np.full(len(field), -1) if previous is None else previous
        trials, switch = np.array(trials, dtype=np.uint64), np.uint64(switch)
        spins, flips = np.empty((*shape, glass.spins), np.int8), np.empty(shape, np.int32)
        out = (spins, flips, *(np.empty(shape) for _ in range(4)))
        drive(
            glass.couplings, glass.rule, glass.A, field, np.array(previous), np.arange(shape[1]),
            duration, end, trials, switch, key, out,
        )  # fmt: skip
        return Record(*out, end)

    return go


@njit(cache=True)
def hold(couplings, rule, A, s, g, tree, starts, duration, trial, switch, key):
    return dwell(couplings, rule, A, s, g, tree, starts, duration, trial, switch, key[0], key[1])


class Dwelt(NamedTuple):
    """What one dwell leaves behind."""

    flips: int
    heat: float
    s: np.ndarray
    g: np.ndarray
    rates: np.ndarray
    tree: np.ndarray
    starts: np.ndarray


@pytest.fixture(scope="session")
def stay() -> Callable[..., Dwelt]:
    """One dwell from s at field A; with no duration it only tells the rates."""

    def go(glass, s, A, duration=0.0, *, trial=0, switch=1) -> Dwelt:
        s, g, starts = np.array(s, dtype=np.float64), np.empty(glass.spins), levels(glass.spins)
        tree, named = np.zeros((starts[-1], FAN)), (np.uint64(trial), np.uint64(switch), KEY)
        local_fields(glass.couplings, s, g)
        n, q = hold(glass.couplings, glass.rule, np.array(A), s, g, tree, starts, duration, *named)
        return Dwelt(int(n), q, s, g, tree.reshape(-1)[: glass.spins], tree, starts)

    return go
