"""Couplings in closed form from correlations: the plain baseline of an inversion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import observations
from ..errors import DataError, MeaningError
from ..graph import Promise, Stage, Task
from ..sampling import Ensemble
from ..spec import Bottleneck, Count

if TYPE_CHECKING:
    import xarray as xr

KERNELS = ("candidates", "closures")


class MeanField(Bottleneck):
    """E(s) = -sum_t J_t sum_x s_x s_(x+t), J in closed form: beta J_t = artanh <s_x s_(x+t)> of nearest neighbours,
    each pair as if it were alone, or beta J = -C^-1 of all pairs, C their covariance.

    Means over all translations. Nothing is fitted and nothing is left out; at what is weak both are right to first
    order. Nguyen, Zecchina and Berg 2017, Sec. II.
    """

    watches: ClassVar = ("beta", "chain", "sample")
    cites: ClassVar = ("nguyen2017",)

    kind: Literal["mean-field"]
    closure: Literal["independent-pair", "mean-field"] = Field(
        description="artanh of the correlation of nearest neighbours, or minus the inverse covariance of all spins"
    )
    observations: Count | None = Field(default=None, description="look at so many only; absent for all")

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, system = sources["trajectory"], sources["system"]
        sides, periodic = observations.lattice(system)
        observations.admitted(trajectory, self.observations)
        if "colours" in system.said:
            raise MeaningError("correlations are of spins ±1; these have colours", "kind", hint="colour-expansion")
        gives = {
            "offsets": Promise(("template", "body", "axis"), "1", "places of the two spins of a pair", "int16"),
            "coupling": Promise(("beta", "template"), "J", "coupling of the pair, E = - coupling s s"),
        }
        said = self.said() | {"sides": sides, "periodic": periodic}
        return (Stage(
            f"bottleneck.{name}", fit, said, gives, ("trajectory",), group=f"/bottleneck/{name}",
            code=(*observations.CODE, *(f"spindsl.kernels.inversion.{k}" for k in KERNELS)),
            sizes={"template": len(pairs(said)), "body": 2, "axis": len(sides)},
            coords={"beta": trajectory.coords["beta"]}, **Ensemble.of(trajectory).how,
        ),)  # fmt: skip


def pairs(said: Mapping) -> list:
    """Templates of two spins: nearest neighbours, or all."""
    from ..kernels.inversion.candidates import candidates, extent

    sides = tuple(said["sides"])
    found = [t for t in candidates(sides, None, 2, 1, said["periodic"]) if len(t) == 2]
    if said["closure"] == "mean-field":
        return found
    least = min(extent(t, sides) for t in found)
    return [t for t in found if extent(t, sides) == least]


def fit(task: Task, trajectory: xr.Dataset) -> xr.Dataset:
    """The energy at one temperature."""
    import xarray as xr

    from ..kernels.inversion import closures
    from ..kernels.inversion.candidates import placed

    said, beta = task.said, task.about["beta"]
    spins, templates = observations.observed(said, trajectory), pairs(said)
    lists = [placed(t, tuple(said["sides"]), said["periodic"]) for t in templates]
    if said["closure"] == "independent-pair":
        products = [(spins[:, p[:, 0]] * spins[:, p[:, 1]]).mean(dtype=np.float64) for p in lists]
        K = closures.pair(np.array(products))
    else:
        try:
            K = closures.averaged(closures.mean_field(spins), lists)
        except np.linalg.LinAlgError as error:
            raise DataError(f"at beta = {beta:g} some spins never part: {error}") from error
    offsets = np.array(templates, dtype=np.int16)
    return xr.Dataset({"offsets": (("template", "body", "axis"), offsets), "coupling": ("template", K / beta)})
