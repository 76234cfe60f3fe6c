"""One dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from .. import properties, truth
from ..errors import MeaningError
from ..factors import FactorGraph, pair_tables, read
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of
from ..spec import Reference

if TYPE_CHECKING:
    import xarray as xr

PULL = {
    "magnetization": Promise(truth.ALONG, "1", "magnetization, <m>"),
    "response": Promise(truth.ALONG, "1/J", "response d<m>/dh = beta N (<m^2> - <m>^2)"),
}


class OneDimension(Reference):
    """Rings and open chains in closed form: any couplings of Ising spins without a field, a uniform ring in a field,
    Potts and clock colours without fields. Ising, Z. Phys. 31, 253 (1925)."""

    cites: ClassVar = ("ising1925",)

    kind: Literal["chain"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        energy = energy_of(sources["system"])
        _, closed = truth.nearest_lattice(energy, (1,), 'graph = { kind = "chain" }, or enumeration')
        found, free = energy.ask(properties.uniform).value, energy.ask(properties.no_field)
        ring = closed and energy.domain == "spin" and found is not None
        if not free.yes and not ring:
            raise MeaningError("in a field this solves the uniform Ising ring", "kind", hint="transfer-matrix")
        if energy.domain == "colour" and not (alike := energy.ask(properties.one_table)).yes:
            raise MeaningError(
                f"this solves colours whose pairs are all alike; {alike.why}", "kind", hint="transfer-matrix"
            )
        gives = truth.THERMO | (PULL if ring else {})
        return (truth.stage(name, self, sources, solve, gives),)


def solve(task: Task[truth.Asked], system: xr.Dataset) -> xr.Dataset:
    """At all temperatures."""
    from ..kernels.exact import chain

    betas, graph = np.array(task.params.betas), read(system)
    closed, spins = graph.lattice is not None and graph.lattice.periodic, graph.sites
    found = properties.uniform(graph).value
    if graph.domain == "spin" and closed and found is not None:
        *each, m, pull = np.array([chain.ring(spins, -found.c, -found.field, beta) for beta in betas]).T
        about = {"magnetization": ("beta", m / spins), "response": ("beta", betas * pull / spins)}
        return truth.thermo(betas, spins, *each).assign(about)
    if graph.domain == "colour":
        energy = pair_tables(graph)[0, :, 0]
        each = [chain.colours(spins, energy, closed, beta) for beta in betas]
    else:
        each = [chain.bonds(bonds(graph, closed), closed, beta) for beta in betas]
    return truth.thermo(betas, spins, *np.array(each).T)


def bonds(graph: FactorGraph, closed: bool) -> np.ndarray:
    """J of each bond along the chain, 0 where there is none: N of a ring, N - 1 of an open chain."""
    (i, j), J = graph.products.of_order(2)[0].T, -graph.products.of_order(2)[1]
    found = np.zeros(graph.sites if closed else graph.sites - 1)
    found[np.where(j - i == 1, i, j)] = J
    return found
