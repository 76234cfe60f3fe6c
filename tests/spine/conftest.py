"""Run small experiments in folders of their own, and compare whole results bit for bit."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from spindsl.run import opened


@pytest.fixture
def run(tmp_path):
    """Run a text in a folder of runs; returns the run directory."""

    def go(text: str, runs: str = "runs", changes: tuple[str, ...] = (), workers: int = 2, name: str = "small") -> Path:
        file = tmp_path / f"{name}.toml"
        file.write_text(text)
        return opened(file, tmp_path / runs, None, changes).run(workers).path

    return go


@pytest.fixture
def same():
    """Assert that two results hold the same variables with the same bits."""

    def check(a: Path, b: Path) -> None:
        with xr.open_datatree(a / "result.nc") as one, xr.open_datatree(b / "result.nc") as two:
            assert one.groups == two.groups
            for group in one.groups:
                assert set(one[group].variables) == set(two[group].variables)
                for name, variable in one[group].variables.items():
                    left, right = variable.values, two[group][name].values
                    assert left.dtype == right.dtype, (group, name)
                    assert np.asarray(left).tobytes() == np.asarray(right).tobytes(), (group, name)

    return check
