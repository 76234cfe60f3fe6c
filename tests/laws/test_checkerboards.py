"""Checkerboards in lanes: which systems fit, their energies, and that chains do not know how they are cut.

Statistical: fixed seed, 5.7 standard errors over 192 independent chains, a false alarm of 2e-8 for each of 24 numbers.
"""

import numpy as np
import pytest

from spindsl import factors, multispin, sampling
from spindsl.errors import DataError
from spindsl.factors import FactorGraph, Lattice
from spindsl.hamiltonian import phi
from spindsl.moves import SingleSite

RULES = {k: SingleSite(k, "checkerboard") for k in ("metropolis", "heat-bath")}
KEY = sampling.stream(5, "lanes")
BETA = 0.35


def pairs(sides, periodic=True):
    """Neighbours i < j, each pair once."""
    site, found = np.arange(np.prod(sides)).reshape(sides), set()
    for d, side in enumerate(sides):
        here, there = site, np.roll(site, -1, axis=d)
        keep = slice(None) if periodic else slice(0, side - 1)
        a, b = (np.moveaxis(v, d, 0)[keep].ravel() for v in (here, there))
        found |= {(min(p), max(p)) for p in zip(a.tolist(), b.tolist())}
    return np.array(sorted(found)).T


def spins(sides, J=1.0, h=0.0, periodic=True, more=()) -> FactorGraph:
    """E = -sum J s s - sum h s - further terms; of drawn numbers, the same every time."""
    at = pairs(sides, periodic).T
    rng, N = np.random.default_rng(3), int(np.prod(sides))
    drawn = {"normal": rng.normal(size=len(at)), "signs": rng.choice([-0.8, 0.8], size=len(at))}
    own = drawn[J] if isinstance(J, str) else np.full(len(at), J)
    field = rng.normal(size=N) if h == "normal" else np.full(N, h)
    return factors.spins(N, [(at, -own), *more], -field, lattice=Lattice(sides, periodic))


def potts(sides, Q, interaction="delta", J=1.0) -> FactorGraph:
    at, N = pairs(sides).T, int(np.prod(sides))
    table = -J * phi(interaction, Q)[None]
    return factors.colours(N, at, np.zeros(len(at)), table, np.zeros((N, Q)), Lattice(sides, True))


CASES = {
    "ferromagnet": spins((4, 4)),
    "antiferromagnet": spins((4, 4), -0.7),
    "field": spins((4, 4), 1.0, 0.3),
    "signs": spins((4, 4), "signs"),
    "signs in a field": spins((4, 4), "signs", 0.2),
    "gauss": spins((4, 4), "normal", "normal"),
    "box": spins((4, 4), 1.0, 0.1, periodic=False),
    "side of two": spins((2, 4), 0.6, 0.1),
    "ring in a field": spins((8,), 0.6, 0.3),
    "fields alone": spins((2, 4), 0.0, "normal"),
    "three colours": potts((8,), 3),
    "three cosines": potts((8,), 3, "cosine"),
    "four colours": potts((6,), 4, J=-0.5),
}


def run(system, rule, beta, chains, count, s=None, first=0, every=3, burn=60):
    s = sampling.begun(1, ("a",), chains, system, "random") if s is None else s
    found = sampling.run(
        system, rule, beta, s, chains, KEY, sampling.Schedule(burn, every), first, count, lambda done: None
    )
    return (*found, s)


def every_state(system) -> np.ndarray:
    Q, N = system.colours, system.sites
    if Q:
        return np.stack(np.unravel_index(np.arange(Q**N), (Q,) * N), axis=1).astype(np.int8)
    return 1 - 2 * np.stack(np.unravel_index(np.arange(2**N), (2,) * N), axis=1).astype(np.int8)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", CASES)
