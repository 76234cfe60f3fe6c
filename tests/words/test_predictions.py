"""What learned energies say elsewhere, with errors that hold: against exact truth and the true energy.

Ranges of a sum of n squared z are those of chi^2_n, alarm 1e-6 in all, half at each end; errors are from 256 chains, so
that Student's t of 255 is a normal one to a hundredth of that.
"""

from itertools import product

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chi2

from spindsl import factors
from spindsl.analyses.free_energy import Ordered, constant
from spindsl.engine import Runner
from spindsl.errors import SpecError
from spindsl.experiment import Expect, loads
from spindsl.kernels.exact.kaufman import torus
from spindsl.lower import lower
from spindsl.result import reduced
from spindsl.store import Store

FIT = """
[bottleneck.direct]
kind = "cluster-expansion"
order = 2
reach = 1
"""
RUN = """
dynamics = { kind = "metropolis", order = "sequential" }
chains = 256
initial = "random"
burn_in = 60
samples = 40
every = 1
"""
FREE = """
[analysis.free]
kind = "free-energy"
betas = [0.25, 0.45]
integral = { nodes = 3, samples = 20 }
against = "exact"
"""


def ran(text, folder):
    graph = lower(loads(text), folder)
    return Runner(graph, Store(folder / "store"), 1).run()


def several(found, stage, variable):
    """Of all realizations, in front."""
    return np.array([v[variable].values for k, v in found.items() if k.partition("[")[0] == stage])


def within(z, n):
    """Whether n squared z sum to what chi^2_n may."""
    low, high = chi2.ppf([5e-7, 1 - 5e-7], n)
    return z.size == n and low < (z**2).sum() < high


def test_the_true_energy_has_the_exact_thermodynamics(still, tmp_path):
    """Six seeds: U at two temperatures, F and S at each of them; S = beta (U - F) to rounding, also in its error."""
    found = ran(still.replace("seed = 7", "seed = 7\nrealizations = 6") + FREE + RUN, tmp_path)
    get = lambda v: several(found, "analysis.free", f"true_{v}")
    assert within(get("energy_z"), 12)
    for k in (0, 1):
        assert within(get("free_energy_z")[:, k], 6)
        assert within(get("entropy_z")[:, k], 6)
    beta = np.array([0.25, 0.45])
    np.testing.assert_allclose(get("entropy"), beta * (get("energy") - get("free_energy")), rtol=1e-12)
    np.testing.assert_allclose(get("entropy_se"), beta * np.hypot(get("energy_se"), get("free_energy_se")), rtol=1e-12)
    assert within(get("quadrature")[:, 0] / get("quadrature_se")[:, 0], 6)
    assert (get("free_energy_se") < 0.005).all() and (get("energy_se") < 0.015).all()


def test_other_sides_have_their_own_truth(still, tmp_path):
    """Kaufman's 6 × 4 torus, exactly; and the magnetization where a reference has it."""
    found = ran(still + FREE + "sides = [6, 4]\n" + RUN, tmp_path)["analysis.free"]
    z, U, _ = np.array([torus(6, 4, 1.0, b) for b in (0.25, 0.45)]).T
    np.testing.assert_allclose(found["exact_free_energy"], -z / (24 * np.array([0.25, 0.45])), rtol=1e-14)
    np.testing.assert_allclose(found["exact_energy"], U / 24, rtol=1e-14)
    assert within(found["true_energy_z"].values, 2)
    every = still.replace('"kaufman"', '"enumeration"') + FREE + RUN
    found = ran(every, tmp_path)["analysis.free"]
    assert within(found["true_abs_magnetization_z"].values, 2)


