"""What a physicist asks of an equilibrium first: U, |M|, C, chi and the Binder cumulant against temperature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import thermo, truth
from ..graph import Stage, Task
from ..sampling import Ensemble
from ..spec import Analysis, Name

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part


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
        trajectory, spins = sources["trajectory"], sources["system"].sizes["spin"]
        gives, needs = thermo.promises(), ["trajectory"]
        if self.against is not None:
            exact, also = truth.against(self.against, sources, gives)
            needs.append(exact.name)
            gives |= also
        said = self.said() | {"spins": spins, "of": [n for n in gives if n.endswith("_z")]}
        return (Stage(
            f"analysis.{name}", measure, said, gives, tuple(needs), group=f"/analysis/{name}", code=thermo.CODE,
            coords={"beta": trajectory.coords["beta"]}, seconds=1.0, **Ensemble.of(trajectory).how,
        ),)  # fmt: skip


def measure(task: Task, trajectory: xr.Dataset, **reference: xr.Dataset) -> xr.Dataset:
    """One temperature."""
    import xarray as xr

    energy, m = trajectory["energy"].values, trajectory["magnetization"].values
    found = thermo.estimated(energy, m, task.about["beta"], task.said["spins"])
    for variable in task.said["of"]:
        name = variable.removesuffix("_z")
        (exact,) = reference.values()
        found[variable] = (found[name] - float(exact[name])) / found[f"{name}_se"]
    return xr.Dataset({n: ((), float(v)) for n, v in found.items()}).astype(np.float64)
