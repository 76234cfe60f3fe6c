"""The Ising model on a finite torus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from .. import properties, truth
from ..errors import MeaningError
from ..factors import read
from ..graph import Stage, Task
from ..hamiltonian import energy_of
from ..spec import Reference

if TYPE_CHECKING:
    import xarray as xr


class Kaufman(Reference):
    """ln Z of the m × n torus in closed form. Kaufman, Phys. Rev. 76, 1232 (1949); Ferdinand and Fisher 1969."""

    cites: ClassVar = ("kaufman1949", "ferdinand1969")

    kind: Literal["kaufman"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        energy, hint = (
            energy_of(sources["system"]),
            'system.kind = "ising" on graph = { kind = "square", periodic = true }',
        )
        lattice, found = energy.lattice, energy.ask(properties.uniform)
        if energy.domain != "spin" or lattice is None or len(lattice.sides) != 2 or not lattice.periodic:
            raise MeaningError("this solves the Ising model on a square torus", "kind", hint=hint)
        if found.value is None or found.value.field:
            message = f"no solution is known: {found.why}" if found.why else "no solution is known with a field"
            raise MeaningError(message, "kind", hint="enumeration")
        odd = [k for k in lattice.sides if k % 2]
        if found.value.c > 0 and odd:
            message = f"an antiferromagnet around an odd side, {odd[0]}, has no closed form"
            raise MeaningError(message, "kind", code="E203", hint="even sides, or transfer-matrix")
        return (truth.stage(name, self, sources, solve),)


def solve(task: Task[truth.Asked], system: xr.Dataset) -> xr.Dataset:
    """At all temperatures."""
    from ..kernels.exact.kaufman import torus

    betas, graph = np.array(task.params.betas), read(system)
    found, lattice = properties.uniform(graph).value, graph.lattice
    assert found is not None and lattice is not None
    rows, columns = lattice.sides
    log_z, energy, variance = np.array([torus(rows, columns, -found.c, b) for b in betas]).T
    return truth.thermo(betas, graph.sites, log_z, energy, variance)