def test_errors_of_what_was_learned_hold_those_of_its_couplings(still, tmp_path):
    """Ten sets of 1,600 observations; runs are long beside them, so that couplings make most of every error. Of
    each quantity at one temperature squared z sum to what they should, of errors of the run alone to far more."""
    text = still.replace("seed = 7", "seed = 7\nrealizations = 10").replace("betas = [0.2, 0.4]", "betas = [0.3]")
    text = text.replace("chains = 5", "chains = 40").replace("samples = 60", "samples = 40")
    free = FREE.replace("[0.25, 0.45]", "[0.35]") + 'of = "direct"\nconstant = "mean-zero"\n'
    length = RUN.replace("samples = 40", "samples = 200")
    more = f'[analysis.more]\nkind = "extrapolation"\nof = "direct"\nbetas = [0.2, 0.35]{length}'
    found = ran(text + FIT + free + length + more, tmp_path)
    for quantity in ("energy", "free_energy", "entropy"):
        both, run, coupling = parts(found, "analysis.free", quantity)
        assert np.median(coupling / run) > 2
        off = several(found, "analysis.free", f"{quantity}_deviation")
        np.testing.assert_allclose(several(found, "analysis.free", f"{quantity}_z"), off / both, rtol=1e-12)
        assert within(off / both, 10)
        assert (off**2 / run**2).sum() > 45
        assert within(several(found, "analysis.free", f"{quantity}_control_z"), 10)
    for quantity in ("energy", "abs_magnetization", "heat_capacity", "energy_change"):
        both, _, _ = parts(found, "analysis.more", quantity)
        learned, true, se = (
            several(found, "analysis.more", n) for n in (quantity, f"true_{quantity}", f"true_{quantity}_se")
        )
        z = several(found, "analysis.more", f"{quantity}_z")[..., 1]
        learned, true, se, both = (v[..., 1] for v in (learned, true, se, both))
        np.testing.assert_allclose(z, (learned - true) / np.hypot(both, se), rtol=1e-12)
        assert within(z, 10)
    change, U = (several(found, "analysis.more", v) for v in ("energy_change", "energy"))
    np.testing.assert_allclose(change, U - U[..., :1], rtol=1e-12)
    apart, own = (parts(found, "analysis.more", v)[2] for v in ("energy_change", "energy"))
    assert (apart[..., 0] == 0).all()  # what couplings do to both energies, they do to the difference less
    assert (apart[..., 1] < own[..., 1]).all() and (apart[..., 1] > 0.2 * (own[..., 1] - own[..., 0])).all()


def parts(found, stage, quantity):
    """Standard errors of both kinds, of the run, of the couplings; the first is the other two in quadrature."""
    both, run, coupling = (several(found, stage, f"{quantity}{end}") for end in ("_se", "_run_se", "_coupling_se"))
    np.testing.assert_allclose(both, np.hypot(run, coupling), rtol=1e-12)
    return both, run, coupling


def test_colours_stay_colours(still, tmp_path):
    """Of three colours the order parameter of what was learned is that of the true energy: |z| < 6 with errors of both
    runs alone, from 12,000 observations, of which the tables hold what they do not say."""
    text = still.replace('kind = "ising"', 'kind = "potts"\ncolours = 3\ninteraction = "cosine"')
    text = text.split("[reference")[0].replace("chains = 5", "chains = 60").replace("samples = 60", "samples = 200")
    text += '\n[bottleneck.tables]\nkind = "colour-expansion"\n\n[analysis.there]\nkind = "extrapolation"\n'
    found = ran(text + 'of = "tables"\nbetas = [0.5]\n' + RUN, tmp_path)["analysis.there"]
    assert (np.abs(found["abs_magnetization_z"].values) < 6).all()
    assert (np.abs(found["energy_z"].values) < 6).all()


