"""Couplings in closed form from correlations: the plain baseline of an inversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import observations
from ..errors import DataError, MeaningError
from ..factors import Lattice, Template
from ..forms import FORMS, crowded, learned_outline
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of
from ..sampling import Ensemble, Temperature
from ..spec import Bottleneck, Count

if TYPE_CHECKING:
    import xarray as xr


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
        lattice, energy = observations.lattice(system), energy_of(system)
        observations.admitted(trajectory, self.observations)
        if energy.colours:
            raise MeaningError("correlations are of spins ±1; these have colours", "kind", hint="colour-expansion")
        gives = {
            "offsets": Promise(("template", "body", "axis"), "1", "places of the two spins of a pair", "int16"),
            "coupling": Promise(
                ("beta", "template"),
                energy.unit,
                "coupling of the pair, E = - coupling s s",
                attrs=FORMS["templates"].mark,
            ),
        }
        templates = pairs(self, lattice)
        return (Stage(
            f"bottleneck.{name}", fit, Closed(self, lattice), gives, ("trajectory",), group=f"/bottleneck/{name}",
            
            sizes={"template": len(templates), "body": 2, "axis": len(lattice.sides)},
            coords={"beta": trajectory.coords["beta"]}, form=FORMS["templates"],
            energy=learned_outline(system, 2, misfit=crowded(templates)), **Ensemble.of(trajectory).how,
        ),)  # fmt: skip


@dataclass(frozen=True)
class Closed(observations.Learner):
    """What decides the couplings."""

    word: MeanField
    lattice: Lattice

    @property
    def seen(self) -> observations.Seen:
        return observations.Seen(self.word.observations)


def pairs(word: MeanField, lattice: Lattice) -> list[Template]:
    """Templates of two spins: nearest neighbours, or all."""
    from ..kernels.inversion.candidates import candidates, extent

    sides = lattice.sides
    found = [t for t in candidates(sides, None, 2, 1, lattice.periodic) if len(t) == 2]
    if word.closure == "mean-field":
        return found
    least = min(extent(t, sides) for t in found)
    return [t for t in found if extent(t, sides) == least]


def fit(task: Task[Closed, Temperature], trajectory: xr.Dataset) -> xr.Dataset:
    """The energy at one temperature."""
    import xarray as xr

    from ..kernels.inversion import closures
    from ..kernels.translates import distinct

    word, lattice, beta = task.params.word, task.params.lattice, task.part_params.beta
    spins, templates = observations.observed(trajectory, word.observations), pairs(word, lattice)
    lists = [distinct(t, lattice.sides, lattice.periodic) for t in templates]
    if word.closure == "independent-pair":
        products = [(spins[:, p[:, 0]] * spins[:, p[:, 1]]).mean(dtype=np.float64) for p in lists]
        K = closures.pair(np.array(products))
    else:
        try:
            K = closures.averaged(closures.mean_field(spins), lists)
        except np.linalg.LinAlgError as error:
            raise DataError(f"at beta = {beta:g} some spins never part: {error}") from error
    offsets = np.array(templates, dtype=np.int16)
    return xr.Dataset({"offsets": (("template", "body", "axis"), offsets), "coupling": ("template", K / beta)})
