"""The Ising model on any graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from .. import declared, factors
from ..errors import MeaningError
from ..factors import FactorGraph, Lattice
from ..graph import Promise, Stage, Task
from ..hamiltonian import BONDS, OnGraph, edges_of
from ..properties import Magnet
from ..spec import Listed, Topology, Words

if TYPE_CHECKING:
    import xarray as xr

Offset = Annotated[tuple[int, ...], Listed]


class Term(Words):
    """Products of spins at every place of a lattice: -J sum_x prod_k s_(x + offset_k)."""

    offsets: Annotated[tuple[Offset, ...], Listed, Field(min_length=1)] = Field(
        description="places of the spins, such as [[0, 0], [1, 1]]"
    )
    J: float = Field(description="strength, positive favours a positive product")


class Ising(OnGraph):
    """E = -J sum_(ij) s_i s_j - h sum_i s_i, s_i = ±1; J > 0 is ferromagnetic. Sprague et al. 2021, Eq. (2).

    Energies are in the unit of J, temperatures too. `terms` adds products of any spins, the same at every place.
    """

    cites: ClassVar = ("sprague2021",)

    kind: Literal["ising"]
    graph: Topology = Field(description="which spins are coupled")
    J: float = Field(description="coupling of neighbours")
    field: float = Field(default=0.0, description="field h on every spin")
    terms: Annotated[tuple[Term, ...], Listed] = Field(default=(), description="further interactions, [[system.terms]]")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        sides = self.graph.extent
        for k, term in enumerate(self.terms):
            if sides is None:
                raise MeaningError("terms have places on lattices only", "terms", k, hint='graph = { kind = "square" }')
            for n, offset in enumerate(term.offsets):
                if len(offset) != len(sides):
                    message = f"{len(offset)} numbers for a place in {len(sides)} dimensions"
                    raise MeaningError(message, "terms", k, "offsets", n, code="E203", hint=f"{len(sides)} numbers")
            if len({tuple(np.mod(o, sides)) for o in term.offsets}) < len(term.offsets):
                raise MeaningError(
                    "the term meets a spin twice",
                    "terms",
                    k,
                    "offsets",
                    code="E203",
                    hint="offsets apart, also where the lattice closes",
                )
        return self

    def placed(self) -> list[np.ndarray]:
        """Sites of each further term at all places, (place, body)."""
        lattice = self.lattice or Lattice((self.count,), False)
        return [lattice.translates(t.offsets) for t in self.terms]

    def factor_graph(self, seed: int, files: Mapping[str, Path]) -> FactorGraph:
        i, j = edges_of(self.graph, self.count, seed)
        terms = [(np.stack([i, j], axis=1), np.full(len(i), -self.J))]
        terms += [(at, np.full(len(at), -t.J)) for at, t in zip(self.placed(), self.terms)]
        return factors.spins(self.count, terms, np.full(self.count, -self.field), lattice=self.lattice)

    def declared(self) -> declared.Declared:
        if self.terms or not self.J:
            return {}
        if self.lattice is None:
            return declared.pairs(bool(self.field))
        return declared.magnet(self.lattice, Magnet(-self.J, -self.field))

    def sized(self, files: Mapping[str, Path]) -> float:
        return self.edges + self.count * len(self.terms)

    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        gives = BONDS
        if self.terms:
            gives = gives | {
                "sites": Promise(("term", "body"), "1", "spins of a further term, -1 for none", "int32", label=True),
                "strength": Promise(("term",), "J", "strength of a further term, E = - strength prod s"),
            }
        return self.stage(couple, gives, disorder, data)


def couple(task: Task[Ising]) -> xr.Dataset:
    """Edges, their couplings, the field, and further terms."""
    word = task.params
    i, j = edges_of(word.graph, word.count, task.seed)
    found = factors.written(word.factor_graph(task.seed, task.files))
    found = found.assign(i=("edge", i), j=("edge", j), coupling=("edge", np.full(len(i), word.J)))
    found = found.assign(h=("spin", np.full(word.count, word.field)))
    if not word.terms:
        return found
    several = word.placed()
    sites = np.full((sum(map(len, several)), max(s.shape[1] for s in several)), -1, dtype=np.int32)
    for at, one in zip(np.cumsum([0, *map(len, several)]), several):
        sites[at : at + len(one), : one.shape[1]] = one
    strength = np.repeat([t.J for t in word.terms], [len(s) for s in several])
    return found.assign(sites=(("term", "body"), sites), strength=("term", strength))
