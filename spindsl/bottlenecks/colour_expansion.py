"""Pair energies of colours, the same at every place, read off observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import observations
from ..errors import DataError, MeaningError
from ..graph import Promise, Stage, Task
from ..sampling import Ensemble
from ..spec import Bottleneck, Count, Fraction, Positive

if TYPE_CHECKING:
    import xarray as xr

KERNELS = ("potts", "templates", "candidates", "scores")
SHAPES = ("none", "general", "delta", "cosine")


class ColourExpansion(Bottleneck):
    """E(q) = sum_t sum_x e_t(q_x, q_(x+t)) + sum_x e(q_x): whole tables enter, offset by offset, while the data ask.

    A table that cannot be told from -J delta or -J cos is fitted again as one. Pseudolikelihood, Besag 1975.
    """

    watches: ClassVar = ("beta", "chain", "sample")
    plain: ClassVar = False
    cites: ClassVar = ("besag1975", "nguyen2017")

    kind: Literal["colour-expansion"]
    reach: Count | None = Field(default=None, description="farthest pair along each axis; absent for all")
    alarm: Positive = Field(default=0.01, description="number of false tables to expect")
    level: Fraction = Field(default=0.01, description="probability below which a shape of one coupling is refused")
    blocks: Annotated[int, Field(ge=20)] = Field(default=100, description="runs of samples that errors are taken from")
    observations: Count | None = Field(default=None, description="look at so many only; absent for all")

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        from ..kernels.inversion.candidates import candidates

        trajectory, system = sources["trajectory"], sources["system"]
        sides, periodic = observations.lattice(system)
        observations.admitted(trajectory, self.observations)
        if "colours" not in system.said:
            raise MeaningError("these are spins ±1, not colours", "kind", hint="cluster-expansion")
        if not periodic:
            raise MeaningError("tables are fitted on tori only", "kind", hint="system.graph.periodic = true")
        offsets = [t[1] for t in candidates(sides, self.reach, 2, 1) if len(t) == 2]
        each, marks = (
            ("beta", "template"),
            {"flag_values": np.arange(4, dtype=np.int8), "flag_meanings": " ".join(SHAPES)},
        )
        gives = {
            "offset": Promise(("template", "axis"), "1", "place of the second spin of the pair", "int16"),
            "pair_energy": Promise((*each, "colour", "other"), "J", "energy of the pair by its colours; 0 if left out"),
            "pair_energy_se": Promise((*each, "colour", "other"), "J", "standard error of that energy"),
            "colour_energy": Promise(("beta", "colour"), "J", "energy of a spin by its colour"),
            "shape": Promise(each, "1", "what the table cannot be told from", "int8", marks, label=True),
            "coupling": Promise(each, "J", "coupling in front of -delta or -cos; NaN of a general table"),
            "coupling_se": Promise(each, "J", "standard error of the coupling"),
            "terms": Promise(("beta",), "1", "number of tables that the data ask for", "int32"),
        }
        Q = system.said["colours"]
        said = self.said() | {"sides": sides, "colours": Q}
        return (Stage(
            f"bottleneck.{name}", fit, said, gives, ("trajectory",), group=f"/bottleneck/{name}",
            code=(*observations.CODE, *(f"spindsl.kernels.inversion.{k}" for k in KERNELS)),
            sizes={"template": len(offsets), "axis": len(sides), "colour": Q, "other": Q},
            coords={"beta": trajectory.coords["beta"]}, seconds=30.0, **Ensemble.of(trajectory).how,
        ),)  # fmt: skip


def fit(task: Task, trajectory: xr.Dataset) -> xr.Dataset:
    """The tables at one temperature."""
    import xarray as xr

    from ..kernels.inversion.candidates import candidates
    from ..kernels.inversion.potts import fit_potts

    said, beta = task.said, task.about["beta"]
    Q, sides = said["colours"], tuple(said["sides"])
    q = observations.observed(said, trajectory)
    how = {k: said.get(k) for k in ("reach", "alarm", "blocks", "level")}
    try:
        found = fit_potts(q, sides, Q, beta, **how)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise DataError(f"at beta = {beta:g} no tables can be fitted: {error}") from error
    offsets = [t[1] for t in candidates(sides, said.get("reach"), 2, 1) if len(t) == 2]
    energy, se = np.zeros((len(offsets), Q, Q)), np.full((len(offsets), Q, Q), np.nan)
    shape, J, J_se = np.zeros(len(offsets), dtype=np.int8), *np.full((2, len(offsets)), np.nan)
    own = np.zeros(Q)
    for k, offset in enumerate(found.offset):
        if offset is None:
            own = -found.table[k]
            continue
        at = offsets.index(offset)
        energy[at], se[at], shape[at] = -found.table[k], found.se[k], SHAPES.index(found.shape[k])
        J[at], J_se[at] = found.J[k], found.J_se[k]
    table = ("template", "colour", "other")
    each = {"shape": shape, "coupling": J, "coupling_se": J_se}
    result = xr.Dataset({"offset": (("template", "axis"), np.array(offsets, dtype=np.int16))})
    result = result.assign(pair_energy=(table, energy), pair_energy_se=(table, se), colour_energy=("colour", own))
    result = result.assign({n: ("template", v) for n, v in each.items()})
    return result.assign(terms=((), np.int32((shape > 0).sum())))
