"""Potts colours: E = -J sum_(ij) [q_i = q_j], a colour in up to three binary digits.

The proposed colour is one of the other Q - 1 at random: v uniform in 0 … Q - 2 is itself below the old colour, and
v + 1 from there on. Numbers v beyond Q - 2 are thrown away and drawn again, lane by lane.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from ..philox import FEWEST, HALF, LOW, philox
from .digits import FULL, PIECE, ZERO, Name, digits, draw
from .spins import add, classify
from .torus import Torus

OTHERS = 64  # digit pairs from here on are for proposals
MOST = 8
TRIES = 24  # words of digits drawn for a row's proposals at once


class Coloured(NamedTuple):
    """Classes by how many like neighbours are lost, less those won."""

    T: np.ndarray  # uint64 (1, class, 1)
    metropolis: bool
    Q: int
    like: bool  # J > 0


def coloured(torus: Torus, beta: float, J: float, Q: int) -> Coloured:
    """2 … 8 colours. The cosine energy of three colours is J' = 3 J / 2, of two colours J' = 2 J, and a constant."""
    if not 2 <= Q <= MOST:
        raise ValueError(f"{Q} colours: words hold 2 … {MOST}")
    if Q == 2 and len(torus.sides) == 1:
        raise ValueError("Metropolis by sublattices never equilibrates a ring of two colours: see `spins.uniform`")
    costs = abs(J) * np.arange(1, 2 * len(torus.sides) + 1) if J else np.zeros(0)
    return Coloured(digits(beta * costs, True)[None, :, None], True, Q, J > 0)


@njit(inline="always")
def width(n: int) -> int:
    """Binary digits of 0 … n - 1."""
    return 0 if n == 1 else 1 if n == 2 else 2 if n <= 4 else 3


@njit(inline="always")
def digit(n: int, b: int) -> np.uint64:
    """Binary digit b of n in every lane."""
    return FULL if (n >> b) & 1 else ZERO


@njit(inline="always")
def fits(a: np.uint64, b: np.uint64, c: np.uint64, n: int) -> np.uint64:
    """Lanes in which the number of digits a, b, c (1, 2, 4) is below n."""
    low, middle, high = digit(n, 0), digit(n, 1), digit(n, 2)
    return (~c & high) | (~(c ^ high) & ((~b & middle) | (~(b ^ middle) & ~a & low)))


@njit
def redraw(v: np.ndarray, j: int, missing: np.uint64, n: int, name: Name) -> None:
    """Draw the missing lanes of v (digit, place) at place j again until none is missing."""
    (site, sweep, word, k0, k1), pair = name, OTHERS + TRIES // 2
    while missing != ZERO:
        a, b, c, d = philox(np.uint64(pair), (site + np.uint64(j)) & LOW, sweep, word, k0, k1, FEWEST)
        e, f, g, h = philox(np.uint64(pair + 1), (site + np.uint64(j)) & LOW, sweep, word, k0, k1, FEWEST)
        low, middle, high = a << HALF | b, c << HALF | d, e << HALF | f
        high = high if width(n) == 3 else ZERO
        good = missing & fits(low, middle, high, n)
        v[0, j] |= good & low
        v[1, j] |= good & middle
        v[2, j] |= good & high
        missing &= ~good
        pair += 2


@njit(inline="always")
def others(v: np.ndarray, x: np.ndarray, Q: int, m: int, name: Name) -> None:
    """v (digit, place) uniform in 0 … Q - 2."""
    n, wide = Q - 1, width(Q - 1)
    for b in range(4):
        for j in range(m):
            v[b, j] = ZERO
    if wide == 0:
        return
    tries = 1 if (1 << wide) == n else TRIES // 2 // wide * 2
    draw(x, (tries * wide + 1) // 2, OTHERS, m, name)
    flat = x.reshape(-1)
    if tries == 1:
        for b in range(wide):
            for j in range(m):
                v[b, j] = flat[PIECE * b + j]
        return
    for k in range(tries):
        for j in range(m):
            a, b = flat[PIECE * wide * k + j], flat[PIECE * (wide * k + 1) + j]
            c = flat[PIECE * (wide * k + wide - 1) + j] & (FULL if wide == 3 else ZERO)
            good = fits(a, b, c, n) & ~v[3, j]
            v[0, j] |= a & good
            v[1, j] |= b & good
            v[2, j] |= c & good
            v[3, j] |= good
    for j in range(m):
        if v[3, j] != FULL:
            redraw(v, j, ~v[3, j], n, name)


@classify.register(Coloured)
def _(
    rule: Coloured, p: int, start: int, m: int, s: np.ndarray, near: np.ndarray, members: np.ndarray, free: np.ndarray,
    change: np.ndarray, count: np.ndarray, x: np.ndarray, name: Name,
) -> None:  # fmt: skip
    v = count[6:10]
    others(v, x, rule.Q, m, name)
    planes = len(s)
    for j in range(m):  # v >= old: one more
        below = ZERO
        for b in range(planes):
            below = (~v[b, j] & s[b, j]) | (~(v[b, j] ^ s[b, j]) & below)
        carry = ~below
        for b in range(planes):
            change[b, j] = v[b, j] ^ carry ^ s[b, j]
            carry &= v[b, j]
    for k in range(near.shape[1]):
        for j in range(m):
            old, new = FULL, FULL
            for b in range(planes):
                unlike = near[b, k, j] ^ s[b, j]
                old &= ~unlike
                new &= ~(unlike ^ change[b, j])
            v[0, j] = old if rule.like else new
            v[1, j] = new if rule.like else old
        add(count, 0, k, v[0], m)
        add(count, 3, k, v[1], m)
    for j in range(m):  # lost less won, in the digits count[0:3]; free where it is not positive
        borrow = ZERO
        for b in range(3):
            lost, won = count[b, j], count[3 + b, j]
            count[b, j] = lost ^ won ^ borrow
            borrow = (~lost & (won | borrow)) | (won & borrow)
        free[j] = borrow | ~(count[0, j] | count[1, j] | count[2, j])
    for c in range(len(members)):
        one, two, four = digit(c + 1, 0), digit(c + 1, 1), digit(c + 1, 2)
        for j in range(m):
            members[c, j] = ~free[j] & ~(count[0, j] ^ one) & ~(count[1, j] ^ two) & ~(count[2, j] ^ four)
