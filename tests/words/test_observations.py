"""What models of equilibrium are fitted to."""

import numpy as np
import pytest
import xarray as xr

from spindsl.engine import Runner
from spindsl.errors import DataError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.observations import observed, unseen
from spindsl.store import Store

LEARN = '\n[bottleneck.direct]\nkind = "cluster-expansion"\norder = 2\n'


def numbered(chains: int = 3, samples: int = 4) -> xr.Dataset:
    """Spins whose number says where they come from."""
    spins = np.arange(chains * samples, dtype=np.int8).reshape(chains, samples, 1)
    return xr.Dataset({"spins": (("chain", "sample", "spin"), spins)})


def test_observations_are_the_first_of_each_chain_but_those_of_the_test():
    assert observed(numbered(), None).ravel().tolist() == list(range(12))
    assert observed(numbered(), 4).ravel().tolist() == [0, 1, 4, 5]
    assert observed(numbered(), 4, 1).ravel().tolist() == [0, 1, 4, 5]
    assert observed(numbered(), None, 2).ravel().tolist() == [0, 1, 2, 3]
    assert unseen(numbered(), 2).ravel().tolist() == list(range(4, 12))
    assert unseen(numbered(), 0).ravel().tolist() == list(range(12))


def test_nothing_can_be_learned_of_one_configuration(still, tmp_path):
    """A ferromagnet begun in order at a temperature where nothing ever flips: refused with what would help."""
    changes = ("protocol.betas=[9.0]", 'protocol.initial="ordered"', "protocol.burn_in=0")
    graph = lower(loads(still + LEARN, changes=changes), tmp_path)
    with pytest.raises(DataError, match="all 300 observations are one and the same configuration"):
        Runner(graph, Store(tmp_path), 1).run()
