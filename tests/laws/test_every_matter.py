"""Laws that hold for all coupled spins under all dynamics that give them rates.

Whatever of these has an example in tests/words/examples is enrolled: systems, their graphs and couplings, each
under every dynamics. With --examples FOLDER dynamics of other packages are, see `enrolment`. Dwells are as long as the
rule is slow. E(s) = sum_{i<j} J_ij s_i s_j + sum_i A_i s_i is written afresh, apart from the kernels.
"""

import math
import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import enrolment
import numpy as np
import pytest
import tomlkit
import xarray as xr
from scipy import stats

from spindsl.engine import Runner
from spindsl.experiment import loads
from spindsl.graph import Graph
from spindsl.kernels.couplings import Dense, Pairs, dense, local_fields, pairs, represented
from spindsl.kernels.rules import admit, rate
from spindsl.lower import lower
from spindsl.spec import Couplings, Dynamics, System, Topology, words
from spindsl.store import Store

FALSE_ALARM = 1e-6
FOLDERS = {System: "system", Topology: "topology", Couplings: "couplings", Dynamics: "dynamics"}
STAGES = ("system", "dynamics", "initial", "fields")


def examples(*nouns) -> dict[str, dict[str, Any]]:
    """Tables of the examples of some nouns, of simulated matter, by the names of their files."""
    homes = [(enrolment.folder() if n is Dynamics else enrolment.OURS) / FOLDERS[n] for n in nouns]
    files = [p for home in homes for p in sorted(home.glob("*.toml"))]
    read = {f"{p.parent.name}-{p.stem}" if len(nouns) > 1 else p.stem: tomllib.loads(p.read_text()) for p in files}
    driven = {n: t for n, t in read.items() if t.pop("base", "") != "equilibrium"}
    return {n: t for n, t in driven.items() if "system" not in t or words(System)[t["system"]["kind"]].simulated}


COUPLED = {"spin-glass"}  # what a field drives; lattices at equilibrium have laws of their own
THERMAL = {kind for kind, word in enrolment.enrolled(Dynamics).items() if "beta" in word.model_fields}
MATTERS = {n: t for n, t in examples(System, Topology, Couplings).items() if t["system"]["kind"] in COUPLED}
DYNAMICS = {n: t for n, t in examples(Dynamics).items() if t["dynamics"]["kind"] in THERMAL}
every_matter = pytest.mark.parametrize("matter", MATTERS)
every_dynamics = pytest.mark.parametrize("dynamics", DYNAMICS)


@dataclass(frozen=True)
class Matter:
    """What an experiment lowers to: edges i < j with J, fields A (field, spin), all K; the rule; a start (spin)."""

    i: np.ndarray
    j: np.ndarray
    J: np.ndarray
    A: np.ndarray
    rule: Any
    start: np.ndarray

    @property
    def spins(self) -> int:
        return self.A.shape[1]

    @cached_property
    def couplings(self) -> Pairs | Dense:
        return represented(self.spins, self.i, self.j, self.J)

    def energy(self, s, A) -> float:
        return math.fsum([*(self.J * s[self.i] * s[self.j]), *(A * s)])

    def held(self, s) -> np.ndarray:
        """sum_j J_kj s_j of every spin k."""
        g = np.zeros(self.spins)
        np.add.at(g, self.i, self.J * s[self.j])
        np.add.at(g, self.j, self.J * s[self.i])
        return g

    def gauged(self, epsilon) -> "Matter":
        """J_ij -> epsilon_i epsilon_j J_ij, A -> epsilon A."""
        return replace(self, J=epsilon[self.i] * epsilon[self.j] * self.J, A=self.A * epsilon)


@dataclass(frozen=True)
class Held(Matter):
    """The same matter in a representation of one's choice."""

    as_: Any = None

    @property
    def couplings(self) -> Pairs | Dense:
        return self.as_


