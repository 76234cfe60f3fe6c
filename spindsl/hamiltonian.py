"""Matter that has an energy: what its words share. Each builds one `FactorGraph`, and lowers to the stage `system`.

`Matter` is any; `OnGraph` has the keys of sites that a graph couples, `Coupled` those of couplings drawn or read.

A word states the sign and the unit that its users meet in its own keys and variables.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from . import factors, properties
from .declared import Declared
from .errors import MeaningError
from .factors import FactorGraph, Lattice
from .graph import Promise, Stage
from .outline import LARGEST, Outline
from .seeds import generator
from .spec import Couplings, System, Topology, words

if TYPE_CHECKING:
    import xarray as xr

Interaction = Literal["cosine", "delta"]
EDGES = {
    "i": Promise(("edge",), "1", "first spin of the edge", "int32", label=True),
    "j": Promise(("edge",), "1", "second spin of the edge", "int32", label=True),
}
BONDS = EDGES | {
    "coupling": Promise(("edge",), "J", "coupling of the edge, E = - sum coupling s s: positive is ferromagnetic"),
    "h": Promise(("spin",), "J", "field, E = - sum h s"),
}


class Matter(System):
    """Sites that have an energy: a word says how many (`count`), which energy, and about how many factors it has."""

    unit: ClassVar[str] = "J"  # of energies

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of sites."""

    @abstractmethod
    def factor_graph(self, seed: int, files: Mapping[str, Path]) -> FactorGraph:
        """The energy of the realization of a seed; DataError for a bad file."""

    @abstractmethod
    def sized(self, files: Mapping[str, Path]) -> float:
        """About how many factors the energy has."""

    def declared(self) -> Declared:
        """Properties of the energy that follow from the text; the others are found by drawing it."""
        return {}

    @property
    def lattice(self) -> Lattice | None:
        """The lattice that the sites lie on, if they do."""
        return None

    def outline(self, disorder: int, files: Mapping[str, Path]) -> Outline:
        """What is known of the energy of the realization of a seed."""
        return Outline(
            self.count, self.unit, lattice=self.lattice, factors=self.sized(files), declared=self.declared(),
            draw=partial(self.factor_graph, disorder, files),
        )  # fmt: skip

    def resized(self, sides: tuple[int, ...]) -> Matter:
        """The same matter on a lattice of other sides; MeaningError where it is no lattice of so many dimensions."""
        raise MeaningError(
            "the matter observed is no lattice of so many dimensions", "sides", code="E203", hint="drop it"
        )

    def extents(self, factors: float) -> dict[str, int]:
        """About how long the dimensions of its stage are, with so many factors."""
        few = round(factors)
        return {"spin": self.count, "factor": few, "factor_end": few, "factor_place": 2 * few}

    def stage(
        self, run: Callable[..., xr.Dataset], gives: Mapping[str, Promise], disorder: int, data: Path, **sizes: int
    ) -> tuple[Stage, ...]:
        """The stage `system`: `run` gives the energy as `factors.written` has it, and the word's own variables."""
        files = {key: data / name for key, name in self.files().items()}
        energy = self.outline(disorder, files)
        if files and all(path.exists() and path.stat().st_size <= LARGEST for path in files.values()):
            read = self.factor_graph(disorder, files)  # what is wrong in a file is known before the run
            energy = replace(energy, factors=read.factors, ready=read)
        return (Stage(
            "system", run, self, {**gives, **factors.VARIABLES}, files=files, group="/system",
            sizes={**self.extents(energy.factors), **sizes}, quenched=True, energy=energy,
            seconds=1e-7 * energy.factors,
        ),)  # fmt: skip


class OnGraph(Matter):
    """Keys of sites on a graph."""

    spins: Annotated[int, Field(ge=2)] | None = Field(
        default=None, description="number of spins N; absent where the graph has sides"
    )
    graph: Topology | None = Field(default=None, description="which spins are coupled; absent where a file says it")

    @model_validator(mode="after")
    def _sized(self) -> Self:
        sides = self.graph.extent if self.graph else None
        if self.spins is None and sides is None:
            message = (
                "such a graph does not say how many spins there are" if self.graph else "how many spins are there?"
            )
            raise MeaningError(message, "spins", code="E102", hint="spins = 100")
        if self.graph is not None:
            try:
                self.graph.degree(self.count)
            except MeaningError as error:
                raise MeaningError(str(error), "graph", *error.path, code=error.code, hint=error.hint) from error
        return self

    @property
    def count(self) -> int:
        return self.spins or int(np.prod((self.graph.extent if self.graph else None) or 0))

    @property
    def lattice(self) -> Lattice | None:
        return self.graph.lattice if self.graph else None

    @property
    def edges(self) -> float:
        """About how many pairs are coupled."""
        degree = self.graph.degree(self.count) if self.graph else self.count - 1
        return self.count * degree / 2

    def sized(self, files: Mapping[str, Path]) -> float:
        return self.edges

    def resized(self, sides: tuple[int, ...]) -> Matter:
        lattice = self.lattice
        if self.graph is None or lattice is None or len(lattice.sides) != len(sides):
            return super().resized(sides)
        keys = type(self).model_fields
        held = {keys[name].alias or name: value for name, value in self}
        return type(self).model_validate({**held, "spins": None, "graph": self.graph.resized(sides)})

    def extents(self, factors: float) -> dict[str, int]:
        return {"edge": round(self.edges), **super().extents(self.edges)}


class Coupled(OnGraph):
    """Keys of sites on a graph, each of whose edges has a coupling of its own."""

    couplings: Couplings

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.couplings.fits(self.graph)
        return self

    def files(self) -> dict[str, str]:
        return {f"couplings.{key}": name for key, name in self.couplings.files().items()}

    def bonds(self, seed: int, files: Mapping[str, Path]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Edges i < j and their J, (edge)."""
        named = {key.removeprefix("couplings."): path for key, path in files.items()}
        return self.couplings.bonds(self.count, self.graph, partial(generator, seed, "system"), named)


def edges_of(graph: Topology, spins: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges i < j of a graph, (edge) int32."""
    i, j = graph.edges(spins, generator(seed, "system", "graph"))
    return i.astype(np.int32), j.astype(np.int32)


def energy_of(system: Stage) -> Outline:
    """What is known of the energy of matter; MeaningError where it has none."""
    if system.energy is None:
        hint = ", ".join(kind for kind, word in words(System).items() if issubclass(word, Matter))
        raise MeaningError("this matter has no energy of its configurations", "kind", hint=hint)
    return system.energy


def spins_of(system: Stage) -> Outline:
    """What is known of the energy of spins ±1 in products, which single flips move; MeaningError for others."""
    energy = system.energy
    if energy is None or energy.colours or energy.ask(properties.tabled).yes:
        what = "none" if energy is None else "colours" if energy.colours else "a table of patterns"
        message = f"single flips move spins ±1 whose energy is of products; this system has {what}"
        raise MeaningError(message, "kind", hint="spins ±1 in products, such as ising, or another dynamics")
    return energy


def in_units(promise: Promise, unit: str) -> Promise:
    """A promise in powers of J or K, in those of the unit of an energy."""
    return replace(promise, units=re.sub(r"\b[JK](?=\d?\b)", unit, promise.units))


def phi(interaction: Interaction, colours: int) -> np.ndarray:
    """phi(a, b), (Q, Q): cos(2 pi (a - b) / Q), or 1 where a = b."""
    a = np.arange(colours)
    return np.cos(2 * np.pi * (a[:, None] - a) / colours) if interaction == "cosine" else np.eye(colours)
