"""Metropolis in lanes: each lane is the plain algorithm with its own random numbers, and so has the exact averages.

Statistical tests have fixed seeds, and bounds with a false alarm of at most 1e-6 for all that a test looks at: 5.7
standard errors where fewer than a hundred numbers are looked at, from independent chains.
"""

import os
import subprocess
import sys
from math import exp, prod

import numpy as np
import pytest
from scipy import stats

from spindsl.kernels.energies import colours as represented  # first, since it says where numba caches
from spindsl.kernels.energies import cost, coupled, energy
from spindsl.kernels.lanes import colours, digits, measures, spins
from spindsl.kernels.lanes.sweeps import sweep
from spindsl.kernels.lanes.torus import blocked, pack, torus, unpack
from spindsl.kernels.philox import FEWEST, philox

KEY = np.array([0x243F6A88, 0x85A308D3], dtype=np.uint64)
T_C = 2 / np.log(1 + np.sqrt(2))
SIGMAS = 5.7


def bonds(sides) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the bonds onward along each dimension, (dimension, site); a side of 2 has each bond twice."""
    site = np.arange(prod(sides)).reshape(sides)
    onward = [np.roll(site, -1, axis=d).ravel() for d in range(len(sides))]
    return np.tile(site.ravel(), len(sides)), np.concatenate(onward)


def clusters(sides, J, h):
    i, j = bonds(sides)
    return coupled(
        prod(sides), i, j, -np.broadcast_to(J, (len(sides), prod(sides))).ravel(), -np.broadcast_to(h, prod(sides))
    )


def random(sides, chains=70, seed=0, Q=2) -> np.ndarray:
    """Spins ±1, or colours."""
    drawn = np.random.default_rng(seed).integers(0, Q, (chains, prod(sides))).astype(np.int8)
    return 2 * drawn - 1 if Q == 2 else drawn


def swept(lattice, rule, s, sweeps, *, planes=0, first=0, word=0, key=KEY) -> np.ndarray:
    words = pack(lattice, s, planes)
    sweep(rule, lattice, words, key, word, first, sweeps)
    return unpack(lattice, words, len(s), planes > 0)


def ladder(pair, site, number, word) -> list[int]:
    """Two random words of 64 lanes."""
    a, b, c, d = (int(x) for x in philox.py_func(*(np.uint64(x) for x in (pair, site, number, word)), *KEY, FEWEST))
    return [a << 32 | b, c << 32 | d]


def uniforms(site, number, word) -> list[float]:
    """u of the 64 lanes, from 62 digits."""
    x = [w for h in range(31) for w in ladder(h, site, number, word)]
    return [sum(((w >> lane) & 1) * 2.0 ** -(d + 1) for d, w in enumerate(x)) for lane in range(64)]


def proposals(site, number, word, Q) -> list[int]:
    """v in 0 … Q - 2 of the 64 lanes: digits in order, numbers beyond thrown away."""
    n, wide = Q - 1, (Q - 2).bit_length()
    if n == 1:
        return [0] * 64
    tries = 12 // wide * 2 if n & (n - 1) else 1
    x = [w for h in range(12) for w in ladder(64 + h, site, number, word)]
    groups = [x[wide * k : wide * (k + 1)] for k in range(tries)]
    later = [ladder(h, site, number, word) + ladder(h + 1, site, number, word) for h in range(76, 200, 2)]
    groups += [x[:wide] for x in later]
    values = [[sum(((w >> lane) & 1) << b for b, w in enumerate(g)) for g in groups] for lane in range(64)]
    return [next(v for v in several if v < n) for several in values]


def metropolis(u, x) -> bool:
    return u < exp(-min(x, 700))


def heat_bath(u, x) -> bool:
    return u < 1 / (1 + exp(x))


def folded(u, x) -> bool:
    """The heat bath with the way down as what u leaves to the way up."""
    return u < 1 / (1 + exp(x)) if x > 0 else not u < 1 / (1 + exp(-x))


def plain(lattice, model, beta, s, number, Q=2, law=metropolis) -> np.ndarray:
    """One sweep of chains (chain, site), each site of each chain in turn, by the energy's own cost."""
    s, sides = s.copy(), tuple(lattice.sides)
    own, count = lattice.sides // lattice.blocks, int(lattice.blocks.prod())
    for half in range(2):
        for site in range(prod(sides)):
            at = np.array(np.unravel_index(site, sides))
            if at.sum() % 2 != half:
                continue
            lane = int(np.ravel_multi_index(at // own, lattice.blocks))
            *lead, last = at % own
            row = int(np.ravel_multi_index(lead, own[:-1])) if lead else 0
            name = (half * len(lattice.odd) + row) * lattice.half + last // 2
            for chain in range(len(s)):
                word, bit = chain // lattice.chains, chain % lattice.chains * count + lane
                if (name, word) not in plain.drawn:
                    v = proposals(name, number, word, Q) if Q > 2 else None
                    plain.drawn[name, word] = uniforms(name, number, word), v
                u, v = plain.drawn[name, word]
                new = -s[chain, site] if Q == 2 else v[bit] + (v[bit] >= s[chain, site])
                if law(u[bit], beta * cost(model, s[chain], site, new)):
                    s[chain, site] = new
    plain.drawn.clear()
    return s


plain.drawn = {}


@pytest.mark.parametrize("counter, answer", [
    (("00000000",) * 6, "5f6fb709 0d893f64 4f121f81 4f730a48"),
    (("ffffffff",) * 6, "5207ddc2 45165e59 4d8ee751 8c52f662"),
    (("243f6a88", "85a308d3", "13198a2e", "03707344", "a4093822", "299f31d0"), "4dfccaba 190a87f0 c47362ba b6b5242a"),
])  # fmt: skip
def test_seven_rounds_have_the_known_answers_of_random123(counter, answer):
    drawn = philox.py_func(*(np.uint64(int(w, 16)) for w in counter), FEWEST)
    assert [int(x) for x in drawn] == [int(x, 16) for x in answer.split()]


@pytest.mark.parametrize("sides", [(8,), (6, 4), (4, 4, 6), (130,)])
def test_words_hold_what_is_packed(sides):
    s = random(sides, 70)
    for blocks in (None, blocked(sides)):
        lattice = torus(sides, blocks)
        assert (unpack(lattice, pack(lattice, s), 70) == s).all()
        q = random(sides, 70, Q=7)
        assert (unpack(lattice, pack(lattice, q, 3), 70, True) == q).all()


@pytest.mark.parametrize(
    "sides, blocks", [((64, 64), (32, 2)), ((128, 128), (64, 1)), ((100, 100), (50, 1)), ((4, 4), (2, 2))]
)
def test_blocks_are_as_many_and_rows_as_long_as_can_be(sides, blocks):
    assert blocked(sides) == blocks


WRONG = [
    lambda: torus((5, 4)),
    lambda: torus((8, 8), (8, 1)),
    lambda: torus((32, 32), (16, 16)),
    lambda: torus((8, 8), (2,)),
    lambda: spins.uniform(torus((8,)), 1.0, 1.0),
    lambda: colours.coloured(torus((8,)), 1.0, 1.0, 2),
    lambda: colours.coloured(torus((4, 4)), 1.0, 1.0, 9),
    lambda: spins.table(torus((8, 8), (2, 2)), 1.0, np.ones((2, 64))),
    lambda: spins.signed(torus((4, 4)), 1.0, np.arange(32.0).reshape(2, 16)),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(ValueError):
        wrong()


CASES = [  # sides, blocks, kind, fields
    ((8,), None, "uniform", 0.3),
    ((4, 6), None, "uniform", 0.0),
    ((4, 6), None, "uniform", -0.4),
    ((8, 8), (4, 2), "uniform", 0.3),
    ((12, 8), (3, 2), "signed", 0.0),
    ((4, 4, 2), None, "uniform", 0.2),
    ((8, 4, 4), (2, 2, 1), "signed", 0.3),
    ((8,), None, "table", 0.5),
    ((4, 6), None, "table", 0.0),
    ((4, 6), None, "table", 0.5),
    ((4, 2, 4), None, "table", 0.5),
    ((4, 130), None, "signed", 0.0),
]


@pytest.mark.parametrize("J, law", [(1.0, metropolis), (-0.7, metropolis), (0.7, heat_bath)])
@pytest.mark.parametrize("sides, blocks, kind, h", CASES)
def test_each_lane_is_the_plain_algorithm_with_digits_of_its_own(sides, blocks, kind, h, J, law):
    """Two sweeps at beta = 0.3, lattices in whole lanes and in blocks: equal to u < exp(-beta cost), spin by spin."""
    lattice, rng, D, N = torus(sides, blocks), np.random.default_rng(5), len(sides), prod(sides)
    if kind == "uniform":
        couplings, fields, rule = J, h, spins.uniform(lattice, 0.3, J, h, law is metropolis)
    elif kind == "signed":
        couplings, fields = J * rng.choice([-1.0, 1.0], (D, N)), h
        rule = spins.signed(lattice, 0.3, couplings, h, law is metropolis)
    else:
        couplings, fields = rng.normal(0, J**2, (D, N)) * (rng.random((D, N)) < 0.8), h * rng.normal(size=N)
        rule = spins.table(lattice, 0.3, couplings, fields if h else None, law is metropolis)
        law = metropolis if law is metropolis else folded
    s = random(sides, 3 * lattice.chains // 2 if N < 100 else 3)
    expected = s
    for number in (7, 8):
        expected = plain(lattice, clusters(sides, couplings, fields), 0.3, expected, number, law=law)
    found = swept(lattice, rule, s, 2, first=7)
    assert (found == expected).all() and (found != s).any()


@pytest.mark.parametrize("J", [1.0, -1.0])
@pytest.mark.parametrize("Q", [3, 4, 5, 6, 7, 8])
def test_each_lane_of_colours_is_the_plain_algorithm(Q, J):
    """Two sweeps at beta = 0.5, E = -J sum [q = q']."""
    sides = (4, 6) if Q != 5 else (8, 4)
    lattice, (i, j) = torus(sides, (2, 1) if Q == 5 else None), bonds(sides)
    model = represented(prod(sides), i, j, np.zeros(len(i), np.int64), -J * np.eye(Q)[None])
    s = random(sides, 70, Q=Q)
    expected = s
    for number in range(2):
        expected = plain(lattice, model, 0.5, expected, number, Q)
    planes = (Q - 1).bit_length()
    assert (swept(lattice, colours.coloured(lattice, 0.5, J, Q), s, 2, planes=planes) == expected).all()


def test_two_colours_flip_as_spins_do():
    """E = -J sum [q = q'] is J/2 in spins."""
    sides, s = (6, 8), random((6, 8))
    lattice = torus(sides)
    found = swept(lattice, colours.coloured(lattice, 0.6, 1.0, 2), ((s + 1) // 2).astype(np.int8), 9, planes=1)
    assert (2 * found - 1 == swept(lattice, spins.uniform(lattice, 0.6, 0.5), s, 9)).all()


@pytest.mark.parametrize("Q", range(2, 9))
def test_proposals_are_uniform_over_the_other_colours(Q):
    """At beta = 0 each proposal is taken: 64 x 40 x 100 chains and sites from one colour, chi^2 at 1e-6."""
    lattice = torus((40, 100))
    for old in (0, Q - 1):
        s = np.full((64, 4000), old, dtype=np.int8)
        found = swept(lattice, colours.coloured(lattice, 0.0, 1.0, Q), s, 1, planes=(Q - 1).bit_length())
        tallied = np.bincount(found.ravel(), minlength=Q)
        assert tallied[old] == 0 and len(tallied) == Q and (found != s).all()
        if Q > 2:
            assert stats.chisquare(np.delete(tallied, old)).pvalue > 1e-6 / 14


# The averages


def averages(sides, beta, J, h=0.0) -> tuple[float, float]:
    """Exact <E> and <|M|> by enumeration of all states."""
    N = prod(sides)
    s = 2.0 * ((np.arange(1 << N)[:, None] >> np.arange(N)) & 1) - 1
    i, j = bonds(sides)
    E, M = (
        -(s[:, i] * s[:, j]) @ np.broadcast_to(J, (len(sides), N)).ravel() - s @ np.broadcast_to(h, N),
        np.abs(s.sum(axis=1)),
    )
    p = np.exp(-beta * (E - E.min()))
    return float(p @ E / p.sum()), float(p @ M / p.sum())


def sampled(lattice, rule, chains, burn, samples, every, look) -> np.ndarray:
    """Time averages of look(words) of independent chains, (quantity, chain)."""
    words = np.full((chains // lattice.chains, 1, 2, len(lattice.odd), lattice.half), digits.FULL)
    sweep(rule, lattice, words, KEY, 0, 0, burn)
    total = 0.0
    for k in range(samples):
        sweep(rule, lattice, words, KEY, 0, burn + k * every, every)
        total = total + np.stack(look(words))
    return total / samples


def agrees(means, exact):
    """Chains are independent: the standard error is theirs."""
    error = means.std(axis=1, ddof=1) / np.sqrt(means.shape[1])
    assert (np.abs(means.mean(axis=1) - exact) < SIGMAS * error).all()
    assert (error < 0.01 * np.abs(exact)).all()


@pytest.mark.parametrize("sides, blocks, beta, J, h", [
    ((4, 4), None, 0.44, 1.0, 0.0), ((4, 4), (2, 2), 0.44, 1.0, 0.0), ((4, 4), None, 0.3, 1.0, 0.25),
    ((4, 4), (2, 1), 0.3, -1.0, 0.4), ((4, 2, 2), None, 0.12, 1.0, 0.1), ((4, 2, 2), (2, 1, 1), 0.12, 1.0, 0.0),
])  # fmt: skip
def test_energies_and_magnetizations_are_those_of_enumeration(sides, blocks, beta, J, h):
    """2,048 chains of 200 samples from all up: mean E and |M| within 5.7 standard errors, below 1 % of them."""
    lattice = torus(sides, blocks)
    edges = len(sides) * prod(sides)

    def look(words):
        M = measures.magnetizations(lattice, words)
        return -J * (2 * measures.like_bonds(lattice, words) - edges) - h * M, np.abs(M)

    agrees(sampled(lattice, spins.uniform(lattice, beta, J, h), 2048, 60, 200, 2, look), averages(sides, beta, J, h))


@pytest.mark.parametrize("kind", ["signed", "table"])
def test_disordered_energies_are_those_of_enumeration(kind):
    """4 x 4 with random couplings, and fields, beta = 0.5, likewise."""
    rng, lattice = np.random.default_rng(2), torus((4, 4))
    J = rng.choice([-1.0, 1.0], (2, 16)) if kind == "signed" else rng.normal(size=(2, 16))
    h = 0.2 if kind == "signed" else rng.normal(size=16)
    rule = spins.signed(lattice, 0.5, J, h) if kind == "signed" else spins.table(lattice, 0.5, J, h)

    def look(words):
        M = measures.magnetizations(lattice, words)
        return measures.energies(lattice, words, J, np.broadcast_to(h, 16)), np.abs(M)

    agrees(sampled(lattice, rule, 2048, 60, 200, 2, look), averages((4, 4), 0.5, J, h))


@pytest.mark.parametrize("J", [1.0, -1.0])
def test_a_ring_has_minus_j_tanh(J):
    """E/N = -J (t + t^(N-1)) / (1 + t^N), t = tanh beta J, on a ring of 64 in blocks of 2, by the heat bath."""
    t, lattice = np.tanh(0.6 * J), torus((64,), (32,))
    exact = -J * 64 * (t + t**63) / (1 + t**64)
    means = sampled(lattice, spins.uniform(lattice, 0.6, J, 0.0, False), 2048, 200, 200, 2,
                    lambda words: (-J * (2 * measures.like_bonds(lattice, words) - 64),))  # fmt: skip
    agrees(means, np.array([exact]))


def test_three_colours_have_the_energy_of_enumeration():
    """Potts on 4 x 4 at beta_c, u = -1.7100622755 a site (exact count of its states); 5.7 standard errors."""
    lattice = torus((4, 4))
    words, rule = (
        pack(lattice, np.zeros((2048, 16), np.int8), 2),
        colours.coloured(lattice, np.log(1 + np.sqrt(3)), 1.0, 3),
    )
    sweep(rule, lattice, words, KEY, 0, 0, 100)
    E = np.zeros(2048)
    for k in range(200):
        sweep(rule, lattice, words, KEY, 0, 100 + 3 * k, 3)
        E -= measures.like_bonds(lattice, words) / 200
    agrees(E[None], np.array([-16 * 1.7100622755]))


# What is measured without unpacking


@pytest.mark.parametrize("sides, blocks", [((6, 4), None), ((8, 132), (2, 2)), ((4, 4, 2), None), ((10,), None)])
def test_measures_are_those_of_the_unpacked_spins(sides, blocks):
    rng, lattice, chains = np.random.default_rng(3), torus(sides, blocks), 70
    s, (i, j) = random(sides, chains), bonds(sides)
    words = pack(lattice, s)
    assert (measures.magnetizations(lattice, words)[:chains] == s.sum(axis=1)).all()
    assert (measures.like_bonds(lattice, words)[:chains] == (s[:, i] == s[:, j]).sum(axis=1)).all()
    J = rng.choice([-1.0, 1.0], (len(sides), prod(sides)))
    satisfied = (s[:, i] * s[:, j] * J.ravel() > 0).sum(axis=1)
    assert (measures.like_bonds(lattice, words, spins.unlike(lattice, J < 0))[:chains] == satisfied).all()
    q = random(sides, chains, Q=5)
    tallied = measures.counts(lattice, pack(lattice, q, 3), 5)[:chains]
    assert (tallied == (q[:, :, None] == np.arange(5)).sum(axis=1)).all()
    if blocks is None:
        J, h = rng.normal(size=(len(sides), prod(sides))), rng.normal(size=prod(sides))
        model = clusters(sides, J, h)
        expected = [energy(model, one) for one in s]
        assert measures.energies(lattice, words, J, h)[:chains] == pytest.approx(expected, abs=1e-10)


# Lanes


def test_lanes_are_independent():
    """E of 64 lanes in 1,500 words at T_c, L = 8, from all up: 2,016 correlations r, |r| sqrt(1500) below 6.5 (false
    alarm 1.6e-7 in all), 1500 sum r^2 in its chi^2 range, and var of the lanes' mean that of one lane over 64."""
    lattice = torus((8, 8))
    words = np.full((1500, 1, 2, 8, 4), digits.FULL)
    sweep(spins.uniform(lattice, 1 / T_C, 1.0), lattice, words, KEY, 0, 0, 60)
    E = measures.likes(lattice, words, np.zeros((0, 0, 0, 0), dtype=np.uint64)).astype(float)
    r = np.corrcoef(E.T)[np.triu_indices(64, 1)]
    assert np.abs(r).max() * np.sqrt(1500) < 6.5
    low, high = stats.chi2.ppf([5e-7, 1 - 5e-7], len(r))
    assert low < 1500 * (r**2).sum() < high
    ratio = 64 * E.mean(axis=1).var() / E.var()
    assert abs(ratio - 1) < SIGMAS * np.sqrt(2 / 1500)


@pytest.mark.parametrize("J", [1.0, "normal"])
def test_replicas_do_not_coalesce(J):
    """From one state at T_c and below, 64 replicas stay 64; one random number for all would leave two or three."""
    lattice, rng = torus((16, 16)), np.random.default_rng(0)
    rule = spins.uniform(lattice, 1 / T_C, 1.0) if J == 1.0 else spins.table(lattice, 0.8, rng.normal(size=(2, 256)))
    found = swept(lattice, rule, np.repeat(random((16, 16), 1), 64, axis=0), 2000)
    overlap = (found.astype(float) @ found.T / 256)[np.triu_indices(64, 1)]
    assert len(np.unique(found, axis=0)) == 64
    assert np.abs(overlap).max() < 1


def rules(lattice):
    rng, N = np.random.default_rng(4), int(lattice.sides.prod())
    J = rng.normal(size=(2, N))
    return [
        (spins.uniform(lattice, 0.4, 1.0), 0),
        (spins.signed(lattice, 0.4, np.sign(J)), 0),
        (spins.table(lattice, 0.4, J, rng.normal(size=N)), 0),
        (colours.coloured(lattice, 0.7, 1.0, 4), 2),
    ]


@pytest.mark.parametrize("which", range(4))
def test_neither_cuts_nor_stops_nor_company_change_a_chain(which):
    """200 chains at once; in words of their own; stopped after 1, 4 and 9 of 20 sweeps; beside 100 more."""
    lattice = torus((8, 12))
    rule, planes = rules(lattice)[which]
    s = random((8, 12), 300, Q=4 if planes else 2)
    whole = swept(lattice, rule, s[:200], 20, planes=planes)
    assert (swept(lattice, rule, s, 20, planes=planes)[:200] == whole).all()
    cut = [swept(lattice, rule, s[a : a + 64], 20, planes=planes, word=a // 64) for a in (0, 64, 128)]
    assert (np.concatenate(cut) == whole[:192]).all()
    words = pack(lattice, s[:200], planes)
    for first, last in ((0, 1), (1, 4), (4, 9), (9, 20)):
        sweep(rule, lattice, words, KEY, 0, first, last - first)
        words = pack(lattice, unpack(lattice, words, 200, planes > 0), planes)
    assert (unpack(lattice, words, 200, planes > 0) == whole).all()
    assert (swept(lattice, rule, s[:64], 20, planes=planes, word=1) != whole[:64]).any()
    assert (swept(lattice, rule, s[:64], 20, planes=planes, first=1) != whole[:64]).any()
    assert (swept(lattice, rule, s[:64], 20, planes=planes, key=KEY[::-1].copy()) != whole[:64]).any()


@pytest.mark.parametrize("kind", ["signed", "table"])
def test_a_gauge_transformation_maps_trajectories_onto_each_other(kind):
    """Mattis: J_ij -> e_i e_j J_ij, h_i -> e_i h_i, s_i -> e_i s_i; 50 sweeps, bit for bit."""
    lattice, rng = torus((8, 10)), np.random.default_rng(6)
    (i, j), e, s = bonds((8, 10)), rng.choice(np.array([-1, 1], np.int8), 80), random((8, 10), 64)
    gauge = (e[i] * e[j]).reshape(2, 80)
    J, h = rng.normal(size=(2, 80)), rng.normal(size=80)
    if kind == "signed":
        before, after = (spins.signed(lattice, 0.7, np.sign(J) * g) for g in (1, gauge))
    else:
        before, after = spins.table(lattice, 0.7, J, h), spins.table(lattice, 0.7, J * gauge, h * e)
    assert (swept(lattice, after, s * e, 50) == e * swept(lattice, before, s, 50)).all()


def test_thresholds_are_exact_to_two_to_the_minus_62():
    x = np.array([0.0, 1e-3, 0.5, 1.7627471740390859, 30.0, 60.0, 2000.0])
    found = [int(t) / 2**64 for t in digits.digits(x, True)]
    assert np.abs(np.array(found) - np.exp(-x)).max() < 4 * 2.0**-53
    assert all(int(t) & 3 == 0 for t in digits.digits(x, True))


PLAIN = """
import sys
import numpy as np
from numba import config
from spindsl.kernels.lanes import colours, spins, sweeps, torus
assert config.DISABLE_JIT
given, key, out = np.load(sys.argv[1]), np.array([0x243F6A88, 0x85A308D3], dtype=np.uint64), []
lattice = torus.torus((4, 6))
rules = [spins.uniform(lattice, 0.4, 1.0, 0.1), spins.signed(lattice, 0.4, np.sign(given["J"])),
         spins.table(lattice, 0.4, given["J"], given["h"]), colours.coloured(lattice, 0.7, 1.0, 4)]
for k, rule in enumerate(rules):
    words = given["colours"].copy() if k == 3 else given["spins"].copy()
    sweeps.sweep(rule, lattice, words, key, 3, 5, 4)
    out.append(words)
np.savez(sys.argv[2], *out)
"""


def test_compiled_equals_plain_bit_for_bit(tmp_path):
    """Four sweeps of every rule with NUMBA_DISABLE_JIT=1."""
    lattice, rng = torus((4, 6)), np.random.default_rng(8)
    J, h = rng.normal(size=(2, 24)), rng.normal(size=24)
    packed = pack(lattice, random((4, 6), 64)), pack(lattice, random((4, 6), 64, Q=4), 2)
    np.savez(tmp_path / "given.npz", J=J, h=h, spins=packed[0], colours=packed[1])
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", PLAIN]
    subprocess.run([*command, tmp_path / "given.npz", tmp_path / "plain.npz"], env=env, check=True)
    compiled = [spins.uniform(lattice, 0.4, 1.0, 0.1), spins.signed(lattice, 0.4, np.sign(J)),
                spins.table(lattice, 0.4, J, h), colours.coloured(lattice, 0.7, 1.0, 4)]  # fmt: skip
    with np.load(tmp_path / "plain.npz") as found:
        for k, rule in enumerate(compiled):
            words = packed[k == 3].copy()
            sweep(rule, lattice, words, KEY, 3, 5, 4)
            assert (words == found[f"arr_{k}"]).all()