@pytest.fixture(scope="module")
def lowered(request, tmp_path_factory):
    """The matter of a table, lowered and run up to its start; once for each pair of names."""
    folder, known = tmp_path_factory.mktemp("matter"), {}
    J = np.triu(np.random.default_rng(0).normal(size=(16, 16)), 1)
    xr.Dataset({"J": (("i", "j"), J + J.T)}).to_netcdf(folder / "couplings.nc", engine="netcdf4")

    def go(small: str, matter: str, dynamics: str) -> Matter:
        if (matter, dynamics) not in known:
            table = tomllib.loads(small) | MATTERS[matter] | DYNAMICS[dynamics]
            stages = lower(loads(tomlkit.dumps(table)), folder).stages
            found = Runner(Graph.of({n: stages[n] for n in STAGES if n in stages}), Store(folder / "store"), 1).run()
            edges = (found["system"][n].values for n in ("i", "j", "J"))
            rule = stages["initial"].params.rates.rule(found.get("dynamics", xr.Dataset()))
            A, s = found["fields"].field_strength.values, found["initial"].spins.values
            known[matter, dynamics] = Matter(*edges, A, rule, s)
        return known[matter, dynamics]

    return go


def flipped(s, k):
    return np.where(np.arange(len(s)) == k, -s, s)


