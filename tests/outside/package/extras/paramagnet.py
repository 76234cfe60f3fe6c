"""Exact truth of sites that do not know each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from spindsl import properties, truth
from spindsl.errors import MeaningError
from spindsl.factors import FactorGraph, read
from spindsl.graph import Stage, Task
from spindsl.hamiltonian import energy_of
from spindsl.spec import Reference

if TYPE_CHECKING:
    import xarray as xr

    from spindsl.report.markup import Html
    from spindsl.report.questions import Asked, Part


class Paramagnet(Reference):
    """ln Z = sum_i ln sum_a exp(-beta f_i(a)): of spins in fields h, sum_i ln 2 cosh(beta h_i).

    For any energy without pairs.
    """

    kind: Literal["paramagnet"]

    @classmethod
    def page(cls) -> Part:
        from spindsl.report.questions import Part

        return Part(sentences)

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        most = energy_of(sources["system"]).ask(properties.order)
        if not most.known or (most.value or 0) > 1:
            message = f"this solves sites that do not know each other; {most.why}"
            raise MeaningError(message, "kind", hint='"enumeration", or J = 0')
        return (truth.stage(name, self, sources, solve),)


def solve(task: Task[truth.Asked], system: xr.Dataset) -> xr.Dataset:
    """At all temperatures: ln Z, <E> and var E are sums over sites."""
    graph, betas = read(system), np.array(task.params.betas)
    f = levels(graph)
    weight = -betas[:, None, None] * f
    top = weight.max(axis=-1, keepdims=True)
    p = np.exp(weight - top)
    log_z = np.log(p.sum(axis=-1)) + top[..., 0]
    p /= p.sum(axis=-1, keepdims=True)
    mean = (p * f).sum(axis=-1)
    heat = (p * (f - mean[..., None]) ** 2).sum(axis=-1)
    return truth.thermo(betas, graph.sites, log_z.sum(axis=1), mean.sum(axis=1), heat.sum(axis=1))


def levels(graph: FactorGraph) -> np.ndarray:
    """Energies of each site by its state, (site, state)."""
    return graph.field if graph.domain == "colour" else np.stack([-graph.field, graph.field], axis=1)


def sentences(asked: Asked) -> Iterator[Html]:
    from spindsl.report.markup import joined, tag
    from spindsl.report.questions.series import series

    for name, data in asked.found.items():
        for one in series(name, data, "log_z", "beta"):
            yield joined([tag("b", one.title), f" has ln Z = {one[-1][0]:.6g} at beta = {one.x[-1]:g}."])
