"""Parallel tempering: the law of exchange, enumeration at every temperature, walks up and down the ladder."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import tiny
from scipy import stats

from spindsl.kernels.chains import HeatBath, Metropolis
from spindsl.kernels.clusters import growing, swendsen_wang, wolff
from spindsl.kernels.energies import coupled
from spindsl.kernels.tempering import DOWN, UP, advance, exchange, ladder, record, turn

KEY = np.array([0x082EFA98, 0xEC4E6C89], dtype=np.uint64)
ANY = np.zeros(0, dtype=np.uint32)
BETAS = np.array([0.2, 0.4, 0.7, 1.1, 1.7])


def started(chains, betas, sites, seed=0):
    """Copies at random."""
    return ladder(np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), (chains, betas, sites)))


def u64(*numbers):
    return tuple(np.uint64(n) for n in numbers)


def recorded(model, move, betas, copies, first, every, period, samples):
    """Spins and energies by temperature."""
    chains, values, sites = copies.s.shape
    spins, energy = np.empty((chains, samples, values, sites), np.int8), np.empty((chains, samples, values))
    name, tried = np.arange(chains, dtype=np.uint64), np.zeros((2, chains, samples, values), np.int32)
    record(model, move, betas, copies, name, KEY, *u64(first, every, period), spins, energy, *tried)
    np.testing.assert_array_equal(tried[:, :, -1, :-1], [copies.tried, copies.accepted])
    return spins, energy


@pytest.mark.parametrize(("low", "high"), [(0, 5), (5, 0), (3, 12), (9, 2)])
def test_two_copies_exchange_as_the_law_says(low, high):
    """min(1, exp((beta_a - beta_b)(E_a - E_b))) of 3,000 pairs, binomial at 1e-6 for four cases; both ways of E."""
    case, betas, chains = tiny.glass(), np.array([0.3, 0.8]), 3000
    copies = ladder(np.tile(case.states[[low, high]], (chains, 1, 1)))
    for a in range(chains):
        exchange(case.model, betas, copies, a, np.uint64(a), np.uint64(2), *KEY)
    p = min(1.0, np.exp((betas[0] - betas[1]) * (case.E[low] - case.E[high])))
    count = copies.accepted.sum()
    assert stats.binomtest(int(count), chains, p).pvalue > tiny.FALSE / 4
    assert copies.tried.sum() == chains
    went = (copies.walker[:, 0] == 1).sum()
    assert went == count == (copies.s[:, 0] == case.states[high]).all(axis=1).sum()


def test_neighbours_take_turns():
    case, copies = tiny.glass(), started(1, 5, 4)
    for x, pairs in ((1, [0, 1, 0, 1]), (2, [1, 1, 1, 1]), (3, [1, 2, 1, 2])):
        exchange(case.model, BETAS, copies, 0, np.uint64(0), np.uint64(x), *KEY)
        assert copies.tried[0].tolist() == pairs


def hard(seed=5, sites=10):
    """A glass with fields, strongly coupled, that Metropolis leaves stuck at the last temperature."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(sites, 1)
    c, h = rng.normal(size=len(i)), rng.normal(0, 0.2, sites)
    model = growing(coupled(sites, i, j, c, h))
    return [tiny.whole(model, tiny.spins(sites), lambda s: (c * s[i] * s[j]).sum() + h @ s, b) for b in BETAS]


