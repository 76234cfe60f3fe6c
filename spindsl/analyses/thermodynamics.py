"""What a physicist asks of an equilibrium first: U, |M|, C, chi and the Binder cumulant against temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import thermo, truth
from ..graph import Stage, Task
from ..hamiltonian import energy_of
from ..sampling import Ensemble, Temperature
from ..spec import Analysis, Name

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part


@dataclass(frozen=True)
class Measured:
    """Number of spins, and the distances from exact truth that are asked for."""

    spins: int
    distances: tuple[str, ...] = ()


class Thermodynamics(Analysis):
    """U = <E>/N, <|m|>, C = beta^2 var E / N, chi = beta N (<m^2> - <|m|>^2), U_4 = 1 - <m^4> / (3 <m^2>^2).

    Standard errors by jackknife over whole chains, or over blocks of many correlation times where there are few.
    Against exact truth, each comes with its distance in standard errors.
    """

    title: ClassVar = "Thermodynamics"
    watches: ClassVar = ("beta", "chain", "sample")
    cites: ClassVar = ("binder1981", "madras1988")

    kind: Literal["thermodynamics"]
    against: Name | None = Field(default=None, description="a reference of the file that it is held against")

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.thermodynamics import PART

        return PART

    def refers(self) -> str:
        return "energy"

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, energy = sources["trajectory"], energy_of(sources["system"])
        gives = {n: truth.in_units(p, energy.unit) for n, p in thermo.promises().items()}
        needs, also = ["trajectory"], {}
        if self.against is not None:
            exact, also = truth.against(self.against, sources, gives)
            needs.append(exact.name)
        return (Stage(
            f"analysis.{name}", measure, Measured(energy.sites, tuple(also)), gives | also, tuple(needs),
            group=f"/analysis/{name}", coords={"beta": trajectory.coords["beta"]}, seconds=1.0,
            **Ensemble.of(trajectory).how,
        ),)  # fmt: skip


def measure(task: Task[Measured, Temperature], trajectory: xr.Dataset, **reference: xr.Dataset) -> xr.Dataset:
    """One temperature."""
    import xarray as xr

    energy, m = trajectory["energy"].values, trajectory["magnetization"].values
    found = thermo.estimated(energy, m, task.part_params.beta, task.params.spins)
    for variable in task.params.distances:
        name = variable.removesuffix("_z")
        (exact,) = reference.values()
        with np.errstate(divide="ignore", invalid="ignore"):  # one configuration has no standard error
            found[variable] = np.divide(found[name] - float(exact[name]), found[f"{name}_se"])
    return xr.Dataset({n: ((), float(v)) for n, v in found.items()}).astype(np.float64)
