"""The Ising model on the infinite square lattice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from .. import thermo, truth
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..spec import Reference

if TYPE_CHECKING:
    import xarray as xr

GIVES = truth.THERMO | {"abs_magnetization": Promise(truth.ALONG, *thermo.QUANTITIES["abs_magnetization"])}
CODE = ("spindsl.thermo", "spindsl.kernels.exact.onsager", "spindsl.kernels.exact.jets")


class Onsager(Reference):
    """What a large square lattice comes to: the infinite one, ln Z for as many spins. Onsager 1944, M: Yang 1952.

    M is spontaneous: 0 above the transition, and of an antiferromagnet always.
    """

    cites: ClassVar = ("onsager1944", "yang1952")

    kind: Literal["onsager"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        said = sources["system"].said
        if said["kind"] != "ising" or said.get("graph", {}).get("kind") != "square":
            hint = 'system.kind = "ising" on graph = { kind = "square" }'
            raise MeaningError("this solves the Ising model on the square lattice", "kind", hint=hint)
        if said["field"] or said["terms"]:
            raise MeaningError("no solution is known with a field or further terms", "kind", hint="enumeration")
        said = self.said() | {"spins": sources["system"].sizes["spin"], "J": said["J"]}
        return (truth.stage(name, sources, solve, said, CODE, GIVES),)


def solve(task: Task, system: xr.Dataset) -> xr.Dataset:
    """At all temperatures."""
    from ..kernels.exact.onsager import magnetization, square

    betas, J, spins = np.array(task.said["betas"]), task.said["J"], task.said["spins"]
    about = truth.thermo(betas, spins, *spins * np.array([square(J, beta) for beta in betas]).T)
    return about.assign(abs_magnetization=("beta", np.array([magnetization(max(J, 0.0), beta) for beta in betas])))
