"""u < p for 64 lanes at once, digit by digit, with random digits of their own for every lane.

Digit d of u is a random word, one bit a lane; a threshold p holds digit d in bit 63 - d. Going down from the first
digit, a lane is decided where the two differ: u < p where p has the 1. FIRST digits are compared for a whole piece of
a row at once, which leaves a lane open with probability 2^-FIRST; words with open lanes go on until none is, at most
to ALL digits, so that every probability is exact to 2^-ALL. The digits that a lane gets depend on its name alone:
Philox 4x32-7 at the counter (digit pair, site, sweep, word). Arrays of a piece are (…, PIECE).
"""

import numpy as np
from numba import njit

from ..floats import exp
from ..philox import FEWEST, HALF, LOW, philox

PIECE = 64  # places of a row that are worked on together
FIRST = 12
ALL = 62  # bits 1 and 0 of a threshold are no digits: bit 0 may hold a sign
ZERO = np.uint64(0)
ONE = np.uint64(1)
FULL = np.uint64(0xFFFFFFFFFFFFFFFF)
SCALE = 2.0**ALL


Name = tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]  # of a draw: site, sweep, word, and the key


@njit(cache=True)
def digits(x: np.ndarray, metropolis: bool) -> np.ndarray:
    """p = e^-x for x >= 0, or 1 / (1 + e^x), as digits, float64 -> uint64; rounded down to 2^-62, 1 to 1 - 2^-53."""
    out = np.empty(len(x), dtype=np.uint64)
    for k in range(len(x)):
        p = exp(-x[k]) if metropolis else 1.0 / (1.0 + exp(x[k]))
        out[k] = np.uint64(min(p, 1.0 - 2.0**-53) * SCALE) << np.uint64(2)
    return out


@njit(inline="always")
def draw(x: np.ndarray, pairs: int, first: int, m: int, name: Name) -> None:
    """Random words x (2 pairs, PIECE) for m sites; words 2h and 2h + 1 are those of digit pair first + h."""
    site, sweep, word, k0, k1 = name
    for h in range(pairs):
        c0 = np.uint64(first + h)
        for j in range(m):
            a, b, c, d = philox(c0, (site + np.uint64(j)) & LOW, sweep, word, k0, k1, FEWEST)
            x[2 * h, j] = a << HALF | b
            x[2 * h + 1, j] = c << HALF | d


@njit(inline="always")
def compared(t: np.uint64, x: np.ndarray, j: int) -> tuple[np.uint64, np.uint64]:
    """Lanes with u < t, and open ones, by the first digits."""
    under, equal = ZERO, FULL
    for d in range(FIRST):
        digit, u = ((t >> np.uint64(63 - d)) & ONE) * FULL, x[PIECE * d + j]
        under |= equal & digit & ~u
        equal &= ~(digit ^ u)
    return under, equal


@njit(inline="always")
def compare(t: np.ndarray, members: np.ndarray, x: np.ndarray, m: int, less: np.ndarray, open: np.ndarray) -> None:
    """Add the members of a class to the lanes with u < t, and to the open ones; t for all places, or (place)."""
    if len(t) == 1:
        same = t[0]
        for j in range(m):
            under, equal = compared(same, x, j)
            less[j] |= members[j] & under
            open[j] |= members[j] & equal
    else:
        for j in range(m):
            under, equal = compared(t[j], x, j)
            less[j] |= members[j] & under
            open[j] |= members[j] & equal


@njit
def settle(T: np.ndarray, start: int, members: np.ndarray, j: int, undecided: np.uint64, name: Name) -> np.uint64:
    """Those undecided lanes of place j with u < t, by the further digits; T (class, place), from `start`."""
    (site, sweep, word, k0, k1), under = name, ZERO
    for h in range(FIRST // 2, ALL // 2):
        a, b, c, d = philox(np.uint64(h), (site + np.uint64(j)) & LOW, sweep, word, k0, k1, FEWEST)
        for i in range(2):
            u, digit = (a << HALF | b) if i == 0 else (c << HALF | d), ZERO
            for k in range(len(T)):
                digit |= members[k, j] & (((T[k, (start + j) % T.shape[1]] >> np.uint64(63 - 2 * h - i)) & ONE) * FULL)
            under |= undecided & digit & ~u
            undecided &= ~(digit ^ u)
        if undecided == ZERO:
            break
    return under
