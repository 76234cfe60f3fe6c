"""Potts and clock models on any graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..hamiltonian import PAIRS, Interaction, Lattice, edged, phi
from ..spec import Listed

if TYPE_CHECKING:
    import xarray as xr

MOST = 64  # colours


class Potts(Lattice):
    """E = -J sum_(ij) phi(q_i, q_j) - sum_i h(q_i), q_i = 0 … Q - 1.

    phi is cos(2 pi (q_i - q_j) / Q) (Sprague et al. 2021, Eq. 3) or delta(q_i, q_j) (Wu, Rev. Mod. Phys. 54, 235,
    Eq. 1.2). With three colours cos = (3 delta - 1) / 2 and temperatures differ by that factor 3/2; with four or more
    the cosine makes the clock model, another one.
    """

    cites: ClassVar = ("sprague2021", "wu1982")

    kind: Literal["potts"]
    colours: Annotated[int, Field(ge=2, le=MOST)] = Field(description="number of values Q of a spin")
    interaction: Interaction = Field(description="cosine or delta")
    J: float = Field(description="coupling of neighbours, positive favours like colours")
    fields: Annotated[tuple[float, ...], Listed] = Field(default=(), description="h of each colour; absent for none")

    @model_validator(mode="after")
    def _fits(self):
        if self.fields and len(self.fields) != self.colours:
            message = f"{len(self.fields)} fields for {self.colours} colours"
            raise MeaningError(message, "fields", code="E203", hint=f"give {self.colours}")
        return self

    def stages(self, seed: int, data: Path) -> tuple[Stage, ...]:
        gives = PAIRS | {
            "kind": Promise(("edge",), "1", "which pair energy the edge has", "int32", label=True, hidden=True),
            "pair_energy": Promise(("table", "colour", "other"), "J", "energy of an edge by the colours of its ends"),
            "colour_energy": Promise(("spin", "colour"), "J", "energy of a spin by its colour"),
        }
        gives["coupling"] = Promise(("edge",), "J", "coupling of the edge: positive favours like colours")
        return self.stage(disorder, gives, data, table=1, colour=self.colours, other=self.colours)


def disorder(task: Task) -> xr.Dataset:
    """Edges, their couplings, and energies by colours."""
    import xarray as xr

    said, spins = task.said, task.said["attrs"]["spins"]
    i, j = edged(said, task.seed)
    own = np.array(said["fields"] or [0.0] * said["colours"], dtype=np.float64)
    found = {
        "i": ("edge", i), "j": ("edge", j), "kind": ("edge", np.zeros(len(i), dtype=np.int32)),
        "coupling": ("edge", np.full(len(i), float(said["J"]))),
        "pair_energy": (("table", "colour", "other"), -said["J"] * phi(said["interaction"], said["colours"])[None]),
        "colour_energy": (("spin", "colour"), np.tile(-own, (spins, 1))),
    }  # fmt: skip
    return xr.Dataset(found, attrs=said["attrs"] | {"colours": said["colours"]})
