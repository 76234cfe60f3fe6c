"""The Ising model on the infinite square lattice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from .. import properties, thermo, truth
from ..errors import MeaningError
from ..factors import read
from ..graph import Stage, Task
from ..hamiltonian import energy_of
from ..spec import Reference

if TYPE_CHECKING:
    import xarray as xr

GIVES = truth.THERMO | {"abs_magnetization": thermo.QUANTITIES["abs_magnetization"].promise(truth.ALONG)}


class Onsager(Reference):
    """What a large square lattice comes to: the infinite one, ln Z for as many spins. Onsager 1944, M: Yang 1952.

    M is spontaneous: 0 above the transition, and of an antiferromagnet always.
    """

    cites: ClassVar = ("onsager1944", "yang1952")

    kind: Literal["onsager"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        energy, hint = energy_of(sources["system"]), 'system.kind = "ising" on graph = { kind = "square" }'
        lattice, found = energy.lattice, energy.ask(properties.uniform)
        if energy.domain != "spin" or lattice is None or len(lattice.sides) != 2:
            raise MeaningError("this solves the Ising model on the square lattice", "kind", hint=hint)
        if found.value is None or found.value.field:
            message = f"no solution is known: {found.why}" if found.why else "no solution is known with a field"
            raise MeaningError(message, "kind", hint="enumeration")
        return (truth.stage(name, self, sources, solve, GIVES),)


def solve(task: Task[truth.Asked], system: xr.Dataset) -> xr.Dataset:
    """At all temperatures."""
    from ..kernels.exact.onsager import magnetization, square

    betas, graph = np.array(task.params.betas), read(system)
    found, spins = properties.uniform(graph).value, graph.sites
    assert found is not None
    J = -found.c
    about = truth.thermo(betas, spins, *spins * np.array([square(J, beta) for beta in betas]).T)
    return about.assign(abs_magnetization=("beta", np.array([magnetization(max(J, 0.0), beta) for beta in betas])))
