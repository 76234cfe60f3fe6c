"""Markov chains: every move is what its definition says, obeys detailed balance, and leads to exp(-beta E) / Z."""

import os
import subprocess
import sys

import numpy as np
import pytest
from lattices import ANYWHERE, FALSE_ALARM, KEY, MATTERS, PAIRWISE, matrix, moved
from scipy import stats

from spindsl.kernels.chains import HeatBath, Metropolis, advance, record
from spindsl.kernels.energies import cost, energy
from spindsl.kernels.exact.enumeration import moments

BETA = 0.8
CASES = [(k, m) for m in MATTERS for k in ("metropolis", "heat-bath")]
CASES += [(k, m) for m in PAIRWISE for k in ("wolff", "swendsen-wang")]
LIMIT = stats.norm.isf(FALSE_ALARM / len(CASES) / 4)  # standard errors, two sides of two means a case
every_case = pytest.mark.parametrize(("kind", "name"), CASES)


def started(matter, number, copies):
    """`copies` chains in each of the states of the numbers."""
    states = np.array(matter.states, dtype=np.int8)[number]
    return np.repeat(states, copies, axis=0), np.arange(len(states) * copies, dtype=np.uint64)


@every_case
def test_detailed_balance(kind, name):
    """pi(x) P(x, y) = pi(y) P(y, x) for all pairs of states; rows of P sum to 1."""
    P, pi = matrix(kind, MATTERS[name], BETA), MATTERS[name].boltzmann(BETA)
    assert np.abs(P.sum(axis=1) - 1).max() < 1e-12
    flow = pi[:, None] * P
    assert np.abs(flow - flow.T).max() < 1e-15


@every_case
def test_an_attempt_is_what_its_definition_says(kind, name):
    """2,000 attempts from every state against the exact matrix: nothing impossible, and chi^2 of the rest.

    Cells of fewer than 5 expected are merged within a row. False alarm 1e-6 over all cases.
    """
    matter, copies = MATTERS[name], 2000
    P = matrix(kind, matter, BETA)
    s, chains = started(matter, np.arange(len(P)), copies)
    advance(*moved(kind, matter), BETA, s, chains, KEY, np.uint64(3), 1)
    found = np.zeros_like(P)
    np.add.at(found, (np.repeat(np.arange(len(P)), copies), matter.number(s)), 1)
    assert not found[P < 1e-14].any()
    chi2, freedom = 0.0, 0
    for n, p in zip(found, P):
        many = copies * p >= 5
        seen, due = [*n[many], n[~many].sum()], [*(copies * p[many]), copies * p[~many].sum()]
        chi2 += sum((o - e) ** 2 / e for o, e in zip(seen, due) if e > 1e-9)
        freedom += sum(e > 1e-9 for e in due) - 1
    assert stats.chi2.sf(chi2, freedom) > FALSE_ALARM / len(CASES)


def order(matter, s):
    """Mean spin, or (Q max n_a / N - 1) / (Q - 1), (…)."""
    Q = len(matter.values)
    most = np.stack([(s == a).mean(axis=-1) for a in matter.values]).max(axis=0)
    return s.mean(axis=-1) if matter.values[0] < 0 else (Q * most - 1) / (Q - 1)


@every_case
def test_averages_are_those_of_all_states(kind, name):
    """<E> and <m^2> of 4,000 independent chains after 60 sweeps from one state, against the sum over all states."""
    matter = MATTERS[name]
    s, chains = started(matter, [0], 4000)
    sweep = 1 if kind == "swendsen-wang" else s.shape[1]
    advance(*moved(kind, matter), BETA, s, chains, KEY, np.uint64(0), 60 * sweep)
    pi, E = matter.boltzmann(BETA), np.array([matter.E(x) for x in matter.states])
    m2 = order(matter, np.array(matter.states)) ** 2
    for each in (E, m2):
        x = each[matter.number(s)]
        assert abs(x.mean() - pi @ each) < LIMIT * x.std(ddof=1) / np.sqrt(len(x))


