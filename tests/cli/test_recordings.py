"""Recorded matter: a good file goes through, a bad one is named with the place of what is wrong."""

import netCDF4
import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from spindsl.cli import app
from spindsl.errors import DataError
from spindsl.run import opened

TEXT = """\
spindsl = 1
title = "watched"
seed = 1
[system]
kind = "recorded"
reader = { kind = "netcdf", file = "watched.nc" }
observables = { work = "work" }
[bottleneck.pca]
kind = "pca"
latent = 2
[analysis.spins]
kind = "classification"
of = "spins"
by = { kind = "logistic", C = 0.1 }
[analysis.work]
kind = "classification"
of = "work"
by = { kind = "kde" }
"""


def recording(seed: int = 0) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    drive = np.repeat([1, 2], [30, 20])
    spins = rng.choice(np.array([-1, 1], np.int8), (50, 3, 12))
    spins[:, :, 0] = np.where(drive == 1, 1, -1)[:, None]
    data = {"spins": (("trial", "time", "spin"), spins), "drive": ("trial", drive)}
    return xr.Dataset(data | {"work": (("trial", "time"), rng.normal(size=(50, 3)))}, {"time": [0.5, 1.0, 2.5]})


@pytest.fixture
def run(tmp_path):
    def go(dataset: xr.Dataset | None, text: str = TEXT):
        (tmp_path / "watched.toml").write_text(text)
        if dataset is not None:
            dataset.to_netcdf(tmp_path / "watched.nc", engine="netcdf4")
        return opened(tmp_path / "watched.toml", tmp_path / "runs").run(2).path

    return go


def test_unequal_classes_go_through(run):
    with xr.open_datatree(run(recording()) / "result.nc") as result:
        assert result["/trajectory/spins"].dims == ("trial", "time", "spin")
        assert list(result["/trajectory/drive"].values[[0, -1]]) == ["1", "2"]
        assert list(result["/trajectory/time"].values) == [0.5, 1.0, 2.5]
        np.testing.assert_allclose(result["/analysis/spins/score"].values, 1.0, atol=1e-14)
        assert (result["/protocol/split"].values.sum(), result["/analysis/spins/trials_scored"].values[0]) == (5, 5)


@pytest.mark.parametrize(
    ("value", "words"), [(0, "is 0 at trial 7, time number 2, spin 5"), (np.nan, "is nan"), (2.5, "is 2.5")]
)
def test_a_value_that_is_no_spin(run, tmp_path, value, words):
    bad = recording()
    bad["spins"] = bad["spins"].astype(float if value != 0 else np.int8)
    bad["spins"][7, 1, 5] = value
    with pytest.raises(DataError, match=words):
        run(bad)
    assert not list(tmp_path.glob("runs/.store/trajectory/*/*.nc"))


def test_ragged_rows(tmp_path, run):
    with netCDF4.Dataset(tmp_path / "watched.nc", "w") as file:
        file.createDimension("trial", 3)
        file.createDimension("time", 2)
        ragged = file.createVariable("spins", file.createVLType(np.int8, "row"), ("trial", "time"))
        for a in range(3):
            for t in range(2):
                ragged[a, t] = np.ones(3 + a, np.int8)
        file.createVariable("drive", "i1", ("trial",))[:] = [1, 1, 2]
    with pytest.raises(DataError, match="ragged"):
        run(None)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: d.drop_vars("spins"), "no variable 'spins'"),
        (lambda d: d.drop_vars("drive"), "no variable 'drive'"),
        (lambda d: d.drop_vars("work"), "no variable 'work'"),
        (lambda d: d.rename(trial="sample"), "needed are trial, spin"),
        (lambda d: d.assign(work=("trial", np.zeros(50))), "needed are trial and time"),
        (lambda d: d.assign_coords(switch=("time", [3, 2, 1])), "switch must rise"),
    ],
)
def test_a_file_that_is_not_as_promised(run, spoil, words):
    with pytest.raises(DataError, match=words):
        run(spoil(recording()))


def test_a_truncated_recording(run, tmp_path):
    recording().to_netcdf(tmp_path / "watched.nc", engine="netcdf4")
    whole = (tmp_path / "watched.nc").read_bytes()
    (tmp_path / "watched.nc").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"watched\.nc is no netCDF file, or is truncated"):
        run(None)


def test_an_absent_file_check_warns_run_refuses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "watched.toml").write_text(TEXT)
    done = CliRunner().invoke(app, ["check", "watched.toml"])
    assert done.exit_code == 0
    assert "W301" in done.stderr
    assert "watched.toml:6:36" in done.stderr
    done = CliRunner().invoke(app, ["run", "watched.toml", "-q"])
    assert isinstance(done.exception, DataError)
    assert done.exception.exit_code == 3
    assert not (tmp_path / "runs").exists()


def test_a_changed_recording_is_read_again(run):
    first, second = run(recording(0)), run(recording(1))
    assert first != second
    with xr.open_datatree(first / "result.nc") as a, xr.open_datatree(second / "result.nc") as b:
        assert not np.array_equal(a["/trajectory/spins"].values, b["/trajectory/spins"].values)


def test_missing_observables_are_missing_in_the_score(run):
    """NaN where nothing was recorded: no score there, the others untouched."""
    gap = recording()
    gap["work"][:, 2] = np.nan
    with xr.open_datatree(run(gap) / "result.nc") as result:
        score = result["/analysis/work/score"].values
        assert np.isfinite(score[:2]).all()
        assert np.isnan(score[2])


def test_the_authors_configurations(deposit, tmp_path):
    """Three switches of the deposit: logistic regression on raw spins scores .249, .706, .997 at 1, 5, 20 (another
    split); within 5.2 standard errors of 500 held-out trials, false alarm 2e-7 each, and below the ceiling's band."""
    (tmp_path / "d.toml").write_text(
        TEXT.replace("watched.nc", "classification.nc").replace('work = "work"', 'work = "dwell_work"')
    )
    path = opened(tmp_path / "d.toml", tmp_path / "runs", deposit).run(2).path
    with xr.open_datatree(path / "result.nc") as result:
        score = result["/analysis/spins/score"]
        for switch, value in ((1, 0.249), (5, 0.706), (20, 0.997)):
            found = float(score.values[score.switch.values == switch][0])
            assert abs(found - value) < 5.2 * np.sqrt(2 * value * (1 - value) / 500)
