"""What is drawn once: couplings, barriers, fields. A statistical test has a false alarm of 1e-6, with a fixed seed."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from spindsl.engine import Runner
from spindsl.errors import SpecError
from spindsl.experiment import loads
from spindsl.graph import Graph
from spindsl.kernels.couplings import represented
from spindsl.lower import lower
from spindsl.spec import Couplings, word
from spindsl.store import Store

FALSE_ALARM = 1e-6
Z = stats.norm.isf(FALSE_ALARM / 2)
EDGES = 100_000


def drawn(kind: str, seed: int = 0, **said) -> np.ndarray:
    return word(Couplings, {"kind": kind, **said}).draw(EDGES, np.random.default_rng(seed))


@pytest.fixture
def found(small, tmp_path):
    """Results of the stages before the trajectory, of the small experiment with changes."""

    def go(*changes: str) -> dict[str, xr.Dataset]:
        stages = lower(loads(small, changes=changes), tmp_path).stages
        wanted = ("system", "dynamics", "initial", "fields")
        chosen = {n: stages[n] for n in wanted if n in stages}
        results = Runner(Graph.of(chosen), Store(tmp_path / "store"), 1).run()
        return dict(results) | {"rates": stages["initial"].params.rates}

    return go


# Couplings


@pytest.mark.parametrize(
    ("said", "law"),
    [
        ({"kind": "normal", "mean": 0.5, "std": 2.0}, stats.norm(0.5, 2.0).cdf),
        ({"kind": "uniform", "low": -1.0, "high": 2.0}, stats.uniform(-1.0, 3.0).cdf),
        (
            {"kind": "signed-normal", "mean": 1.0, "std": 0.4},
            lambda x: 0.5 * (stats.norm(1.0, 0.4).cdf(x) + stats.norm(-1.0, 0.4).cdf(x)),
        ),
    ],
    ids=lambda p: p["kind"] if isinstance(p, dict) else "",
)
def test_couplings_follow_their_law(said, law):
    """Kolmogorov and Smirnov's distance of 100,000 draws: mean, width, sign and shape at once."""
    assert stats.kstest(drawn(**said), law).pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    ("said", "mean", "std"),
    [
        ({"kind": "normal", "mean": -0.3, "std": 1.5}, -0.3, 1.5),
        ({"kind": "uniform", "low": -1.0, "high": 2.0}, 0.5, math.sqrt(9 / 12)),
        ({"kind": "signed-normal", "mean": 1.0, "std": 0.3}, 0.0, math.sqrt(1.09)),
        ({"kind": "plus-minus", "strength": 2.0, "positive": 0.3}, -0.8, 2 * math.sqrt(0.84)),
    ],
    ids=lambda p: p["kind"] if isinstance(p, dict) else "",
)
def test_moments_of_couplings(said, mean, std):
    """Mean and mean square of 100,000 draws, each within Z standard errors of the law's."""
    J = drawn(**said)
    assert abs(J.mean() - mean) < Z * std / math.sqrt(EDGES)
    square = J * J
    assert abs(square.mean() - mean**2 - std**2) <= Z * square.std() / math.sqrt(EDGES) + 1e-12


def test_bounds_of_couplings():
    """Uniform within its bounds and near both; plus-minus of two values, of which the positive are frustrating."""
    J = drawn("uniform", low=-1.0, high=2.0)
    assert -1.0 <= J.min() < -0.999 and 1.999 < J.max() <= 2.0
    assert set(np.unique(drawn("plus-minus", strength=2.0, positive=0.3))) == {-2.0, 2.0}
    assert (drawn("plus-minus", strength=2.0, positive=1.0) == 2.0).all()
    assert (drawn("plus-minus", strength=2.0, positive=0.0) == -2.0).all()
    assert (drawn("uniform", low=0.7, high=0.7) == 0.7).all()
    assert (drawn("normal", mean=0.7, std=0.0) == 0.7).all()
    assert set(np.unique(drawn("signed-normal", mean=1.0, std=0.0))) == {-1.0, 1.0}


@pytest.mark.parametrize("said", [{"kind": "normal", "mean": 0.0, "std": 1.0}])
def test_neighbouring_draws_are_independent(said):
    """Correlation of successive couplings below Z / sqrt(n)."""
    J = drawn(**said)
    assert abs(np.corrcoef(J[:-1], J[1:])[0, 1]) < Z / math.sqrt(EDGES)


# Barriers

MANY = ("system.spins=4000", "protocol.relax=0.0")
UNIFORM = 'dynamics.barrier={kind="uniform", low=1.0, high=6.0}'
NORMAL = 'dynamics.barrier={kind="normal", mean=4.5, std=0.5}'


@pytest.mark.parametrize(
    ("change", "law"), [(UNIFORM, stats.uniform(1.0, 5.0).cdf), (NORMAL, stats.norm(4.5, 0.5).cdf)]
)
def test_barriers_follow_their_law(found, change, law):
    B = found(change, *MANY)["dynamics"].B.values
    assert len(set(B)) == 4000
    assert stats.kstest(B, law).pvalue > FALSE_ALARM


def test_one_barrier_is_that_of_all(found):
    assert (found("dynamics.barrier=4.25")["dynamics"].B.values == 4.25).all()


def test_barriers_are_drawn_apart_from_couplings_and_fields(found):
    """Another barrier changes no coupling and no field; correlations with their draws are below Z / sqrt(N)."""
    one, two = found(UNIFORM, *MANY), found(NORMAL, *MANY)
    assert one["system"].identical(two["system"])
    assert one["fields"].identical(two["fields"])
    B = two["dynamics"].B.values
    for drawn in (one["system"].J.values[:4000], *one["fields"].field_strength.values):
        assert abs(np.corrcoef(B, drawn)[0, 1]) < Z / math.sqrt(4000)


