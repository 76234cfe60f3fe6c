"""Robust or rote: is the drive learned, or only the present field?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ..ensemble import samples
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..label_checks import Trials, single
from ..readout import Asked, Readout, ask, conclude, drive, drive_scores

if TYPE_CHECKING:
    import xarray as xr


class Robustness(Readout):
    """The drive and the present field, read off the same features: rote follows the last field and no more.

    Rote matter (protocol.reset) tells the field and, of the drive, what the field tells: 1/4 for 4 of 5 fields. What
    the drive's score has above that memoryless one is learned; `learned` is this difference, with its interval. This
    project's own control; sweep protocol.reset to see both.
    """

    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927", "korn1998", "phipson2010")

    kind: Literal["robustness"]

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        if "nulls" not in sources or "fields" not in sources:
            raise MeaningError("which fields were applied is not known; this needs a protocol of drives", "kind")
        guess = self.guesses(name, sources, drive)
        score = self.conclusion(name, guess, sources, learned, "drive")
        at = score.gives["score"].dims
        gives = {
            "learned": Promise(at, "1", "score of the drive above that of the present field alone"),
            "learned_low": Promise(at, "1", "95 % interval of that, Wilson"),
            "learned_high": Promise(at, "1", "95 % interval of that, Wilson"),
        }
        score = replace(score, gives=dict(score.gives) | gives)
        field = self.guesses(f"{name}-field", sources, present)
        named = {"field": sources["trajectory"].coords["field"]}
        field = replace(field, said=dict(field.said) | {"fields": list(named["field"])})
        told = self.conclusion(f"{name}-field", field, sources, fields, "field")
        told = replace(
            told, said=dict(told.said) | {"fields": list(named["field"])},
            coords={**told.coords, **named, "guessed": named["field"]},
        )  # fmt: skip
        return guess, score, *(replace(s, group=f"/analysis/{name}-field") for s in (field, told))

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        yield from super().asks(name, sources, trials)
        yield from single(
            sources["trajectory"], sources[f"analysis.{name}.guess"].coords["switch"], given=bool(self.switches)
        )


def learned(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """Scores of the drive, and what they have above the memoryless one."""
    result, nulls = drive_scores(task, **inputs), inputs["nulls"]
    floor = nulls["memoryless"].values[np.searchsorted(nulls["switch"].values, inputs[task.said["guess"]]["switch"])]
    for end in ("", "_low", "_high"):
        result[f"learned{end}"] = result[f"score{end}"] - floor
    return result


def present(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """The present field guessed for every scored trial."""
    label = samples(inputs["trajectory"]["field"]).astype(np.int64)
    return ask(task, Asked(label[None], task.said["fields"]), inputs).squeeze("question")


def fields(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """Scores of the present field."""
    return conclude(task, task.said["fields"], inputs)
