"""Local moves: detailed balance of every move with every energy, exact averages, randoms that have names."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import tiny

from spindsl.kernels import colouring
from spindsl.kernels.chains import HeatBath, Metropolis, advance, offer, record
from spindsl.kernels.energies import clusters, coupled, paired, tiles

KEY = np.array([0x13198A2E, 0x03707344], dtype=np.uint64)
ANY = np.zeros(0, dtype=np.uint32)
TINY = {
    "pairs": tiny.glass, "bodies": tiny.bodies, "windows": tiny.windows, "potts": tiny.coloured,
    "clock": lambda: tiny.coloured(4, "cosine"),
}  # fmt: skip
# u, <|m|>, <m^2> of the 4 x 4 torus by enumeration
TORUS = {
    0.125: (-0.2616048231, 0.2676951048, 0.1115844612),
    0.25: (-0.6254861297, 0.4181792260, 0.2482162336),
    0.4406867935097715: (-1.5656237876, 0.8438604448, 0.7613589086),
}
POTTS = {0.5: -0.9382656168, 1.0050525387: -1.7100622755, 1.5: -1.9756210938}  # u of 4 x 4, Q = 3, delta


def conditional(move, case, state, i) -> np.ndarray:
    """Probabilities of the values that the rule gives site i, found by bisection of its last uniform."""
    values = np.unique(case.states)
    choices = len(values) - 1 if isinstance(move, Metropolis) else 1
    found = np.zeros(len(values))

    def becomes(w, v):
        s = state.copy()
        offer(move, case.model, case.beta, s, i, w, v)
        return s[i]

    def steps(w, low, high, first, last):
        """Adds the measure of each value between two uniforms."""
        if first == last or high - low < 1e-15:
            found[np.searchsorted(values, first)] += (high - low) / choices
            return
        mid = (low + high) / 2
        value = becomes(w, mid)
        steps(w, low, mid, first, value)
        steps(w, mid, high, value, last)

    for k in range(choices):
        w = (k + 0.5) / choices
        steps(w, 0.0, 1.0, becomes(w, 1e-18), becomes(w, 1 - 1e-16))
    return found


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("kind", [Metropolis, HeatBath])
def test_detailed_balance_holds_for_every_state_and_site(name, kind):
    """pi(s) P(s -> s') = pi(s') P(s' -> s), exact: P is read off the rule itself, E from a formula of its own."""
    case, move = TINY[name](), kind(ANY)
    values, pi = np.unique(case.states), case.pi
    for i in range(case.states.shape[1]):
        P = np.zeros((len(pi), len(pi)))
        for a, state in enumerate(case.states):
            there = np.repeat(state[None], len(values), axis=0)
            there[:, i] = values
            P[a, case.number(there)] = conditional(move, case, state, i)
        np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-12)
        flow = pi[:, None] * P
        np.testing.assert_allclose(flow, flow.T, atol=1e-13)
        # and it is the rule that it is called by
        here = P > 0 if kind is HeatBath else (P > 0) & ~np.eye(len(pi), dtype=bool)
        ratio = pi[None, :] / pi[:, None]
        bath = pi[None, :] / np.where(P > 0, pi[None, :], 0).sum(axis=1, keepdims=True)
        want = bath if kind is HeatBath else np.minimum(1, ratio) / (len(values) - 1)
        np.testing.assert_allclose(P[here], want[here], atol=1e-12)


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("kind", [Metropolis, HeatBath])
@pytest.mark.parametrize("order", ["random", "sequential"])
def test_states_are_visited_as_boltzmann_says(name, kind, order):
    """4,000 chains that begin in equilibrium are still there 8 sweeps later: chi^2 over states, false alarm 1e-6."""
    case, chains = TINY[name](), 4000
    sites = case.states.shape[1]
    begin = np.random.default_rng(1).choice(len(case.pi), chains, p=case.pi)
    s = case.states[np.zeros(chains, dtype=int)] if name == "pairs" else case.states[begin]
    move = kind(ANY if order == "random" else np.arange(sites, dtype=np.uint32))
    count = (60 if name == "pairs" else 8) * sites
    advance(case.model, move, case.beta, s, np.arange(chains, dtype=np.uint64), KEY, np.uint64(0), count)
    tiny.distributed(np.bincount(case.number(s), minlength=len(case.pi)), case.pi)


def watched(model, move, beta, s, burn, every, samples):
    """Spins and energies of chains after a burn-in."""
    name = np.arange(len(s), dtype=np.uint64)
    advance(model, move, beta, s, name, KEY, np.uint64(0), burn)
    spins, energy = np.empty((len(s), samples, s.shape[1]), np.int8), np.empty((len(s), samples))
    record(model, move, beta, s, name, KEY, np.uint64(burn), every, spins, energy)
    return spins, energy


@pytest.mark.parametrize("beta", TORUS)
@pytest.mark.parametrize("kind", [Metropolis, HeatBath])
def test_the_torus_of_sixteen_is_that_of_enumeration(beta, kind):
    """u, |m|, m^2 over 64 chains within Student's t at 1e-6, in an order of two colours, one value every sweep."""
    model = tiny.ferromagnet(4)
    order = colouring.order(colouring.halves(model))
    s = np.random.default_rng(5).choice(np.array([-1, 1], np.int8), (64, 16))
    spins, energy = watched(model, kind(order), beta, s, 200 * 16, 16, 1500)
    m = spins.mean(axis=2)
    means = np.stack([energy / 16, np.abs(m), m**2], axis=-1).mean(axis=1)
    tiny.agree(means, np.array(TORUS[beta]))


