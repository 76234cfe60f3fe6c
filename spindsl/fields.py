"""Named magnetic fields: how their strengths are drawn, each by its name alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from .driving import Blocks, Drives
from .errors import MeaningError
from .graph import Stage, Task
from .seeds import generator
from .spec import Fraction, Labels, Listed, NonNegative, Unique, Words

if TYPE_CHECKING:
    import xarray as xr


class Some(Words):
    """Some of the spins, the same for all fields."""

    fraction: Annotated[float, Field(gt=0, le=1)] = Field(description="of the spins")
    chosen: Literal["random", "first"] = Field(description="at random, or those of the lowest numbers")


class Mixed(Words):
    """Fields between two others, A_w = sqrt(1 - w) A_0 + sqrt(w) A_1, as strong as these; each is named by its w."""

    of: Annotated[Labels, Field(min_length=2, max_length=2)] = Field(description="names of A_0 and A_1")
    w: Annotated[tuple[Fraction, ...], Field(min_length=1), Listed, Unique] = Field(description="weights of A_1")

    def names(self) -> tuple[str, ...]:
        return tuple(f"{w:g}" for w in self.w)


class Fields(Words):
    """Named fields, each drawn for itself: field X does not depend on which others there are."""

    names: Labels | None = Field(default=None, description='names of the fields; absent for drives of "blocks"')
    kind: Literal["normal"]
    std: NonNegative = Field(description="standard deviation of A_j, K; the mean is 0")
    on: Some | None = Field(default=None, description="spins that the fields act on; absent for all")
    mixed: Mixed | None = Field(default=None, description="further fields, between two of these")

    def all(self, drives: Drives) -> tuple[str, ...]:
        """Names of all fields; MeaningError if they are lacking."""
        if self.names is None and not isinstance(drives, Blocks):
            raise MeaningError(
                "the fields have no names", "fields", "names", code="E102", hint='names = ["A", "B", "C"]'
            )
        names = self.names or tuple(str(k + 1) for k in range(drives.count))  # pyright: ignore
        if self.mixed is None:
            return names
        for k, name in enumerate(self.mixed.of):
            if name not in names:
                hint = f"declared are {', '.join(names)}"
                raise MeaningError(f"no field {name!r}", "fields", "mixed", "of", k, code="E202", hint=hint)
        for k, name in enumerate(self.mixed.names()):
            if name in (*names, *self.mixed.names()[:k]):
                raise MeaningError(
                    f"two fields are named {name}", "fields", "mixed", "w", k, code="E107", hint="give another name"
                )
        return (*names, *self.mixed.names())

    @property
    def law(self) -> Law:
        """How each is drawn."""
        return Law(self.std, self.on, self.mixed)


@dataclass(frozen=True)
class Law:
    """How the strengths of fields are drawn, by the name of the field."""

    std: float  # K
    on: Some | None
    mixed: Mixed | None


@dataclass(frozen=True)
class FieldTable:
    """The declared fields of so many spins."""

    law: Law
    names: tuple[str, ...]
    spins: int


def strength(seed: int, fields: Law, name: str, spins: int) -> np.ndarray:
    """Field A_j of a name, K, (spin); 0 where the fields do not act."""
    mixed = fields.mixed
    for w in mixed.w if mixed else ():
        if mixed and name == f"{w:g}":
            first, second = (strength(seed, fields, n, spins) for n in mixed.of)
            return np.sqrt(1 - w) * first + np.sqrt(w) * second
    A = generator(seed, "field", name).normal(0.0, fields.std, spins)
    if fields.on is not None:
        count = round(fields.on.fraction * spins)
        order = generator(seed, "fields", "on").permutation(spins)
        A[np.arange(count, spins) if fields.on.chosen == "first" else order[count:]] = 0.0
    return A


def mixed(fields: Stage) -> Mixed | None:
    """The fields between two others, of the stage `fields`; None where there are none."""
    return fields.params.law.mixed if isinstance(fields.params, FieldTable) else None


def strengths(task: Task[FieldTable]) -> xr.Dataset:
    """All the declared fields, (field, spin)."""
    import xarray as xr

    law, names, spins = task.params.law, task.params.names, task.params.spins
    A = np.array([strength(task.seed, law, name, spins) for name in names])
    return xr.Dataset({"field_strength": (("field", "spin"), A)}, {"field": list(names)})
