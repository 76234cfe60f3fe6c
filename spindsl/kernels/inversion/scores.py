"""Pseudolikelihood of an energy that is linear in its couplings, summed over blocks of configurations.

    p(s) ~ exp(sum_t K_t Phi_t(s)),  Phi_t = sum of the terms of t, each a product of ±1 spins;  K = beta J
    PL   = sum_i ln p(s_i | rest) = -sum_i ln(1 + exp(-2 q_i)),   q_i = sum_t K_t u_it,   u_it = terms of t that hold i
    dPL/dK_t   = 2 sum_(terms c of t) P_c sum_(i in c) r_i,       r_i = 1 / (1 + exp(2 q_i))
    -d2PL/dK_t dK_v = 4 sum_(terms c of t) P_c sum_(i in c) r_i (1 - r_i) u_iv

(Besag 1975; Nguyen, Zecchina and Berg 2017, Eq. 80.) A term costs one product over its sites whatever it belongs to,
so a thousand candidates cost little more than one. Configurations lie side by side for the vector unit.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

LANES = 256  # configurations worked on together


class Terms(NamedTuple):
    """Lists of terms as one array: term c holds site[start[c]:start[c + 1]] and has the coupling own[c]."""

    start: np.ndarray  # int64 (term + 1)
    site: np.ndarray  # int64
    own: np.ndarray  # int64 (term): number of the coupling, ascending
    count: int  # pyright: ignore[reportIncompatibleMethodOverride]  # number of couplings


class Sums(NamedTuple):
    """What a pass over the data gives."""

    value: np.ndarray  # float64 (block): PL
    gradient: np.ndarray  # float64 (block, coupling)
    hessian: np.ndarray  # float64 (coupling, fitted): -d2PL, summed over all blocks seen


def terms(placed: list[np.ndarray]) -> Terms:
    """One array (term, site) a coupling -> Terms."""
    size = np.concatenate([np.full(len(p), p.shape[1]) for p in placed])
    start = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    site = np.concatenate([p.ravel() for p in placed]).astype(np.int64)
    return Terms(start, site, np.repeat(np.arange(len(placed)), [len(p) for p in placed]), len(placed))


def none() -> Terms:
    """No terms at all."""
    return Terms(np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), 0)


def sums(
    spins: np.ndarray, fitted: Terms, K: np.ndarray, asked: Terms, cuts: np.ndarray, weight: np.ndarray | None = None,
    curved: bool = True, exact: bool = False,
) -> Sums:  # fmt: skip
    """PL, gradient of the couplings `asked` and Hessian (asked, fitted) at the energy `fitted`, K.

    `spins` (observation, site) int8; block b is spins[cuts[b, 0]:cuts[b, 1]]; `weight` (observation) multiplies each;
    `exact` computes in double precision.
    """
    real = np.float64 if exact else np.float32
    weight = np.ones(len(spins), real) if weight is None else np.asarray(weight, real)
    blocks = len(cuts)
    out = Sums(np.zeros(blocks), np.zeros((blocks, asked.count)), np.zeros((asked.count, fitted.count)))
    K, cuts = np.asarray(K, dtype=real), np.asarray(cuts, dtype=np.int64)
    _pass(spins, weight, *fitted[:3], K, *asked[:3], cuts, curved, out.value, out.gradient, out.hessian)
    return out


@njit(cache=True, fastmath=True, error_model="numpy", boundscheck=False)
def _pass(
    spins: np.ndarray, weight: np.ndarray, f_start: np.ndarray, f_site: np.ndarray, f_own: np.ndarray, K: np.ndarray,
    a_start: np.ndarray, a_site: np.ndarray, a_own: np.ndarray, cuts: np.ndarray, curved: bool, value: np.ndarray,
    gradient: np.ndarray, hessian: np.ndarray,
) -> None:  # fmt: skip
    sites, real, fitted = spins.shape[1], weight.dtype, len(K) if curved else 0
    s, q, r = np.empty((sites, LANES), real), np.empty((sites, LANES), real), np.empty((sites, LANES), real)
    vu = np.empty((fitted, sites, LANES), real)
    p = np.empty(LANES, real)
    for block in range(len(cuts)):
        for low in range(cuts[block, 0], cuts[block, 1], LANES):
            lanes = min(LANES, cuts[block, 1] - low)
            _turn(spins, low, lanes, s)
            _local(s, f_start, f_site, f_own, K, q, vu, p, lanes)
            value[block] += _conditionals(q, r, vu, weight, low, lanes)
            _gather(s, r, vu, a_start, a_site, a_own, gradient[block], hessian, lanes)


@njit(cache=True, inline="always")
def _turn(spins: np.ndarray, low: int, lanes: int, s: np.ndarray) -> None:
    for i in range(s.shape[0]):
        for b in range(lanes):
            s[i, b] = spins[low + b, i]


@njit(cache=True, fastmath=True)
def _local(
    s: np.ndarray, start: np.ndarray, site: np.ndarray, own: np.ndarray, K: np.ndarray, q: np.ndarray, vu: np.ndarray,
    p: np.ndarray, lanes: int,
) -> None:  # fmt: skip
    """q_i, and u_iv where the Hessian is wanted."""
    q[:, :lanes] = 0
    vu[:, :, :lanes] = 0
    for c in range(len(own)):
        k, row = K[own[c]], s[site[start[c]]]
        for b in range(lanes):
            p[b] = row[b]
        for m in range(start[c] + 1, start[c + 1]):
            row = s[site[m]]
            for b in range(lanes):
                p[b] *= row[b]
        for m in range(start[c], start[c + 1]):
            row = q[site[m]]
            for b in range(lanes):
                row[b] += k * p[b]
            if len(vu):
                row = vu[own[c], site[m]]
                for b in range(lanes):
                    row[b] += p[b]


@njit(cache=True, fastmath=True)
def _conditionals(q: np.ndarray, r: np.ndarray, vu: np.ndarray, weight: np.ndarray, low: int, lanes: int) -> float:
    """r_i and r_i (1 - r_i) u_iv, both times the weight of the configuration; the value of PL."""
    total = 0.0
    for i in range(q.shape[0]):
        for b in range(lanes):
            x = 1 / (1 + np.exp(2 * q[i, b]))
            total += weight[low + b] * np.log(1 - x)
            q[i, b] = weight[low + b] * x * (1 - x)
            r[i, b] = weight[low + b] * x
        for v in range(len(vu)):
            row = vu[v, i]
            for b in range(lanes):
                row[b] *= q[i, b]
    return total


@njit(cache=True, fastmath=True)
def _gather(
    s: np.ndarray, r: np.ndarray, vu: np.ndarray, start: np.ndarray, site: np.ndarray, own: np.ndarray,
    gradient: np.ndarray, hessian: np.ndarray, lanes: int,
) -> None:  # fmt: skip
    for c in range(len(own)):
        term = site[start[c] : start[c + 1]]
        gradient[own[c]] += 2 * _against(s, r, term, lanes)
        for v in range(len(vu)):
            hessian[own[c], v] += 4 * _against(s, vu[v], term, lanes)


@njit(cache=True, fastmath=True, boundscheck=False)
def _against(s: np.ndarray, r: np.ndarray, term: np.ndarray, lanes: int) -> float:
    """sum over lanes of (product of the spins of a term) x (sum of r over its sites); small terms written out."""
    total, size = s.dtype.type(0), len(term)
    if size == 1:
        a, ra = s[term[0]], r[term[0]]
        for b in range(lanes):
            total += a[b] * ra[b]
    elif size == 2:
        a, ra, d, rd = s[term[0]], r[term[0]], s[term[1]], r[term[1]]
        for b in range(lanes):
            total += a[b] * d[b] * (ra[b] + rd[b])
    elif size == 3:
        a, ra, d, rd, e, re = s[term[0]], r[term[0]], s[term[1]], r[term[1]], s[term[2]], r[term[2]]
        for b in range(lanes):
            total += a[b] * d[b] * e[b] * (ra[b] + rd[b] + re[b])
    elif size == 4:
        a, ra, d, rd = s[term[0]], r[term[0]], s[term[1]], r[term[1]]
        e, re, f, rf = s[term[2]], r[term[2]], s[term[3]], r[term[3]]
        for b in range(lanes):
            total += a[b] * d[b] * e[b] * f[b] * (ra[b] + rd[b] + re[b] + rf[b])
    else:
        for b in range(lanes):
            p, held = s[term[0], b], r[term[0], b]
            for k in range(1, size):
                p *= s[term[k], b]
                held += r[term[k], b]
            total += p * held
    return total
