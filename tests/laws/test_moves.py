"""Local moves: detailed balance read off each rule itself, exact averages, one energy for pairs and terms."""

import numpy as np
import pytest
import tiny

from spindsl.kernels.chains import HeatBath, Metropolis, advance, offer, record
from spindsl.kernels.energies import coupled, paired

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
    order = np.argsort(np.indices((4, 4)).sum(axis=0).ravel() % 2, kind="stable").astype(np.uint32)
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
