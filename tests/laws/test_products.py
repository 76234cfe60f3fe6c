"""Products of more spins under a drive, E(s) = sum_t c_t prod_{j in t} s_j + sum_i (h_i + A_i) s_i.

The energy is written afresh here, apart from the kernels. A statistical test states its standard error; chi-square
raises a false alarm with probability 1e-6.
"""

import math
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from spindsl.kernels.couplings import Products, largest, local_fields, pairs, products, reach
from spindsl.kernels.events import interaction
from spindsl.kernels.rules.arrhenius import Arrhenius
from spindsl.kernels.rules.glauber import Glauber
from spindsl.kernels.rules.metropolis import Metropolis

FALSE_ALARM = 1e-6
RULES = {
    "arrhenius": lambda beta, spins: Arrhenius(beta, np.linspace(0.0, 2.0, spins)),
    "glauber": lambda beta, spins: Glauber(beta),
    "metropolis": lambda beta, spins: Metropolis(beta),
}


@dataclass(frozen=True)
class Matter:
    """Terms (sites, c), own field h (spin) and fields A (field, spin), K; rows of `fields` are h + A, the last h."""

    terms: tuple[tuple[tuple[int, ...], float], ...]
    h: np.ndarray
    drives: np.ndarray
    rule: Any

    @property
    def spins(self) -> int:
        return len(self.h)

    @property
    def A(self) -> np.ndarray:
        return np.vstack([self.drives + self.h, self.h])

    @cached_property
    def couplings(self) -> Products:
        start = np.cumsum([0, *(len(sites) for sites, _ in self.terms)])
        return products(self.spins, start, np.array([j for sites, _ in self.terms for j in sites]),
                        np.array([c for _, c in self.terms]))  # fmt: skip

    def energy(self, s, A) -> float:
        return math.fsum([*(c * math.prod(int(s[j]) for j in sites) for sites, c in self.terms), *(A * s)])


@dataclass(frozen=True)
class Held(Matter):
    """The same with other couplings."""

    held: Any = None

    @property
    def couplings(self):
        return self.held


def tiny(rule: str, beta: float = 1.3) -> Matter:
    """Four spins: a pair, a triple, the plaquette, a single spin and a constant; on a grid, so that energies are
    exact."""
    terms = (((0, 1), 0.75), ((0, 2, 3), -1.25), ((0, 1, 2, 3), 0.5), ((1, 2), -0.375), ((3,), 0.625), ((), 2.0))
    h, A = np.array([0.25, -0.5, 0.0, 1.0]), np.array([[1.5, -0.25, 0.75, -2.0]])
    return Matter(terms, h, A, RULES[rule](beta, 4))


def large(spins: int = 60, seed: int = 1, grid: bool = True, **orders: int) -> Matter:
    """As many random terms of each order as are asked for, of normal c."""
    rng = np.random.default_rng(seed)
    orders = orders or {"two": 60, "three": 80, "four": 40, "six": 10}
    size = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6}
    each = [size[k] for k, count in orders.items() for _ in range(count)]
    c, h, A = rng.normal(size=len(each)), rng.normal(size=spins), rng.normal(0.0, 3.0, (4, spins))
    if grid:
        c, h, A = (np.round(v * 2.0**30) / 2.0**30 for v in (c, h, A))
    terms = tuple((tuple(rng.choice(spins, n, replace=False).tolist()), x) for n, x in zip(each, c.tolist()))
    return Matter(terms, h, A, Arrhenius(2.0, rng.uniform(0.0, 2.0, spins)))


def states(spins):
    return np.array(list(product([-1, 1], repeat=spins)), dtype=np.int8)


def flipped(s, j):
    return np.where(np.arange(len(s)) == j, -s, s)


def schedule(trials, switches, fields, seed=0):
    return np.cumsum(np.random.default_rng(seed).integers(1, fields, (trials, switches)), axis=1) % fields


