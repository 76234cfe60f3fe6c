"""Rejection-free dynamics in continuous time (Gillespie 1977; Bortz, Kalos and Lebowitz 1975).

The waiting time in a configuration is exponential with the summed rate R, and spin i flips first with
probability rate_i / R. Rates are leaves of a sum tree, so an event costs degree + log N. All randomness
comes from the name of the event: (key, trial, switch, event).
"""

from functools import singledispatch

import numpy as np
from numba import njit

from .couplings import Dense, Pairs, Products, local_fields
from .energies import products
from .floats import log
from .philox import uniforms
from .rules import Rule, rate
from .tree import FAN, add16, fill, levels, lift, pick
from .verbs import compiled


@compiled(inline="always")
@singledispatch
def flip(
    couplings: Pairs | Dense | Products,
    rule: Rule,
    i: int,
    s: np.ndarray,
    g: np.ndarray,
    A: np.ndarray,
    tree: np.ndarray,
    starts: np.ndarray,
) -> None:
    """Flip spin i: update s, the local fields, the rates that change and their sums."""
    raise TypeError(f"no flip for {type(couplings).__name__}")


@flip.register(Pairs)
def _(
    couplings: Pairs,
    rule: Rule,
    i: int,
    s: np.ndarray,
    g: np.ndarray,
    A: np.ndarray,
    tree: np.ndarray,
    starts: np.ndarray,
) -> None:
    # all leaves before all sums: in a large system the neighbours are far apart, and are fetched at the same time
    s[i] = -s[i]
    twice = 2.0 * s[i]
    tree[i >> 4, i & 15] = rate(rule, i, s[i] * (g[i] + A[i]))
    for k in range(couplings.start[i], couplings.start[i + 1]):
        j = couplings.other[k]
        g[j] += twice * couplings.J[k]
        tree[j >> 4, j & 15] = rate(rule, j, s[j] * (g[j] + A[j]))
    lift(tree, starts, i)
    for k in range(couplings.start[i], couplings.start[i + 1]):
        lift(tree, starts, couplings.other[k])


@flip.register(Dense)
def _(
    couplings: Dense,
    rule: Rule,
    i: int,
    s: np.ndarray,
    g: np.ndarray,
    A: np.ndarray,
    tree: np.ndarray,
    starts: np.ndarray,
) -> None:
    s[i] = -s[i]
    twice = 2.0 * s[i]
    leaves = tree.reshape(-1)
    for j in range(len(s)):
        g[j] += twice * couplings.J[i, j]
        leaves[j] = rate(rule, j, s[j] * (g[j] + A[j]))
    fill(tree, starts)


@flip.register(Products)
def _(
    couplings: Products,
    rule: Rule,
    i: int,
    s: np.ndarray,
    g: np.ndarray,
    A: np.ndarray,
    tree: np.ndarray,
    starts: np.ndarray,
) -> None:
    # all fields before all rates: two spins may share several terms
    s[i] = -s[i]
    for n in range(couplings.first[i], couplings.first[i + 1]):
        t = couplings.term[n]
        change = 2.0 * couplings.c[t]
        for k in range(couplings.start[t], couplings.start[t + 1]):
            change *= s[couplings.site[k]]
        for k in range(couplings.start[t], couplings.start[t + 1]):
            j = couplings.site[k]
            if j != i:
                g[j] += change * s[j]
    tree[i >> 4, i & 15] = rate(rule, i, s[i] * (g[i] + A[i]))
    for k in range(couplings.edge[i], couplings.edge[i + 1]):
        j = couplings.near[k]
        tree[j >> 4, j & 15] = rate(rule, j, s[j] * (g[j] + A[j]))
    if (couplings.edge[i + 1] - couplings.edge[i]) * FAN > len(s):
        fill(tree, starts)
    else:
        lift(tree, starts, i)
        for k in range(couplings.edge[i], couplings.edge[i + 1]):
            lift(tree, starts, couplings.near[k])


