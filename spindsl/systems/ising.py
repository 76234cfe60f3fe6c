"""The Ising model on any graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..errors import MeaningError
from ..graph import Stage, Task
from ..hamiltonian import FIELD, PAIRS, TERMS, Lattice, edged, translated
from ..spec import Listed, Words

if TYPE_CHECKING:
    import xarray as xr

Offset = Annotated[tuple[int, ...], Listed]


class Term(Words):
    """Products of spins at every place of a lattice: -J sum_x prod_k s_(x + offset_k)."""

    offsets: Annotated[tuple[Offset, ...], Listed, Field(min_length=1)] = Field(
        description="places of the spins, such as [[0, 0], [1, 1]]"
    )
    J: float = Field(description="strength, positive favours a positive product")


class Ising(Lattice):
    """E = -J sum_(ij) s_i s_j - h sum_i s_i, s_i = ±1; J > 0 is ferromagnetic. Sprague et al. 2021, Eq. (2).

    Energies are in the unit of J, temperatures too. `terms` adds products of any spins, the same at every place.
    """

    cites: ClassVar = ("sprague2021",)

    kind: Literal["ising"]
    J: float = Field(description="coupling of neighbours")
    field: float = Field(default=0.0, description="field h on every spin")
    terms: Annotated[tuple[Term, ...], Listed] = Field(default=(), description="further interactions, [[system.terms]]")

    @model_validator(mode="after")
    def _fits(self):
        sides = self.graph.extent
        for k, term in enumerate(self.terms):
            if sides is None:
                raise MeaningError("terms have places on lattices only", "terms", k, hint='graph = { kind = "square" }')
            for n, offset in enumerate(term.offsets):
                if len(offset) != len(sides):
                    message = f"{len(offset)} numbers for a place in {len(sides)} dimensions"
                    raise MeaningError(message, "terms", k, "offsets", n, code="E203")
            if len({tuple(np.mod(o, sides)) for o in term.offsets}) < len(term.offsets):
                raise MeaningError("the term meets a spin twice", "terms", k, "offsets", code="E203")
        return self

    def stages(self, seed: int, data: Path) -> tuple[Stage, ...]:
        return self.stage(disorder, PAIRS | FIELD | (TERMS if self.terms else {}), data)


def disorder(task: Task) -> xr.Dataset:
    """Edges, their couplings, the field, and further terms."""
    import xarray as xr

    said = task.said
    i, j = edged(said, task.seed)
    found = {"i": ("edge", i), "j": ("edge", j), "coupling": ("edge", np.full(len(i), float(said["J"])))}
    found["h"] = ("spin", np.full(said["attrs"]["spins"], float(said["field"])))
    if said["terms"]:
        sides, periodic = said["attrs"]["sides"], bool(said["attrs"]["periodic"])
        several = [translated(t["offsets"], sides, periodic) for t in said["terms"]]
        sites = np.full((sum(map(len, several)), max(s.shape[1] for s in several)), -1, dtype=np.int32)
        at = 0
        for one in several:
            sites[at : at + len(one), : one.shape[1]] = one
            at += len(one)
        found["sites"] = (("term", "body"), sites)
        found["strength"] = ("term", np.repeat([float(t["J"]) for t in said["terms"]], [len(s) for s in several]))
    return xr.Dataset(found, attrs=said["attrs"])
