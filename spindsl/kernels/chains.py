"""Markov chains whose stationary distribution is exp(-beta E) / Z: one verb a move, one loop that records.

`attempt(move, model, beta, s, t, chain, k0, k1)` makes the t-th attempt of a chain, in place: one site is offered a new
value. All its randomness comes from the name (key, chain, t). Any model of `energies` goes with any move here.
"""

from functools import singledispatch
from typing import NamedTuple

import numpy as np
from numba import njit
from numba.extending import overload

from .energies import Clusters, Colours, Tiles, cost, energy
from .floats import exp
from .philox import uniforms


class Metropolis(NamedTuple):
    """Another value at random, taken with probability min(1, exp(-beta dE)) (Metropolis et al. 1953)."""

    order: np.ndarray  # uint32: sites in the order in which they are tried, again and again; empty for at random


class HeatBath(NamedTuple):
    """The value a with probability exp(-beta E(a)) / sum_b exp(-beta E(b)), the other sites held (Creutz 1980)."""

    order: np.ndarray


@singledispatch
def proposed(model, old, w):
    """Another value than `old`, each as likely, by the uniform w."""
    raise TypeError(f"no values for {type(model).__name__}")


def _flipped(model, old, w):
    return -old


def _recoloured(model, old, w):
    colours = model.table.shape[1]
    return (old + 1 + int(w * (colours - 1))) % colours


@singledispatch
def drawn(model, beta, s, i, v):
    """The value of site i from its conditional distribution, by the uniform v."""
    raise TypeError(f"no values for {type(model).__name__}")


def _drawn_spin(model, beta, s, i, v):
    other = -s[i]
    return other if v < 1.0 / (1.0 + exp(beta * cost(model, s, i, other))) else s[i]


def _drawn_colour(model, beta, s, i, v):
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


for _kind in (Clusters, Tiles):
    proposed.register(_kind, _flipped)
    drawn.register(_kind, _drawn_spin)
proposed.register(Colours, _recoloured)
drawn.register(Colours, _drawn_colour)


@overload(proposed)
def _proposed(model, old, w):
    return proposed.dispatch(model.instance_class)


@overload(drawn)
def _drawn(model, beta, s, i, v):
    return drawn.dispatch(model.instance_class)


@njit(inline="always")
def tried(order, u, t, sites):
    """The site of attempt t, and what is left of the uniform u that chose it."""
    if len(order) > 0:
        return np.int64(order[t % np.uint64(len(order))]), u
    place = u * sites
    i = np.int64(place)
    return i, place - i


@singledispatch
def attempt(move, model, beta, s, t, chain, k0, k1):
    """Offer one site a new value."""
    raise TypeError(f"no attempt for {type(move).__name__}")


@attempt.register(Metropolis)
def _(move, model, beta, s, t, chain, k0, k1):
    u, v = uniforms(t, np.uint64(0), chain, k0, k1)
    i, w = tried(move.order, u, t, len(s))
    new = proposed(model, s[i], w)
    rise = cost(model, s, i, new)
    if rise <= 0.0 or v < exp(-beta * rise):
        s[i] = new


@attempt.register(HeatBath)
def _(move, model, beta, s, t, chain, k0, k1):
    u, v = uniforms(t, np.uint64(0), chain, k0, k1)
    i, _ = tried(move.order, u, t, len(s))
    s[i] = drawn(model, beta, s, i, v)


@overload(attempt)
def _attempt(move, model, beta, s, t, chain, k0, k1):
    return attempt.dispatch(move.instance_class)


@njit(nogil=True, cache=True)
def advance(model, move, beta, s, chains, key, first, count):
    """Attempts first … first + count - 1 (uint64) of some chains, in place: s (chain, site) int8, chains uint64."""
    for a in range(len(s)):
        for n in range(count):
            attempt(move, model, beta, s[a], first + np.uint64(n), chains[a], key[0], key[1])


@njit(nogil=True, cache=True)
def record(model, move, beta, s, chains, key, first, every, spins, energies):
    """Go on from attempt `first`, recording after every `every` attempts.

    s (chain, site) int8 is the state, in place; spins (chain, sample, site) int8 and energies (chain, sample) are
    filled.
    """
    for a in range(len(s)):
        t = first
        for k in range(spins.shape[1]):
            for _ in range(every):
                attempt(move, model, beta, s[a], t, chains[a], key[0], key[1])
                t += np.uint64(1)
            spins[a, k] = s[a]
            energies[a, k] = energy(model, s[a])
