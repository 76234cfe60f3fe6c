"""The error of learned energies as a word: of sequence models, whose energy is -ln q / beta, and what stands beside.

4 × 4 Ising torus, all of whose 15 energy levels are known; ln q is put in by hand, so that every number is exact.
"""

import numpy as np
import pytest
import xarray as xr

from spindsl import sequences
from spindsl.engine import Runner
from spindsl.errors import DataError, SpecError
from spindsl.experiment import loads
from spindsl.factors import energies, model, read
from spindsl.graph import Task
from spindsl.lower import lower
from spindsl.sampling import Temperature
from spindsl.store import Store

MADE = """
[bottleneck.made]
kind = "made"
unwrapping = "raster"
depth = 1
width = 1
train = "observations"
epochs = 1
batch = 10
learning_rate = 0.01
networks = 2
test = 2

[bottleneck.windows]
kind = "ednn"
focus = 1
context = 1
hidden = [4]
skip = 2
train = { labels = "made", configurations = 500 }
steps = 300
batch = 100
learning_rate = 0.03
last = 1e-4

[analysis.made]
kind = "inversion"
of = "made"
each = 30

[analysis.windows]
kind = "inversion"
of = "windows"
each = 30
"""
RUN = """
betas = [0.3]
dynamics = { kind = "metropolis", order = "random" }
chains = 1
initial = "random"
burn_in = 1
samples = 2
every = 1
"""
TOLD = 'train = { by = "free-energy", steps = 3, annealing = 0 }'
GIVEN = ("system", "levels-30", "bottleneck.made", "trajectory")


@pytest.fixture(scope="module")
def given(still, tmp_path_factory):
    """The graph and what its analyses need, at one temperature."""
    folder = tmp_path_factory.mktemp("inversion")
    graph = lower(loads(still + MADE), folder)
    found = Runner(graph, Store(folder / "store"), 1).run()
    return graph, {n: found[n].sel(beta=0.4) if "beta" in found[n].dims else found[n] for n in GIVEN}


def looked(given, monkeypatch, slopes=(1.0, 1.0), shift=0.0):
    """The analysis of two networks with ln q = -beta (a E + c): a and c of each its own."""
    graph, found = given
    energy = model(read(found["system"]))

    def log_q(said, weights, spins, network=0):
        return -0.4 * (slopes[network] * energies(energy, spins) + shift * (network + 1))

    monkeypatch.setattr(sequences, "log_q", log_q)
    stage = graph.stages["analysis.made"]
    inputs = {stage.keywords.get(n, n): found[n] for n in stage.needs}
    return stage.checked(stage.run(Task(7, stage.params, part="0.4", part_params=Temperature(0.4)), **inputs))


def test_the_energy_of_a_model_is_minus_its_log_probability(given, monkeypatch):
    """Of P itself the error is 0 whatever ln Z; the energy of the level is met, with slope 1 (-1 of the other sign)."""
    found = looked(given, monkeypatch, shift=5.0)
    assert np.abs(found["rmse"]).max() < 1e-12
    assert np.allclose(found["slope"], 1, atol=1e-12)
    np.testing.assert_allclose(found["energy_learned"], np.tile(found["energy_true"], (2, 1)), atol=1e-12)
    assert sorted(set(found["energy_true"].values)) == [*range(-32, -24, 8), *range(-24, 25, 4), 32]


def test_every_network_counts_alike(given, monkeypatch):
    """Energies too large by a: rmse |a| sd(E) of each, and the root of the mean of squares; levels too far out by a."""
    found = looked(given, monkeypatch, slopes=(1.3, 0.6), shift=-2.0)
    spread = float(found["rmse_constant"])
    levels = found["energy_true"].values
    assert spread == pytest.approx(np.sqrt((levels**2).mean() - levels.mean() ** 2), rel=1e-12)
    np.testing.assert_allclose(found["rmse"], [0.3 * spread, 0.4 * spread], rtol=1e-12)
    assert found["rmse_pooled"] == pytest.approx(np.sqrt((0.09 + 0.16) / 2) * spread, rel=1e-12)
    np.testing.assert_allclose(found["slope"], [1.3, 0.6], rtol=1e-12)
    centred = levels - levels.mean()
    np.testing.assert_allclose(found["energy_learned"] - levels, [0.3 * centred, -0.4 * centred], atol=1e-10)
    np.testing.assert_allclose(found["rmse_level"], np.abs([0.3 * centred, -0.4 * centred]), atol=1e-10)


