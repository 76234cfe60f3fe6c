"""A sparse energy of products of spins, read straight off observations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import observations
from ..errors import DataError, MeaningError
from ..factors import Lattice
from ..forms import FORMS, NONE, crowded, learned_outline
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of
from ..sampling import Ensemble, Temperature
from ..seeds import philox_key
from ..spec import Bottleneck, Count, Positive

if TYPE_CHECKING:
    import xarray as xr


class ClusterExpansion(Bottleneck):
    """E(s) = -sum_t J_t sum_x prod_(i in t + x) s_i: terms are taken in, low order first, while the data ask for them.

    Fitted by pseudolikelihood to observations at one temperature, with nothing known of the Hamiltonian but that it is
    the same everywhere. A term enters whose score no chance explains, is refitted without penalty, and leaves if its
    own estimate is within chance of zero. Besag 1975; errors of Godambe 1960, over blocks of consecutive samples.
    """

    watches: ClassVar = ("beta", "chain", "sample")
    plain: ClassVar = False
    cites: ClassVar = ("besag1975", "godambe1960", "nguyen2017")

    kind: Literal["cluster-expansion"]
    order: Annotated[int, Field(ge=1, le=6)] = Field(description="most spins of a term")
    reach: Count | None = Field(default=None, description="farthest pair along each axis; absent for all")
    window: Annotated[int, Field(ge=1, le=4)] = Field(default=2, description="box that holds terms of 3 spins or more")
    alarm: Positive = Field(default=0.01, description="number of false terms to expect")
    blocks: Annotated[int, Field(ge=20)] = Field(default=200, description="runs of samples that errors are taken from")
    estimator: Literal["likelihood", "pseudolikelihood"] = Field(
        default="likelihood", description="whether the likelihood's Newton step follows, with moments of chains"
    )
    observations: Count | None = Field(default=None, description="look at so many only; absent for all")
    shuffled: bool = Field(
        default=False, description="whether each spin's values are put in an order of its own first: a control"
    )

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        from ..kernels.inversion.candidates import candidates

        trajectory, system = sources["trajectory"], sources["system"]
        lattice = observations.lattice(system)
        if energy_of(system).colours:
            raise MeaningError("products are of spins ±1; these have colours", "kind", hint="colour-expansion")
        pool = candidates(lattice.sides, self.reach, self.order, self.window, lattice.periodic)
        unit = energy_of(system).unit
        gives = {
            "offsets": Promise(
                ("template", "body", "axis"), "1", f"places of the spins of a term, {NONE} for none", "int16"
            ),
            "coupling": Promise(
                ("beta", "template"),
                unit,
                "coupling of the term, E = - coupling prod s; 0 where left out",
                attrs=FORMS["templates"].mark,
            ),
            "coupling_se": Promise(("beta", "template"), unit, "standard error of the coupling; NaN where left out"),
            "coupling_covariance": Promise(
                ("beta", "template", "other"),
                f"{unit}2",
                "covariance of the couplings of two terms; NaN where left out",
            ),
            "selected": Promise(("beta", "template"), "1", "whether the data ask for the term", "int8", label=True),
            "terms": Promise(("beta",), "1", "number of terms that the data ask for", "int32"),
            "nearest_miss": Promise(("beta",), "1", "largest |z| of the terms left out, standard errors"),
            "needed": Promise(("beta",), "1", "|z| from which a term is taken in, standard errors"),
        }
        params = Expanded(name, self, lattice)
        count = observations.admitted(trajectory, self.observations)
        return (Stage(
            f"bottleneck.{name}", fit, params, gives, ("trajectory",), group=f"/bottleneck/{name}",
            
            sizes={"template": len(pool), "other": len(pool), "body": self.order, "axis": len(lattice.sides)},
            coords={"beta": trajectory.coords["beta"]}, seconds=1e-7 * count * system.sizes["spin"] * len(pool),
            energy=learned_outline(system, self.order, misfit=crowded(pool)), form=FORMS["templates"],
            **Ensemble.of(trajectory).how,
        ),)  # fmt: skip


@dataclass(frozen=True)
class Expanded(observations.Learner):
    """What decides the energy that is fitted."""

    name: str
    word: ClusterExpansion
    lattice: Lattice

    @property
    def seen(self) -> observations.Seen:
        return observations.Seen(self.word.observations)


def fit(task: Task[Expanded, Temperature], trajectory: xr.Dataset) -> xr.Dataset:
    """The energy at one temperature."""
    import xarray as xr

    from ..kernels.inversion.candidates import candidates
    from ..kernels.inversion.templates import fit_templates

    word, name, lattice, beta = task.params.word, task.params.name, task.params.lattice, task.part_params.beta
    spins, sides = observations.observed(trajectory, word.observations), lattice.sides
    if word.shuffled:
        spins = observations.shuffled(spins, task.seed, "bottleneck", name, task.part)
    key = philox_key(task.seed, "bottleneck", name, task.part) if word.estimator == "likelihood" else None
    pool = candidates(sides, word.reach, word.order, word.window, lattice.periodic)
    try:
        found = fit_templates(
            spins, sides, beta, order=word.order, reach=word.reach, window=word.window, alarm=word.alarm,
            blocks=word.blocks, key=key, periodic=lattice.periodic,
        )  # fmt: skip
    except ValueError as error:
        raise DataError(f"at beta = {beta:g} no energy can be fitted: {error}") from error
    offsets = np.full((len(pool), word.order, len(sides)), NONE, dtype=np.int16)
    for k, template in enumerate(pool):
        offsets[k, : len(template)] = template
    place = [pool.index(t) for t in found.template]
    J, se, taken = np.zeros(len(pool)), np.full(len(pool), np.nan), np.zeros(len(pool), dtype=np.int8)
    J[place], se[place], taken[place] = found.J, found.se, 1
    each = {"coupling": J, "coupling_se": se, "selected": taken}
    result = xr.Dataset({"offsets": (("template", "body", "axis"), offsets)})
    result = result.assign({n: ("template", v) for n, v in each.items()})
    covariance = np.full((len(pool), len(pool)), np.nan)
    covariance[np.ix_(place, place)] = found.covariance
    result = result.assign(coupling_covariance=(("template", "other"), covariance))
    one = {"nearest_miss": found.refused, "needed": found.chance}
    result = result.assign({n: ((), float(v)) for n, v in one.items()})
    return result.assign(terms=((), np.int32(len(place))))
