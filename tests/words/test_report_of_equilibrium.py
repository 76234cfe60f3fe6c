"""The page of matter at equilibrium: exact truth beside what was measured, learned energies beside the true one."""

import re
import tomllib

import numpy as np
import pytest
import tomlkit
import xarray as xr

from spindsl.report.page import write
from spindsl.run import opened

LEARNED = {
    "bottleneck": {"direct": {"kind": "cluster-expansion", "order": 2, "reach": 1, "blocks": 20}},
    "analysis": {
        "thermo": {"kind": "thermodynamics", "against": "exact"},
        "energies": {"kind": "inversion", "of": "direct", "each": 4},
    },
}


@pytest.fixture(scope="module")
def result(still, tmp_path_factory):
    """A small experiment, run."""
    folder = tmp_path_factory.mktemp("still")
    (folder / "still.toml").write_text(tomlkit.dumps(tomllib.loads(still) | LEARNED))
    return opened(folder / "still.toml", folder / "runs", None, ()).run(2).path / "result.nc"


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", " ", page, flags=re.S)))


def test_numbers_of_the_page_are_those_of_the_result(result, tmp_path):
    with xr.open_datatree(result, engine="netcdf4") as tree:
        page = words(write(tree, tmp_path).read_text())
        energy, rmse = tree["analysis/thermo/energy"].values, tree["analysis/energies/rmse"].values
    assert "Thermodynamics" in page
    assert "Learned energies" in page
    for value in energy:
        assert f"{value:.5g}" in page
    for value in rmse:
        assert f"{value:.3g}" in page


def test_an_agreement_is_said_to_be_one_only_where_it_is(result, tmp_path):
    with xr.open_datatree(result, engine="netcdf4") as tree:
        tree = tree.load()
    assert "agrees with" in words(write(tree, tmp_path).read_text())
    tree["analysis/thermo/energy_z"][:] = np.array([0.0, 7.0])
    assert "is away from" in words(write(tree, tmp_path / "far").read_text())