@pytest.mark.parametrize("beta", POTTS)
@pytest.mark.parametrize("kind", [Metropolis, HeatBath])
def test_three_colours_are_those_of_enumeration(beta, kind):
    """u over 64 chains within Student's t at 1e-6, sites at random, recorded every 5 attempts."""
    s = np.random.default_rng(6).integers(3, size=(64, 16)).astype(np.int8)
    _, energy = watched(tiny.potts(4, 3), kind(ANY), beta, s, 300 * 16, 5, 6000)
    tiny.agree(energy.mean(axis=1)[:, None] / 16, np.array([POTTS[beta]]))


@pytest.mark.parametrize("name", TINY)
def test_randoms_have_names(name):
    """The same bits however chains are gathered, cut in time, or recorded."""
    case = TINY[name]()
    for move in (Metropolis(ANY), HeatBath(ANY), Metropolis(np.array([2, 0, 1], np.uint32))):
        s = np.repeat(case.states[3:4], 6, axis=0)
        spins, energy = watched(case.model, move, case.beta, s, 700, 3, 400)
        for part in (slice(0, 2), slice(2, 6)):
            again, name_ = np.repeat(case.states[3:4], 6, axis=0)[part], np.arange(6, dtype=np.uint64)[part]
            for first, count in ((0, 1), (1, 299), (300, 402), (702, 1)):
                advance(case.model, move, case.beta, again, name_, KEY, np.uint64(first), count)
            np.testing.assert_array_equal(again, spins[part, 0])
        assert len(np.unique(spins[:, -40:].reshape(6, -1), axis=0)) > 1
        np.testing.assert_allclose(energy[2], case.E[case.number(spins[2])], atol=1e-12)


BITS = """
import numpy as np
from test_moves import TINY, KEY, ANY, watched
from spindsl.kernels.chains import HeatBath, Metropolis
for name, case in TINY.items():
    case = case()
    for move in (Metropolis(ANY), HeatBath(ANY), HeatBath(np.array([2, 0, 1], np.uint32))):
        spins, energy = watched(case.model, move, case.beta, np.repeat(case.states[:1], 2, axis=0), 5, 2, 150)
        print(name, spins.sum(), hash(spins.tobytes()), hash(energy.tobytes()))
"""


def test_plain_python_is_the_compiled_kernel_bit_for_bit():
    said = []
    for plain in ("0", "1"):
        env = os.environ | {"NUMBA_DISABLE_JIT": plain, "PYTHONHASHSEED": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", BITS], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1] and said[0].count("\n") == 15


def test_a_checkerboard_needs_even_rings():
    assert colouring.two_colourable(tiny.ferromagnet(4))
    side = colouring.halves(tiny.ferromagnet(6)).reshape(6, 6)
    np.testing.assert_array_equal(side, np.indices((6, 6)).sum(axis=0) % 2)
    assert not colouring.two_colourable(tiny.ferromagnet(5))
    with pytest.raises(ValueError, match="odd length"):
        colouring.halves(tiny.ferromagnet(3))
    with pytest.raises(ValueError, match="odd length"):
        colouring.halves(tiny.bodies().model)


@pytest.mark.parametrize("name", [*TINY, "odd", "random", "empty"])
def test_sites_of_one_colour_meet_in_no_term(name):
    """Given one such colour, its sites can be tried in any order: costs do not depend on each other."""
    rng = np.random.default_rng(2)
    pairs = np.unique(np.sort(rng.integers(40, size=(70, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    further = {
        "odd": lambda: tiny.ferromagnet(5),
        "random": lambda: paired(coupled(40, pairs[:, 0], pairs[:, 1], np.ones(len(pairs)))),
        "empty": lambda: clusters(3, [(0,)], [1.0]),
    }
    model = TINY[name]().model if name in TINY else further[name]()
    colour = colouring.coloured(model)
    start, other = colouring.met(model)
    row = np.repeat(np.arange(model.sites), np.diff(start))
    assert (colour[row] != colour[other]).all()
    assert colour.max() < max(2, np.diff(start).max() + 1)
    order = colouring.order(colour)
    assert sorted(order) == list(range(model.sites)) and (np.diff(colour[order]) >= 0).all()


def test_neighbours_are_those_who_meet_in_a_term():
    start, other = colouring.met(clusters(5, [(0, 1, 3), (3, 4), (2,), (0, 1)], np.ones(4)))
    assert [other[a:b].tolist() for a, b in pairwise(start)] == [[1, 3], [0, 3], [], [0, 1, 4], [3]]
    start, other = colouring.met(tiles(4, np.array([[0, 1], [1, 2]]), np.zeros(4)))
    assert [other[a:b].tolist() for a, b in pairwise(start)] == [[1], [0, 2], [1], []]


def test_pairs_are_the_same_energy_as_terms():
    """Exact on a binary grid: every E and every cost."""
    from spindsl.kernels.energies import cost, energy, fastest

    rng = np.random.default_rng(4)
    i, j = np.triu_indices(5, 1)
    terms = coupled(5, i, j, rng.integers(-8, 8, 10) / 4.0, rng.integers(-8, 8, 5) / 8.0)
    pairs = paired(terms)
    assert type(fastest(terms)) is type(pairs) and fastest(tiny.bodies().model).sites == 4
    for s in tiny.spins(5):
        assert energy(terms, s) == energy(pairs, s)
        assert all(cost(terms, s, k, -s[k]) == cost(pairs, s, k, -s[k]) for k in range(5))
    with pytest.raises(ValueError, match=r"term 4 is a product of 3 spins, \(0, 1, 2\)"):
        paired(tiny.bodies().model)