def test_each_spin_flips_over_its_own_barrier(found, stay):
    """Rates in a random state over exp(beta e): exp(-beta B_j) of that very spin, to 1e-12."""
    results = found(UNIFORM)
    rule = results["rates"].rule(results["dynamics"])
    B = results["dynamics"].B.values
    assert np.ptp(B) > 2.0
    system = results["system"]
    N, i, j, J = 24, system.i.values, system.j.values, system.J.values

    matter = SimpleNamespace(spins=N, couplings=represented(N, i, j, J), rule=rule)
    s, A = np.random.default_rng(0).choice([-1.0, 1.0], N), results["fields"].field_strength.values[0]
    g = np.bincount(i, J * s[j], N) + np.bincount(j, J * s[i], N)
    wanted = np.exp(3.0 * (s * (g + A) - B))
    np.testing.assert_allclose(stay(matter, s, A).rates, wanted, rtol=1e-12)


def test_a_run_knows_each_spins_barrier(small, tmp_path):
    """One spin in two has a barrier that is never crossed: it never flips, and the others do."""
    change = ('dynamics.barrier={kind="uniform", low=0.0, high=100.0}', 'protocol.initial="relaxed"')
    stages = lower(loads(small, changes=change), tmp_path).stages
    wanted = ("system", "dynamics", "initial", "trajectory")
    results = Runner(Graph.of({n: stages[n] for n in wanted}), Store(tmp_path / "store"), 1).run()
    B, spins = results["dynamics"].B.values, results["trajectory"].spins.values
    start = results["initial"].spins.values
    moved = (spins != start).any(axis=(0, 1, 2))
    assert not moved[B > 40.0].any()
    assert moved[B < 10.0].sum() >= 1
    assert (B > 40.0).sum() > 5 and (B < 10.0).sum() >= 1


# Fields


def test_fields_are_normal_and_independent(found):
    """12,000 strengths of std 3, no mean, and no correlation between fields beyond Z / sqrt(N)."""
    A = found(*MANY)["fields"].field_strength.values
    assert stats.kstest(A.ravel(), stats.norm(0.0, 3.0).cdf).pvalue > FALSE_ALARM
    assert np.abs(np.corrcoef(A)[np.triu_indices(3, 1)]).max() < Z / math.sqrt(4000)


@pytest.mark.parametrize("chosen", ["first", "random"])
@pytest.mark.parametrize("fraction", [0.1, 0.33, 0.5, 1.0])
def test_fields_act_on_some_spins_the_same_for_all(found, chosen, fraction):
    """Exactly round(f N) spins; elsewhere 0; where they act, the strengths of fields that act on all."""
    fields = 'protocol.fields={names=["A", "B", "C"], kind="normal", std=3.0'
    everywhere = found(fields + "}")["fields"].field_strength.values
    some = found(f'{fields}, on={{fraction={fraction}, chosen="{chosen}"}}}}')["fields"].field_strength.values
    on = some != 0.0
    assert (on.sum(axis=1) == round(fraction * 24)).all()
    assert (on == on[0]).all()
    assert np.array_equal(some[on], everywhere[on])
    if chosen == "first":
        assert on[0][: round(fraction * 24)].all()
    elif fraction < 1:
        assert not on[0][: round(fraction * 24)].all()


def test_spins_chosen_at_random_are_alike(found):
    """Over 300 seeds a third of 24 spins, each equally often: chi-square of sums without replacement, 23 degrees."""
    from spindsl.fields import Law, Some, strength

    law = Law(1.0, Some(fraction=1 / 3, chosen="random"), None)
    on = np.array([strength(seed, law, "A", 24) != 0 for seed in range(300)])
    assert (on.sum(axis=1) == 8).all()
    variance = 300 * (8 / 24) * (16 / 24) * 24 / 23  # of a count, given that counts add up
    assert stats.chi2.sf(np.sum((on.sum(axis=0) - 100.0) ** 2) / variance, 23) > FALSE_ALARM


def test_a_field_depends_on_its_name_alone(found):
    more = found('protocol.fields.names=["C", "Q", "A", "B"]')["fields"].field_strength
    few = found()["fields"].field_strength
    for name in ("A", "B", "C"):
        assert np.array_equal(few.sel(field=name).values, more.sel(field=name).values)


def test_trajectories_feel_the_fields_that_are_told(small, tmp_path):
    """The fields in the result are those that did the work: W = sum A s at the first switch, with `on` too."""
    change = ('protocol.fields.on={fraction=0.5, chosen="random"}',)
    stages = lower(loads(small, changes=change), tmp_path).stages
    wanted = ("system", "dynamics", "initial", "fields", "trajectory")
    results = Runner(Graph.of({n: stages[n] for n in wanted}), Store(tmp_path / "store"), 1).run()
    A, path = results["fields"].field_strength.values, results["trajectory"]
    assert (A == 0).sum() == 36
    work = A[path.field.values[..., 0]] @ results["initial"].spins.values.astype(float)
    np.testing.assert_allclose(path.work.values[..., 0], work, rtol=1e-6)


def test_fields_on_no_fraction_are_refused(small):
    with pytest.raises(SpecError):
        loads(small, changes=('protocol.fields.on={fraction=0.0, chosen="first"}',))