def test_moments_of_pairs_are_those_of_all_states():
    """Enumeration against sums written out, exact to rounding."""
    matter = MATTERS["ising-pairs"]
    exact, pi = moments(matter.model, np.array([BETA])), matter.boltzmann(BETA)
    assert abs(exact.energy[0] - pi @ [matter.E(x) for x in matter.states]) < 1e-12
    assert abs(exact.m2[0] - pi @ order(matter, np.array(matter.states)) ** 2) < 1e-12
    assert abs(exact.m[0] - pi @ order(matter, np.array(matter.states))) < 1e-12


@pytest.mark.parametrize("name", MATTERS)
def test_energies_and_costs_are_those_written_afresh(name):
    """Exact to rounding, for every state and every change of one site."""
    matter = MATTERS[name]
    for x in matter.states:
        s = np.array(x, dtype=np.int8)
        assert abs(energy(matter.model, s) - matter.E(x)) < 1e-13
        for i in range(len(x)):
            for a in matter.values:
                rise = matter.E((*x[:i], a, *x[i + 1 :])) - matter.E(x)
                assert abs(cost(matter.model, s, i, a) - rise) < 1e-13


@pytest.mark.parametrize("kind", [Metropolis, HeatBath])
def test_an_order_is_kept(kind):
    """Attempt t is of site order[t mod N]: at beta = 0 heat bath and Metropolis change no other."""
    matter, order = MATTERS["ising"], np.array([2, 0, 3, 1], dtype=np.uint32)
    for t in range(9):
        s, chains = started(matter, np.arange(16), 8)
        before = s.copy()
        advance(matter.model, kind(order), 0.0, s, chains, KEY, np.uint64(t), 1)
        changed = (s != before).any(axis=0)
        assert changed.tolist() == [i == order[t % 4] for i in range(4)]


@every_case
def test_bits_do_not_depend_on_cuts(kind, name):
    """Attempts in one go, in pieces, recorded or not, of chains together or alone: the same bits."""
    matter = MATTERS[name]
    s, chains = started(matter, np.arange(8), 1)
    whole = s.copy()
    advance(*moved(kind, matter), BETA, whole, chains, KEY, np.uint64(0), 600)
    pieces = s.copy()
    for first, count in ((0, 1), (1, 299), (300, 300)):
        for c in range(len(s)):
            advance(*moved(kind, matter), BETA, pieces[c : c + 1], chains[c : c + 1], KEY, np.uint64(first), count)
    assert np.array_equal(pieces, whole)
    spins, found = np.empty((len(s), 6, s.shape[1]), dtype=np.int8), np.empty((len(s), 6))
    record(*moved(kind, matter), BETA, s, chains, KEY, np.uint64(0), 100, spins, found)
    assert np.array_equal(spins[:, -1], whole)
    assert np.array_equal(s, whole)
    assert np.allclose(found, [[matter.E(tuple(map(int, x))) for x in c] for c in spins], rtol=0, atol=1e-13)


def fingerprint() -> str:
    """The states of some chains under every move, as text."""
    text = []
    for kind, name in CASES:
        s, chains = started(MATTERS[name], [1, 5], 2)
        advance(*moved(kind, MATTERS[name]), BETA, s, chains, KEY, np.uint64(7), 40)
        text.append("".join(map(str, MATTERS[name].number(s))))
    return " ".join(text)


def test_plain_python_gives_the_same_bits():
    code = "from test_chains import fingerprint; print(fingerprint())"
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    plain = dict(os.environ, NUMBA_DISABLE_JIT="1", PYTHONPATH=path)
    done = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True)
    assert done.stdout.strip() == fingerprint(), done.stderr


def test_anywhere_means_everywhere():
    """Sites tried at random are tried equally often: chi^2 over 16,000 attempts at beta = 0, false alarm 1e-6."""
    matter = MATTERS["ising"]
    s, chains = started(matter, [0], 16000)
    advance(matter.model, Metropolis(ANYWHERE), 0.0, s, chains, KEY, np.uint64(0), 1)
    assert (s != -1).sum() == 16000
    assert stats.chisquare((s != -1).sum(axis=0)).pvalue > FALSE_ALARM
