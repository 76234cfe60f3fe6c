"""Samples of a sequence model, weighed so that they speak of P itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import sequences, truth
from ..architectures import Fitted
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of
from ..sampling import Ensemble, Temperature
from ..spec import Analysis, Name

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Weighed:
    """So many samples of a model, and the distances from exact truth that are asked for."""

    name: str
    count: int
    model: Fitted
    distances: tuple[str, ...] = ()


class Importance(Analysis):
    """F = -ln(mean w) / beta and <A> = sum w A / sum w, with w = exp(-beta E) / q of independent samples of a model q.

    Neural importance sampling, Nicoli et al., arXiv:1910.13496: it knows the Hamiltonian, however q was trained. Right
    where q visits all that P does; `ess`, the share of samples that the weights leave, tells nothing of what q misses.
    """

    watches: ClassVar = ("beta",)
    cites: ClassVar = ("nicoli2020",)

    kind: Literal["importance"]
    of: Name = Field(description="a bottleneck that says how likely a configuration is: made, gru or pixelcnn")
    count: Annotated[int, Field(ge=2)] = Field(description="samples of the model, of each network")
    against: Name | None = Field(default=None, description="a reference of the file that it is held against")

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        fitted, model = sequences.sequence(self.of, sources)
        front, unit = fitted.gives["weights"].dims[:-1], energy_of(sources["system"]).unit
        gives = sequences.promises(front, unit, "of P by importance weights, with the true Hamiltonian", KNOWN)
        needs, also = [fitted.name, "system"], {}
        if self.against is not None:
            exact, also = truth.against(self.against, sources, gives)
            needs.append(exact.name)
        gives["ess"] = Promise(front, "1", "effective share of samples, (sum w)^2 / (n sum w^2)")
        return (Stage(
            f"analysis.{name}", weigh, Weighed(name, self.count, model, tuple(also)), gives | also, tuple(needs),
            group=f"/analysis/{name}", coords=fitted.coords, interpreted=True, accelerated=True,
            seconds=1e-10 * self.count * fitted.bytes * model.sites, **Ensemble.of(sources["trajectory"]).how,
        ),)  # fmt: skip


KNOWN = {"hamiltonian": 1}


def weigh(task: Task[Weighed, Temperature], system: xr.Dataset, **sources: xr.Dataset) -> xr.Dataset:
    """One temperature."""
    from ..kernels.autoregressive.estimates import weighted, weights

    params, model, beta, each = task.params, task.params.model, task.part_params.beta, []
    found, *exact = sources.values()
    for _, some in sequences.drawn(task, model, found, system, params.count, "analysis", params.name):
        one = sequences.per_spin(weighted(some, beta), model.sites)
        one["ess"] = weights(some, beta)[2] / params.count
        for z in params.distances:
            of = z.removesuffix("_z")
            with np.errstate(divide="ignore", invalid="ignore"):  # all samples may be alike
                one[z] = float(np.divide(one[of] - float(exact[0][of]), one[f"{of}_se"]))
        each.append(sequences.numbers(one))
    return sequences.beside(model, each)
