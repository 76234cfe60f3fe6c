"""One dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from .. import truth
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..spec import Reference

if TYPE_CHECKING:
    import xarray as xr

PULL = {
    "magnetization": Promise(truth.ALONG, "1", "magnetization, <m>"),
    "response": Promise(truth.ALONG, "1/J", "response d<m>/dh = beta N (<m^2> - <m>^2)"),
}
CODE = tuple(f"spindsl.kernels.exact.{k}" for k in ("chain", "jets"))


class OneDimension(Reference):
    """Rings and open chains in closed form: any couplings of Ising spins without a field, a uniform ring in a field,
    Potts and clock colours without fields. Ising, Z. Phys. 31, 253 (1925)."""

    cites: ClassVar = ("ising1925",)

    kind: Literal["chain"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        said = sources["system"].said
        if said.get("graph", {}).get("kind") != "chain":
            raise MeaningError("this solves chains", "kind", hint='graph = { kind = "chain" }')
        if said.get("terms"):
            raise MeaningError("this takes nearest neighbours, no further terms", "kind", hint="enumeration")
        open_in_field = said.get("field") and not (said["kind"] == "ising" and said["attrs"]["periodic"])
        if open_in_field or any(said.get("fields", ())):
            raise MeaningError("in a field this solves the uniform Ising ring", "kind", hint="transfer-matrix")
        ring = said["kind"] == "ising" and said["attrs"]["periodic"]
        given = self.said() | {"J": said["J"] if ring else None, "field": said.get("field", 0.0)}
        return (truth.stage(name, sources, solve, given, CODE, truth.THERMO | (PULL if ring else {})),)


def solve(task: Task, system: xr.Dataset) -> xr.Dataset:
    """At all temperatures."""
    from ..kernels.exact import chain

    betas, J, spins = np.array(task.said["betas"]), task.said["J"], system.attrs["spins"]
    closed = bool(system.attrs["periodic"])
    if J is not None:
        *found, m, pull = np.array([chain.ring(spins, J, task.said["field"], beta) for beta in betas]).T
        about = {"magnetization": ("beta", m / spins), "response": ("beta", betas * pull / spins)}
        return truth.thermo(betas, spins, *found).assign(about)
    if "pair_energy" in system:
        energy = system["pair_energy"].values[0, :, 0]
        each = [chain.colours(spins, energy, closed, beta) for beta in betas]
    else:
        each = [chain.bonds(system["coupling"].values, closed, beta) for beta in betas]
    return truth.thermo(betas, spins, *np.array(each).T)