def identical(a, b):
    return all(x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("rule", RULES)
def test_detailed_balance(stay, rule):
    """pi(s) w(s -> s') = pi(s') w(s' -> s), pi = exp(-beta E): every state and flip, at a field and at the own one."""
    matter = tiny(rule)
    for A in matter.A:
        pi = {tuple(s): math.exp(-1.3 * matter.energy(s, A)) for s in states(4)}
        w = {tuple(s): stay(matter, s, A).rates for s in states(4)}
        for s, j in product(states(4), range(4)):
            there = tuple(flipped(s, j))
            assert w[tuple(s)][j] > 0
            assert pi[tuple(s)] * w[tuple(s)][j] == pytest.approx(pi[there] * w[there][j], rel=1e-13)


def test_a_flip_costs_the_difference_of_energies():
    """E(s') - E(s) = -2 s_i (g_i + A_i), exactly, for every state and flip; and |g_i| is at most its bound."""
    matter, g = tiny("glauber"), np.empty(4)
    for s, A in product(states(4), matter.A):
        local_fields(matter.couplings, s.astype(float), g)
        assert (np.abs(g) <= reach(matter.couplings)).all()
        assert (np.abs(g + A) <= largest(matter.couplings, matter.A)).all()
        for i in range(4):
            assert -2 * s[i] * (g[i] + A[i]) == matter.energy(flipped(s, i), A) - matter.energy(s, A)


def test_heat_of_a_flip_is_its_fall_in_energy(start, run):
    """In dwells with one flip: Q = E(s) - E(s'), exactly."""
    matter, s = large(12, three=10, four=6, two=5), start(300, 12)
    record = run(matter, np.zeros((300, 1)), s, 0.02)
    alone = np.flatnonzero(record.flips[:, 0] == 1)
    assert len(alone) > 20
    for before, after, heat in zip(s[alone], record.end[alone], record.heat[alone, 0]):
        assert np.sum(before != after) == 1
        assert heat == matter.energy(before, matter.A[0]) - matter.energy(after, matter.A[0])


@pytest.mark.parametrize("size", [12, 60, 400])
def test_fields_and_rates_after_thousands_of_flips_are_fresh(stay, start, size):
    """Bit for bit, for normal c on no grid, and g that of a sum rounded once: no flip forgets a neighbour."""
    cold = large(size, grid=False)
    matter, s = replace(cold, rule=cold.rule.at(0.2)), start(1, size)[0]
    flips, fresh = 0, np.empty(size)
    exact = matter.couplings
    for switch, A in enumerate([*matter.A] * 3):
        after = stay(matter, s, A, 100.0, switch=switch)
        s, flips = after.s, flips + after.flips
        local_fields(exact, s, fresh)
        assert after.g.tobytes() == fresh.tobytes()
        assert after.rates.tobytes() == stay(matter, s, A).rates.tobytes()
        terms = [exact.site[a:b] for a, b in zip(exact.start[:-1], exact.start[1:])]
        for i in range(size):
            held = [c * math.prod(s[j] for j in t if j != i) for t, c in zip(terms, exact.c) if i in t]
            assert after.g[i] == math.fsum(held)
    assert flips > 2000


def test_energy_work_and_first_law(start, run):
    """W = sum_j (A'_j - A_j) s_j, at first from the own field; E' - E = W - Q with the own field in E; to 1e-9."""
    matter, field, s = large(), schedule(4, 20, 4), start(4, 60)
    record = run(matter, field, s, 10.0, previous=np.full(4, 4))
    assert record.flips.sum() > 1000
    for a in range(4):
        old, before, E = matter.h, s[a], matter.energy(s[a], matter.h)
        for k, row in enumerate(field[a]):
            after, A, close = record.spins[a, k], matter.A[row], {"rel": 0, "abs": 1e-9}
            assert record.work[a, k] == pytest.approx(math.fsum((A - old) * before), **close)
            assert record.interaction[a, k] == pytest.approx(matter.energy(after, np.zeros(60)), **close)
            assert record.zeeman[a, k] == pytest.approx(math.fsum(A * after), **close)
            assert matter.energy(after, A) - E == pytest.approx(record.work[a, k] - record.heat[a, k], **close)
            old, before, E = A, after, matter.energy(after, A)


def test_pairs_as_products_are_the_same_bits(start, run):
    """Flips, spins, work and heat; the energy of the couplings, summed otherwise, to 1e-12."""
    matter = large(two=150, grid=False)
    i, j = np.sort(np.array([sites for sites, _ in matter.terms]), axis=1).T
    once = np.unique(60 * i + j, return_index=True)[1]
    matter = replace(matter, terms=tuple(matter.terms[k] for k in once))
    sparse = pairs(60, i[once], j[once], np.array([c for _, c in matter.terms]))
    field, s = schedule(3, 12, 4), start(3, 60)
    one = run(matter, field, s, 10.0)
    two = run(Held(matter.terms, matter.h, matter.drives, matter.rule, sparse), field, s, 10.0)
    assert one.flips.sum() > 300
    assert identical(one._replace(interaction=two.interaction), two)
    np.testing.assert_allclose(one.interaction, two.interaction, rtol=0, atol=1e-12)


def test_the_gauge_maps_a_run_bit_for_bit(start, run):
    """c_t -> c_t prod eps_j, h -> eps h, A -> eps A, s -> eps s, of odd terms too."""
    matter, epsilon = large(), start(1, 60, seed=9)[0]
    field, s = schedule(3, 12, 4), start(3, 60)
    terms = tuple((sites, c * math.prod(int(epsilon[j]) for j in sites)) for sites, c in matter.terms)
    image = replace(matter, terms=terms, h=matter.h * epsilon, drives=matter.drives * epsilon)
    record, other = run(matter, field, s, 10.0), run(image, field, s * epsilon, 10.0)
    assert identical(other, record._replace(spins=record.spins * epsilon, end=record.end * epsilon))


@pytest.mark.parametrize("rule", RULES)
def test_occupation_is_boltzmanns(run, rule):
    """Ends of 20,000 long dwells of four spins from one state: chi-square over 16 states."""
    matter = tiny(rule, beta=0.6)
    end = run(matter, np.zeros((20_000, 1)), np.ones((20_000, 4), np.int8), 60.0).end
    p = np.exp([-0.6 * matter.energy(s, matter.A[0]) for s in states(4)])
    assert (p / p.sum()).min() * len(end) > 5
    count = np.bincount((end > 0) @ np.array([8, 4, 2, 1]), minlength=16)
    assert stats.chisquare(count, p / p.sum() * len(end)).pvalue > FALSE_ALARM


PLAIN = """
import sys
import numpy as np
from numba import config
from spindsl.kernels.couplings import Products
from spindsl.kernels.events import drive
from spindsl.kernels.rules.arrhenius import Arrhenius
assert config.DISABLE_JIT
given = np.load(sys.argv[1])
couplings = Products(*(given[n] for n in Products._fields))
out = tuple(given[f"out{k}"] for k in range(6))
s = given["s"]
drive(couplings, Arrhenius(2.0, given["B"]), given["A"], given["field"], np.full(2, 4), np.arange(6),
      5.0, s, np.arange(2, dtype=np.uint64), np.uint64(1), given["key"], out)
np.savez(sys.argv[2], *out, s)
"""


def test_compiled_equals_plain_bit_for_bit(start, run, key, tmp_path):
    """The same drive with NUMBA_DISABLE_JIT=1: all that is recorded, byte by byte."""
    matter, field, s = large(40, grid=False), schedule(2, 6, 4), start(2, 40)
    compiled = run(matter, field, s, 5.0, previous=np.full(2, 4))
    assert compiled.flips.sum() > 100
    blank = {f"out{k}": np.zeros_like(x) for k, x in enumerate(compiled[:6])}
    given = {"B": matter.rule.B, "A": matter.A, "field": field, "s": s, "key": key}
    np.savez(tmp_path / "given.npz", **blank, **matter.couplings._asdict(), **given)
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", PLAIN]
    subprocess.run([*command, tmp_path / "given.npz", tmp_path / "plain.npz"], env=plain, check=True)
    with np.load(tmp_path / "plain.npz") as found:
        assert identical(compiled, found.values())


def test_a_site_twice_or_beyond_is_refused():
    with pytest.raises(ValueError, match="twice"):
        products(4, np.array([0, 3]), np.array([1, 2, 1]), np.ones(1))
    with pytest.raises(ValueError, match="0 to 3"):
        products(4, np.array([0, 2]), np.array([1, 4]), np.ones(1))


def test_no_terms_are_free_spins(stay):
    matter = Matter((), np.zeros(3), np.ones((1, 3)), Glauber(1.0))
    after = stay(matter, np.ones(3), matter.A[0])
    np.testing.assert_allclose(after.rates, 1 / (1 + np.exp(-2.0)), rtol=1e-12)
    assert interaction(matter.couplings, after.g, after.s) == 0.0
