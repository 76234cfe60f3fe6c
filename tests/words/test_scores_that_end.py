"""An observable that is missing at the last times, or always: scores end early, and no page fails."""

from pathlib import Path

import numpy as np
import xarray as xr
from typer.testing import CliRunner

from spindsl.cli import app
from spindsl.conclusions import RESAMPLES, resampled
from spindsl.report.questions.series import series

HEAD = """\
spindsl = 1
title = "scores that end"
seed = 3

[system]
kind = "recorded"
reader = { kind = "netcdf", file = "recording.nc" }
variables = { spins = "sigma", group = "specimen" }
observables = { power = "absorbed" }
"""
KEPT = """
[analysis.kept]
kind = "retention"
of = "power"
by = { kind = "gaussian" }
since = 2
"""


def page(folder: Path, text: str) -> xr.DataTree:
    """Run an experiment and draw its page; gives the result."""
    (folder / "e.toml").write_text(text)
    ask = CliRunner().invoke
    done = ask(app, ["run", str(folder / "e.toml"), "--runs", str(folder / "runs"), "-q", "-w", "1"])
    assert done.exit_code == 0, done.output
    run = done.output.split()[0]
    drawn = ask(app, ["report", run])
    assert drawn.exit_code == 0, drawn.output
    with xr.open_datatree(Path(run) / "result.nc", engine="netcdf4") as tree:
        return tree.load()


def test_a_lifetime_of_an_observable_that_ends_early(tmp_path, recording):
    """`power` is NaN at the last of four switches: lifetimes are read off those before."""
    recording(tmp_path)
    kept = page(tmp_path, HEAD + KEPT)["/analysis/kept"]
    assert np.isnan(kept["score"].isel(time=-1)).all()
    assert np.isfinite(kept["score"].isel(time=slice(None, -1))).all()
    assert kept["lifetime"].notnull().all()


def test_a_lifetime_of_an_observable_that_is_never_known(tmp_path, recording):
    recording(tmp_path)
    with xr.open_dataset(tmp_path / "recording.nc") as data:
        never = data.load().assign(absorbed=data["absorbed"] * np.nan)
    never.to_netcdf(tmp_path / "recording.nc", engine="netcdf4")
    assert page(tmp_path, HEAD + KEPT)["/analysis/kept"]["lifetime"].isnull().all()


def test_a_line_without_a_value_keeps_its_times():
    """As long as its values, which are NaN."""
    several = {f"score{end}": (("drive", "time"), np.full((2, 3), np.nan)) for end in ("", "_low", "_high")}
    data = xr.Dataset(several, {"drive": ["A", "B"], "time": [1.0, 2.0, 4.0]})
    for one in series("told", data, "score", "time"):
        assert one.x.shape == one.value.shape == (3,)
    for one in series("told", data, "score", "drive"):
        assert one.x.shape == one.value.shape == (2,)


def test_no_credits_give_no_interval():
    credit = np.array([[0.5, np.nan], [np.nan, 1.0]])
    drawn = resampled(credit, np.array([0, 1]), np.random.default_rng(0))
    assert drawn.shape == (RESAMPLES, 2)
    assert np.isnan(drawn).all()
