"""Nearest neighbours on a grid of any dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from ..errors import MeaningError
from ..factors import Lattice
from ..spec import Topology

Side = Annotated[int, Field(ge=2)]


class Grid(Topology):
    """Spins on a grid of given sides, in C order: spin (x, y, z) has the number (x L_y + y) L_z + z."""

    if TYPE_CHECKING:
        kind: str
        sides: tuple[int, ...]  # as many as there are dimensions

    periodic: bool = Field(description="whether opposite ends are neighbours")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for k, side in enumerate(self.sides):
            if self.periodic and side == 2:
                message = "a periodic side of 2 would count every bond twice"
                raise MeaningError(message, "sides", k, code="E203", hint="at least 3, or periodic = false")
        return self

    @property
    def lattice(self) -> Lattice:
        return Lattice(self.sides, self.periodic)

    def resized(self, sides: tuple[int, ...]) -> Grid:
        return type(self).model_validate({"kind": self.kind, "sides": sides, "periodic": self.periodic})

    def degree(self, spins: int) -> float:
        if np.prod(self.sides) != spins:
            has = " × ".join(map(str, self.sides))
            raise MeaningError(
                f"a lattice of {has} holds {np.prod(self.sides)} spins, not {spins}",
                "sides",
                code="E203",
                hint=f"spins = {np.prod(self.sides)}",
            )
        return float(sum(2 * (1 if self.periodic else (side - 1) / side) for side in self.sides))

    def edges(self, spins: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        site = np.arange(spins).reshape(self.sides)
        pairs = []
        for axis, side in enumerate(self.sides):
            reach = side if self.periodic else side - 1
            here = site.take(np.arange(reach), axis)
            pairs.append((here.ravel(), np.roll(site, -1, axis).take(np.arange(reach), axis).ravel()))
        i, j = (np.concatenate(ends) for ends in zip(*pairs))
        return np.minimum(i, j), np.maximum(i, j)
