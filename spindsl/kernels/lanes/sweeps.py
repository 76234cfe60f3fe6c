"""Sweeps of the two sublattices of a torus, 64 lanes a word."""

import numpy as np
from numba import njit

from ..philox import LOW
from .colours import Coloured  # its method is known from here on
from .digits import FIRST, FULL, PIECE, ZERO, compare, draw, settle
from .spins import Counted, Table, classify
from .torus import Torus

Rule = Counted | Table | Coloured


@njit(inline="always")
def turn(w: np.uint64, t: np.ndarray) -> np.uint64:
    """The bits of w, each brought to the lane that asks for it."""
    return ((w >> t[0]) & t[1]) | ((w << t[2]) & t[3])


@njit(inline="always")
def segment(torus: Torus, other: np.ndarray, p: int, r: int, start: int, m: int, near: np.ndarray, at: int) -> None:
    """The neighbours of places start … start + m of row r into near (neighbour, at … at + m)."""
    half, rows = torus.half, torus.near.shape[1]
    for k in range(rows):
        row, t = other[torus.near[r, k]], torus.turns[torus.turn[r, k]]
        for j in range(m):
            near[k, at + j] = turn(row[start + j], t)
    row, right = other[r], (p + torus.odd[r]) & 1  # a site at right has the one before it at the same place
    for j in range(m):
        near[rows + 1 - right, at + j] = row[start + j]
    if right == 1:
        for j in range(min(m, half - 1 - start)):
            near[rows + 1, at + j] = row[start + j + 1]
        if start + m == half:
            near[rows + 1, at + m - 1] = turn(row[0], torus.turns[torus.turn[r, rows + 1]])
    else:
        for j in range(1 if start == 0 else 0, m):
            near[rows, at + j] = row[start + j - 1]
        if start == 0:
            near[rows, at] = turn(row[half - 1], torus.turns[torus.turn[r, rows]])


@njit
def gather(torus: Torus, words: np.ndarray, p: int, start: int, m: int, near: np.ndarray) -> None:
    """Neighbours (neighbour, place) of sites start … start + m of sublattice p; words (sublattice, row, place)."""
    at, half = 0, torus.half
    while at < m:
        r, first = (start + at) // half, (start + at) % half
        n = min(half - first, m - at)
        segment(torus, words[1 - p], p, r, first, n, near, at)
        at += n


@njit(nogil=True, cache=True)
def sweep(rule: Rule, torus: Torus, words: np.ndarray, key: np.ndarray, word: int, first: int, sweeps: int) -> None:
    """`sweeps` sweeps of all words in place; the sublattices in turn, all their sites at once.

    words (word, plane, sublattice, row, place) are the words number `word`, `word` + 1, … of the stream `key` (2), the
    sweeps its sweeps number `first`, `first` + 1, …; a word's result depends on these names alone.
    """
    planes, sites = words.shape[1], words.shape[3] * words.shape[4]
    near = np.empty((planes, 2 * len(torus.sides), PIECE), dtype=np.uint64)
    s, change = np.empty((planes, PIECE), dtype=np.uint64), np.full((planes, PIECE), FULL)
    members, count = np.empty((rule.T.shape[1], PIECE), dtype=np.uint64), np.empty((10, PIECE), dtype=np.uint64)
    x, less = np.empty((2 * FIRST, PIECE), dtype=np.uint64), np.empty(PIECE, dtype=np.uint64)
    open, free = np.empty(PIECE, dtype=np.uint64), np.empty(PIECE, dtype=np.uint64)
    flat = words.reshape((len(words), planes, 2, sites))
    for w in range(len(words)):
        for half in range(2 * sweeps):
            p, T = half % 2, rule.T[half % 2 % len(rule.T)]
            number = np.uint64(first + half // 2) & LOW
            for start in range(0, sites, PIECE):
                m = min(PIECE, sites - start)
                name = (np.uint64(p * sites + start), number, np.uint64(word + w), key[0], key[1])
                for b in range(planes):
                    gather(torus, words[w, b], p, start, m, near[b])
                    own = flat[w, b, p, start : start + m]
                    for j in range(m):
                        s[b, j] = own[j]
                classify(rule, p, start, m, s, near, members, free, change, count, x, name)
                draw(x, FIRST // 2, 0, m, name)
                for j in range(m):
                    less[j] = ZERO
                    open[j] = ZERO
                for c in range(len(T)):
                    compare(T[c, start % T.shape[1] :], members[c], x.reshape(-1), m, less, open)
                if rule.metropolis:
                    for j in range(m):
                        open[j] &= ~free[j]
                for j in range(m):
                    if open[j] != ZERO:
                        less[j] |= settle(T, start, members, j, open[j], name)
                for j in range(m):
                    less[j] = less[j] | free[j] if rule.metropolis else less[j] ^ free[j]
                for b in range(planes):
                    own = flat[w, b, p, start : start + m]
                    for j in range(m):
                        own[j] = s[b, j] ^ (less[j] & change[b, j])
