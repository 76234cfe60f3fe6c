"""ln Z by the row transfer matrix, added spin by spin: M W Q^(W+1) steps, times Q^W where the last row meets the first.

Kramers and Wannier, Phys. Rev. 60, 252 (1941). The vector of partial sums over all rows before is a jet in beta, Z, Z'
and Z'', and each row its logarithm is split off, so that <E> and var E come to rounding at any length.
"""

import numpy as np
from numba import njit

from .jets import Jet, logsum
from .strip import Strip, lifted, row_energies


def log_z(s: Strip, beta: float) -> tuple[float, float, float]:
    """(ln Z, <E>, var E)."""
    z = logsum(sectors(s, beta))
    return float(z.f), float(-z.d), float(z.dd)


def sectors(s: Strip, beta: float) -> Jet:
    """ln Z of each state of the first row, (Q^W); of an open strip of all states together, (1).

    -d/dbeta is <E> and d^2/dbeta^2 is var E given that state.
    """
    t, low = lifted(s)
    own = row_energies(t.across, t.own)
    jets = _sectors(own, t.along, beta, s.closed)
    return Jet(jets[:, 0] - beta * low, jets[:, 1] - low, jets[:, 2])


@njit(cache=True, nogil=True)
def _sectors(own: np.ndarray, along: np.ndarray, beta: float, closed: bool) -> np.ndarray:
    """Jets of ln sum e^(-beta E) in beta, (sector, 3)."""
    M, W, Q, _ = along.shape
    rows = own.shape[1]
    w = np.exp(-beta * along)
    out = np.zeros((rows if closed else 1, 3))
    v = np.empty((3, rows))
    for a in range(len(out)):
        v[0], v[1:] = 0.0 if closed else 1.0, 0.0
        v[0, a] = 1.0
        for x in range(M):
            _weigh(v, own[x], beta)
            if not _split(v, out[a]):
                break
            for y in range(W):
                _cross(v, w[x, y], along[x, y], Q**y)
        else:
            _add(v[0, a], v[1, a], v[2, a], out[a])
    return out


@njit(cache=True, nogil=True)
def _add(z: float, d: float, dd: float, log: np.ndarray) -> bool:
    """Add the jet of ln z to `log`; where z is below the smallest number, no weight is left: ln z = -inf."""
    if z == 0.0:
        log[:] = -np.inf, 0.0, 0.0
        return False
    log[0] += np.log(z)
    log[1] += d / z
    log[2] += dd / z - (d / z) ** 2
    return True


@njit(cache=True, nogil=True)
def _weigh(v: np.ndarray, e: np.ndarray, beta: float) -> None:
    """Times e^(-beta e) of each state."""
    for a in range(len(e)):
        w = np.exp(-beta * e[a])
        v0, v1, v2 = v[0, a], v[1, a], v[2, a]
        v[0, a] = w * v0
        v[1, a] = w * (v1 - e[a] * v0)
        v[2, a] = w * (v2 - 2 * e[a] * v1 + e[a] ** 2 * v0)


@njit(cache=True, nogil=True)
def _split(v: np.ndarray, log: np.ndarray) -> bool:
    """Take the logarithm of the sum z out of the vector: v = z u."""
    z, d, dd = v[0].sum(), v[1].sum(), v[2].sum()
    if not _add(z, d, dd, log):
        return False
    d, dd = d / z, dd / z
    for a in range(v.shape[1]):
        v[0, a] /= z
        v[1, a] = v[1, a] / z - d * v[0, a]
        v[2, a] = v[2, a] / z - dd * v[0, a] - 2 * d * v[1, a]
    return True


@njit(cache=True, nogil=True)
def _cross(v: np.ndarray, w: np.ndarray, e: np.ndarray, stride: int) -> None:
    """From the old spin to the new one at one place: v'(q') = sum_q v(q) w(q, q'), w = e^(-beta e)."""
    Q = len(w)
    new = np.zeros((3, Q))
    for top in range(0, v.shape[1], stride * Q):
        for base in range(top, top + stride):
            for q in range(Q):
                a = base + q * stride
                for p in range(Q):
                    x = e[q, p]
                    new[0, p] += w[q, p] * v[0, a]
                    new[1, p] += w[q, p] * (v[1, a] - x * v[0, a])
                    new[2, p] += w[q, p] * (v[2, a] - 2 * x * v[1, a] + x * x * v[0, a])
            for p in range(Q):
                for k in range(3):
                    v[k, base + p * stride] = new[k, p]
                    new[k, p] = 0.0
