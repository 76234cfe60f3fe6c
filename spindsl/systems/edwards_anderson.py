"""The Edwards–Anderson spin glass: couplings drawn once, and for good."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..graph import Stage, Task
from ..hamiltonian import FIELD, PAIRS, Lattice
from ..seeds import generator
from ..spec import Couplings, Topology, word

if TYPE_CHECKING:
    import xarray as xr


class EdwardsAnderson(Lattice):
    """E = -sum_(ij) J_ij s_i s_j - h sum_i s_i, s_i = ±1, J_ij drawn for each edge.

    Edwards and Anderson, J. Phys. F 5, 965 (1975). On the complete graph it is the Sherrington–Kirkpatrick model.
    """

    cites: ClassVar = ("edwards1975",)

    kind: Literal["edwards-anderson"]
    couplings: Couplings = Field(description="how strongly, J > 0 is ferromagnetic")
    field: float = Field(default=0.0, description="field h on every spin")

    @model_validator(mode="after")
    def _fits(self):
        self.couplings.fits(self.graph)
        return self

    def stages(self, seed: int, data: Path) -> tuple[Stage, ...]:
        (stage,) = self.stage(disorder, PAIRS | FIELD, data)
        from dataclasses import replace

        return (replace(stage, code=(*stage.code, type(self.couplings).__module__)),)


def disorder(task: Task) -> xr.Dataset:
    """Edges i < j with their couplings, and the field."""
    import xarray as xr

    said, spins = task.said, task.said["attrs"]["spins"]
    couplings = word(Couplings, said["couplings"])
    i, j, J = couplings.bonds(spins, word(Topology, said["graph"]), partial(generator, task.seed, "system"), task.files)
    found = {"i": ("edge", i.astype(np.int32)), "j": ("edge", j.astype(np.int32)), "coupling": ("edge", J)}
    return xr.Dataset(found | {"h": ("spin", np.full(spins, float(said["field"])))}, attrs=said["attrs"])
