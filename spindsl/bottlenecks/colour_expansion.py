"""Pair energies of colours, the same at every place, read off observations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import observations
from ..errors import DataError, MeaningError
from ..forms import FORMS, crowded, learned_outline
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of
from ..sampling import Ensemble, Temperature
from ..spec import Bottleneck, Count, Fraction, Positive

if TYPE_CHECKING:
    import xarray as xr

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
        lattice, energy = observations.lattice(system), energy_of(system)
        observations.admitted(trajectory, self.observations)
        if not energy.colours:
            raise MeaningError("these are spins ±1, not colours", "kind", hint="cluster-expansion")
        if not lattice.periodic:
            raise MeaningError("tables are fitted on tori only", "kind", hint="system.graph.periodic = true")
        pool = [t for t in candidates(lattice.sides, self.reach, 2, 1) if len(t) == 2]
        each, marks = (
            ("beta", "template"),
            {"flag_values": np.arange(4, dtype=np.int8), "flag_meanings": " ".join(SHAPES)},
        )
        unit = energy.unit
        gives = {
            "offset": Promise(("template", "axis"), "1", "place of the second spin of the pair", "int16"),
            "pair_energy": Promise(
                (*each, "colour", "other"),
                unit,
                "energy of the pair by its colours; 0 if left out",
                attrs=FORMS["colour-tables"].mark,
            ),
            "pair_energy_se": Promise((*each, "colour", "other"), unit, "standard error of that energy"),
            "colour_energy": Promise(("beta", "colour"), unit, "energy of a spin by its colour"),
            "shape": Promise(each, "1", "what the table cannot be told from", "int8", marks, label=True),
            "coupling": Promise(each, unit, "coupling in front of -delta or -cos; NaN of a general table"),
            "coupling_se": Promise(each, unit, "standard error of the coupling"),
            "terms": Promise(("beta",), "1", "number of tables that the data ask for", "int32"),
        }
        Q = energy.colours
        params = Tabulated(self, lattice.sides, Q)
        return (Stage(
            f"bottleneck.{name}", fit, params, gives, ("trajectory",), group=f"/bottleneck/{name}",
            
            sizes={"template": len(pool), "axis": len(lattice.sides), "colour": Q, "other": Q},
            coords={"beta": trajectory.coords["beta"]}, seconds=30.0,
            form=FORMS["colour-tables"], energy=learned_outline(system, 2, "colour", Q, misfit=crowded(pool)),
            **Ensemble.of(trajectory).how,
        ),)  # fmt: skip


@dataclass(frozen=True)
class Tabulated(observations.Learner):
    """What decides the tables that are fitted."""

    word: ColourExpansion
    sides: tuple[int, ...]
    colours: int

    @property
    def seen(self) -> observations.Seen:
        return observations.Seen(self.word.observations)


def fit(task: Task[Tabulated, Temperature], trajectory: xr.Dataset) -> xr.Dataset:
    """The tables at one temperature."""
    import xarray as xr

    from ..kernels.inversion.candidates import candidates
    from ..kernels.inversion.potts import fit_potts

    word, Q, sides, beta = task.params.word, task.params.colours, task.params.sides, task.part_params.beta
    q = observations.observed(trajectory, word.observations)
    try:
        found = fit_potts(q, sides, Q, beta, reach=word.reach, alarm=word.alarm, blocks=word.blocks, level=word.level)
    except np.linalg.LinAlgError as error:
        why, hint = "some colours were never seen together", "more samples, warmer, or more independent of each other"
        raise DataError(f"at beta = {beta:g} no tables can be fitted: {why}", hint=hint) from error
    except ValueError as error:
        raise DataError(f"at beta = {beta:g} no tables can be fitted: {error}") from error
    offsets = [t[1] for t in candidates(sides, word.reach, 2, 1) if len(t) == 2]
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
