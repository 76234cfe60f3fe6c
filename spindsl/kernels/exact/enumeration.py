"""All states of small systems: Z and moments without any approximation.

State number a has the digits d_i in base Q, site 0 the most significant: s_i = 2 d_i - 1 of spins, q_i = d_i of
colours. The last sites run through Gray code, so that the next state differs at one site by one step and its energy
follows from `cost`; the energy is summed afresh for each block of states, so that no rounding gathers.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from ..energies import Colours, Model, cost, energy, states

MOST = 24  # bits: 2^24 states
BLOCK = 12  # bits of a block that Gray code runs through


class Moments(NamedTuple):
    """Sums over all states at the temperatures (beta): ln Z, <E>, var E and moments of the order parameter.

    m is the mean spin of ±1, and (Q max_a n_a / N - 1) / (Q - 1) of colours.
    """

    log_z: np.ndarray
    energy: np.ndarray
    variance: np.ndarray
    m: np.ndarray
    abs_m: np.ndarray
    m2: np.ndarray
    m4: np.ndarray

    @property
    def binder(self) -> np.ndarray:
        """U4 = 1 - <m^4> / (3 <m^2>^2)."""
        return 1 - self.m4 / (3 * self.m2**2)


def bits(model: Model) -> float:
    """log2 of the number of states: what enumeration can hold ends at MOST."""
    return model.sites * np.log2(states(model))


def moments(model: Model, betas: np.ndarray) -> Moments:
    """Thermodynamics at all temperatures (beta) in one pass."""
    block, head = _cut(model)
    betas = np.asarray(betas, dtype=np.float64)
    sums = _summed(model, betas, _spin(model), states(model), block, head)
    low, z, mean, squares, *m = sums.T
    return Moments(np.log(z) - betas * low, mean, squares / z, *(k / z for k in m))


def _spin(model: Model) -> bool:
    return not isinstance(model, Colours)


def _cut(model: Model) -> tuple[int, int]:
    """Sites of a block, and sites before them; ValueError where there are too many states."""
    if bits(model) > MOST + 1e-9:
        raise ValueError(f"{model.sites} sites of {states(model)} states are more than 2^{MOST} states")
    block = min(model.sites, max(1, int(BLOCK / np.log2(states(model)))))
    return block, model.sites - block


@njit(cache=True, nogil=True)
def _summed(model: Model, betas: np.ndarray, spin: bool, Q: int, block: int, head: int) -> np.ndarray:
    """(beta, 8): the lowest energy E_0; z, the sum of w = e^(-beta (E - E_0)); mean and summed squares of E about it;
    sums of w (m, |m|, m^2, m^4). Blocks are merged as by Chan, Golub and LeVeque, Am. Stat. 37, 242 (1983)."""
    size = Q**block
    e, m, w = np.empty(size), np.empty(size), np.empty(size)
    total, part = np.zeros((len(betas), 8)), np.zeros(8)
    total[:, 0] = np.inf
    for b in range(Q**head):
        _block(model, spin, Q, block, head, b, e, m)
        low = e.min()
        for k in range(len(betas)):
            row = total[k]
            if low < row[0]:
                mean = row[2]
                row[1:] *= np.exp(-betas[k] * (row[0] - low)) if row[1] > 0 else 0.0
                row[0], row[2] = low, mean
            _weighed(e, m, w, betas[k], row[0], part)
            if part[1] > 0:
                z = row[1] + part[1]
                apart = part[2] - row[2]
                row[3] += part[3] + apart**2 * row[1] * part[1] / z
                row[2] += apart * part[1] / z
                row[1] = z
                row[4:] += part[4:]
    return total


@njit(cache=True, nogil=True)
def _weighed(e: np.ndarray, m: np.ndarray, w: np.ndarray, beta: float, low: float, part: np.ndarray) -> None:
    """The sums of one block."""
    part[:] = 0.0
    for a in range(len(e)):
        w[a] = np.exp(-beta * (e[a] - low))
        part[1] += w[a]
        part[2] += w[a] * (e[a] - low)
        part[4] += w[a] * m[a]
        part[5] += w[a] * abs(m[a])
        part[6] += w[a] * m[a] ** 2
        part[7] += w[a] * m[a] ** 4
    if part[1] > 0:
        part[2] = low + part[2] / part[1]
        for a in range(len(e)):
            part[3] += w[a] * (e[a] - part[2]) ** 2


@njit(cache=True, nogil=True)
def _block(model: Model, spin: bool, Q: int, block: int, head: int, b: int, e: np.ndarray, m: np.ndarray) -> None:
    """Energy and order parameter of the states b size … (b + 1) size - 1: reflected Gray code in base Q."""
    sites = block + head
    s = np.zeros(sites, dtype=np.int8)
    digit, step = np.zeros(sites, dtype=np.int64), np.ones(sites, dtype=np.int64)
    count = np.zeros(Q, dtype=np.int64)
    for i in range(head - 1, -1, -1):
        digit[i] = b % Q
        b //= Q
    for i in range(sites):
        s[i] = 2 * digit[i] - 1 if spin else digit[i]
        count[digit[i]] += 1
    now, a = energy(model, s), 0
    e[0], m[0] = now, _order(count, spin, sites)
    for t in range(1, len(e)):
        i, place = sites - 1, 1
        while t % Q == 0:
            t //= Q
            i -= 1
            place *= Q
        old = digit[i]
        digit[i] += step[i]
        if digit[i] == 0 or digit[i] == Q - 1:
            step[i] = -step[i]
        new = 2 * digit[i] - 1 if spin else digit[i]
        now += cost(model, s, i, new)
        s[i] = new
        count[old] -= 1
        count[digit[i]] += 1
        a += place * (digit[i] - old)
        e[a], m[a] = now, _order(count, spin, sites)


@njit(cache=True, nogil=True)
def _order(count: np.ndarray, spin: bool, sites: int) -> float:
    """Mean spin, or how far one colour prevails."""
    if spin:
        return (count[1] - count[0]) / sites
    most = count.max()
    return (len(count) * most / sites - 1) / (len(count) - 1)
