"""Markov chains whose stationary distribution is exp(-beta E) / Z: one verb a move, one loop that records.

`attempts(move, model, beta, s, t, count, chain, k0, k1)` makes `count` attempts of a chain from the t-th on, in place.
All randomness of an attempt comes from its name (key, chain, t), so that no cut of a chain changes it. A local move
offers one site a new value, `offer(move, model, beta, s, i, w, v)`; any model of `energies` goes with any local move.
"""

from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from .energies import Clusters, Colours, Model, Paired, Tiles, cost, energy
from .floats import exp
from .philox import uniforms
from .verbs import compiled

BLOCK = 256  # attempts whose randoms are made together
# without counts of references: of a model's arrays they cost more than the move
UNCOUNTED: dict[str, Any] = {"_nrt": False}


class Metropolis(NamedTuple):
    """Another value at random, taken with probability min(1, exp(-beta dE)) (Metropolis et al. 1953)."""

    order: np.ndarray  # uint32: sites in the order in which they are tried, again and again; empty for at random


class HeatBath(NamedTuple):
    """The value a with probability exp(-beta E(a)) / sum_b exp(-beta E(b)), the other sites held (Creutz 1980)."""

    order: np.ndarray


Local = Metropolis | HeatBath
Move = tuple[np.ndarray, ...]  # the NamedTuple of a local move, of a cluster move, or of another package's


def metropolis(order: np.ndarray) -> Metropolis:
    """Metropolis in an order of sites (uint32), at random where there is none."""
    return Metropolis(order)


def heat_bath(order: np.ndarray) -> HeatBath:
    """The heat bath in an order of sites (uint32), at random where there is none."""
    return HeatBath(order)


@compiled()
@singledispatch
def proposed(model: Model, old: int, w: float) -> int:
    """Another value than `old`, each as likely, by the uniform w."""
    raise TypeError(f"no values for {type(model).__name__}")


def _flipped(model: Clusters | Paired | Tiles, old: int, w: float) -> int:
    return -old


def _recoloured(model: Colours, old: int, w: float) -> int:
    colours = model.table.shape[1]
    return (old + 1 + int(w * (colours - 1))) % colours


@compiled()
@singledispatch
def drawn(model: Model, beta: float, s: np.ndarray, i: int, v: float) -> int:
    """The value of site i from its conditional distribution, by the uniform v."""
    raise TypeError(f"no values for {type(model).__name__}")


def _drawn_spin(model: Clusters | Paired | Tiles, beta: float, s: np.ndarray, i: int, v: float) -> int:
    other = -s[i]
    return other if v < 1.0 / (1.0 + exp(beta * cost(model, s, i, other))) else s[i]


def _drawn_colour(model: Colours, beta: float, s: np.ndarray, i: int, v: float) -> int:
    colours = model.table.shape[1]
    total = 0.0
    for a in range(colours):
        total += exp(-beta * cost(model, s, i, a))
    left, found = v * total, colours - 1
    for a in range(colours):
        left -= exp(-beta * cost(model, s, i, a))
        if left < 0.0:
            found = a
            break
    return found


for _kind in (Clusters, Paired, Tiles):
    proposed.register(_kind, _flipped)
    drawn.register(_kind, _drawn_spin)
proposed.register(Colours, _recoloured)
drawn.register(Colours, _drawn_colour)


@compiled()
@singledispatch
def offer(move: Local, model: Model, beta: float, s: np.ndarray, i: int, w: float, v: float) -> None:
    """Offer site i a new value, by two uniforms."""
    raise TypeError(f"no offer of {type(move).__name__}")


@offer.register(Metropolis)
def _(move: Metropolis, model: Model, beta: float, s: np.ndarray, i: int, w: float, v: float) -> None:
    # without a branch: which way it goes cannot be foreseen
    new = proposed(model, s[i], w)
    s[i] = new if v < exp(-beta * cost(model, s, i, new)) else s[i]


@offer.register(HeatBath)
def _(move: HeatBath, model: Model, beta: float, s: np.ndarray, i: int, w: float, v: float) -> None:
    s[i] = drawn(model, beta, s, i, v)


@njit
def blocked(
    order: np.ndarray, sites: int, t: np.uint64, chain: np.uint64, k0: np.uint64, k1: np.uint64, site: np.ndarray,
    w: np.ndarray, v: np.ndarray,
) -> None:  # fmt: skip
    """Sites and two uniforms of the attempts t, t + 1 …: several at once overlap in the processor."""
    for n in range(len(site)):
        w[n], v[n] = uniforms(t + np.uint64(n), np.uint64(0), chain, k0, k1)
    if len(order):
        at = np.int64(t % np.uint64(len(order)))
        for n in range(len(site)):
            site[n] = order[at]
            at = at + 1 if at + 1 < len(order) else 0
    else:
        for n in range(len(site)):
            place = w[n] * sites
            site[n] = np.int64(place)
            w[n] = place - site[n]


@njit(**UNCOUNTED)
def offered(
    move: Local, model: Model, beta: float, s: np.ndarray, site: np.ndarray, w: np.ndarray, v: np.ndarray, size: int
) -> None:
    """Offers to sites in turn."""
    for n in range(size):
        offer(move, model, beta, s, site[n], w[n], v[n])


@compiled()
@singledispatch
def attempts(
    move: Move, model: Model, beta: float, s: np.ndarray, t: np.uint64, count: int, chain: np.uint64, k0: np.uint64,
    k1: np.uint64,
) -> None:  # fmt: skip
    """Attempts t … t + count - 1 (t uint64, count an integer) of a chain."""
    raise TypeError(f"no attempts of {type(move).__name__}")


def _locally(
    move: Local, model: Model, beta: float, s: np.ndarray, t: np.uint64, count: int, chain: np.uint64, k0: np.uint64,
    k1: np.uint64,
) -> None:  # fmt: skip
    room = min(BLOCK, count)
    site, w, v = np.empty(room, dtype=np.int64), np.empty(room), np.empty(room)
    done = 0
    while done < count:
        size = min(room, count - done)
        blocked(move.order, len(s), t + np.uint64(done), chain, k0, k1, site[:size], w, v)
        offered(move, model, beta, s, site, w, v, size)
        done += size


attempts.register(Metropolis, _locally)
attempts.register(HeatBath, _locally)


@njit(nogil=True, cache=True)
def advance(
    model: Model, move: Move, beta: float, s: np.ndarray, chains: np.ndarray, key: np.ndarray, first: np.uint64,
    count: int,
) -> None:  # fmt: skip
    """Attempts first … first + count - 1 (uint64) of some chains, in place: s (chain, site) int8, chains uint64."""
    for a in range(len(s)):
        attempts(move, model, beta, s[a], first, count, chains[a], key[0], key[1])


@njit(nogil=True, cache=True)
def record(
    model: Model, move: Move, beta: float, s: np.ndarray, chains: np.ndarray, key: np.ndarray, first: np.uint64,
    every: int, spins: np.ndarray, energies: np.ndarray,
) -> None:  # fmt: skip
    """Go on from attempt `first`, recording after every `every` attempts.

    s (chain, site) int8 is the state, in place; spins (chain, sample, site) int8 and energies (chain, sample) are
    filled.
    """
    for a in range(len(s)):
        t = first
        for k in range(spins.shape[1]):
            attempts(move, model, beta, s[a], t, every, chains[a], key[0], key[1])
            t += np.uint64(every)
            spins[a, k] = s[a]
            energies[a, k] = energy(model, s[a])