def test_lanes_sample_the_energy_of_the_system(name, rule):
    """Energies are those of the spins, to rounding; their mean is that of all states, to 5.7 standard errors."""
    system = CASES[name]
    if rule == "heat-bath" and system.colours:
        assert multispin.packed(system, RULES[rule], BETA) is None
        return
    assert multispin.packed(system, RULES[rule], BETA) is not None
    s, E, end = run(system, RULES[rule], BETA, tuple(range(192)), 40)
    np.testing.assert_allclose(E, factors.energy(system, s), rtol=0, atol=1e-12 * system.sites)
    assert (s[:, -1] == end).all()
    all_of_them = factors.energy(system, every_state(system))
    weight = np.exp(-BETA * (all_of_them - all_of_them.min()))
    exact, chain = (weight @ all_of_them) / weight.sum(), E.mean(axis=1)
    assert abs(chain.mean() - exact) < 5.7 * chain.std(ddof=1) / np.sqrt(192)


def test_three_colours_on_a_torus():
    """<E> / N = -0.9382656168 for 4 x 4 at beta = 0.5, delta: a sum over all 3^16 configurations."""
    _, E, _ = run(potts((4, 4), 3), RULES["metropolis"], 0.5, tuple(range(192)), 100)
    chain = E.mean(axis=1) / 16
    assert abs(chain.mean() + 0.9382656168) < 5.7 * chain.std(ddof=1) / np.sqrt(192)


@pytest.mark.parametrize("sides", [(4, 4), (64, 64)])
def test_chains_do_not_know_how_they_are_cut(sides):
    """Chains 3 and 70 alone, in two portions of samples, have the bits that they have among 0 … 71; also where a
    lattice fills a word."""
    system, rule = spins(sides), RULES["metropolis"]
    whole = run(system, rule, BETA, tuple(range(72)), 6, burn=4)
    early = run(system, rule, BETA, (3, 70), 2, burn=4)
    late = run(system, rule, BETA, (3, 70), 4, early[2].copy(), first=2, burn=4)
    for k in (0, 1):
        assert (np.concatenate([early[k], late[k]], axis=1) == whole[k][[3, 70]]).all()
    assert (late[2] == whole[2][[3, 70]]).all()


def test_a_burn_in_is_the_beginning_of_the_same_chain():
    """Sweeps go on being counted: four of a burn-in and two recorded are six recorded."""
    whole = run(CASES["field"], RULES["metropolis"], BETA, (0, 5), 6, every=1, burn=0)
    late = run(CASES["field"], RULES["metropolis"], BETA, (0, 5), 2, every=1, burn=4)
    assert (whole[0][:, 4:] == late[0]).all()


def test_large_lattices_are_cut_into_blocks():
    assert multispin.packed(spins((64, 64)), RULES["metropolis"], BETA).torus.chains == 1
    assert multispin.packed(spins((32, 32)), RULES["metropolis"], BETA).torus.chains == 64
    assert multispin.packed(spins((64, 64), "normal"), RULES["metropolis"], BETA).torus.chains == 64


def test_what_does_not_fit_runs_one_by_one():
    """Other orders, diagonal bonds, further terms, odd boxes, tables of patterns, clocks."""
    plain, order = spins((4, 4)), RULES["metropolis"]
    diagonal = spins((4, 4), more=[(np.array([[0, 5]]), np.ones(1))])
    several = spins((4, 4), more=[(np.array([[0, 1, 2]]), np.array([0.5]))])
    none = spins((4, 4), more=[(np.array([[0, 1, 2]]), np.zeros(1))])
    windows = factors.patterns(16, np.arange(16).reshape(8, 2), np.arange(4.0), Lattice((4, 4), True))
    for system, rule in (
        (plain, SingleSite("metropolis", "sequential")), (plain, SingleSite("metropolis", "checkerboard", 3)),
        (diagonal, order), (several, order), (spins((3, 4), periodic=False), order), (windows, order),
        (potts((4, 4), 4, "cosine"), order), (potts((4, 4), 9), order),
        (potts((2, 4), 3), order),
    ):  # fmt: skip
        assert multispin.packed(system, rule, BETA) is None
    assert multispin.packed(none, order, BETA) is not None


def test_a_ring_that_never_equilibrates_is_refused():
    with pytest.raises(DataError, match="ring without a field"):
        multispin.packed(spins((8,)), RULES["metropolis"], BETA)
    assert multispin.packed(spins((8,)), RULES["heat-bath"], BETA) is not None
