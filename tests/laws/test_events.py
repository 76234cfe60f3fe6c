"""The laws of the driven glass, E(s) = sum_{i<j} J_ij s_i s_j + sum_i A_i s_i: no sign or factor is free.

A statistical test states its standard error; |z| or chi-square raises a false alarm with probability 1e-6.
"""

import math
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from scipy import linalg, stats

from spindsl.kernels.couplings import local_fields, on_grid
from spindsl.kernels.events import relax
from spindsl.kernels.philox import uniforms

FALSE_ALARM = 1e-6
Z = stats.norm.isf(FALSE_ALARM / 2)


def states(spins):
    return np.array(list(product([-1, 1], repeat=spins)), dtype=np.int8)


def flipped(s, j):
    return np.where(np.arange(len(s)) == j, -s, s)


def number(s):
    """Place of configurations (…, spin) in `states`."""
    return (s > 0) @ (1 << np.arange(s.shape[-1])[::-1])


def schedule(trials, switches, fields, seed=0):
    """Rows (trial, switch), no row twice in succession."""
    steps = np.random.default_rng(seed).integers(1, fields, (trials, switches))
    return np.cumsum(steps, axis=1) % fields


def identical(a, b):
    return all(x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


def generator(matter, A):
    """Q of the master equation dp/dt = p Q, from the rates written afresh."""
    configurations = states(matter.spins)
    Q = np.zeros((len(configurations), len(configurations)))
    for a, s in enumerate(configurations):
        for j, rate in enumerate(matter.rates(s, A)):
            Q[a, number(flipped(s, j))] = rate
    return Q - np.diag(Q.sum(axis=1))


@pytest.fixture(scope="module")
def driven(glass, start, run):
    """Six trials of twenty dwells of 64 spins: the glass, its schedule, the start and the record."""
    matter = glass(64, seed=1, beta=2.0, field_std=3.0)
    field, s = schedule(6, 20, 4), start(6, 64)
    record = run(matter, field, s, 10.0)
    assert record.flips.sum() > 1000
    return matter, field, s, record


# The rule and its balance


def test_rates_are_arrhenius(glass, stay):
    """exp(beta (e_j - B_j)), e_j = s_j (sum_k J_jk s_k + A_j): for every state, before any flip."""
    matter = glass(4, seed=2, degree=3, beta=1.3)
    for s, A in product(states(4), matter.A):
        np.testing.assert_allclose(stay(matter, s, A).rates, matter.rates(s, A), rtol=1e-13)


def test_detailed_balance(glass, stay):
    """pi(s) w(s -> s') = pi(s') w(s' -> s) with pi = exp(-beta E), for every state and flip of four spins."""
    matter = glass(4, seed=2, degree=3, beta=1.3)
    A = matter.A[0]
    pi = {tuple(s): math.exp(-matter.beta * matter.energy(s, A)) for s in states(4)}
    w = {tuple(s): stay(matter, s, A).rates for s in states(4)}
    for s in states(4):
        for j in range(4):
            there = tuple(flipped(s, j))
            assert pi[tuple(s)] * w[tuple(s)][j] == pytest.approx(pi[there] * w[there][j], rel=1e-13)


def test_heat_of_a_flip_is_its_fall_in_energy(glass, start, run):
    """In dwells with one flip: Q = E(s) - E(s') exactly, and s' differs from s in one spin."""
    matter, s = glass(8, seed=3), start(300, 8)
    record = run(matter, np.zeros((300, 1)), s, 0.15)
    alone = np.flatnonzero(record.flips[:, 0] == 1)
    assert len(alone) > 30
    for before, after, heat in zip(s[alone], record.end[alone], record.heat[alone, 0]):
        assert np.sum(before != after) == 1
        assert heat == matter.energy(before, matter.A[0]) - matter.energy(after, matter.A[0])


# Energy, work and heat


def test_energies_are_those_of_the_configuration(driven):
    """Interaction energy and field energy, the field not halved, exactly."""
    matter, field, _, record = driven
    for at in np.ndindex(field.shape):
        assert record.interaction[at] == matter.energy(record.spins[at], np.zeros(64))
        assert record.zeeman[at] == math.fsum(matter.A[field[at]] * record.spins[at])


def test_work_is_booked_at_the_switch(driven):
    """W = sum_j (A'_j - A_j) s_j before the switch, from zero field at the first, exactly."""
    matter, field, s, record = driven
    for a in range(len(field)):
        old, before = np.zeros(64), s[a]
        for k, row in enumerate(field[a]):
            assert record.work[a, k] == math.fsum((matter.A[row] - old) * before)
            old, before = matter.A[row], record.spins[a, k]


def test_first_law(driven):
    """E' - E = W - Q in every dwell, exactly, with E of the configuration alone."""
    matter, field, s, record = driven
    for a in range(len(field)):
        E = matter.energy(s[a], np.zeros(64))
        for k, row in enumerate(field[a]):
            rise = record.work[a, k] - record.heat[a, k]
            assert matter.energy(record.spins[a, k], matter.A[row]) - E == rise
            E += rise


def test_first_law_to_rounding_where_numbers_are_on_no_grid(glass, start, run):
    matter = glass(64, seed=4, beta=2.0, field_std=3.0, grid=False)
    field, s = schedule(2, 20, 4), start(2, 64)
    record = run(matter, field, s, 10.0)
    start_energy = [[matter.energy(x, np.zeros(64))] for x in s]
    E = np.hstack([start_energy, record.interaction + record.zeeman])
    np.testing.assert_allclose(np.diff(E, axis=1), record.work - record.heat, rtol=0, atol=1e-11)


# Local fields


def test_local_fields_are_those_of_a_fresh_sum_bit_for_bit(glass, start, stay):
    """After tens of thousands of flips, for normal J, and whatever the order of the sum."""
    matter = glass(256, seed=5, beta=2.0, field_std=3.0, grid=False)
    couplings, s, flips, fresh = matter.couplings, start(1, 256)[0], 0, np.empty(256)
    for switch, A in enumerate([*matter.A] * 4):
        after = stay(matter, s, A, 500.0, switch=switch)
        s, flips = after.s, flips + after.flips
        local_fields(couplings, s, fresh)
        assert after.g.tobytes() == fresh.tobytes()
        for i in range(256):
            row = slice(couplings.start[i], couplings.start[i + 1])
            assert after.g[i] == math.fsum(couplings.J[row] * s[couplings.other[row]])
    assert flips > 10_000


def test_the_grid_of_J_is_finer_than_2_to_the_minus_50_of_a_row():
    J = np.random.default_rng(6).normal(size=1000)
    coarse = on_grid(J, np.abs(J).sum())
    assert np.abs(coarse - J).max() <= 2.0**-50 * np.abs(J).sum()
    assert sum(coarse.tolist()) == sum(coarse[::-1].tolist()) == math.fsum(coarse)


# Symmetries and splits


def test_mattis_gauge_maps_a_run_bit_for_bit(driven, start, run):
    """J_ij -> eps_i eps_j J_ij, A -> eps A, s -> eps s: same flips, work, heat, energies; spins eps s."""
    matter, field, s, record = driven
    epsilon = start(1, 64, seed=9)[0]
    image = run(matter.gauged(epsilon.astype(float)), field, s * epsilon, 10.0)
    assert (epsilon < 0).any()
    assert identical(image, record._replace(spins=record.spins * epsilon, end=record.end * epsilon))


def test_trials_one_by_one_are_the_same_bits(driven, run):
    matter, field, s, record = driven
    for a in range(len(field)):
        alone = run(matter, field[a : a + 1], s[a : a + 1], 10.0, trials=[a])
        assert identical(alone, [x[a : a + 1] for x in record])


def test_switches_in_two_halves_are_the_same_bits(driven, run):
    matter, field, s, record = driven
    assert {0, 3} <= set(field[:, 7])
    first = run(matter, field[:, :8], s, 10.0)
    second = run(matter, field[:, 8:], first.end, 10.0, switch=9, previous=field[:, 7])
    halves = [np.concatenate(pair, axis=1) for pair in zip(first[:-1], second[:-1])]
    assert identical([*halves, second.end], record)


def test_other_trials_switches_and_keys_are_other_runs(driven, run, key):
    matter, field, s, record = driven
    for other in ({"trials": range(6, 12)}, {"switch": 2}, {"key": key[::-1].copy()}):
        assert not np.array_equal(run(matter, field, s, 10.0, **other).flips, record.flips)


def test_relaxing_is_a_dwell_without_field(glass, start, stay, key):
    matter, s = glass(64, seed=1, beta=2.0), start(1, 64)[0]
    relaxed = s.astype(np.float64)
    relax(matter.couplings, matter.rule, np.zeros(64), relaxed, 10.0, np.uint64(3), key)
    after = stay(matter, s, np.zeros(64), 10.0, switch=3)
    assert after.flips > 50
    assert relaxed.tobytes() == after.s.tobytes()


# Waiting times and occupations


def test_waiting_time_of_a_frozen_state_is_exponential_with_the_summed_rate(glass, start, run):
    """First flips of 20,000 trials, counted in ten intervals of equal probability under the summed rate."""
    matter, s = glass(8, seed=7), start(1, 8)
    R = math.fsum(matter.rates(s[0], matter.A[0]))
    moved = [0]
    for decile in range(1, 10):
        record = run(matter, np.zeros((20_000, 1)), np.tile(s, (20_000, 1)), -math.log1p(-decile / 10) / R)
        moved.append(np.count_nonzero(record.flips))
    count = np.diff([*moved, 20_000])
    assert stats.chisquare(count).pvalue > FALSE_ALARM


@pytest.mark.parametrize("duration", [0.2, 1.0, 200.0])
def test_occupation_follows_the_master_equation_to_boltzmann(glass, run, duration):
    """Four spins from one state: 20,000 ends against p exp(Q t), which is Boltzmann's at the longest t."""
    matter = glass(4, seed=8, degree=3, beta=0.7, barrier=(0.0, 1.0))
    A, s = matter.A[0], states(4)[5]
    p = linalg.expm(generator(matter, A) * duration)[5]
    boltzmann = np.exp([-matter.beta * matter.energy(x, A) for x in states(4)])
    assert np.allclose(p, boltzmann / boltzmann.sum(), rtol=1e-9) == (duration == 200.0)
    record = run(matter, np.zeros((20_000, 1)), np.tile(s, (20_000, 1)), duration)
    count = np.bincount(number(record.end), minlength=16)
    assert stats.chisquare(count, p / p.sum() * len(record.end)).pvalue > FALSE_ALARM


def test_free_spins_point_against_the_field(glass, run):
    """<s_j> = -tanh(beta A_j), standard error 1 / (cosh(beta A_j) sqrt(trials)), of sixteen spins."""
    trials = 5000
    matter = glass(16, seed=9, degree=0, beta=0.8, barrier=(0.0, 1.0))
    mean = run(matter, np.zeros((trials, 1)), np.ones((trials, 16)), 100.0).end.mean(axis=0)
    z = (mean + np.tanh(0.8 * matter.A[0])) * np.cosh(0.8 * matter.A[0]) * math.sqrt(trials)
    assert stats.chi2.sf(np.sum(z * z), 16) > FALSE_ALARM


# The plain truth


def gillespie(matter, s, A, duration, trial, switch, key):
    """Direct method, every rate afresh at every event: yields (time, spins after, heat so far)."""
    s, t, heat, event = s.astype(float), 0.0, 0.0, 0
    while True:
        rates = matter.rates(s, A)
        u, v = uniforms.py_func(np.uint64(event), np.uint64(switch), np.uint64(trial), key[0], key[1])
        t -= math.log(u) / math.fsum(rates)
        if t > duration:
            return
        j = int(np.searchsorted(np.cumsum(rates), v * math.fsum(rates), side="right"))
        heat += 2 * matter.local_energies(s, A)[j]
        s, event = flipped(s, j), event + 1
        yield t, s, heat


def test_every_flip_is_that_of_the_direct_method(glass, start, stay, key):
    """A dwell that ends between the times of flips n and n + 1 has n flips, the same spins, the same heat."""
    matter, s = glass(24, seed=10, beta=1.0, field_std=2.0), start(1, 24)[0]
    A = matter.A[0]
    path = list(gillespie(matter, s, A, 30.0, 7, 3, key))
    assert len(path) > 100
    for n, ((now, spins, heat), (then, _, _)) in enumerate(pairwise(path), start=1):
        after = stay(matter, s, A, 0.5 * (now + then), trial=7, switch=3)
        assert after.flips == n
        assert np.array_equal(after.s, spins)
        assert after.heat == pytest.approx(heat, abs=1e-9)


def test_a_drive_is_that_of_the_direct_method(glass, start, run, key):
    matter, field, s = glass(24, seed=11, beta=1.5, field_std=3.0), schedule(2, 8, 4), start(2, 24)
    record = run(matter, field, s, 5.0, trials=[40, 50], switch=11)
    assert record.flips.sum() > 200
    for a, trial in enumerate((40, 50)):
        spins = s[a]
        for k, row in enumerate(field[a]):
            path = [(0.0, spins, 0.0), *gillespie(matter, spins, matter.A[row], 5.0, trial, 11 + k, key)]
            _, spins, heat = path[-1]
            assert record.flips[a, k] == len(path) - 1
            assert np.array_equal(record.spins[a, k], spins)
            assert record.heat[a, k] == pytest.approx(heat, abs=1e-9)


PLAIN = """
import sys
import numpy as np
from numba import config
from spindsl.kernels.couplings import Pairs
from spindsl.kernels.events import drive
from spindsl.kernels.rules.arrhenius import Arrhenius
assert config.DISABLE_JIT
given = np.load(sys.argv[1])
couplings = Pairs(given["start"], given["other"], given["J"])
out = tuple(given[f"out{k}"] for k in range(6))
s = given["s"]
drive(couplings, Arrhenius(2.0, given["barrier"]), given["A"], given["field"], np.full(2, -1), np.arange(6),
      5.0, s, np.arange(2, dtype=np.uint64), np.uint64(1), given["key"], out)
np.savez(sys.argv[2], *out, s)
"""


def test_compiled_equals_plain_bit_for_bit(glass, start, run, key, tmp_path):
    """The same drive with NUMBA_DISABLE_JIT=1: all that is recorded, byte by byte."""
    matter, field, s = (
        glass(40, seed=12, beta=2.0, field_std=3.0, grid=False),
        schedule(2, 6, 4),
        start(2, 40),
    )
    compiled = run(matter, field, s, 5.0)
    assert compiled.flips.sum() > 100
    blank = {f"out{k}": np.zeros_like(x) for k, x in enumerate(compiled[:6])}
    given = {"barrier": matter.barrier, "A": matter.A, "field": field, "s": s, "key": key}
    np.savez(tmp_path / "given.npz", **blank, **matter.couplings._asdict(), **given)
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", PLAIN]
    subprocess.run([*command, tmp_path / "given.npz", tmp_path / "plain.npz"], env=plain, check=True)
    with np.load(tmp_path / "plain.npz") as found:
        assert identical(compiled, found.values())


# The paper


def test_the_field_of_the_paper_is_not_halved(glass, start, run, key):
    """Work at the second of two fields, N = 256, c = 4, beta = 3 K^-1, B = 4.5 K, 100 s, annealed start.

    Zhong et al.'s deposit has 180 K, other glasses 183 +- 3 on average. Halving the field in the rates,
    e_j = s_j (g_j + A_j / 2) as the literal H = (1/2) sum_j H_j asks, gives 36 K there and less here; with
    W of the whole field. The standard error is over glasses.
    """
    work = {1.0: [], 0.5: []}
    for seed in range(40):
        matter = glass(256, seed=seed, fields=20, beta=3.0, barrier=(4.5, 4.5), field_std=3.0)
        s = start(1, 256, seed)[0].astype(np.float64)
        for step in range(50):
            hot = replace(matter, beta=3.0 * (step + 1) / 50, barrier=np.zeros(256))
            relax(hot.couplings, hot.rule, np.zeros(256), s, 20.0, np.uint64(step), key)
        pairs_of_fields = np.arange(20).reshape(10, 2)
        for part in work:
            record = run(replace(matter, A=part * matter.A), pairs_of_fields, np.tile(s, (10, 1)), 100.0)
            work[part].append(record.work[:, 1].mean() / part)
    mean = {part: np.mean(w) for part, w in work.items()}
    error = {part: np.std(w, ddof=1) / math.sqrt(len(w)) for part, w in work.items()}
    assert max(error.values()) < 5.0
    assert abs(mean[1.0] - 183.0) < 3.0 + Z * error[1.0]
    assert mean[0.5] + Z * error[0.5] < 90.0 < mean[1.0] - Z * error[1.0]
