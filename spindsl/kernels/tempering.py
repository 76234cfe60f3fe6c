"""Parallel tempering: copies of a system at a ladder of temperatures that exchange their configurations.

Neighbours a, b exchange with probability min(1, exp((beta_a - beta_b)(E_a - E_b))) (Hukushima and Nemoto 1996), pairs
(0, 1), (2, 3) … and pairs (1, 2), (3, 4) … in turn. Configurations are kept by temperature, `walker` says whose it is.
Attempts at temperature a of chain c are those of a chain named c betas + a; exchange x of (a, a + 1) is named
(key, c betas + a, x) and a word of its own.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from .chains import UNCOUNTED, Move, attempts
from .energies import Model, energy
from .floats import exp
from .philox import uniforms

EXCHANGE = np.uint64(0xFFFFFFFF)  # where local moves have 0 and clusters the number of a draw
UP, DOWN = np.int8(1), np.int8(-1)


class Ladder(NamedTuple):
    """Copies (chain, beta) and what is counted of them. All arrays are changed in place."""

    s: np.ndarray  # int8 (chain, beta, site)
    walker: np.ndarray  # int32 (chain, beta): which copy is there
    way: np.ndarray  # int8 (chain, walker): 1 from the first temperature on, -1 from the last on, 0 before
    tried: np.ndarray  # int64 (chain, pair)
    accepted: np.ndarray  # int64 (chain, pair)
    trips: np.ndarray  # int64 (chain, walker): times it went from the first to the last temperature and back


def ladder(s: np.ndarray) -> Ladder:
    """Copies s (chain, beta, site) int8 that have not moved."""
    chains, betas = s.shape[:2]
    walker = np.tile(np.arange(betas, dtype=np.int32), (chains, 1))
    pairs = np.zeros((chains, betas - 1), dtype=np.int64)
    found = Ladder(
        s, walker, np.zeros((chains, betas), dtype=np.int8), pairs, pairs.copy(), np.zeros_like(walker, np.int64)
    )
    found.way[:, 0] = UP
    return found


@njit(**UNCOUNTED)
def turn(copies: Ladder, a: int) -> None:
    """Count who is at an end of the ladder."""
    first, last = copies.walker[a, 0], copies.walker[a, -1]
    if copies.way[a, first] == DOWN:
        copies.trips[a, first] += 1
    copies.way[a, first] = UP
    if copies.way[a, last] == UP:
        copies.way[a, last] = DOWN


@njit(**UNCOUNTED)
def exchange(
    model: Model, betas: np.ndarray, copies: Ladder, a: int, chain: np.uint64, x: np.uint64, k0: np.uint64,
    k1: np.uint64,
) -> None:  # fmt: skip
    """Exchange number x (uint64) of chain `chain`, row a: odd numbers begin with the pair (1, 2)."""
    s, walker, values = copies.s[a], copies.walker[a], len(betas)
    for b in range(np.int64(x & np.uint64(1)), values - 1, 2):
        u, _ = uniforms(x, EXCHANGE, chain * np.uint64(values) + np.uint64(b), k0, k1)
        gain = (betas[b] - betas[b + 1]) * (energy(model, s[b]) - energy(model, s[b + 1]))
        copies.tried[a, b] += 1
        if gain >= 0.0 or u < exp(gain):
            copies.accepted[a, b] += 1
            walker[b], walker[b + 1] = walker[b + 1], walker[b]
            for i in range(s.shape[1]):
                s[b, i], s[b + 1, i] = s[b + 1, i], s[b, i]
    if values > 1:
        turn(copies, a)


@njit
def go(
    model: Model, move: Move, betas: np.ndarray, copies: Ladder, a: int, chain: np.uint64, begin: np.uint64,
    end: np.uint64, period: np.uint64, k0: np.uint64, k1: np.uint64,
) -> None:  # fmt: skip
    """Attempts begin … end - 1 at every temperature; an exchange goes before those that are multiples of `period`."""
    t = begin
    while t < end:
        if t > 0 and t % period == 0:
            exchange(model, betas, copies, a, chain, t // period, k0, k1)
        until = min(end, (t // period + np.uint64(1)) * period)
        for b in range(len(betas)):
            name = chain * np.uint64(len(betas)) + np.uint64(b)
            attempts(move, model, betas[b], copies.s[a, b], t, np.int64(until - t), name, k0, k1)
        t = until


@njit(nogil=True, cache=True)
def advance(
    model: Model, move: Move, betas: np.ndarray, copies: Ladder, chains: np.ndarray, key: np.ndarray, first: np.uint64,
    count: np.uint64, period: np.uint64,
) -> None:  # fmt: skip
    """Attempts first … first + count - 1 of each copy, exchanging every `period` attempts; integers are uint64."""
    for a in range(len(chains)):
        go(model, move, betas, copies, a, chains[a], first, first + count, period, key[0], key[1])


@njit(nogil=True, cache=True)
def record(
    model: Model, move: Move, betas: np.ndarray, copies: Ladder, chains: np.ndarray, key: np.ndarray, first: np.uint64,
    every: np.uint64, period: np.uint64, spins: np.ndarray, energies: np.ndarray, tried: np.ndarray,
    accepted: np.ndarray,
) -> None:  # fmt: skip
    """Go on from attempt `first`, recording after every `every` attempts.

    Filled by temperature: spins (chain, sample, beta, site) int8, energies (chain, sample, beta), and in the same shape
    how often each temperature has tried to exchange with the next so far, and did; the last is left as it is.
    """
    for a in range(len(chains)):
        t = first
        for k in range(spins.shape[1]):
            go(model, move, betas, copies, a, chains[a], t, t + every, period, key[0], key[1])
            t += every
            for b in range(len(betas)):
                spins[a, k, b] = copies.s[a, b]
                energies[a, k, b] = energy(model, copies.s[a, b])
            for b in range(len(betas) - 1):
                tried[a, k, b], accepted[a, k, b] = copies.tried[a, b], copies.accepted[a, b]
