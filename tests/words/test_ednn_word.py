"""The network of windows as a word: what it learns on rings of 8 spins, whose 256 configurations are all known.

Nothing is drawn at random that an outcome hangs on: each configuration comes as often as exp(-beta E) says.
"""

import numpy as np
import pytest
import xarray as xr

from spindsl import factors, sequences
from spindsl.architectures import Fitted, Likelihood
from spindsl.bottlenecks.made import Layers
from spindsl.errors import DataError, MeaningError
from spindsl.factors import Domain, Lattice
from spindsl.forms import Patterns
from spindsl.graph import Promise, Stage, Task
from spindsl.observations import Seen
from spindsl.outline import Outline
from spindsl.sampling import Temperature
from spindsl.spec import Bottleneck, word

BETA, RING = 0.3, Lattice((8,), True)
KEYS = {
    "kind": "ednn", "focus": 2, "context": 1, "hidden": [6], "skip": 2, "train": "pseudolikelihood", "steps": 2,
    "batch": 1000, "learning_rate": 1e-5,
}  # fmt: skip
LABELLED = KEYS | {
    "train": {"labels": "made", "configurations": 600}, "steps": 400, "batch": 200, "learning_rate": 0.03, "last": 1e-4,
}  # fmt: skip
MADE = Fitted("made", Layers(8, 2, 1, 1, True, False), (8,), Likelihood(1, Seen(77)), 10, 0.01)


def stage(keys: dict, lattice: Lattice = RING, domain: Domain = "spin", states: int = 2) -> Stage:
    """What the word lowers to, with 100,000 observations and beside a sequence model and one that is none."""
    coords = {"beta": (BETA,), "chain": tuple(range(10)), "sample": tuple(range(10_000))}
    energy = Outline(lattice.sites, "J", domain, states, lattice)
    weights = {"weights": Promise(("beta", "weight"), "1", "weights")}
    sources = {
        "system": Stage("system", print, {}, {}, sizes={"spin": lattice.sites}, energy=energy),
        "trajectory": Stage("trajectory", print, {}, {}, coords=coords),
        "bottleneck.made": Stage("bottleneck.made", print, MADE, weights),
        "bottleneck.pca": Stage("bottleneck.pca", print, {}, {}),
    }
    return word(Bottleneck, keys).stages("windows", sources)[0]


def fitted(found: Stage, given: xr.Dataset) -> xr.Dataset:
    """Its result at the one temperature, held against its promises."""
    return found.checked(found.run(Task(5, found.params, part="0.3", part_params=Temperature(BETA)), given=given))


def energy(s: np.ndarray) -> np.ndarray:
    """E = -sum s s' + 0.5 sum s s'' - 0.2 sum s of rings (n, 8)."""
    return -(s * np.roll(s, 1, 1)).sum(1) + 0.5 * (s * np.roll(s, 2, 1)).sum(1) - 0.2 * s.sum(1)


def every() -> np.ndarray:
    return ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.int8) * 2 - 1


def right(found: xr.Dataset, within: float) -> None:
    """Couplings by their offsets, and the energy of all configurations but for a constant."""
    known = {(1, 0b1): 0.2, (1, 0b11): 1.0, (1, 0b101): -0.5, (1, 0b1001): 0.0}
    assert np.abs(found["coupling"].values - list(known.values())).max() < within
    assert found["offset"].values[:, 0].tolist() == [0, 1, 2, 3]
    off = factors.energy(Patterns().factor_graph(found, 8, RING), every()) - energy(every())
    assert np.abs(off - off.mean()).max() < 8 * 4 * within


def test_products_are_the_energy_that_observations_come_from():
    """100,000 observations to the whole copy; two steps of Adam at 1e-5 move no number by more than 2e-5."""
    p = np.exp(-BETA * energy(every()))
    cut = np.round(np.concatenate([[0], np.cumsum(p / p.sum())]) * 100_000).astype(int)
    s = np.random.default_rng(0).permutation(np.repeat(every(), np.diff(cut), axis=0))
    given = xr.Dataset({"spins": (("chain", "sample", "spin"), s.reshape(10, 10_000, 8))})
    found = fitted(stage(KEYS), given)
    right(found, 5e-3)
    assert found["patterns_seen"] == 16
    assert found["pattern_energy"].attrs["stride"] == 2


def test_regression_learns_the_energies_that_it_is_told(monkeypatch):
    """-ln q = beta E + 3: the constant, which no sum of windows is told, leaves with the mean."""
    monkeypatch.setattr(sequences, "log_q", lambda params, found, s, network=0: -BETA * energy(s) - 3.0)
    asked = stage(LABELLED)
    assert asked.needs == ("bottleneck.made",)
    assert asked.params.seen == Seen(77)
    found = fitted(asked, xr.Dataset())
    right(found, 0.02)
    assert found["loss"][-1] < 1e-3 < found["loss"][0]


def test_a_configuration_of_probability_zero_has_no_energy(monkeypatch):
    monkeypatch.setattr(sequences, "log_q", lambda params, found, s, network=0: np.where(s[:, 0] > 0, -np.inf, -1.0))
    with pytest.raises(DataError, match="probability 0"):
        fitted(stage(LABELLED), xr.Dataset())


@pytest.mark.parametrize(
    ("keys", "lattice", "path"),
    [
        ({"focus": 3, "context": 0}, RING, ("focus",)),
        ({"context": 4}, RING, ("context",)),
        ({"context": 2}, Lattice((8, 8), True), ("context",)),
        ({}, Lattice((8,), False), ("kind",)),
        ({"skip": 0, "shrink": 10.0}, RING, ("shrink",)),
        ({"batch": 100_001}, RING, ("batch",)),
        ({"train": {"labels": "pca", "configurations": 2000}}, RING, ("train", "labels")),
        ({"train": {"labels": "made", "configurations": 2000}, "observations": 5}, RING, ("observations",)),
    ],
)
def test_what_does_not_fit_is_said_where_it_stands(keys, lattice, path):
    with pytest.raises(MeaningError) as error:
        stage(KEYS | keys, lattice)
    assert error.value.path == path


def test_windows_are_of_spins():
    with pytest.raises(MeaningError, match="these have colours") as error:
        stage(KEYS, domain="colour", states=3)
    assert error.value.path == ("kind",)


def test_lists_of_clusters_agree_with_those_of_the_expansion():
    """Counted without torch while an experiment is read."""
    from spindsl.kernels import walsh
    from spindsl.patterns import few

    for side, dims in ((4, 2), (4, 1), (2, 3)):
        clusters, _ = walsh.couplings_of(np.zeros(1 << side**dims), side, dims, 1)
        assert list(few(side, dims)) == [S for S in clusters.tolist() if 0 < S.bit_count() <= 2]
