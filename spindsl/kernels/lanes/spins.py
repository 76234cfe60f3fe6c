"""Ising spins: which lanes have which cost of a flip.

    E = -sum_(ij) J_ij s_i s_j - sum_i h_i s_i,    cost of a flip 2 s_i (sum_j J_ij s_j + h_i)

A rule sorts the lanes of each site into classes of one cost with a threshold each: e^(-beta cost) for Metropolis,
1 / (1 + e^(beta cost)) for the heat bath. `classify` is one method a rule. Lanes that it calls free flip where u is
not below the threshold, too, or (heat bath) there only.
"""

from functools import singledispatch
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from ..verbs import compiled
from .digits import FULL, ONE, ZERO, Name, digits
from .torus import Torus, arranged

if TYPE_CHECKING:
    from .colours import Coloured


class Counted(NamedTuple):
    """One |J| and one h: the cost is told by the number of satisfied neighbours and by the spin."""

    T: np.ndarray  # uint64 (1, class, 1)
    metropolis: bool
    pattern: np.ndarray  # uint64 (class, 5): masks of the count's digits 1, 2, 4, of the spin, and "whatever the spin"
    unlike: np.ndarray  # uint64 (1 or 0, neighbour, sublattice, site): lanes whose J_ij is negative


class Table(NamedTuple):
    """Any J_ij and h_i, the same in all lanes: a threshold for each pattern of neighbours at each site.

    Class c: neighbour k = 1, 2, … has the sign of neighbour 0 where bit k - 1 of c is 1. Bit 0 of the threshold tells
    whether the flip costs energy when neighbour 0 is like the spin. A field is a last neighbour, always up.
    """

    T: np.ndarray  # uint64 (sublattice, class, site)
    metropolis: bool
    ghost: bool  # with fields


def uniform(torus: Torus, beta: float, J: float, h: float = 0.0, metropolis: bool = True) -> Counted:
    """E = -J sum s s - h sum s; Metropolis, or heat bath. ValueError for Metropolis on a ring without a field.

    There domain walls that cost nothing to move always do, to the right or to the left by their sublattice, and meet
    and part in pairs only: the number of the one less that of the other never changes.
    """
    z = 2 * len(torus.sides)
    if z == 2 and h == 0 and metropolis:
        raise ValueError(
            "Metropolis by sublattices never equilibrates a ring without a field: its domain walls never turn"
        )
    found, costs = [], []
    for like in range(z + 1):
        for s in (-1, 1):
            cost = 2 * (J * (2 * like - z) + h * s)
            if (cost > 0 or not metropolis) and (h != 0 or s == 1):
                found.append([like & 1, like >> 1 & 1, like >> 2 & 1, s == 1, h == 0])
                costs.append(cost)
    T = digits(beta * np.array(costs, dtype=np.float64), metropolis)
    pattern = np.array(found, dtype=np.uint64).reshape(-1, 5) * FULL
    return Counted(T[None, :, None], metropolis, pattern, np.zeros((0, 0, 0, 0), dtype=np.uint64))


def signed(torus: Torus, beta: float, J: np.ndarray, h: float = 0.0, metropolis: bool = True) -> Counted:
    """J_ij = ±J (dimension, site): the bond from a site onward along each dimension."""
    size = np.abs(J).max()
    if (np.abs(J) != size).any():
        raise ValueError("the couplings differ by more than their signs")
    return uniform(torus, beta, float(size), h, metropolis)._replace(unlike=unlike(torus, J < 0))


def unlike(torus: Torus, negative: np.ndarray) -> np.ndarray:
    """Lanes with a negative coupling to each neighbour; (dimension, site) -> (1, neighbour, sublattice, site)."""
    placed = arranged(torus, both(torus, negative))
    count, words = placed.shape[1], np.zeros(placed[:, 0].shape, dtype=np.uint64)
    for lane in range(torus.chains * count):
        words |= placed[:, lane % count].astype(np.uint64) << np.uint64(lane)
    return words.reshape(1, len(words), 2, -1)


def both(torus: Torus, onward: np.ndarray) -> np.ndarray:
    """Bonds onward (dimension, site) -> bonds to the neighbours before and after along each (neighbour, site)."""
    sides = tuple(torus.sides)
    cube = onward.reshape(len(sides), *sides)
    found = [x for d in range(len(sides)) for x in (np.roll(cube[d], 1, axis=d), cube[d])]
    return np.stack(found).reshape(2 * len(sides), -1)


