"""Familiarity: how much a configuration is like those that a drive has made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from spindsl.ensemble import clusters, drives, each, held_out, sample_dims, shaped
from spindsl.errors import DataError, MeaningError
from spindsl.features import Feature, Observed, coords, feature, matrices
from spindsl.graph import Promise, Split, Stage, Task
from spindsl.seeds import generator
from spindsl.spec import Analysis, Label

if TYPE_CHECKING:
    import xarray as xr

    from spindsl.report.canvas import Plate
    from spindsl.report.markup import Html
    from spindsl.report.questions import Asked, Part


class Familiarity(Analysis):
    """Overlap q_a = x_a · m / n of a trial's n features with their mean m over the training trials of one drive.

    `auc` is the probability that a held-out trial of that drive has a larger overlap than one of another drive, ties
    half; its 95 % interval is between states (DeLong et al. 1988, Obuchowski 1997). The control takes m of as many
    training trials of any drive.
    """

    title: ClassVar = "Familiarity"
    cites: ClassVar = ("delong1988", "obuchowski1997")

    kind: Literal["familiarity"]
    of: Label = Field(description='a bottleneck, an observable such as "power", "spins" or "features"')
    drive: Label = Field(description="the drive that is familiar")

    @classmethod
    def page(cls) -> Part:
        from spindsl.report.questions import Part

        return Part(sentences, figures, table)

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        found, trajectory = self.look(sources), sources["trajectory"]
        at = (*found.many, "time")
        each_trial = (*found.many, *sample_dims(trajectory), "time")
        gives = {
            "overlap": Promise(each_trial, "", "overlap with the mean of training trials"),
            "auc": Promise(at, "1", "P(overlap of the drive above that of another) + P(tie) / 2, held-out trials"),
            "auc_low": Promise(at, "1", "95 % interval of that, between states"),
            "auc_high": Promise(at, "1", "95 % interval of that, between states"),
            "auc_control": Promise(at, "1", "the same with the mean of training trials of any drive"),
            "chance": Promise((), "1", "area of a blind guess"),
        }  # fmt: skip
        labels = coords(found, trajectory, None)
        needs = tuple(dict.fromkeys((found.source.name, "split", "trajectory")))
        return (Stage(
            f"analysis.{name}", compare, Compared(name, self.drive, found.observed), gives, needs, coords=labels,
            split=Split("switch", labels["switch"], 10), group=f"/analysis/{name}",
        ),)  # fmt: skip

    def look(self, sources: Mapping[str, Stage]) -> Feature:
        """What is looked at; MeaningError for a drive that there is not."""
        known = sources["trajectory"].coords.get("drive")  # None of a recording, which says it in its file
        if known and (self.drive not in known or len(known) < 2):
            hint = f"there are {', '.join(map(str, known))}"
            raise MeaningError(f"no drive {self.drive!r} beside another", "drive", code="E202", hint=hint)
        return feature(self.of, "means", sources)


@dataclass(frozen=True)
class Compared:
    """What is held against the mean of a drive."""

    name: str  # of the analysis
    drive: str
    feature: Observed


def compare(task: Task[Compared], **inputs: xr.Dataset) -> xr.Dataset:
    """Overlaps and areas of each network and time."""
    import xarray as xr

    like = each(inputs["trajectory"])
    mine, held, cluster = own(task, inputs["trajectory"]), held_out(inputs["split"]), clusters(inputs["split"])
    order = generator(task.seed, "analysis", task.params.name, "control").permutation(np.flatnonzero(~held))
    blind = np.isin(np.arange(len(mine)), order[: np.count_nonzero(mine & ~held)])
    networks = matrices(task, task.params.name, task.params.feature, inputs)
    overlaps, areas = [], []
    for network in networks:
        q = [overlap(x, mine & ~held) for x in network]
        shuffled = [overlap(x, blind) for x in network]
        overlaps.append(np.stack(q, axis=-1))
        areas.append([area(a, b, mine, held, cluster) for a, b in zip(q, shuffled)])
    found = np.array(areas)  # (network, time, value)
    names = ("auc", "auc_low", "auc_high", "auc_control")
    data = {n: (("network", "time"), found[..., k]) for k, n in enumerate(names)}
    per_trial = (("network", *like.dims, "time"), np.stack([shaped(q, like) for q in overlaps]))
    return task.params.feature.alone(xr.Dataset(data).assign(overlap=per_trial, chance=0.5), inputs)


def own(task: Task[Compared], trajectory: xr.Dataset) -> np.ndarray:
    """Whether each sample is of the drive; DataError where none is, or all are."""
    label, names = drives(trajectory)
    if task.params.drive not in names or len(names) < 2:
        raise DataError(f"no trial of drive {task.params.drive!r} beside others; there are {', '.join(names)}")
    return label == names.index(task.params.drive)


def overlap(x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """q of each sample, (sample)."""
    return (x * x[seen].mean(axis=0)).mean(axis=1)


def area(
    q: np.ndarray, blind: np.ndarray, mine: np.ndarray, held: np.ndarray, cluster: np.ndarray
) -> tuple[float, float, float, float]:
    """AUC, its interval, and that of the control; NaN where a number is missing."""
    from spindsl.kernels import roc

    other, same = np.flatnonzero(held & ~mine), np.flatnonzero(held & mine)
    if not np.isfinite(q[held]).all() or not np.isfinite(blind[held]).all():
        return np.nan, np.nan, np.nan, np.nan
    low, high = roc.interval(q[other], q[same], cluster[np.concatenate([other, same])])
    return roc.auc(q[other], q[same]), low, high, roc.auc(blind[other], blind[same])


def sentences(asked: Asked) -> Iterator[Html]:
    from spindsl.report.markup import joined, tag
    from spindsl.report.questions.series import series

    for name, data in asked.found.items():
        for one in series(name, data, "auc", "time"):
            value, low, high = one[-1]
            says = f" tells {asked.said[name]['drive']} by its overlap with an area of {value:.3f}"
            control = float(data["auc_control"].mean())
            yield joined([tag("b", one.title), f"{says} ({low:.3f} to {high:.3f}); the control has {control:.3f}."])


def figures(asked: Asked) -> Iterator[Plate]:
    from functools import partial

    from spindsl.report.canvas import Plate
    from spindsl.report.markup import tag
    from spindsl.report.questions.drawing import lines
    from spindsl.report.questions.series import series

    shown = [s for n, d in asked.found.items() for s in series(n, d, "auc", "time")]
    says = tag("b", "How familiar the drive's configurations are.")
    yield Plate("familiarity", says, partial(lines, shown, [], ("switch", "area")))


def table(asked: Asked) -> Html:
    from spindsl.report.markup import table

    rows = [(n, asked.reads(n), f"{float(d['auc'].mean()):.3f}") for n, d in asked.found.items()]
    return table(("familiarity", "reads", "mean area"), rows)