def test_constants_are_what_is_asked_for():
    """Over all states of 3 × 3: the mean is 0; or all spins alike have -2 a spin."""
    rng = np.random.default_rng(1)
    spins, colours = (
        np.array(list(product(values, repeat=n)), np.int8) for values, n in (((-1, 1), 9), ((0, 1, 2), 5))
    )
    window = np.array([[k, (k + 1) % 9, (k + 4) % 9] for k in range(9)], dtype=np.int32)
    tiles = factors.patterns(9, window, rng.normal(size=8))
    pairs = factors.spins(9, [(np.array([(k, (k + 1) % 9) for k in range(9)]), rng.normal(size=9))])
    ends = np.array([[0, 1], [1, 2], [2, 4]])
    tables = factors.colours(5, ends, np.array([0, 1, 1]), rng.normal(size=(2, 3, 3)), rng.normal(size=(5, 3)))
    for graph, states in ((tiles, spins), (pairs, spins), (tables, colours)):
        E = factors.energy(graph, states)
        assert abs(E.mean() + graph.sites * constant(graph, "mean-zero")) < 1e-9
        alike = factors.energy(graph, states[-1:] if states is spins else states[:1])[0]
        found = constant(graph, Ordered(ordered=-2.0))
        assert alike + graph.sites * found == pytest.approx(-2.0 * graph.sites, abs=1e-9)


def test_constants_shift_free_energies_and_energies_alone(still, tmp_path):
    """Of couplings J_t all spins alike have -J_1 - J_2 a spin: held at -5, F and U lie 5 - J_1 - J_2 lower."""
    several = still.replace("samples = 60", "samples = 400").replace("betas = [0.2, 0.4]", "betas = [0.4]") + FIT
    free = FREE.replace("[0.25, 0.45]", "[0.35]") + 'of = "direct"\n' + RUN
    text = (
        several
        + free
        + 'constant = "mean-zero"\n'
        + free.replace("free]", "ground]")
        + "constant = { ordered = -5.0 }\n"
    )
    found = ran(text.replace("samples = 40", "samples = 200"), tmp_path)
    zero, ground = found["analysis.free"], found["analysis.ground"]
    shift = float(found["bottleneck.direct"]["coupling"].sum()) - 5.0
    for name, by in (("free_energy", shift), ("energy", shift), ("entropy", 0.0)):
        off = (ground[name] - zero[name]).values - by
        assert (np.abs(off) < 5 * np.hypot(ground[f"{name}_run_se"], zero[f"{name}_run_se"])).all()
    U = zero["energy"].values
    ratio = ground["free_energy_coupling_se"].values / zero["free_energy_coupling_se"].values
    np.testing.assert_allclose(ratio, (2 + U) / -U, rtol=0.1)


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ('constant = "mean-zero"\n', "", "constant", "has no constant"),
        ('of = "direct"\n', "", "constant", "its own constant"),
        ('against = "exact"', 'against = "other"', "against", "no reference 'other'"),
        ('of = "direct"', 'of = "energy"', "of", "no energy that can be run"),
        ("every = 1", "every = 1\nsides = [4]", "sides", "so many dimensions"),
        (
            '{ kind = "metropolis", order = "sequential" }',
            '{ kind = "parallel-tempering", move = "metropolis", order = "random", exchange = 1 }',
            "kind",
            "runs",
        ),
        ("betas = [0.25, 0.45]", "betas = [0.45, 0.25]", "betas", "ascending"),
    ],
)
def test_mistakes_are_told(still, tmp_path, old, new, path, says):
    text = FIT + FREE + 'of = "direct"\nconstant = "mean-zero"\n' + RUN
    assert old in text
    with pytest.raises(SpecError, match=says) as error:
        lower(loads(still + text.replace(old, new)), tmp_path)
    assert any(path in map(str, f.path) for f in error.value.findings)


@pytest.mark.parametrize(("how", "value"), [("max-abs", 3.0), ("sum-of-squares", 14.0), ("max", 2.0), ("median", -1.0)])
def test_expectations_reduce_deviations(how, value):
    """Of -3, -1 and 2, and a NaN that counts for nothing; of none NaN."""
    found = xr.Dataset({"z": ("target", [-3.0, np.nan, 2.0, -1.0])}, {"target": [0.1, 0.2, 0.3, 0.4]})
    tree = xr.DataTree.from_dict({"/analysis/free": found})
    expect = Expect(of="analysis.free.z", reduce=how, max=9.0, source="nobody")
    assert reduced(expect, tree) == value
    assert np.isnan(reduced(expect.model_copy(update={"where": {"target": 0.2}}), tree))
