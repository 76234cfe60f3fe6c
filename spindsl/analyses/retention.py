"""How long does a drive stay readable after it has stopped?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..conclusions import ConclusionParams, Guesses, resampled
from ..ensemble import clusters, samples
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..readout import PlainReadout, conclude_drives, drive
from ..seeds import generator
from ..spec import Count

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part


class Retention(PlainReadout):
    """The drive's score against the time since the drive stopped: at rest, or under another drive (protocol.phases).

    The lifetime is the time until the score has fallen half-way from its value when the drive stopped to a blind
    guess, the score that nothing but memory exceeds once all trials see the same.
    """

    title: ClassVar = "Retention"
    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927", "korn1998", "phipson2010")

    kind: Literal["retention"]
    since: Count = Field(description="last switch of the drive; it has to be among those that are looked at")

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.retention import PART

        return PART

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        guess = self.guesses(name, sources, drive)
        if self.since not in guess.coords["switch"] or self.since == max(guess.coords["switch"]):
            hint = "it and later ones have to be recorded and looked at"
            raise MeaningError(f"switch {self.since} is not looked at", "since", code="E203", hint=hint)
        score = self.conclusion(name, guess, sources, lasting, "drive")
        front = tuple(d for d in score.gives["score"].dims if d != "time")
        unit = "s, inf: longer than was looked"
        gives = {
            "lifetime": Promise(front, "s", "time after the drive until half its score above a blind guess is left"),
            "lifetime_low": Promise(front, "s", f"95 % interval of the lifetime, bootstrap over trials; {unit}"),
            "lifetime_high": Promise(front, "s", f"95 % interval of the lifetime, bootstrap over trials; {unit}"),
        }
        params = RetentionParams(ConclusionParams(name, guess.name, "drive"), self.since)
        return guess, replace(score, gives=dict(score.gives) | gives, params=params)


@dataclass(frozen=True)
class RetentionParams:
    """Of which guesses scores are made, and since when the drive has stopped."""

    conclusion: ConclusionParams
    since: int  # last switch of the drive


def lasting(task: Task[RetentionParams], **inputs: xr.Dataset) -> xr.Dataset:
    """Scores at all times, and the lifetime from the drive's last switch on."""
    from ..kernels.decays import lifetime

    params = task.params.conclusion
    result, guesses = conclude_drives(task, params, inputs), Guesses(inputs[params.guess])
    late = np.flatnonzero(guesses.credit["switch"].values >= task.params.since)
    time, floor = guesses.credit["time"].values[late].astype(float), float(result["chance"])
    found = {e: np.full(guesses.shape, np.nan) for e in ("", "_low", "_high")}
    for place in np.ndindex(*guesses.shape):
        values = samples(guesses.at(place).credit.isel(time=late))
        scored = np.isfinite(values).any(axis=0)  # times: a recorded observable may end before the others
        if not scored.any():
            continue
        values, after = values[:, scored], time[scored]
        rng = generator(task.seed, "analysis", params.name, "lifetime", *place)
        drawn = resampled(values, clusters(inputs["split"]), rng)  # (resample, time)
        score = np.nanmean(values, axis=0)
        found[""][place] = lifetime(after, score, floor, score[0])
        if np.isnan(drawn).all():
            continue  # no trial is scored at all these times: there is no interval
        spread = np.sort(np.nan_to_num(lifetime(after, drawn, floor, drawn[:, 0]), nan=0.0, posinf=np.inf))
        found["_low"][place], found["_high"][place] = spread[[round(q * (len(spread) - 1)) for q in (0.025, 0.975)]]
    for end, value in found.items():
        result[f"lifetime{end}"] = (guesses.front, value)
    return result