def table(torus: Torus, beta: float, J: np.ndarray, h: np.ndarray | None = None, metropolis: bool = True) -> Table:
    """J (dimension, site) onward along each dimension, 0 where there is no bond; h (site)."""
    if torus.blocks.prod() > 1:
        raise ValueError("blocks of one lattice have different couplings: a lane must be a whole chain")
    bonds = both(torus, np.asarray(J, dtype=np.float64))
    if h is not None:
        bonds = np.concatenate([bonds, np.asarray(h, dtype=np.float64)[None]])
    c = np.arange(1 << (len(bonds) - 1))
    sign = np.stack([np.ones(len(c)), *(2.0 * (c >> k & 1) - 1 for k in range(len(bonds) - 1))])
    cost = 2.0 * np.einsum("kc,ki->ci", sign, bonds)
    T = digits(beta * np.abs(cost).ravel(), metropolis).reshape(cost.shape) | (cost > 0).astype(np.uint64)
    return Table(
        np.ascontiguousarray(arranged(torus, T)[:, 0].transpose(1, 0, 2, 3)).reshape(2, len(c), -1),
        metropolis,
        h is not None,
    )


@compiled(inline="always")
@singledispatch
def classify(
    rule: "Counted | Table | Coloured", p: int, start: int, m: int, s: np.ndarray, near: np.ndarray,
    members: np.ndarray, free: np.ndarray, change: np.ndarray, count: np.ndarray, x: np.ndarray, name: Name,
) -> None:  # fmt: skip
    """Members of each class (class, place) and free lanes, from s (plane, place), near (plane, neighbour, place)."""
    raise TypeError(f"no classes for {type(rule).__name__}")


@njit(inline="always")
def add(count: np.ndarray, first: int, k: int, bit: np.ndarray, m: int) -> None:
    """Add bit (place) to the binary numbers count[first : first + 3] (digit, place), which start with k = 0."""
    for j in range(m):
        if k == 0:
            count[first, j] = bit[j]
            count[first + 1, j] = ZERO
            count[first + 2, j] = ZERO
        else:
            one = count[first, j] & bit[j]
            count[first, j] ^= bit[j]
            count[first + 2, j] |= count[first + 1, j] & one
            count[first + 1, j] ^= one


@njit(inline="always")
def counted(
    pattern: np.ndarray, m: int, s: np.ndarray, like: np.ndarray, members: np.ndarray, free: np.ndarray,
    count: np.ndarray,
) -> None:  # fmt: skip
    """Classes by the number of like neighbours, like (neighbour, place)."""
    for k in range(len(like)):
        add(count, 0, k, like[k], m)
    for j in range(m):
        free[j] = FULL
    for c in range(len(pattern)):
        a, b, d, up, both = pattern[c, 0], pattern[c, 1], pattern[c, 2], pattern[c, 3], pattern[c, 4]
        for j in range(m):
            lanes = ~(count[0, j] ^ a) & ~(count[1, j] ^ b) & ~(count[2, j] ^ d) & (~(s[0, j] ^ up) | both)
            members[c, j] = lanes
            free[j] &= ~lanes


@classify.register(Counted)
def _(
    rule: Counted, p: int, start: int, m: int, s: np.ndarray, near: np.ndarray, members: np.ndarray, free: np.ndarray,
    change: np.ndarray, count: np.ndarray, x: np.ndarray, name: Name,
) -> None:  # fmt: skip
    for k in range(near.shape[1]):
        for j in range(m):
            near[0, k, j] = ~(near[0, k, j] ^ s[0, j])
        if len(rule.unlike) > 0:
            unlike = rule.unlike[0, k, p, start : start + m]
            for j in range(m):
                near[0, k, j] ^= unlike[j]
    counted(rule.pattern, m, s, near[0], members, free, count)


@classify.register(Table)
def _(
    rule: Table, p: int, start: int, m: int, s: np.ndarray, near: np.ndarray, members: np.ndarray, free: np.ndarray,
    change: np.ndarray, count: np.ndarray, x: np.ndarray, name: Name,
) -> None:  # fmt: skip
    first, size = near[0, 0], 1
    for j in range(m):
        members[0, j] = FULL
    for k in range(1, near.shape[1] + rule.ghost):
        for i in range(size):
            for j in range(m):
                same = ~(near[0, k, j] ^ first[j]) if k < near.shape[1] else first[j]
                members[size + i, j] = members[i, j] & same
                members[i, j] &= ~same
        size *= 2
    for j in range(m):
        free[j] = ZERO
    for c in range(size):
        t = rule.T[p, c, start : start + m]
        for j in range(m):
            free[j] |= members[c, j] & (first[j] ^ s[0, j] ^ (~t[j] & ONE) * FULL)
