"""What is wrong with a result that `learned` takes its energy from is said at the key, and never what it once was."""

import netCDF4
import numpy as np
import pytest

from spindsl import factors
from spindsl.errors import DataError, SpecError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.moves import Clusters

TEXT = """
spindsl = 1
title = "learned"
seed = 1
[system]
kind = "learned"
graph = { kind = "square", sides = [4, 4], periodic = true }
from = "result.nc"
bottleneck = "direct"
learned_at = 0.2
[dynamics]
kind = "metropolis"
order = "random"
[protocol]
kind = "equilibrium"
betas = [0.2]
chains = 2
initial = "random"
burn_in = 2
samples = 2
every = 2
"""


def refused(folder):
    with pytest.raises(SpecError) as caught:
        lower(loads(TEXT), folder)
    (finding,) = caught.value.findings
    assert finding.hint
    return finding.code, finding.path, finding.message


def write(path, *groups):
    with netCDF4.Dataset(path, "w") as file:
        for group in groups:
            made = file.createGroup(f"bottleneck/{group}")
            made.createDimension("latent", 2)
            made.createVariable("latent_mean", "f8", ("latent",))[:] = np.zeros(2)


def test_a_file_that_is_no_result_is_refused_where_it_is_named(tmp_path):
    assert refused(tmp_path)[:2] == ("E201", ("system", "from"))  # absent
    (tmp_path / "result.nc").write_text("no netCDF")
    assert refused(tmp_path)[:2] == ("E301", ("system", "from"))


def test_a_file_that_changes_is_read_anew(tmp_path):
    write(tmp_path / "result.nc", "other")
    assert refused(tmp_path)[1] == ("system", "bottleneck")
    write(tmp_path / "result.nc", "other", "direct")
    assert "has no energy" in refused(tmp_path)[2]


@pytest.mark.parametrize("move", ["wolff", "swendsen-wang"])
def test_clusters_refuse_learned_tables_without_a_mirror(move):
    """Whether tables that are learned are alike in every mirror is known when they are: an error of the data then."""
    table = np.array([[[-1.0, 0.2, 0.3], [0.0, -1.0, 0.1], [0.5, 0.0, -1.0]]])
    graph = factors.colours(2, np.array([[0, 1]]), np.zeros(1), table, np.zeros((2, 3)))
    with pytest.raises(DataError, match="clusters cannot move the energy that was learned") as caught:
        Clusters(move).compiled(graph)
    assert "heat-bath" in caught.value.hint
