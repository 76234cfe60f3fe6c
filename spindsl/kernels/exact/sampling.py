"""Independent configurations drawn from e^(-beta E) / Z by the transfer matrix: no chain, no burn-in.

Forwards, v_k(a) is the weight of all that comes before step k in the state a of the row; backwards, the spin replaced
at step k is q with probability v_k(…, q, …) e^(-beta e(q, q')) / sum. The first row of a torus is drawn from its exact
distribution before. Sample i depends on the key and on i only.
"""

from typing import SupportsIndex

import numpy as np
from numba import njit

from ..philox import uniforms
from .strip import Strip, lifted, row_energies
from .transfer import sectors


def draw(s: Strip, beta: float, number: int, key: tuple[int, int]) -> np.ndarray:
    """Configurations (number, site) int8 of the model's values; M W Q^W numbers are held meanwhile."""
    t, _ = lifted(s)
    log_w = sectors(s, beta).f
    w = np.exp(log_w - log_w.max()).cumsum()
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    first = np.minimum(np.searchsorted(w, _firsts(number, k0, k1) * w[-1], side="right"), len(w) - 1)
    order = np.argsort(first, kind="stable")
    own = np.exp(-beta * row_energies(t.across, t.own))
    return s.value[_drawn(own, np.exp(-beta * t.along), s.site, s.closed, first, order, k0, k1)]


@njit(cache=True, nogil=True)
def _firsts(number: int, k0: np.uint64, k1: np.uint64) -> np.ndarray:
    """What the first row of each sample is drawn with."""
    out = np.empty(number)
    for i in range(number):
        out[i], _ = uniforms(np.uint64(i), np.uint64(0), np.uint64(0), k0, k1)
    return out


@njit(cache=True, nogil=True)
def _drawn(
    own: np.ndarray, along: np.ndarray, site: np.ndarray, closed: bool, first: np.ndarray, order: np.ndarray,
    k0: np.uint64, k1: np.uint64,
) -> np.ndarray:  # fmt: skip
    """States (number, site) int8, the samples of one first row after those of another."""
    M, W, Q, _ = along.shape
    out = np.empty((len(first), M * W), dtype=np.int8)
    held = np.empty((M, W, own.shape[1]))
    place, digit = Q ** np.arange(W), np.empty(W, dtype=np.int64)
    last = -1
    for i in order:
        if first[i] != last:
            last = first[i]
            _forward(own, along, closed, last, held)
        state, k, u, v = last, 0, 0.0, 0.0
        digit[:] = last // place % Q
        for x in range(M - 1, -1, -1):
            for y in range(W - 1, -1, -1):
                u, v = v, u
                if k % 2 == 0:
                    u, v = uniforms(np.uint64(i), np.uint64(1 + k // 2), np.uint64(0), k0, k1)
                k += 1
                base = state - digit[y] * place[y]
                digit[y] = _chosen(held[x, y], along[x, y], base, place[y], digit[y], u)
                state = base + digit[y] * place[y]
                out[i, site[x, y]] = digit[y]
    return out


@njit(cache=True, nogil=True)
def _chosen(v: np.ndarray, w: np.ndarray, base: int, stride: int, p: int, u: float) -> int:
    """The state q before, given p after."""
    total, below, q = 0.0, 0.0, 0
    for a in range(len(w)):
        total += v[base + a * stride] * w[a, p]
    for a in range(len(w)):
        part = v[base + a * stride] * w[a, p]
        if part > 0.0:
            q = a
            below += part
            if u * total < below:
                break
    return q


@njit(cache=True, nogil=True)
def _forward(own: np.ndarray, along: np.ndarray, closed: bool, first: SupportsIndex, held: np.ndarray) -> None:
    """Fill held (M, W, Q^W): weights before each spin of the next row is added, rows as in `transfer`."""
    M, W, Q, _ = along.shape
    v, new = np.zeros(own.shape[1]), np.empty(Q)
    if closed:
        v[first] = 1.0
    else:
        v[:] = 1.0
    for x in range(M):
        v *= own[x]
        v /= v.sum()
        for y in range(W):
            held[x, y] = v
            stride, w = Q**y, along[x, y]
            for top in range(0, len(v), stride * Q):
                for base in range(top, top + stride):
                    for p in range(Q):
                        new[p] = 0.0
                        for q in range(Q):
                            new[p] += w[q, p] * v[base + q * stride]
                    for p in range(Q):
                        v[base + p * stride] = new[p]
