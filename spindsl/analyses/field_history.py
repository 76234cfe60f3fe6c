"""Which of the last fields can still be read?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..ensemble import held_out, sample_dims, samples
from ..errors import MeaningError
from ..estimators import guesses
from ..graph import Promise, Stage, Task
from ..label_checks import Trials, single
from ..readout import Asked, Readout, ask, conclude
from ..spec import Count, Switches

if TYPE_CHECKING:
    import xarray as xr

PRESENT = {
    "score_present": Promise(
        ("lag", "time"), "1", "score of a table of the fields then and now: what the present field alone tells"
    ),
}  # fmt: skip


class FieldHistory(Readout):
    """The field that was on `lag` switches ago, read off the configuration of now; lag 0 is the present field.

    Beside it what the present field alone would tell, for no field follows itself: a table of the fields then and now
    from the trials that were fitted to. The scripts of Zhong et al. 2020 asked for the last five.
    """

    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927", "korn1998", "phipson2010")

    kind: Literal["field-history"]
    lags: Count = Field(description="number of fields asked for, the present one included")
    switches: Annotated[Switches, Field(description="at these switches; those before them have to be recorded too")]  # pyright: ignore

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        if "field" not in trajectory.gives or "fields" not in sources:
            raise MeaningError("which fields were applied is not known", "kind")
        recorded = trajectory.coords["switch"]
        for k, switch in enumerate(sorted(self.switches)):
            lacking = [s for s in range(switch - self.lags + 1, switch + 1) if s not in recorded]
            if lacking:
                hint = "record.switches names what is kept"
                raise MeaningError(f"switch {lacking[0]} is not recorded", "switches", k, code="E203", hint=hint)
        past, labels = f"analysis.{name}.past", tuple(range(self.lags))
        guess = self.guesses(name, sources, guessed, {"lag": labels}, (past,))
        coords = {k: v for k, v in guess.coords.items() if k != "network"}
        gives = {
            "past": Promise(("lag", *sample_dims(trajectory), "time"), "1", "number of the field that was on", "int16",
                            label=True, hidden=True),
        }  # fmt: skip
        said = {"lags": self.lags, "switches": sorted(self.switches)}
        before = Stage(past, remembered, said, gives, ("trajectory",), group=f"/analysis/{name}", coords=coords)
        score = self.conclusion(name, guess, sources, concluded, "field")
        named = {"field": trajectory.coords["field"], "guessed": trajectory.coords["field"]}
        score = replace(
            score, coords={**score.coords, **named}, gives=dict(score.gives) | PRESENT,
            needs=(*score.needs, past, "fields"), said=dict(score.said) | {"past": past, "score": self.said()["score"]},
        )  # fmt: skip
        return before, replace(guess, said=dict(guess.said) | {"fields": list(named["field"]), "past": past}), score

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        yield from single(sources["trajectory"], sorted(self.switches), tuple(range(self.lags)))


def remembered(task: Task, trajectory: xr.Dataset) -> xr.Dataset:
    """The fields of the last switches, as numbers."""
    import xarray as xr

    switch, field = trajectory["switch"].values, trajectory["field"]
    lags = [
        field.isel(time=np.searchsorted(switch, np.array(task.said["switches"]) - lag)).values
        for lag in range(task.said["lags"])
    ]
    return xr.Dataset({"past": (("lag", *field.dims), np.stack(lags).astype(np.int16))})


def guessed(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """The field guessed for every scored trial, at every lag."""
    past = inputs[task.said["past"]]["past"]
    label = np.stack([samples(past.isel(lag=k)) for k in range(past.sizes["lag"])])
    return ask(task, Asked(label.astype(np.int64), task.said["fields"]), inputs).rename(question="lag")


def concluded(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """Scores at every lag, and that of a table of the fields then and now."""
    names = [str(n) for n in inputs["fields"]["field"].values]
    result = conclude(task, names, inputs)
    past, split = inputs[task.said["past"]]["past"], inputs["split"]
    label = np.stack([samples(past.isel(lag=k)) for k in range(past.sizes["lag"])]).astype(np.int64)
    said = {"by": {"kind": "histogram", "bins": max(len(names), 2)}, "score": task.said["score"], "variable": "field"}
    told = np.full((len(label), label.shape[2]), np.nan)
    for lag, time in np.ndindex(*told.shape):
        now = label[0, :, time, None].astype(float)
        right = guesses(said, now, label[lag, :, time], held_out(split), samples(split["fold"]), len(names))[1]
        told[lag, time] = np.nanmean(right) if np.isfinite(right).any() else np.nan
    result["score_present"] = (("lag", "time"), told)
    return result
