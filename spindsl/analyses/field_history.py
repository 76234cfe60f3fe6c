"""Which of the last fields can still be read?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..conclusions import ConclusionParams, conclude
from ..ensemble import held_out, sample_dims, samples
from ..errors import MeaningError
from ..estimators import Reading, Scored, guesses
from ..features import folds
from ..graph import Promise, Stage, Task
from ..label_checks import Trials, single
from ..readout import Asked, FieldParams, Readout, ask
from ..spec import Count, Switches

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part

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

    title: ClassVar = "Field history"
    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927", "korn1998", "phipson2010")

    kind: Literal["field-history"]
    lags: Count = Field(description="number of fields asked for, the present one included")
    score: Scored = Field(default="held-out", description="all fits and scores on the same trials")
    switches: Switches = Field(description="at these switches; those before them have to be recorded too")

    def scored(self) -> Scored:
        return self.score

    def chosen(self) -> tuple[int, ...]:
        return self.switches

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.field_history import PART

        return PART

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        if "field" not in trajectory.gives or "fields" not in sources:
            raise MeaningError(
                "which fields were applied is not known", "kind", hint="under field-drive, or recordings with `driving`"
            )
        recorded = trajectory.coords["switch"]
        for k, switch in enumerate(sorted(self.switches)):
            lacking = [s for s in range(switch - self.lags + 1, switch + 1) if s not in recorded]
            if lacking:
                hint = "record.switches names what is kept"
                raise MeaningError(f"switch {lacking[0]} is not recorded", "switches", k, code="E203", hint=hint)
        past = f"analysis.{name}.past"
        guess = self.guesses(name, sources, guessed, {"lag": tuple(range(self.lags))}, (past,))
        coords = {k: v for k, v in guess.coords.items() if k != "network"}
        gives = {
            "past": Promise(("lag", *sample_dims(trajectory), "time"), "1", "number of the field that was on", "int16",
                            label=True, hidden=True),
        }  # fmt: skip
        params = PastParams(self.lags, tuple(sorted(self.switches)))
        before = Stage(past, remembered, params, gives, ("trajectory",), group=f"/analysis/{name}", coords=coords)
        score, fields = self.conclusion(name, guess, sources, concluded, "field"), trajectory.coords["field"]
        score = replace(
            score, coords={**score.coords, "field": fields, "guessed": fields}, gives=dict(score.gives) | PRESENT,
            needs=(*score.needs, past, "fields"),
            params=PastScoreParams(ConclusionParams(name, guess.name, "field"), past, self.score),
        )  # fmt: skip
        params = PastFieldParams(FieldParams(self.parameters(name, sources), fields), past)
        return before, replace(guess, params=params), score

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        yield from single(sources["trajectory"], sorted(self.switches), tuple(range(self.lags)))


@dataclass(frozen=True)
class PastParams:
    """Which fields are asked for."""

    lags: int
    switches: tuple[int, ...]


@dataclass(frozen=True)
class PastFieldParams:
    """What reads past fields off features."""

    field: FieldParams
    past: str  # the stage that gives the past fields


@dataclass(frozen=True)
class PastScoreParams:
    """Of which guesses of past fields scores are made."""

    conclusion: ConclusionParams
    past: str  # the stage that gives the past fields
    score: Scored


@dataclass(frozen=True)
class Table:
    """How often each field was on then, where a field is on now."""

    fields: int

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        """Shares of each class, (sample, class), from fields x (sample, 1) by number."""
        from ..kernels.densities import histogram

        return histogram(x, label, asked, classes, self.fields)


def labels(past: xr.Dataset) -> np.ndarray:
    """Numbers of the fields that were on, (lag, sample, time), from what `remembered` gives."""
    return np.stack([samples(past["past"].isel(lag=k)) for k in range(past.sizes["lag"])]).astype(np.int64)


def remembered(task: Task[PastParams], trajectory: xr.Dataset) -> xr.Dataset:
    """The fields of the last switches, as numbers."""
    import xarray as xr

    switch, field, at = trajectory["switch"].values, trajectory["field"], np.array(task.params.switches)
    lags = [field.isel(time=np.searchsorted(switch, at - lag)).values for lag in range(task.params.lags)]
    return xr.Dataset({"past": (("lag", *field.dims), np.stack(lags).astype(np.int16))})


def guessed(task: Task[PastFieldParams], **inputs: xr.Dataset) -> xr.Dataset:
    """The field guessed for every scored trial, at every lag."""
    field = task.params.field
    asked = Asked(labels(inputs[task.params.past]), list(field.fields))
    return ask(task, field.readout, asked, inputs).rename(question="lag")


def concluded(task: Task[PastScoreParams], **inputs: xr.Dataset) -> xr.Dataset:
    """Scores at every lag, and that of a table of the fields then and now."""
    names = [str(n) for n in inputs["fields"]["field"].values]
    result, split = conclude(task, task.params.conclusion, names, inputs), inputs["split"]
    label = labels(inputs[task.params.past])
    table = Reading(Table(max(len(names), 2)), task.params.score)
    present = np.full((len(label), label.shape[2]), np.nan)
    for lag, time in np.ndindex(*present.shape):
        now = label[0, :, time, None].astype(float)
        right = guesses(table, now, label[lag, :, time], held_out(split), folds(split), len(names))[1]
        present[lag, time] = np.nanmean(right) if np.isfinite(right).any() else np.nan
    result["score_present"] = (("lag", "time"), present)
    return result