def test_the_floor_counts_what_was_fitted(given, monkeypatch):
    """sd(J) = 1 / (beta (n var E)^(1/2)), E in J: 3 of 5 chains of 60 samples were; var E over all 2^16 states."""
    found = looked(given, monkeypatch)
    states = 2 * ((np.arange(1 << 16)[:, None] >> np.arange(16)) & 1).astype(np.int8) - 1
    E = energies(model(read(given[1]["system"])), states)
    p = np.exp(-0.4 * (E - E.min()))
    p /= p.sum()
    var = p @ E**2 - (p @ E) ** 2
    expected = float(found["rmse_constant"]) / (0.4 * np.sqrt(180 * var))
    assert found["rmse_floor"] == pytest.approx(expected, rel=1e-9)


def test_a_label_that_is_infinite_is_refused(given, monkeypatch):
    """A configuration of probability 0 has no energy (Sprague et al. 2021, Sec. 8)."""
    graph, found = given
    monkeypatch.setattr(sequences, "log_q", lambda *a, **k: np.where(a[2][..., 0] > 0, -np.inf, -1.0))
    stage = graph.stages["analysis.made"]
    with pytest.raises(DataError, match="probability 0"):
        stage.run(
            Task(7, stage.params, part="0.4", part_params=Temperature(0.4)),
            **{stage.keywords.get(n, n): found[n] for n in stage.needs},
        )


def test_regression_hears_every_network(given, monkeypatch):
    """Two fits with energies too large by 1.5 and too small by 0.5, and constants of their own, teach the true one."""
    graph, found = given
    energy = model(read(found["system"]))
    monkeypatch.setattr(
        sequences, "log_q", lambda said, w, s, k=0: -0.4 * ((1.5, 0.5)[k] * energies(energy, s) + 1e3 * k)
    )
    stage = graph.stages["bottleneck.windows"]
    found = stage.run(Task(7, stage.params, part="0.4", part_params=Temperature(0.4)), made=found["bottleneck.made"])
    J = dict(zip(map(tuple, found["offset"].values.tolist()), found["coupling"].values))
    assert J[(0, 1)] == pytest.approx(1.0, abs=0.1)
    assert J[(1, 0)] == pytest.approx(1.0, abs=0.1)


def test_what_was_told_the_hamiltonian_has_no_floor(still, tmp_path):
    text = MADE.replace('train = "observations"\nepochs = 1', TOLD).replace("test = 2\n", "")
    graph = lower(loads(still + text), tmp_path)
    said = [graph.stages[f"analysis.{n}"].params.observations for n in ("made", "windows")]
    assert said == [0, 0]
    found = Runner(graph, Store(tmp_path / "store"), 1).run()
    for name in ("made", "windows"):
        assert np.isnan(found[f"analysis.{name}"]["rmse_floor"]).all()
        assert np.isfinite(found[f"analysis.{name}"]["rmse"]).all()


@pytest.mark.parametrize(
    ("kind", "of"), [("inversion", "energy"), ("extrapolation", "energy"), ("extrapolation", "made")]
)
def test_what_has_no_energy_is_refused(still, tmp_path, kind, of):
    """An observable; and what says energies of configurations that it reads whole, of which no chain can be run."""
    text = f'{MADE}\n[analysis.last]\nkind = "{kind}"\nof = "{of}"\n{RUN if kind == "extrapolation" else "each = 3"}'
    with pytest.raises(SpecError) as error:
        lower(loads(still + text), tmp_path)
    assert [f for f in error.value.findings if f.path[-1:] == ("of",)], error.value


def test_a_single_fit_is_not_pooled(still, tmp_path):
    graph = lower(loads(still + MADE.replace("networks = 2\n", "")), tmp_path)
    assert "rmse_pooled" not in graph.stages["analysis.made"].gives
    assert isinstance(Runner(graph, Store(tmp_path / "store"), 1).run()["analysis.made"], xr.Dataset)
