"""Parallel tempering: each temperature keeps its own distribution, and exchanges are as likely as they should be."""

import os
import subprocess
import sys

import numpy as np
import pytest
from lattices import ANYWHERE, FALSE_ALARM, KEY, MATTERS
from scipy import stats

from spindsl.kernels.chains import Metropolis
from spindsl.kernels.tempering import advance, ladder, record

BETAS = np.array([0.3, 0.8, 1.6])
PERIOD = np.uint64(8)
NAMES = ["ising-pairs", "potts-3-cosine"]


def drawn(matter, chains: int, seed: int) -> np.ndarray:
    """Independent states of each temperature from its own distribution, (chain, beta, site)."""
    rng, states = np.random.default_rng(seed), np.array(matter.states, dtype=np.int8)
    return np.stack([states[rng.choice(len(states), chains, p=matter.boltzmann(b))] for b in BETAS], axis=1)


def named(chains: int) -> np.ndarray:
    return np.arange(chains, dtype=np.uint64)


def move():
    return Metropolis(ANYWHERE)


@pytest.mark.parametrize("name", NAMES)
def test_every_temperature_keeps_its_distribution(name):
    """From exact draws, 20,000 ladders after five exchanges: chi^2 of the states at each of three temperatures, and of
    two temperatures jointly (they stay independent), 1e-6 over all."""
    matter, n = MATTERS[name], 20_000
    copies = ladder(drawn(matter, n, 1))
    advance(matter.model, move(), BETAS, copies, named(n), KEY, np.uint64(0), np.uint64(44), PERIOD)
    assert copies.tried.sum(axis=0).tolist() == [2 * n, 3 * n]
    number = matter.number(copies.s)
    pi = [matter.boltzmann(b) for b in BETAS]
    for b in range(3):
        found = np.bincount(number[:, b], minlength=len(pi[b]))
        assert alike(found, n * pi[b]) > FALSE_ALARM / 8
    joint = np.zeros((len(pi[0]), len(pi[1])))
    np.add.at(joint, (number[:, 0], number[:, 1]), 1)
    assert alike(joint.ravel(), n * np.outer(pi[0], pi[1]).ravel()) > FALSE_ALARM / 8


def alike(found: np.ndarray, due: np.ndarray) -> float:
    """p of chi^2, cells of fewer than 5 expected merged."""
    many = due >= 5
    seen, want = [*found[many], found[~many].sum()], [*due[many], due[~many].sum()]
    pairs = [(o, e) for o, e in zip(seen, want) if e > 1e-9]
    return float(stats.chi2.sf(sum((o - e) ** 2 / e for o, e in pairs), len(pairs) - 1))


@pytest.mark.parametrize("name", NAMES)
def test_an_exchange_is_as_likely_as_its_definition_says(name):
    """The share of 40,000 exchanges of exact draws: sum pi_a(x) pi_b(y) min(1, e^((beta_a - beta_b)(E(x) - E(y)))),
    within 5.2 s.e., 2e-7 for each of four. What is exchanged is whole states."""
    matter, n = MATTERS[name], 40_000
    E = np.array([matter.E(x) for x in matter.states])
    for first, a in ((8, 1), (16, 0)):  # exchange 1 is of the pair (1, 2), exchange 2 of (0, 1)
        s = drawn(matter, n, 2)
        copies = ladder(s.copy())
        advance(matter.model, move(), BETAS, copies, named(n), KEY, np.uint64(first), np.uint64(1), PERIOD)
        chance = np.minimum(1, np.exp((BETAS[a] - BETAS[a + 1]) * (E[:, None] - E)))
        due = matter.boltzmann(BETAS[a]) @ chance @ matter.boltzmann(BETAS[a + 1])
        assert copies.tried[:, a].all()
        assert not copies.tried[:, 1 - a].any()
        assert abs(copies.accepted[:, a].mean() - due) < 5.2 * np.sqrt(due * (1 - due) / n)
        x, y = matter.number(s[:, a]), matter.number(s[:, a + 1])
        sure = chance[x, y] == 1
        assert copies.accepted[sure, a].all()
        assert np.array_equal(copies.walker[:, a] == a + 1, copies.accepted[:, a] == 1)
        taken = copies.accepted[:, a] == 1
        swapped = copies.s[taken][:, [a + 1, a]] != s[taken][:, [a, a + 1]]
        assert (swapped.sum(axis=2) <= 1).all()  # by the one attempt that follows


@pytest.mark.parametrize("name", NAMES)
def test_bits_do_not_depend_on_cuts(name):
    """In one go, in pieces that end anywhere, chains apart, or recorded on the way: the same bits."""
    matter, n = MATTERS[name], 6
    s = drawn(matter, n, 3)
    whole = ladder(s.copy())
    advance(matter.model, move(), BETAS, whole, named(n), KEY, np.uint64(0), np.uint64(120), PERIOD)
    pieces = s.copy()
    for first, last in ((0, 8), (8, 13), (13, 64), (64, 120)):
        for c in range(n):
            part = ladder(pieces[c : c + 1])
            part_of = named(n)[c : c + 1]
            advance(matter.model, move(), BETAS, part, part_of, KEY, np.uint64(first), np.uint64(last - first), PERIOD)
    assert np.array_equal(pieces, whole.s)
    copies, shape = ladder(s), (n, 10, len(BETAS))
    spins, energies = np.empty((*shape, s.shape[2]), np.int8), np.empty(shape)
    tried, accepted = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    out = (spins, energies, tried, accepted)
    record(matter.model, move(), BETAS, copies, named(n), KEY, np.uint64(0), np.uint64(12), PERIOD, *out)
    assert np.array_equal(spins[:, -1], whole.s)
    assert np.array_equal(tried[:, -1, :-1], whole.tried)
    assert np.array_equal(accepted[:, -1, :-1], whole.accepted)
    assert not tried[..., -1].any()
    again = [[[matter.E(tuple(map(int, x))) for x in b] for b in c] for c in spins]
    assert np.abs(energies - again).max() < 1e-13


def fingerprint() -> str:
    text = []
    for name in NAMES:
        copies = ladder(drawn(MATTERS[name], 3, 4))
        args = (KEY, np.uint64(0), np.uint64(50), PERIOD)
        advance(MATTERS[name].model, move(), BETAS, copies, named(3), *args)
        text.append("".join(map(str, [*MATTERS[name].number(copies.s).ravel(), *copies.walker.ravel()])))
    return " ".join(text)


def test_plain_python_gives_the_same_bits():
    code = "from test_ladders import fingerprint; print(fingerprint())"
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    plain = dict(os.environ, NUMBA_DISABLE_JIT="1", PYTHONPATH=path)
    done = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True)
    assert done.stdout.strip() == fingerprint(), done.stderr


def test_walkers_are_counted():
    """A walker that went from the first temperature to the last and back has made a trip; beta alike: all exchanges."""
    matter = MATTERS["ising-pairs"]
    copies = ladder(drawn(matter, 50, 5))
    alike = np.full(3, 0.5)
    advance(matter.model, move(), alike, copies, named(50), KEY, np.uint64(1), np.uint64(400), PERIOD)
    assert np.array_equal(copies.accepted, copies.tried)
    assert (copies.trips.sum(axis=1) > 0).all()
    assert np.array_equal(np.sort(copies.walker, axis=1), np.tile(np.arange(3), (50, 1)))