@njit(inline="always")
def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of a_j b_j in eight lanes, which fit vector registers, added pairwise at the end."""
    t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = 0.0
    whole = len(a) & ~7
    for j in range(0, whole, 8):
        t0 += a[j] * b[j]
        t1 += a[j + 1] * b[j + 1]
        t2 += a[j + 2] * b[j + 2]
        t3 += a[j + 3] * b[j + 3]
        t4 += a[j + 4] * b[j + 4]
        t5 += a[j + 5] * b[j + 5]
        t6 += a[j + 6] * b[j + 6]
        t7 += a[j + 7] * b[j + 7]
    total = ((t0 + t4) + (t2 + t6)) + ((t1 + t5) + (t3 + t7))
    for j in range(whole, len(a)):
        total += a[j] * b[j]
    return total


@compiled(inline="always")
@singledispatch
def interaction(couplings: Pairs | Dense | Products, g: np.ndarray, s: np.ndarray) -> float:
    """Energy of the couplings, K, of spins s and their local fields g."""
    raise TypeError(f"no energy for {type(couplings).__name__}")


@interaction.register(Pairs)
@interaction.register(Dense)
def _(couplings: Pairs | Dense, g: np.ndarray, s: np.ndarray) -> float:
    return 0.5 * dot(g, s)


@interaction.register(Products)
def _(couplings: Products, g: np.ndarray, s: np.ndarray) -> float:
    return products(couplings.start, couplings.site, couplings.c, s)


@njit(nogil=True)
def dwell(
    couplings: Pairs | Dense | Products, rule: Rule, A: np.ndarray, s: np.ndarray, g: np.ndarray, tree: np.ndarray,
    starts: np.ndarray, duration: float, trial: np.uint64, switch: np.uint64, k0: np.uint64, k1: np.uint64,
) -> tuple[np.uint64, float]:  # fmt: skip
    """Run `duration` seconds at field A, in place. Returns (flips, heat).

    s, g, A (spin), float64; g must be the couplings' local fields of s. Heat is the energy given to
    the bath, the sum of 2 e_i over the flips (e_i before the flip), in K.
    """
    leaves = tree.reshape(-1)
    for j in range(len(s)):
        leaves[j] = rate(rule, j, s[j] * (g[j] + A[j]))
    fill(tree, starts)
    event, t, heat = np.uint64(0), 0.0, 0.0
    while True:
        total = add16(tree, starts[-2])
        u, v = uniforms(event, switch, trial, k0, k1)
        t -= log(u) / total
        if t > duration:
            return event, heat
        i = pick(tree, starts, v * total)
        heat += 2.0 * s[i] * (g[i] + A[i])
        flip(couplings, rule, i, s, g, A, tree, starts)
        event += np.uint64(1)


@njit(nogil=True, cache=True)
def relax(
    couplings: Pairs | Dense | Products, rule: Rule, h: np.ndarray, s: np.ndarray, duration: float, step: np.uint64,
    key: np.ndarray,
) -> None:  # fmt: skip
    """Dwell `duration` seconds at the matter's own field h, in place; h, s (spin) float64, `step` (uint64) names it."""
    starts = levels(len(s))
    tree = np.zeros((starts[-1], FAN))
    g = np.empty(len(s))
    local_fields(couplings, s, g)
    dwell(couplings, rule, h, s, g, tree, starts, duration, np.uint64(0), step, key[0], key[1])


@njit(nogil=True, cache=True)
def drive(
    couplings: Pairs | Dense | Products, rule: Rule, A: np.ndarray, field: np.ndarray, previous: np.ndarray,
    slot: np.ndarray, duration: float, s: np.ndarray, trials: np.ndarray, switch: np.uint64, key: np.ndarray,
    out: tuple[np.ndarray, ...],
) -> None:  # fmt: skip
    """Switch through a schedule of fields, recording the end of the dwells asked for.

    A (field, spin) strengths, K, each with the matter's own field; field (trial, switch) rows of A; previous
    (trial) the row before the first switch, -1 for zero; slot (switch) where a dwell is recorded, -1 for nowhere;
    s (trial, spin) int8, the start, overwritten by the end; trials (trial) their numbers, switch that of the first,
    uint64.
    out: spins (trial, slot, spin) int8; flips, work, heat, interaction and field energy (trial, slot), K.

    Work is booked at the switch, W = sum_j (A'_j - A_j) s_j (Zhong et al. 2020), from `previous` at the
    first one; first law dE = W - Q.
    """
    spins, flips, work, heat, coupled, zeeman = out
    size = s.shape[1]
    starts = levels(size)
    tree = np.zeros((starts[-1], FAN))
    g, x, change, zero = np.empty(size), np.empty(size), np.empty(size), np.zeros(size)
    for a in range(field.shape[0]):
        x[:] = s[a]
        local_fields(couplings, x, g)
        before = A[previous[a]] if previous[a] >= 0 else zero
        for k in range(field.shape[1]):
            now = A[field[a, k]]
            for j in range(size):
                change[j] = now[j] - before[j]
            w = dot(change, x)
            n, q = dwell(couplings, rule, now, x, g, tree, starts, duration,
                         trials[a], switch + np.uint64(k), key[0], key[1])  # fmt: skip
            before = now
            at = slot[k]
            if at >= 0:
                for j in range(size):
                    spins[a, at, j] = np.int8(x[j])
                flips[a, at], work[a, at], heat[a, at] = n, w, q
                coupled[a, at], zeeman[a, at] = interaction(couplings, g, x), dot(now, x)
        for j in range(size):
            s[a, j] = np.int8(x[j])
