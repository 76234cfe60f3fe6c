"""The Edwards–Anderson spin glass: couplings drawn once, and for good."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import declared, factors
from ..factors import FactorGraph
from ..graph import Stage, Task
from ..hamiltonian import BONDS, Coupled
from ..spec import Couplings

if TYPE_CHECKING:
    import xarray as xr


class EdwardsAnderson(Coupled):
    """E = -sum_(ij) J_ij s_i s_j - h sum_i s_i, s_i = ±1, J_ij drawn for each edge; J > 0 is ferromagnetic.

    Edwards and Anderson, J. Phys. F 5, 965 (1975). On the complete graph it is the Sherrington–Kirkpatrick model.
    """

    cites: ClassVar = ("edwards1975",)

    kind: Literal["edwards-anderson"]
    couplings: Couplings = Field(description="how strongly, J: positive is ferromagnetic")
    field: float = Field(default=0.0, description="field h on every spin")

    def factor_graph(self, seed: int, files: Mapping[str, Path]) -> FactorGraph:
        i, j, J = self.bonds(seed, files)
        pairs = [(np.stack([i, j], axis=1), -J)]
        return factors.spins(self.count, pairs, np.full(self.count, -self.field), lattice=self.lattice)

    def declared(self) -> declared.Declared:
        alike = declared.neighbours(self.lattice) if self.lattice else {}
        return declared.pairs(bool(self.field)) | alike

    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        return self.stage(couple, BONDS, disorder, data)


def couple(task: Task[EdwardsAnderson]) -> xr.Dataset:
    """Edges i < j with their couplings, and the field."""
    word = task.params
    i, j, J = word.bonds(task.seed, task.files)
    found = factors.written(word.factor_graph(task.seed, task.files))
    found = found.assign(i=("edge", i.astype(np.int32)), j=("edge", j.astype(np.int32)), coupling=("edge", J))
    return found.assign(h=("spin", np.full(word.count, word.field)))
