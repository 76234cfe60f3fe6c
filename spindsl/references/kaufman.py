"""The Ising model on a finite torus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from .. import truth
from ..errors import MeaningError
from ..graph import Stage, Task
from ..spec import Reference

if TYPE_CHECKING:
    import xarray as xr


class Kaufman(Reference):
    """ln Z of the m × n torus in closed form. Kaufman, Phys. Rev. 76, 1232 (1949); Ferdinand and Fisher 1969."""

    cites: ClassVar = ("kaufman1949", "ferdinand1969")

    kind: Literal["kaufman"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        said = sources["system"].said
        graph = said.get("graph", {})
        if said["kind"] != "ising" or graph.get("kind") != "square" or not graph.get("periodic"):
            hint = 'system.kind = "ising" on graph = { kind = "square", periodic = true }'
            raise MeaningError("this solves the Ising model on a square torus", "kind", hint=hint)
        if said["field"] or said["terms"]:
            raise MeaningError("no solution is known with a field or further terms", "kind", hint="enumeration")
        said = self.said() | {"sides": graph["sides"], "J": said["J"]}
        return (truth.stage(name, sources, solve, said, ("spindsl.kernels.exact.kaufman",)),)


def solve(task: Task, system: xr.Dataset) -> xr.Dataset:
    """At all temperatures."""
    from ..kernels.exact.kaufman import torus

    said = task.said
    betas = np.array(said["betas"])
    log_z, energy, variance = np.array([torus(*said["sides"], said["J"], b) for b in betas]).T
    return truth.thermo(betas, int(np.prod(said["sides"])), log_z, energy, variance)
