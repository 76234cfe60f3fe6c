"""Ising spins with quenched couplings on any graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import declared, factors
from ..factors import FactorGraph
from ..graph import Promise, Stage, Task
from ..hamiltonian import EDGES, Coupled
from ..spec import Couplings

if TYPE_CHECKING:
    import xarray as xr


class SpinGlass(Coupled):
    """E(s) = sum_{i<j} J_ij s_i s_j + sum_i A_i s_i, with s_i = ±1 and J_ij = J_ji.

    A positive local energy is unhappy: spins anti-align with the field A, and J > 0 is
    antiferromagnetic. The field is not halved. Zhong et al. 2020, Eq. (1), whose literal
    H = (1/2) sum_j H_j would break detailed balance for the paper's own rate.
    """

    cites: ClassVar = ("zhong2020", "gold2019")
    unit: ClassVar = "K"

    kind: Literal["spin-glass"]
    spins: Annotated[int, Field(ge=2)] = Field(description="number of spins N")
    couplings: Couplings = Field(description="how strongly, K: positive is antiferromagnetic")

    def factor_graph(self, seed: int, files: Mapping[str, Path]) -> FactorGraph:
        i, j, J = self.bonds(seed, files)
        return factors.spins(self.count, [(np.stack([i, j], axis=1), J)], lattice=self.lattice)

    def declared(self) -> declared.Declared:
        return declared.pairs(field=False) | (declared.neighbours(self.lattice) if self.lattice else {})

    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        gives = EDGES | {"J": Promise(("edge",), "K", "coupling of the edge, positive is antiferromagnetic")}
        return self.stage(couple, gives, disorder, data)


def couple(task: Task[SpinGlass]) -> xr.Dataset:
    """The quenched disorder: edges i < j with their couplings."""
    i, j, J = task.params.bonds(task.seed, task.files)
    found = factors.written(task.params.factor_graph(task.seed, task.files))
    return found.assign(i=("edge", i.astype(np.int32)), j=("edge", j.astype(np.int32)), J=("edge", J))
