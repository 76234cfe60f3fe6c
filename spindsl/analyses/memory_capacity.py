"""How many fields may a drive have and still be remembered?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ..conclusions import Guesses, memoryless, resampled
from ..ensemble import clusters, samples
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..readout import PlainReadout, drive, drive_scores
from ..seeds import generator

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part

FIELDS = "protocol.drives.fields"


class MemoryCapacity(PlainReadout):
    """The drive's score against the number n of fields in a drive, which a sweep varies; this project's definition.

    Capacity is the n at half height between the memoryless score of the present field alone, 1/4 for five drives, and
    1, linear in ln n. Detectable is the largest n up to which every score exceeds the memoryless one by three standard
    errors: it grows with the number of trials. Zhong et al. 2020 looked at n = 40 of 50.
    """

    title: ClassVar = "Memory capacity"
    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927", "korn1998", "phipson2010")

    kind: Literal["memory-capacity"]

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.memory_capacity import PART

        return PART

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        if "nulls" not in sources:
            raise MeaningError("the memoryless score is not known", "kind", hint="this needs a protocol of drives")
        guess = self.guesses(name, sources, drive)
        score = self.conclusion(name, guess, sources, drive_scores, "drive")
        at = (*self.look(sources).many, "time")
        gives = {
            "capacity": Promise(at, "1", "number of fields in a drive at half height; inf: more than all, 0: less"),
            "capacity_low": Promise(at, "1", "95 % interval of the capacity, bootstrap over trials"),
            "capacity_high": Promise(at, "1", "95 % interval of the capacity, bootstrap over trials"),
            "detectable": Promise(at, "1", "largest number of fields with a score 3 standard errors above memoryless"),
        }
        needs = (guess.name, "split", "nulls")
        whole = Stage(
            f"analysis.{name}.capacity", read, CapacityParams(name, guess.name), gives, needs,
            group=f"/analysis/{name}", across=FIELDS,
            coords={k: v for k, v in guess.coords.items() if k not in ("trial", "drive")},
        )  # fmt: skip
        return guess, score, whole


@dataclass(frozen=True)
class CapacityParams:
    """Whose credits are read at all numbers of fields."""

    name: str  # of the analysis
    guess: str  # the stage that gives the guesses


def read(task: Task[CapacityParams], **inputs: xr.Dataset) -> xr.Dataset:
    """Capacity and detectable n, from the credits at all numbers of fields."""
    import xarray as xr

    from ..kernels.capacity import detectable, half_height

    guesses, n = Guesses(inputs[task.params.guess]), inputs["split"]["swept"].values
    credit, front = guesses.credit, (*guesses.front, "time")
    floor = memoryless(inputs["nulls"], guesses)  # (swept, time)
    order = np.argsort(n)
    shape = [credit.sizes[d] for d in front]
    found = {k: np.full(shape, np.nan) for k in ("capacity", "capacity_low", "capacity_high", "detectable")}
    group = [clusters(inputs["split"].isel(swept=k)) for k in order]
    for place in np.ndindex(*shape):
        one = credit.isel(dict(zip(front, place)))
        values = [samples(one.isel(swept=k)) for k in order]
        score = np.array([np.nanmean(v) for v in values])
        rng = generator(task.seed, "analysis", task.params.name, "capacity", *place)
        drawn = np.stack([resampled(v, g, rng) for v, g in zip(values, group)], axis=1)  # (resample, n)
        level = floor[order][:, place[-1]]
        found["capacity"][place] = half_height(n[order], score, level)
        found["capacity_low"][place], found["capacity_high"][place] = quantiles(half_height(n[order], drawn, level))
        found["detectable"][place] = detectable(n[order], score, drawn.std(axis=0), level)
    return xr.Dataset({k: (front, v) for k, v in found.items()})


def quantiles(values: np.ndarray) -> np.ndarray:
    """The 2.5 and 97.5 % quantiles, of values that may be infinite."""
    return np.sort(values)[[round(0.025 * (len(values) - 1)), round(0.975 * (len(values) - 1))]]
