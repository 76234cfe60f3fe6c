"""Robust or rote: is the drive learned, or only the present field?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ..conclusions import ConclusionParams, Guesses, conclude, memoryless
from ..ensemble import samples
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..label_checks import Trials, single
from ..readout import Asked, FieldParams, PlainReadout, ask, drive, drive_scores

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part


class Robustness(PlainReadout):
    """The drive and the present field, read off the same features: rote follows the last field and no more.

    Rote matter (protocol.reset) tells the field and, of the drive, what the field tells: 1/4 for 4 of 5 fields. What
    the drive's score has above that memoryless one is learned; `learned` is this difference, with its interval. This
    project's own control; sweep protocol.reset to see both.
    """

    title: ClassVar = "Robust or rote"
    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927", "korn1998", "phipson2010")

    kind: Literal["robustness"]

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.robustness import PART

        return PART

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        if "nulls" not in sources or "fields" not in sources:
            raise MeaningError("which fields were applied is not known", "kind", hint="this needs a protocol of drives")
        guess = self.guesses(name, sources, drive)
        score = self.conclusion(name, guess, sources, learned, "drive")
        at = score.gives["score"].dims
        gives = {
            "learned": Promise(at, "1", "score of the drive above that of the present field alone"),
            "learned_low": Promise(at, "1", "95 % interval of that, Wilson"),
            "learned_high": Promise(at, "1", "95 % interval of that, Wilson"),
        }
        score = replace(score, gives=dict(score.gives) | gives)
        return guess, score, *self.of_field(f"{name}-field", sources)

    def of_field(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, Stage]:
        """The guesses of the present field, and what is concluded from them."""
        fields = sources["trajectory"].coords["field"]
        guess = self.guesses(name, sources, present)
        guess = replace(guess, params=FieldParams(self.parameters(name, sources), fields))
        score = self.conclusion(name, guess, sources, field_scores, "field")
        params = FieldScoreParams(ConclusionParams(name, guess.name, "field"), fields)
        return guess, replace(score, params=params, coords={**score.coords, "field": fields, "guessed": fields})

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        yield from super().asks(name, sources, trials)
        yield from single(
            sources["trajectory"], sources[f"analysis.{name}.guess"].coords["switch"], given=bool(self.switches)
        )


@dataclass(frozen=True)
class FieldScoreParams:
    """Of which guesses of a field scores are made."""

    conclusion: ConclusionParams
    fields: tuple[str, ...]  # their names, by number


def learned(task: Task[ConclusionParams], **inputs: xr.Dataset) -> xr.Dataset:
    """Scores of the drive, and what they have above the memoryless one."""
    result = drive_scores(task, **inputs)
    floor = memoryless(inputs["nulls"], Guesses(inputs[task.params.guess]))
    for end in ("", "_low", "_high"):
        result[f"learned{end}"] = result[f"score{end}"] - floor
    return result


def present(task: Task[FieldParams], **inputs: xr.Dataset) -> xr.Dataset:
    """The present field guessed for every scored trial."""
    label, params = samples(inputs["trajectory"]["field"]).astype(np.int64), task.params
    return ask(task, params.readout, Asked(label[None], list(params.fields)), inputs).squeeze("question")


def field_scores(task: Task[FieldScoreParams], **inputs: xr.Dataset) -> xr.Dataset:
    """Scores of the present field."""
    return conclude(task, task.params.conclusion, list(task.params.fields), inputs)
