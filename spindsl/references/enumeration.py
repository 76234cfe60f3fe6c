"""All states, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import thermo, truth
from ..errors import MeaningError
from ..factors import model, read
from ..graph import Stage, Task
from ..hamiltonian import energy_of
from ..spec import Reference

if TYPE_CHECKING:
    import xarray as xr

MOST = 24  # bits
EXTRA = {
    name: thermo.QUANTITIES[name].promise(truth.ALONG) for name in ("abs_magnetization", "susceptibility", "binder")
}


class Enumeration(Reference):
    """Sums over all Q^N states, Q^N <= 2^24, of any energy: ln Z, U, C and S, <|m|>, chi and U_4."""

    kind: Literal["enumeration"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        energy = energy_of(sources["system"])
        spins, Q = energy.sites, energy.states
        if Q**spins > 2**MOST:
            raise MeaningError(f"{Q}^{spins} states are more than 2^{MOST}", "kind", code="E203",
                               hint=f"at most {int(MOST / np.log2(Q))} spins of {Q} values")  # fmt: skip
        return (truth.stage(name, self, sources, count, truth.THERMO | EXTRA, seconds=1e-7 * Q**spins),)


def count(task: Task[truth.Asked], system: xr.Dataset) -> xr.Dataset:
    """At all temperatures, in one pass."""
    from ..kernels.exact.enumeration import moments

    betas, graph = np.array(task.params.betas), read(system)
    found = moments(model(graph), betas)
    chi = betas * graph.sites * (found.m2 - found.abs_m**2)
    extra = {"abs_magnetization": found.abs_m, "susceptibility": chi, "binder": found.binder}
    about = truth.thermo(betas, graph.sites, found.log_z, found.energy, found.variance)
    return about.assign({name: ("beta", value) for name, value in extra.items()})
