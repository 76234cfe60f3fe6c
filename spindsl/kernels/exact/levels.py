"""How many configurations have which energy, in integers of any size, and configurations of one energy.

The transfer matrix whose entries are polynomials in z, z^E for a term of energy E: all its sums are additions, no
product is taken. They are done modulo coprime numbers below 2^62, and the Chinese remainder theorem gives the
integers. Creutz, Phys. Rev. B 43, 10659 (1991); Beale, Phys. Rev. Lett. 76, 78 (1996).
"""

from math import gcd, prod
from typing import SupportsIndex

import numpy as np
from numba import njit

from ..philox import uniforms
from .strip import Strip, row_energies


def density(s: Strip, unit: float = 1.0) -> tuple[np.ndarray, list[int]]:
    """Levels (level) and the number of configurations of each, exact; ValueError where E / unit are no integers."""
    t, own, low, step, size = _counted(s, unit)
    M, W, Q = t.own.shape
    alike = _alike(t)
    moduli = _moduli(Q ** (M * W))
    each = [_sectors(own, t.along, t.closed, alike, size, np.uint64(p)).tolist() for p in moduli]
    folded = [[sum(column) % p for column in zip(*one)] for one, p in zip(each, moduli)]
    times = Q if alike else 1
    g = [times * _chinese(rest, moduli) for rest in zip(*folded)]
    return (low + step * np.flatnonzero(g)) * unit, [n for n in g if n]


def draw(s: Strip, unit: float, energies: np.ndarray, number: int, key: tuple[int, int]) -> np.ndarray:
    """Configurations (level, number, site) int8, each uniform among all of its energy (level).

    Weights are float64: probabilities are exact to some 1e-14. Sample i at a level depends on the key, the level and
    i only. ValueError where no configuration has such an energy.
    """
    t, own, low, step, size = _counted(s, unit)
    M, W, Q = t.own.shape
    if M * W * np.log2(Q) > 1000:
        raise ValueError(f"{Q}^{M * W} configurations are beyond float64")
    alike = _alike(t)
    g = _sectors(own, t.along, t.closed, alike, size, np.inf)
    at = np.rint((np.asarray(energies) / unit - low) / step).astype(np.int64)
    for E, k in zip(energies, at):
        if not 0 <= k < size or not g[:, k].any() or abs((low + step * k) * unit - E) > 1e-9 * abs(unit):
            raise ValueError(f"no configuration has energy {E:g}; `density` lists those that exist")
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    level = np.repeat(at, number)
    first = np.empty(len(level), dtype=np.int64)
    for n, k in enumerate(at):
        w = g[:, k].cumsum()
        u = _firsts(number, k, k0, k1)
        first[n * number : (n + 1) * number] = np.searchsorted(w, u * w[-1], side="right").clip(max=len(w) - 1)
    order = np.argsort(first, kind="stable")
    out = _drawn(own, t.along, s.site, t.closed, alike, first, level, number, order, size, k0, k1)
    return s.value[out].reshape(len(at), number, -1)


