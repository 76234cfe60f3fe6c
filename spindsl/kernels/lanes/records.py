"""Chains in words, swept and recorded: spins of each sample, and what their energy is counted from."""

from typing import NamedTuple

import numpy as np
from numba import njit

from .digits import ONE
from .measures import likes, ups, weighed
from .spins import both
from .sweeps import Rule, sweep
from .torus import LANES, Torus, arranged


class Weights(NamedTuple):
    """E of a lane = `like` · (like or satisfied bonds) + `up` · (spins up) - sum J s s - sum h s."""

    like: float
    up: float
    unlike: np.ndarray  # uint64 (1 or 0, neighbour, sublattice, site): negative couplings, as rules hold them
    J: np.ndarray  # float64 (neighbour, site of sublattice 0), or (0, 0)
    h: np.ndarray  # float64 (site of sublattice 0, then 1), or (0)


def counted(like: float, up: float, unlike: np.ndarray) -> Weights:
    """E by numbers of bonds and of spins."""
    return Weights(like, up, unlike, np.zeros((0, 0)), np.zeros(0))


def summed(torus: Torus, J: np.ndarray, h: np.ndarray) -> Weights:
    """E = -sum J s s - sum h s; J (dimension, site) onward along each dimension, h (site)."""
    bonds = arranged(torus, both(torus, J))[:, 0, 0].reshape(2 * len(torus.sides), -1)
    return Weights(0.0, 0.0, np.zeros((0, 0, 0, 0), dtype=np.uint64), bonds, arranged(torus, h).ravel())


def placed(torus: Torus) -> np.ndarray:
    """Which site each bit of a word holds, (block, place) int64, in the order of words."""
    return arranged(torus, np.arange(int(torus.sides.prod()))).reshape(int(torus.blocks.prod()), -1)


@njit(nogil=True, cache=True)
def spread(words: np.ndarray, site: np.ndarray, rows: np.ndarray, colours: bool, spins: np.ndarray) -> None:
    """Words (word, plane, sublattice, row, place) into spins (chain, site) ±1 or colours; `rows` (word, chain) says
    which chain each is, -1 for none."""
    planes, places, blocks = words.shape[1], site.shape[1], len(site)
    flat = words.reshape((len(words), planes, places))
    for w in range(len(words)):
        for lane in range(rows.shape[1] * blocks):
            row = rows[w, lane // blocks]
            if row >= 0:
                out, at, shift = spins[row], site[lane % blocks], np.uint64(lane)
                if not colours:
                    for q in range(places):
                        out[at[q]] = np.int8(((flat[w, 0, q] >> shift) & ONE) << ONE) - np.int8(1)
                else:
                    for q in range(places):
                        out[at[q]] = np.int8((flat[w, 0, q] >> shift) & ONE)
                    for d in range(1, planes):
                        for q in range(places):
                            out[at[q]] |= np.int8(((flat[w, d, q] >> shift) & ONE) << np.uint64(d))


@njit(nogil=True, cache=True)
def weigh(weights: Weights, torus: Torus, words: np.ndarray, rows: np.ndarray, energy: np.ndarray) -> None:
    """Energies of the chains of `words` into energy (chain)."""
    blocks = LANES // rows.shape[1]
    if len(weights.J) > 0:
        found = -weighed(torus, words, weights.J, weights.h)
    else:
        found = weights.like * likes(torus, words, weights.unlike)
        if weights.up != 0.0:
            found += weights.up * ups(words, 1)
    for w in range(len(words)):
        for k in range(rows.shape[1]):
            if rows[w, k] >= 0:
                energy[rows[w, k]] = found[w, k * blocks : (k + 1) * blocks].sum()


@njit(nogil=True, cache=True)
def record(
    rule: Rule, weights: Weights, torus: Torus, words: np.ndarray, site: np.ndarray, rows: np.ndarray, colours: bool,
    key: np.ndarray, word: int, begin: int, every: int, spins: np.ndarray, energy: np.ndarray,
) -> None:  # fmt: skip
    """Sweep `every` times and record, again and again, from sweep `begin` on: spins (chain, sample, site) int8 and
    energies (chain, sample), less the constant of `counted`."""
    for k in range(spins.shape[1]):
        sweep(rule, torus, words, key, word, begin + k * every, every)
        spread(words, site, rows, colours, spins[:, k])
        weigh(weights, torus, words, rows, energy[:, k])
