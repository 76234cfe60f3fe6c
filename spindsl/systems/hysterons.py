"""An ensemble of independent hysterons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..kinetics import Matter
from ..seeds import generator
from ..spec import Count, Positive, System, Words

if TYPE_CHECKING:
    import xarray as xr


class Uniform(Words):
    """Two numbers drawn uniformly from [low, high]: a Preisach density that is constant on its triangle."""

    kind: Literal["uniform"]
    low: float = Field(description="lowest threshold")
    high: float = Field(description="highest threshold")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.low >= self.high:
            raise MeaningError(
                f"low {self.low:g} is not below high {self.high:g}",
                "low",
                code="E203",
                hint="write a low that is below high",
            )
        return self


class Normal(Words):
    """Two numbers drawn from a normal distribution of mean 0."""

    kind: Literal["normal"]
    std: Positive = Field(description="standard deviation of a threshold")


class Hysterons(System):
    """Hysterons s = ±1 with thresholds lower < upper of the input H: up at `upper`, down at `lower`, else as it was.

    Each has the energy U = s (upper + lower) / 2 and loses upper - lower at a flip. The thresholds are two numbers
    drawn independently from one law, the smaller is `lower`. Preisach, Zeitschrift für Physik 94, 277 (1935).
    """

    cites: ClassVar = ("preisach1935",)
    cyclic: ClassVar = Matter.HYSTERONS

    kind: Literal["hysterons"]
    spins: Count = Field(description="number of hysterons N")
    thresholds: Annotated[Uniform | Normal, Field(discriminator="kind")] = Field(
        description="law of the two thresholds, in units of the input"
    )

    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        gives = {
            "lower": Promise(("spin",), "1", "input at which the hysteron goes down"),
            "upper": Promise(("spin",), "1", "input at which the hysteron goes up"),
        }
        sizes = {"spin": self.spins}
        return (Stage("system", thresholds, self, gives, group="/system", sizes=sizes, quenched=True),)


def thresholds(task: Task[Hysterons]) -> xr.Dataset:
    """The quenched thresholds, (spin)."""
    import xarray as xr

    law, spins, rng = task.params.thresholds, task.params.spins, generator(task.seed, "system", "thresholds")
    shape = (2, spins)
    pair = rng.uniform(law.low, law.high, shape) if isinstance(law, Uniform) else rng.normal(0.0, law.std, shape)
    lower, upper = np.sort(pair, axis=0)
    return xr.Dataset({"lower": ("spin", lower), "upper": ("spin", upper)}, attrs={"spins": spins})