@pytest.mark.parametrize("move", [Metropolis(ANY), HeatBath(np.arange(10, dtype=np.uint32)), "wolff"])
def test_a_small_glass_is_that_of_enumeration_at_every_temperature(move):
    """E, E^2, m, s_0 s_1 over 64 chains against all 1,024 states, Student's t at 1e-6 for all temperatures together."""
    cases = hard()
    model = cases[0].model
    move, sweep = (wolff(model), 4) if move == "wolff" else (move, 10)
    copies = started(64, 5, 10)
    name = np.arange(64, dtype=np.uint64)
    advance(model, move, BETAS, copies, name, KEY, *u64(0, 300 * sweep, 2 * sweep))
    spins, energy = recorded(model, move, BETAS, copies, 300 * sweep, sweep, 2 * sweep, 1500)
    np.testing.assert_allclose(energy, cases[0].E[cases[0].number(spins)], atol=1e-11)
    kept = lambda E, s: np.stack([E, E**2, s.mean(axis=-1), s[..., 0] * s[..., 1]], axis=-1)
    exact = np.stack([c.pi @ kept(c.E, c.states.astype(float)) for c in cases])
    tiny.agree(kept(energy, spins.astype(float)).mean(axis=1), exact)
    rate = copies.accepted.sum(axis=0) / copies.tried.sum(axis=0)
    # rates of exchange are those of two equilibria: sum over pi_a pi_b min(1, exp(...)); loosely, as exchanges follow
    # one another
    for a, (c, d) in enumerate(pairwise(cases)):
        gain = (c.beta - d.beta) * (c.E[:, None] - d.E[None])
        want = c.pi @ np.minimum(1, np.exp(gain)) @ d.pi
        each = copies.accepted[:, a] / copies.tried[:, a]
        tiny.agree(each[:, None], np.array([want]), tests=4)
    assert (rate > 0.2).all() and copies.trips.sum() > 64


def test_temperatures_mend_what_one_alone_cannot():
    """At beta = 1.2 a magnet of 16 spins keeps its sign for e^10 sweeps; with copies <m> = 0, Student's t at 1e-6."""
    model, betas = tiny.ferromagnet(4), np.array([0.2, 0.35, 0.5, 0.8, 1.2])
    copies = ladder(np.ones((64, 5, 16), np.int8))
    advance(model, Metropolis(ANY), betas, copies, np.arange(64, dtype=np.uint64), KEY, *u64(0, 4800, 16))
    spins, _ = recorded(model, Metropolis(ANY), betas, copies, 4800, 16, 16, 1500)
    tiny.agree(spins.mean(axis=(1, 3)), np.zeros(5))
    last = spins[:, :, -1].mean(axis=-1)
    assert (np.abs(last).mean() > 0.99) and (last.mean(axis=1).std() > 0.01)


def test_round_trips_are_counted_from_the_first_temperature_to_the_last_and_back():
    copies = started(1, 3, 4)
    for order in ([1, 0, 2], [1, 2, 0], [2, 1, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2], [0, 1, 2]):
        copies.walker[0] = order
        turn(copies, 0)
    # copies 0 and 1 went up and came back, 2 came down first and is up again
    assert copies.trips.tolist() == [[1, 1, 0]] and copies.way.tolist() == [[UP, UP, DOWN]]


@pytest.mark.parametrize("kind", ["local", "clusters"])
def test_randoms_have_names(kind):
    """The same bits however chains are gathered, cut in time, or recorded; copies are permuted, never lost."""
    model = hard()[0].model
    move = Metropolis(ANY) if kind == "local" else swendsen_wang(model)
    copies = started(4, 5, 10)
    spins, _ = recorded(model, move, BETAS, copies, 0, 7, 20, 30)
    assert (np.sort(copies.walker, axis=1) == np.arange(5)).all()
    again = ladder(started(4, 5, 10).s[[1, 3]])
    for first, count in ((0, 1), (1, 20), (21, 19), (40, 170)):
        advance(model, move, BETAS, again, np.array([1, 3], np.uint64), KEY, *u64(first, count, 20))
    for whole, part in zip(copies, again):
        np.testing.assert_array_equal(whole[[1, 3]], part)
    np.testing.assert_array_equal(spins[[1, 3], -1], again.s)
    assert again.accepted.sum() > 0 and again.tried.sum() == 2 * (5 * 2 + 5 * 2)


BITS = """
from test_tempering import *
copies = started(2, 5, 10)
spins, energy = recorded(hard()[0].model, HeatBath(ANY), BETAS, copies, 0, 30, 20, 20)
print(hash(spins.tobytes()), hash(energy.tobytes()), copies.accepted.tolist(), copies.walker.tolist())
"""


def test_plain_python_is_the_compiled_kernel_bit_for_bit():
    said = []
    for plain in ("0", "1"):
        env = os.environ | {"NUMBA_DISABLE_JIT": plain, "PYTHONHASHSEED": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", BITS], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1] and len(said[0]) > 40