def identical(a, b):
    return all(x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


def schedule(trials, switches, fields, seed=0):
    """Rows (trial, switch), no row twice in succession."""
    return np.cumsum(np.random.default_rng(seed).integers(1, fields, (trials, switches)), axis=1) % fields


@pytest.fixture
def driven(lowered, small, run, stay, start, matter, dynamics):
    """Three trials of fifteen dwells, the first from the matter's own start: matter, schedule, start, dwell, record."""
    found = lowered(small, matter, dynamics)
    field, s = schedule(3, 15, 3), np.vstack([found.start, start(2, found.spins)])
    dwell = 100.0 / typical(found, s, stay)
    record = run(found, field, s, dwell)
    assert record.flips.sum() > 20
    return found, field, s, dwell, record


def typical(found: Matter, s: np.ndarray, stay) -> float:
    """Median rate of unhappy spins in the first field, 1/s: how fast the rule is."""
    unhappy = [row * (found.held(row) + found.A[0]) > 0 for row in s]
    return float(np.median(np.concatenate([stay(found, row, found.A[0]).rates[u] for row, u in zip(s, unhappy)])))


@pytest.mark.parametrize("noun", FOLDERS)
def test_every_word_is_enrolled(noun):
    """No coupled system, graph, coupling or thermal dynamics without an example here."""
    wanted = {System: COUPLED, Dynamics: THERMAL}.get(noun, set(words(noun)))
    if noun is Dynamics:
        kinds = {t["dynamics"]["kind"] for t in DYNAMICS.values()}
    elif noun is System:
        kinds = {t["system"]["kind"] for t in MATTERS.values()}
    else:
        parts = [p for t in MATTERS.values() for p in t["system"].values() if isinstance(p, dict)]
        kinds = {p["kind"] for p in parts}
    assert wanted <= kinds


@every_matter
@every_dynamics
def test_detailed_balance(lowered, small, stay, start, matter, dynamics):
    """pi(s) w(s -> s') = pi(s') w(s' -> s), pi = exp(-beta E): every flip of ten states, at a field and at none."""
    found = lowered(small, matter, dynamics)
    for A in (np.zeros(found.spins), found.A[0]):
        for s in start(5, found.spins, seed=1):
            w = stay(found, s, A).rates
            assert (w > 0).all()
            for k in range(found.spins):
                there = flipped(s, k)
                back = stay(found, there, A).rates[k]
                rise = found.energy(there, A) - found.energy(s, A)
                assert w[k] == pytest.approx(back * math.exp(-found.rule.beta * rise), rel=1e-12)


@every_matter
@every_dynamics
def test_mattis_gauge_maps_a_run_bit_for_bit(driven, start, run):
    """J_ij -> eps_i eps_j J_ij, A -> eps A, s -> eps s: same flips, work, heat, energies; spins eps s."""
    found, field, s, dwell, record = driven
    epsilon = start(1, found.spins, seed=9)[0]
    assert (epsilon < 0).any()
    image = run(found.gauged(epsilon.astype(float)), field, s * epsilon, dwell)
    assert identical(image, record._replace(spins=record.spins * epsilon, end=record.end * epsilon))


@every_matter
@every_dynamics
def test_energy_work_and_first_law(driven):
    """W = sum_j (A'_j - A_j) s_j before the switch, from zero field; E' - E = W - Q; energies of the end; to 1e-10."""
    found, field, s, _, record = driven
    for a in range(len(field)):
        old, before, E = np.zeros(found.spins), s[a], found.energy(s[a], np.zeros(found.spins))
        for k, row in enumerate(field[a]):
            after, A, close = record.spins[a, k], found.A[row], {"rel": 0, "abs": 1e-10}
            assert record.work[a, k] == pytest.approx(math.fsum((A - old) * before), **close)
            assert record.interaction[a, k] == pytest.approx(found.energy(after, np.zeros(found.spins)), **close)
            assert record.zeeman[a, k] == pytest.approx(math.fsum(A * after), **close)
            assert found.energy(after, A) - E == pytest.approx(record.work[a, k] - record.heat[a, k], **close)
            old, before, E = A, after, found.energy(after, A)


@every_matter
@every_dynamics
def test_pairs_and_matrix_are_the_same_bits(driven, run):
    """Flips, spins, work, heat and energies do not depend on how couplings are represented."""
    found, field, s, dwell, record = driven
    sparse = pairs(found.spins, found.i, found.j, found.J)
    for couplings in (sparse, dense(sparse)):
        values = (getattr(found, n) for n in Matter.__dataclass_fields__)
        assert identical(run(Held(*values, couplings), field, s, dwell), record)


@every_matter
@every_dynamics
def test_local_fields_and_rates_after_thousands_of_flips_are_fresh(lowered, small, stay, matter, dynamics):
    """g bit for bit a fresh sum, and every rate that of a fresh start: no flip forgets a neighbour."""
    found = lowered(small, matter, dynamics)
    hot = replace(found, rule=found.rule.at(0.3))
    s, flips, fresh = found.start, 0, np.empty(found.spins)
    duration = 1000.0 / told(hot.rule, 0.0).min()
    for switch, A in enumerate(found.A):
        after = stay(hot, s, A, duration, switch=switch)
        s, flips = after.s, flips + after.flips
        local_fields(hot.couplings, s, fresh)
        exact = [
            math.fsum(found.J * ((found.i == k) * s[found.j] + (found.j == k) * s[found.i])) for k in range(len(s))
        ]
        assert after.g.tobytes() == fresh.tobytes()
        np.testing.assert_allclose(fresh, exact, rtol=0, atol=1e-12)
        assert after.rates.tobytes() == stay(hot, s, A).rates.tobytes()
    assert flips > 2000


# Rules


def told(rule, e) -> np.ndarray:
    """Rates of every spin, (spin), or of one where all are alike, at local energy e."""
    spins = max([len(v) for v in rule if isinstance(v, np.ndarray)], default=1)
    return np.array([rate(rule, k, e) for k in range(spins)])


FORMULA = {
    "arrhenius": lambda beta, e, B: np.exp(beta * (e - B)),
    "glauber": lambda beta, e, B: 0.5 * (1 + np.tanh(beta * e)),
    "metropolis": lambda beta, e, B: np.where(e >= 0, 1.0, np.exp(-2 * beta * abs(e))),
}


@every_dynamics
def test_rates_are_those_of_the_formula(lowered, small, dynamics):
    """In 1/s, for every spin's own barrier: detailed balance leaves a factor free, this does not."""
    found, said = lowered(small, next(iter(MATTERS)), dynamics), DYNAMICS[dynamics]["dynamics"]
    if said["kind"] not in FORMULA:
        pytest.skip("a dynamics whose formula is tested elsewhere")
    B = getattr(found.rule, "B", 0.0)
    assert found.rule.beta == said["beta"]
    for e in np.linspace(-4, 4, 33):
        wanted = FORMULA[said["kind"]](said["beta"], e, B) * np.ones(np.size(B))
        np.testing.assert_allclose(told(found.rule, e), wanted, rtol=1e-9)


@every_dynamics
@pytest.mark.parametrize("beta", [0.0, 0.01, 0.7, 5.0])
def test_annealing_is_in_balance_at_its_own_temperature(lowered, small, dynamics, beta):
    """rate(e) / rate(-e) = exp(2 beta e) of rule.at(beta), and no spin hindered more than another."""
    hot = lowered(small, next(iter(MATTERS)), dynamics).rule.at(beta)
    assert hot.beta == beta
    for e in np.linspace(-6, 6, 25):
        np.testing.assert_allclose(told(hot, e), told(hot, -e) * math.exp(2 * beta * e), rtol=1e-12)
        assert len(set(told(hot, e))) == 1


@every_dynamics
def test_steepness_is_the_largest_slope_of_the_log_of_the_rate(lowered, small, dynamics):
    """And a rate that would leave float64 is refused: beyond exp(700), not before."""
    rule = lowered(small, next(iter(MATTERS)), dynamics).rule
    e = np.linspace(-20, 20, 801)
    slope = np.abs(np.diff([math.log(told(rule, x)[0]) for x in e])) / np.diff(e)
    assert rule.steepness == pytest.approx(slope.max(), rel=1e-6)
    admit(rule, 699.9 / slope.max())
    with pytest.raises(ValueError, match="float64"):
        admit(rule, 700.1 / slope.max())


@every_dynamics
@pytest.mark.parametrize("representation", [Pairs, Dense])
def test_occupation_is_boltzmanns(lowered, small, run, dynamics, representation):
    """Ends of 20,000 long dwells of four spins from one state, chi-square over 16 states, false alarm 1e-6.

    A dwell is twenty times the longest relaxation time of the master equation, so that exp(-20) of the start is left.
    """
    i, j = np.triu_indices(4, 1)
    rng = np.random.default_rng(8)
    J, A = rng.normal(0.0, 0.5, 6), rng.normal(0.0, 0.5, (1, 4))
    rule = lowered(small, next(iter(MATTERS)), dynamics).rule
    rule = rule._replace(**{n: v[:4] * 0.1 for n, v in rule._asdict().items() if isinstance(v, np.ndarray)}, beta=0.7)
    sparse = pairs(4, i, j, J)
    start = np.ones((20_000, 4), np.int8)
    matter = Held(i, j, J, A, rule, start[0], sparse if representation is Pairs else dense(sparse))
    states = np.array(np.meshgrid(*[[-1, 1]] * 4, indexing="ij")).reshape(4, -1).T
    p = np.exp([-0.7 * matter.energy(s, A[0]) for s in states])
    end = run(matter, np.zeros((20_000, 1)), start, 20.0 / slowest(matter, states)).end
    assert (p / p.sum()).min() * len(end) > 5
    count = np.bincount((end > 0) @ np.array([8, 4, 2, 1]), minlength=16)
    assert stats.chisquare(count, p / p.sum() * len(end)).pvalue > FALSE_ALARM


def slowest(matter: Matter, states: np.ndarray) -> float:
    """Rate of the slowest decay of the master equation dp/dt = p Q in the first field, 1/s."""
    Q, A = np.zeros((len(states), len(states))), matter.A[0]
    for a, s in enumerate(states):
        for k in range(len(s)):
            there = flipped(s, k)
            rise = matter.energy(there, A) - matter.energy(s, A)
            Q[a, np.flatnonzero((states == there).all(axis=1))] = rate(matter.rule, k, -0.5 * rise)
    decay = np.sort(np.linalg.eigvals(Q - np.diag(Q.sum(axis=1))).real)[::-1]
    assert abs(decay[0]) < 1e-9 * abs(decay[-1])
    return float(-decay[1])
