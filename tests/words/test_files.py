"""Couplings and the initial configuration from files."""

import numpy as np
import pytest
import xarray as xr

from spindsl.errors import DataError
from spindsl.run import opened


@pytest.fixture
def run(tmp_path, small):
    """The small experiment with J and the start from matter.nc."""
    graph = 'graph = { kind = "erdos-renyi", mean_degree = 4 }\n'
    normal = 'couplings = { kind = "normal", mean = 0.0, std = 1.0 }'
    text = small.replace(graph, "").replace(normal, 'couplings = { kind = "file", path = "matter.nc", variable = "J" }')
    text = text.replace('initial = "relaxed"', 'initial = { path = "matter.nc", variable = "start" }')

    def go(J: np.ndarray, start: np.ndarray) -> xr.DataTree:
        xr.Dataset({"J": (("a", "b"), J), "start": ("a", start)}).to_netcdf(tmp_path / "matter.nc", engine="netcdf4")
        (tmp_path / "f.toml").write_text(text)
        return xr.open_datatree(opened(tmp_path / "f.toml", tmp_path / "runs").run(2).path / "result.nc")

    return go


@pytest.fixture
def matter():
    rng = np.random.default_rng(0)
    J = np.triu(rng.normal(size=(24, 24)) * (rng.random((24, 24)) < 0.2), 1)
    return J + J.T, rng.choice([-1, 1], 24)


def test_the_file_is_what_is_simulated(run, matter):
    """J, the start, and the interaction energy sum_{i<j} J_ij s_i s_j of what was recorded."""
    J, start = matter
    with run(*matter) as result:
        found = np.zeros((24, 24))
        found[result["/system/i"].values, result["/system/j"].values] = result["/system/J"].values
        assert np.array_equal(found + found.T, J)
        assert np.array_equal(result["/initial/spins"].values, start)
        s = result["/trajectory/spins"].values.astype(float)
        energy = 0.5 * np.einsum("...i,ij,...j", s, J, s)
        np.testing.assert_allclose(result["/trajectory/interaction_energy"].values, energy, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda J, s: (J + np.triu(np.ones_like(J), 1), s), "symmetric"),
        (lambda J, s: (J + np.eye(24), s), "zero diagonal"),
        (lambda J, s: (np.where(J.max() == J, np.nan, J), s), "NaN"),
        (lambda J, s: (J[:20, :20], s[:20]), "24 spins"),
        (lambda J, s: (J, np.where(np.arange(24) == 3, 0, s)), "each -1 or 1"),
    ],
)
def test_a_file_that_holds_something_else(run, matter, spoil, words):
    with pytest.raises(DataError, match=words):
        run(*spoil(*matter))
