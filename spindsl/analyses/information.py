"""How many bits does a bottleneck keep of the drive, and how many of the present field?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..ensemble import clusters, drives, held_out, samples
from ..errors import MeaningError
from ..estimators import Folds, Histogram, Reading, Scored, least, rounds
from ..features import coords, folds, matrices
from ..graph import Promise, Split, Stage, Task
from ..label_checks import Trials, few
from ..readout import Readout, ReadoutParams, shuffled
from ..seeds import generator
from ..spec import Count, Switches

if TYPE_CHECKING:
    import xarray as xr

INNER = 4  # folds of the trials that are fitted to, for the temperature
TOLD = (
    "information", "information_low", "information_high", "information_control", "sharpness", "information_neighbours",
    "information_neighbours_low", "information_neighbours_high", "information_shuffled",
)  # fmt: skip


class Information(Readout):
    """I(Z; drive) and I(Z; present field) of features Z, in bits: what a reader can use, and what neighbours tell.

    The bound is H(Y) - E[-log2 q(y|z)] of trials that are not fitted to, whatever the reader `by` (Barber and Agakov
    2003): on average never above the truth, and up to the truth for the best reader. q is the reader's evidence at one
    temperature, found by cross-validation within the trials that are fitted to. Labels are as frequent as in the
    trials. Beside it the estimate of Ross 2014 by nearest neighbours, from all trials, minus its mean over shuffled
    labels: for classes of any shape. Its bias is not in its interval: too high by some 0.03 bit in one or two
    dimensions and 300 trials, too low in many dimensions, where the bound may lie above it.
    """

    cites: ClassVar = ("barber2003", "ross2014", "pedregosa2011")

    kind: Literal["information"]
    score: Literal["held-out"] | Folds = Field(default="held-out", description="trials that the bound is taken on")
    switches: Switches | None = Field(default=None, description="at these switches only")
    neighbours: Count = Field(default=5, description="number of nearest neighbours, for the estimate beside the bound")

    def scored(self) -> Scored:
        return self.score

    def chosen(self) -> tuple[int, ...] | None:
        return self.switches

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, found = sources["trajectory"], self.look(sources)
        if isinstance(self.by, Histogram):
            raise MeaningError("empty cells of a histogram leave no bound", "by", hint="use kde, gaussian or logistic")
        about = ("drive", "field") if "field" in trajectory.gives else ("drive",)
        if len(trajectory.coords.get("drive", ("", ""))) < 2:
            raise MeaningError("one drive alone carries no information", "of", hint="two drives or more")
        labels: dict[str, tuple] = coords(found, trajectory, self.switches) | {"about": about}
        count = len(labels["switch"]) * len(about) * max(1, len(labels.get("network", ())))
        return (Stage(
            f"analysis.{name}", look, InformationParams(self.parameters(name, sources), self.neighbours, about),
            promises(found.many, about), tuple(dict.fromkeys((found.source.name, "split", "trajectory"))),
            split=Split("switch", labels["switch"], 5), 
            group=f"/analysis/{name}", coords={k: v for k, v in labels.items() if k not in ("drive", "trial")},
            seconds=2.0 * count, interpreted=True,
        ),)  # fmt: skip

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        yield from few(trials, self.scored(), least(self.by, self.look(sources).width), INNER)


@dataclass(frozen=True)
class InformationParams:
    """What reads labels off features, and the labels."""

    readout: ReadoutParams
    neighbours: int
    about: tuple[str, ...]  # "drive", and "field" where it is known


def promises(many: tuple[str, ...], about: tuple[str, ...]) -> dict[str, Promise]:
    """What is told of each label."""
    at, apart = (*many, "about", "time"), "of the estimate by nearest neighbours"
    gives = {
        "information": Promise(at, "bit", "lower bound of the information that features keep, by a reader"),
        "information_low": Promise(at, "bit", "95 % interval of the bound, normal, over trials"),
        "information_high": Promise(at, "bit", "95 % interval of the bound, normal, over trials"),
        "information_control": Promise(at, "bit", "the bound with shuffled labels"),
        "sharpness": Promise(at, "1", "inverse temperature at which the reader is calibrated, mean over folds"),
        "information_neighbours": Promise(at, "bit", "information by neighbours, minus that of shuffled labels"),
        "information_neighbours_low": Promise(at, "bit", f"95 % interval {apart}, jackknife"),
        "information_neighbours_high": Promise(at, "bit", f"95 % interval {apart}, jackknife"),
        "information_shuffled": Promise(at, "bit", f"mean {apart} over shuffled labels, which was subtracted"),
        "entropy": Promise(("about", "time"), "bit", "entropy of the label, of its frequencies among all trials"),
    }  # fmt: skip
    if "field" in about:
        gives["memoryless"] = Promise(("time",), "bit", "what the present field alone tells of the drive")
    return gives


def look(task: Task[InformationParams], **inputs: xr.Dataset) -> xr.Dataset:
    """All of that for every network, label and time of the task."""
    import xarray as xr

    from ..kernels.information import entropy, mutual

    params, readout = task.params, task.params.readout
    label, networks = asked(task, inputs), matrices(task, readout.name, readout.feature, inputs)
    gives = promises(("network",), params.about)
    shape = len(networks), len(label), len(task.labels)
    out = {n: np.full(shape, np.nan) for n, p in gives.items() if "network" in p.dims}
    for done, (n, a, k) in enumerate(np.ndindex(shape)):
        task.tick(done / np.prod(shape))
        rng = generator(task.seed, "analysis", readout.name, "information", params.about[a], task.labels[k], n)
        for name, value in kept(params, networks[n][k], label[a, :, k], inputs["split"], rng).items():
            out[name][n, a, k] = value
    result = xr.Dataset({n: (gives[n].dims, v) for n, v in out.items()})
    result["entropy"] = (("about", "time"), [[entropy(v) for v in one.T] for one in label])
    if "field" in params.about:
        result["memoryless"] = ("time", [mutual(*both) for both in label.transpose(2, 0, 1)])
    return readout.feature.alone(result, inputs)


def asked(task: Task[InformationParams], inputs: Mapping[str, xr.Dataset]) -> np.ndarray:
    """Labels (about, sample, time) as numbers, -1 where there is none."""
    trajectory = inputs["trajectory"]
    label = [np.repeat(drives(trajectory)[0][:, None], len(task.labels), axis=1)]
    if "field" in task.params.about:
        label.append(samples(trajectory["field"]))
    return np.stack(label).astype(np.int64)


def kept(
    params: InformationParams, x: np.ndarray, label: np.ndarray, split: xr.Dataset, rng: np.random.Generator
) -> dict[str, float]:
    """Bits that features (sample, feature) keep of a label; nothing where all trials have the same."""
    from ..kernels import information as bits
    from ..kernels.intervals import pointwise

    cluster, known = clusters(split), label >= 0
    label = np.where(known, np.searchsorted(np.unique(label[known]), label), -1)
    if label.max() < 1 or not np.isfinite(x[known]).all():
        return {}
    blind = shuffled(label, rng.permutation(len(label)))
    (right, sharp), (wrong, _) = (read(params.readout.reading, x, v, split) for v in (label, blind))
    mine = np.isfinite(right)
    value, error = bits.bound(right[mine], label[mine], cluster[mine])
    control, _ = bits.bound(wrong[mine], blind[mine], cluster[mine])
    half = pointwise() * error
    told = (
        value,
        value - half,
        value + half,
        control,
        sharp,
        *bits.neighbours(x, label, cluster, params.neighbours, rng),
    )
    return dict(zip(TOLD, told))


def read(reading: Reading, x: np.ndarray, label: np.ndarray, split: xr.Dataset) -> tuple[np.ndarray, float]:
    """ln q of each trial's own label, NaN where it is not scored; and the inverse temperature, mean over folds."""
    from ..kernels.information import log_posterior, sharpness

    held, fold, known, classes = held_out(split), folds(split), label >= 0, int(label.max()) + 1
    out, sharp = np.full(len(label), np.nan), []
    for train, test in rounds(reading.score, held, fold):
        train, test = (np.flatnonzero(some & known) for some in (train, test))
        prior = (np.bincount(label[train], minlength=classes) + 0.5) / (len(train) + classes / 2)
        rank = np.unique(fold[train], return_inverse=True)[1] % INNER
        inner = [(train[rank != i], train[rank == i]) for i in range(INNER)]
        asked = [(fitted(reading, x, label, *two, classes), label[two[1]]) for two in inner if all(map(len, two))]
        sharp.append(sharpness(asked, prior))
        found = log_posterior(fitted(reading, x, label, train, test, classes), prior, sharp[-1], len(train))
        out[test] = found[np.arange(len(test)), label[test]]
    return out, float(np.mean(sharp))


def fitted(
    reading: Reading, x: np.ndarray, label: np.ndarray, train: np.ndarray, test: np.ndarray, classes: int
) -> np.ndarray:
    """Log evidence (test sample, class), NaN for a class of no training trial."""
    present, own = np.unique(label[train], return_inverse=True)
    out = np.full((len(test), classes), np.nan)
    out[:, present] = reading.evidence(x[train], own, x[test], len(present))
    return out
