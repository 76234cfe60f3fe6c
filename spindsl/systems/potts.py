"""Potts and clock models on any graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from .. import declared, factors
from ..errors import MeaningError
from ..factors import FactorGraph
from ..graph import Promise, Stage, Task
from ..hamiltonian import EDGES, Interaction, OnGraph, edges_of, phi
from ..outline import Outline
from ..properties import Magnet
from ..spec import Listed, Topology

if TYPE_CHECKING:
    import xarray as xr

MOST = 64  # colours


class Potts(OnGraph):
    """E = -J sum_(ij) phi(q_i, q_j) - sum_i h(q_i), q_i = 0 … Q - 1.

    phi is cos(2 pi (q_i - q_j) / Q) (Sprague et al. 2021, Eq. 3) or delta(q_i, q_j) (Wu, Rev. Mod. Phys. 54, 235,
    Eq. 1.2). With three colours cos = (3 delta - 1) / 2 and temperatures differ by that factor 3/2; with four or more
    the cosine makes the clock model, another one.
    """

    cites: ClassVar = ("sprague2021", "wu1982")

    kind: Literal["potts"]
    graph: Topology = Field(description="which spins are coupled")
    colours: Annotated[int, Field(ge=2, le=MOST)] = Field(description="number of values Q of a spin")
    interaction: Interaction = Field(description="cosine or delta")
    J: float = Field(description="coupling of neighbours, positive favours like colours")
    fields: Annotated[tuple[float, ...], Listed] = Field(default=(), description="h of each colour; absent for none")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.fields and len(self.fields) != self.colours:
            message = f"{len(self.fields)} fields for {self.colours} colours"
            raise MeaningError(message, "fields", code="E203", hint=f"give {self.colours}")
        return self

    def pair_energy(self) -> np.ndarray:
        """Energy of an edge by the colours of its ends, (Q, Q)."""
        return -self.J * phi(self.interaction, self.colours)

    def colour_energy(self) -> np.ndarray:
        """Energy of a spin by its colour, (spin, Q)."""
        own = np.array(self.fields or [0.0] * self.colours, dtype=np.float64)
        return np.tile(-own, (self.count, 1))

    def factor_graph(self, seed: int, files: Mapping[str, Path]) -> FactorGraph:
        i, j = edges_of(self.graph, self.count, seed)
        pairs, kind = np.stack([i, j], axis=1), np.zeros(len(i), dtype=np.int64)
        table = self.pair_energy()[None]
        return factors.colours(self.count, pairs, kind, table, self.colour_energy(), self.lattice)

    def outline(self, disorder: int, files: Mapping[str, Path]) -> Outline:
        return replace(super().outline(disorder, files), domain="colour", states=self.colours)

    def declared(self) -> declared.Declared:
        told = len(set(self.fields)) > 1
        if self.lattice is None:
            return declared.pairs(told, "colour")
        if told or (self.interaction == "cosine" and self.colours > 3):
            return declared.pairs(told, "colour") | declared.neighbours(self.lattice)
        same, other = self.pair_energy()[0, :2].tolist()
        found = Magnet(other - same, same=same, other=other)
        return declared.magnet(self.lattice, found, "colour", self.colours)

    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        gives = EDGES | {
            "kind": Promise(("edge",), "1", "which pair energy the edge has", "int32", label=True, hidden=True),
            "pair_energy": Promise(("table", "colour", "other"), "J", "energy of an edge by the colours of its ends"),
            "colour_energy": Promise(("spin", "colour"), "J", "energy of a spin by its colour"),
            "coupling": Promise(("edge",), "J", "coupling of the edge: positive favours like colours"),
        }
        return self.stage(couple, gives, disorder, data, table=1, colour=self.colours, other=self.colours,
                          factor_state=self.colours)  # fmt: skip


def couple(task: Task[Potts]) -> xr.Dataset:
    """Edges, their couplings, and energies by colours."""
    word = task.params
    i, j = edges_of(word.graph, word.count, task.seed)
    found = factors.written(word.factor_graph(task.seed, task.files))
    found = found.assign(i=("edge", i), j=("edge", j), kind=("edge", np.zeros(len(i), dtype=np.int32)))
    found = found.assign(
        coupling=("edge", np.full(len(i), word.J)), colour_energy=(("spin", "colour"), word.colour_energy())
    )
    return found.assign(pair_energy=(("table", "colour", "other"), word.pair_energy()[None]))