def _counted(s: Strip, unit: float) -> tuple[Strip, np.ndarray, int, int, int]:
    """Tables as integers k >= 0 without a common divisor, E = (low + step sum k) unit; the same of rows; low, step, and
    one more than the largest sum k."""
    tables = []
    for table in (s.across, s.along, s.own):
        whole = np.rint(table / unit)
        if np.abs(table / unit - whole).max(initial=0.0) > 1e-9:
            raise ValueError(f"energies are no multiples of {unit:g}: counting levels takes integer couplings")
        tables.append(whole.astype(np.int64))
    low = [t.min(axis=k, keepdims=True) for t, k in zip(tables, ((2, 3), (2, 3), 2))]
    above = [t - at for t, at in zip(tables, low)]
    step = gcd(*(int(np.gcd.reduce(t, axis=None)) for t in above)) or 1
    across, along, own = (t // step for t in above)
    t = s._replace(across=across, along=along, own=own)
    rows = row_energies(across, own)
    return t, rows, sum(int(at.sum()) for at in low), step, int(rows.max(1).sum() + along.max((2, 3)).sum()) + 1


def _alike(t: Strip) -> bool:
    """Whether q -> q + 1 on all sites leaves E as it is, so that one spin of the first row can be held."""
    turned = [np.array_equal(e, np.roll(e, 1, (2, 3))) for e in (t.across, t.along)]
    return t.closed and all(turned) and not t.own.any()


def _moduli(above: int) -> list[int]:
    """Coprime numbers below 2^62 whose product is beyond a number."""
    found, n = [], 2**62 - 1
    while prod(found) <= above:
        if all(gcd(n, p) == 1 for p in found):
            found.append(n)
        n -= 1
    return found


def _chinese(rest: tuple[int, ...], moduli: list[int]) -> int:
    """The number with these remainders, below the product of the moduli."""
    n, step = 0, 1
    for r, p in zip(rest, moduli):
        n += step * ((r - n) * pow(step, -1, p) % p)
        step *= p
    return n


@njit(cache=True, nogil=True)
def _sectors(
    own: np.ndarray, along: np.ndarray, closed: bool, alike: bool, size: int, p: np.uint64 | float
) -> np.ndarray:
    """Numbers of configurations (first row, level), modulo p: uint64, or float64 with p = inf."""
    M, W, Q, _ = along.shape
    rows = own.shape[1]
    v = np.zeros((rows, size), dtype=type(p))
    new = np.zeros((Q, size), dtype=type(p))
    out = np.zeros(((rows // Q if alike else rows) if closed else 1, size), dtype=type(p))
    for a in range(len(out)):
        top = _begin(v, closed, a)
        for x in range(M):
            top = _shift(v, own[x], top)
            for y in range(W):
                top = _cross(v, new, along[x, y], Q**y, top, p)
        out[a] = v[a]
    return out


@njit(cache=True, nogil=True)
def _begin(v: np.ndarray, closed: bool, a: SupportsIndex) -> int:
    """One configuration before anything is added, in the state a or in every state; the degree reached, 0."""
    v[:] = 0
    if closed:
        v[a, 0] = 1
    else:
        v[:, 0] = 1
    return 0


@njit(cache=True, nogil=True)
def _shift(v: np.ndarray, e: np.ndarray, top: int) -> int:
    """Times z^e of each state; the new degree."""
    for a in range(len(v)):
        if e[a] > 0:
            for k in range(top, -1, -1):
                v[a, k + e[a]] = v[a, k]
            v[a, : e[a]] = 0
    return top + e.max()


@njit(cache=True, nogil=True)
def _cross(v: np.ndarray, new: np.ndarray, e: np.ndarray, stride: int, top: int, p: np.uint64 | float) -> int:
    """v'(q') = sum_q v(q) z^e(q, q') at one place, modulo p; the new degree."""
    Q = len(e)
    for high in range(0, len(v), stride * Q):
        for base in range(high, high + stride):
            for after in range(Q):
                new[after, : top + e.max() + 1] = 0
                for q in range(Q):
                    _plus(new[after, e[q, after] :], v[base + q * stride], top + 1, p)
            for after in range(Q):
                v[base + after * stride, : top + e.max() + 1] = new[after, : top + e.max() + 1]
    return top + e.max()


@njit(cache=True, nogil=True)
def _plus(a: np.ndarray, b: np.ndarray, count: int, p: np.uint64 | float) -> None:
    """a += b modulo p."""
    for k in range(count):
        total = a[k] + b[k]
        a[k] = total - p if total >= p else total


@njit(cache=True, nogil=True)
def _firsts(number: int, level: int, k0: np.uint64, k1: np.uint64) -> np.ndarray:
    """What the first row of each sample at a level is drawn with."""
    out = np.empty(number)
    for i in range(number):
        out[i], _ = uniforms(np.uint64(i), np.uint64(0), np.uint64(level), k0, k1)
    return out


@njit(cache=True, nogil=True)
def _drawn(
    own: np.ndarray, along: np.ndarray, site: np.ndarray, closed: bool, alike: bool, first: np.ndarray,
    level: np.ndarray, number: int, order: np.ndarray, size: int, k0: np.uint64, k1: np.uint64,
) -> np.ndarray:  # fmt: skip
    """States (sample, site) int8, the samples of one first row after those of another."""
    M, W, Q, _ = along.shape
    out = np.empty((len(first), M * W), dtype=np.int8)
    held = np.empty((M, W, own.shape[1], size))
    place, digit = Q ** np.arange(W), np.empty(W, dtype=np.int64)
    last = -1
    for n in order:
        if first[n] != last:
            last = first[n]
            _forward(own, along, closed, last, held)
        i, which, left, state, k = np.uint64(n % number), np.uint64(level[n]), level[n], last, 0
        u, v = uniforms(i, np.uint64(1), which, k0, k1)
        turn = int(u * Q) if alike else 0
        digit[:] = last // place % Q
        for x in range(M - 1, -1, -1):
            for y in range(W - 1, -1, -1):
                u, v = v, u
                if k % 2 == 0:
                    u, v = uniforms(i, np.uint64(2 + k // 2), which, k0, k1)
                k += 1
                p = digit[y]
                base = state - p * place[y]
                digit[y] = q = _chosen(held[x, y], along[x, y], base, place[y], p, left, u)
                state = base + q * place[y]
                left -= along[x, y, q, p]
                out[n, site[x, y]] = (q + turn) % Q
            left -= own[x, state]
    return out


@njit(cache=True, nogil=True)
def _chosen(v: np.ndarray, e: np.ndarray, base: int, stride: int, p: int, left: int, u: float) -> int:
    """The state q before, given p after and the energy left for all that comes before."""
    total, below, chosen = 0.0, 0.0, 0
    for q in range(len(e)):
        if e[q, p] <= left:
            total += v[base + q * stride, left - e[q, p]]
    for q in range(len(e)):
        part = v[base + q * stride, left - e[q, p]] if e[q, p] <= left else 0.0
        if part > 0.0:
            chosen = q
            below += part
            if u * total < below:
                break
    return chosen


@njit(cache=True, nogil=True)
def _forward(own: np.ndarray, along: np.ndarray, closed: bool, first: SupportsIndex, held: np.ndarray) -> None:
    """Fill held (M, W, Q^W, level): configurations before each spin of the next row is added."""
    M, W, Q, _ = along.shape
    v, new = np.zeros((held.shape[2], held.shape[3])), np.zeros((Q, held.shape[3]))
    top = _begin(v, closed, first)
    for x in range(M):
        top = _shift(v, own[x], top)
        for y in range(W):
            held[x, y] = v
            top = _cross(v, new, along[x, y], Q**y, top, np.inf)
