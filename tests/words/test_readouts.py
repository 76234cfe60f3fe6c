"""Questions beyond the drive: what they add to a score is held against what is computed here from the guesses."""

import numpy as np
import pytest
import xarray as xr

from spindsl.engine import Runner
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.readout import shuffled
from spindsl.store import Store


@pytest.fixture
def results(small, tmp_path):
    def go(*changes: str):
        graph = lower(loads(small, changes=changes), tmp_path)
        return Runner(graph, Store(tmp_path / "store"), 2).run()

    return go


def test_shuffling_keeps_who_is_asked():
    label = np.array([0, -1, 1, 1, -1, 2, 0])
    order = np.random.default_rng(0).permutation(7)
    found = shuffled(label, order)
    np.testing.assert_array_equal(found < 0, label < 0)
    np.testing.assert_array_equal(np.sort(found), np.sort(label))
    np.testing.assert_array_equal(shuffled(np.arange(7), order), order)


def test_the_past_is_that_of_the_trajectory(results):
    """Lag 0 is the present field, lag 1 the one before; a table of then and now tells lag 0 exactly."""
    said = '{kind="field-history", of="spins", by={kind="gaussian"}, score={folds=5}, lags=3, switches=[4, 6]}'
    found = results(f"analysis.past={said}")
    field, past = found["trajectory"]["field"].values, found["analysis.past.past"]["past"].values
    for lag in range(3):
        np.testing.assert_array_equal(past[lag], field[..., [3 - lag, 5 - lag]])
    told = found["analysis.past"]
    np.testing.assert_allclose(told["score_present"].values[0], 1.0, rtol=1e-12)
    assert (told["score_present"].values[1] < 1.0).all()
    guess, truth = (found["analysis.past.guess"][v].values for v in ("guess", "truth"))
    np.testing.assert_array_equal(truth, past)
    right = np.where(guess[0, ..., 0] >= 0, guess[0, ..., 0] == field[..., 3], np.nan)
    own = [np.nanmean(right[field[..., 3] == f]) for f in np.unique(field[..., 3][np.isfinite(right)])]
    assert told["score"].values[0, 0] == pytest.approx(np.nanmean(own), abs=1e-12)


def test_what_is_learned_is_above_the_memoryless(results):
    said = '{kind="robustness", of="spins", by={kind="logistic", C=0.1}, switches=[1, 5]}'
    found = results(f"analysis.rote={said}")
    told, floor = found["analysis.rote"], found["nulls"]["memoryless"].values[[0, 4]]
    for end in ("", "_low", "_high"):
        np.testing.assert_allclose(told[f"learned{end}"], told[f"score{end}"].values - floor, atol=1e-12)
    field = found["analysis.rote-field.guess"]
    np.testing.assert_array_equal(field["truth"], found["trajectory"]["field"].values[..., [0, 4]])


def test_capacity_looks_across_the_sweep(small, tmp_path):
    """One number for all the points, from the very scores of the points."""
    from spindsl.kernels.capacity import half_height

    changes = (
        'protocol.fields={kind="normal", std=3.0}', 'protocol.drives={kind="blocks", fields=2, drives=3}',
        'analysis.m={kind="memory-capacity", of="spins", by={kind="logistic", C=0.1}, score={folds=5}, switches=[5]}',
        'sweep=[{product={"protocol.drives.fields"=[8, 2, 4]}}]', "realizations=2",
    )  # fmt: skip
    graph = lower(loads(small, changes=changes), tmp_path)
    found = Runner(graph, Store(tmp_path / "store"), 2).run()
    for r in range(2):
        name = f"analysis.m.capacity[realization={r}]"
        scores = [found[f"analysis.m[fields={n}, realization={r}]"]["score"].values[0] for n in (2, 4, 8)]
        floor = [found[f"nulls[fields={n}, realization={r}]"]["memoryless"].values[4] for n in (2, 4, 8)]
        assert found[name]["capacity"].values[0] == half_height([2, 4, 8], np.array(scores), np.array(floor))
    assert isinstance(found[name], xr.Dataset)


def test_capacity_needs_a_sweep(small, tmp_path):
    from spindsl.errors import SpecError

    said = 'analysis.m={kind="memory-capacity", of="spins", by={kind="gaussian"}}'
    with pytest.raises(SpecError, match=r"nothing sweeps protocol\.drives\.fields"):
        lower(loads(small, changes=(said,)), tmp_path)


def test_a_lifetime_starts_where_the_drive_stops(results):
    """Credits of later switches alone decide it; a switch that is not looked at is refused."""
    from spindsl.errors import SpecError
    from spindsl.kernels.decays import lifetime

    said = '{kind="retention", of="spins", by={kind="gaussian"}, score={folds=4}, since=3}'
    found = results(f"analysis.kept={said}", "protocol.phases=[{after=3, rest=true}]")
    told = found["analysis.kept"]
    expected = lifetime([300, 400, 500, 600], told["score"].values[2:], 1 / 3, told["score"].values[2])
    np.testing.assert_array_equal(told["lifetime"].values, expected)
    with pytest.raises(SpecError, match="switch 6 is not looked at"):
        results(f"analysis.kept={said}", "analysis.kept.since=6")
