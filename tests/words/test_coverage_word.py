"""What a table of patterns has not seen, and its cost."""

import numpy as np
import xarray as xr

from spindsl.analyses.coverage import Covered, costs, look
from spindsl.factors import Lattice
from spindsl.graph import Task
from spindsl.observations import Seen
from spindsl.sampling import Temperature


def test_costs_are_those_of_either_kind_after_one_constant():
    """Errors 1, 3 where all is seen: their mean 2 is the constant, so 1; elsewhere 5, 2: off by 3, 0."""
    off, fresh = np.array([[1.0, 3.0], [5.0, 2.0]]), np.array([[False, False], [True, True]])
    found = costs(off, fresh)
    assert found["rmse_seen"][1] == 1.0
    assert found["rmse_unseen"][1] == np.sqrt((9 + 0) / 2)
    assert np.isnan(costs(off, ~fresh & False)["rmse_unseen"][1])
    assert np.isnan(costs(off, fresh | True)["rmse_unseen"][1])


def test_windows_never_observed_are_counted_level_by_level():
    """Windows of one block of 2 x 2 on the 4 x 4 torus: all up and one down were observed, all down was not.

    The table says nothing, so that errors are minus the energies.
    """
    up = np.ones((1, 1, 16), np.int8)
    one = up.copy()
    one[0, 0, 0] = -1
    trajectory = xr.Dataset({"spins": (("chain", "sample", "spin"), np.concatenate([up, one], axis=1))})
    test = xr.Dataset({"spins": (("level", "draw", "spin"), np.concatenate([up, one, -one, -up])),
                       "energy": (("level", "draw"), [[-32.0], [-24.0], [-24.0], [-32.0]])})  # fmt: skip
    table = ("pattern", np.zeros(16), {"focus": 2, "context": 0, "stride": 2})
    model = xr.Dataset({"pattern_energy": table})
    covered = Covered(Lattice((4, 4), True), Seen())
    found = look(
        Task(1, covered, part_params=Temperature(0.4)), trajectory, **{"levels-1": test, "bottleneck.windows": model}
    )
    assert found["unseen"].values.tolist() == [0.0, 0.0, 1.0, 1.0]  # -one has a window of one up, never observed
    assert float(found["patterns_unseen"]) == 14 / 16
    assert float(found["rmse_seen"]) == 4.0 and float(found["rmse_unseen"]) == 4.0
