"""Can a field be told that the matter was never trained with?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from .. import estimators
from ..ensemble import clusters, drives, each, held_out, sample_dims, samples, shaped
from ..errors import DataError, MeaningError
from ..estimators import Density, Histogram
from ..features import Feature, Observed, Use, coords, feature, folds
from ..graph import Promise, Split, Stage, Task
from ..label_checks import Trials, few
from ..label_checks import drives as named
from ..readout import control, with_control
from ..seeds import generator
from ..spec import Analysis, Label, Labels, Switches, Words, fitted_drives

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part

LEVELS = (0.01, 0.05, 0.1, 0.2)
GRID = tuple(float(x) for x in np.linspace(0, 1, 101).round(2))
UNUSED, FITTED, KNOWN, NOVEL = range(4)
PERMUTATIONS = 999
INNER = 5  # folds within the training trials, for thresholds


class Value(Words):
    """The feature itself, a single number."""

    kind: Literal["value"]
    novel: Literal["high", "low"] = Field(description="whether novel fields are expected to have it high or low")


class Novelty(Analysis):
    """Fields never trained against fields of the drive, by one number: larger is more novel.

    That number is the feature itself, such as the work or the evidence of a network, or -max_k ln p(feature | k) with
    the density of each known drive's training trials (Zhong et al.'s script: a normal of each in latent space). Left
    out are trials whose field was on already, which absorb no work. The bottleneck has to be fitted to known drives.
    Areas under the curve come with intervals between states, with known and novel shuffled, and with detection rates
    at thresholds chosen on training trials alone: one of each state, looked at by densities that were not fitted to
    it. A bottleneck was fitted to them, so its thresholds are a little low, as the measured false alarms show.
    """

    title: ClassVar = "Novelty"
    cites: ClassVar = ("zhong2020", "delong1988", "obuchowski1997", "tong2018", "pedregosa2011")

    kind: Literal["novelty"]
    of: Label = Field(description='a bottleneck, an observable such as "work", "spins" or "features"')
    use: Use = Field(default="means", description="of a bottleneck: means or samples of its posterior, or its evidence")
    known: Labels = Field(description="drives whose fields were trained; each has a density of its own")
    novel: Labels = Field(description="drives whose fields were not")
    by: Annotated[Value | Density, Field(discriminator="kind")] = Field(description="how features become one number")
    each: bool = Field(default=True, description="a density of each known drive; false for one of all together")
    score: Literal["held-out", "all"] = Field(default="held-out", description="all fits and scores on the same trials")
    switches: Switches | None = Field(default=None, description="at these switches only")

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.novelty import PART

        return PART

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for k, name in enumerate(self.novel):
            if name in self.known:
                raise MeaningError(
                    f"drive {name!r} is known and novel",
                    "novel",
                    k,
                    code="E107",
                    hint="name each drive in one of the two",
                )
        return self

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        found, trajectory = feature(self.of, self.use, sources), sources["trajectory"]
        self._meant(found, trajectory)
        labels = coords(found, trajectory, self.switches)
        along = (*found.many, *sample_dims(trajectory), "time")
        gives = {
            "novelty": Promise(along, "1", "how novel the trial looks; larger is more novel, NaN where unused"),
            "novelty_control": Promise(along, "1", "the same with known and novel shuffled", hidden=True),
            "role": Promise(along[len(found.many) :], "1", "what the trial is for", "int8",
                            {"flag_values": np.arange(4, dtype=np.int8), "flag_meanings": "unused fitted known novel"},
                            label=True),
            "role_control": Promise(along[len(found.many) :], "1", "that, shuffled", "int8", label=True, hidden=True),
        }  # fmt: skip
        needs = tuple(dict.fromkeys((found.source.name, "split", "trajectory")))
        looked = Stage(
            f"analysis.{name}.looked", look, NoveltyParams(self, name, found.observed), gives, needs,
            split=Split("switch", labels["switch"], 10), 
            group=f"/analysis/{name}", coords=labels, seconds=0.2 * len(labels["switch"]), interpreted=True,
        )  # fmt: skip
        final = promises((*found.many, "time"))
        labels = {k: v for k, v in labels.items() if k not in ("drive", "trial")}
        return looked, Stage(
            f"analysis.{name}", conclude, NovelScoreParams(name, looked.name), final, (looked.name, "split"),
            group=f"/analysis/{name}",
            coords=labels | {"false_alarm": GRID, "level": LEVELS},
        )  # fmt: skip

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        wrong = [*named(trials, self.known, "known"), *named(trials, self.novel, "novel")]
        if wrong:
            yield wrong[0]
        elif not isinstance(self.by, Value):
            found = feature(self.of, self.use, sources)
            some = np.isin(trials.label, [trials.names.index(n) for n in self.known])
            known = replace(trials, label=trials.label[some], held=trials.held[some], rank=trials.rank[some])
            if not self.each:
                known = replace(known, names=(" and ".join(self.known),), label=np.zeros_like(known.label))
            yield from few(known, self.score, estimators.least(self.by, found.width), INNER, alone=True)

    def _meant(self, found: Feature, trajectory: Stage) -> None:
        """MeaningError for drives that there are not, for features that are no number, for a bottleneck that has seen
        the novel."""
        names = trajectory.coords.get("drive")
        for key, wanted in (("known", self.known), ("novel", self.novel)):
            for k, name in enumerate(wanted):
                if names and name not in names:
                    raise MeaningError(
                        f"no drive {name!r}", key, k, code="E202", hint=f"there are {', '.join(map(str, names))}"
                    )
        if isinstance(self.by, Value):
            if found.width > 1:
                raise MeaningError(f"{found.width} features are no single number", "by", hint="give a density")
        else:
            estimators.fits(self.by, found.variable, found.width)
        if found.use and (seen := set(fitted_drives(found.source.params) or self.novel) & set(self.novel)):
            hint = f"[bottleneck.{self.of}] drives = {list(self.known)}".replace("'", '"')
            raise MeaningError(f"{self.of!r} is fitted to the novel drive {min(seen)!r}", "of", hint=hint)


@dataclass(frozen=True)
class NoveltyParams:
    """What makes one number of features."""

    word: Novelty
    name: str
    feature: Observed


@dataclass(frozen=True)
class NovelScoreParams:
    """Of which numbers areas are made."""

    name: str  # of the analysis
    looked: str  # the stage that gives the numbers


def promises(at: tuple[str, ...]) -> dict[str, Promise]:
    """What is concluded from the numbers."""
    rate = (*at, "level")
    gives = {
        "auc": Promise(at, "1", "area under the curve: P(novel above known) + P(tie) / 2"),
        "auc_low": Promise(at, "1", "95 % interval of the area, between states; at 1 the exact one-sided bound"),
        "auc_high": Promise(at, "1", "95 % interval of the area, between states; at 0 the exact one-sided bound"),
        "auc_control": Promise(at, "1", "area with known and novel shuffled"),
        "control_low": Promise(at, "1", "95 % interval of the control"),
        "control_high": Promise(at, "1", "95 % interval of the control"),
        "p_value": Promise(at, "1", f"permutation test against no difference, {PERMUTATIONS} permutations"),
        "roc": Promise((*at, "false_alarm"), "1", "share of novel trials detected at a share of false alarms"),
        "threshold": Promise(
            rate,
            "1",
            "threshold chosen on training trials for a rate of false alarms, Neyman and "
            "Pearson's; NaN where they are too few: 299 states for 0.01, 59 for 0.05",
        ),
        "detection": Promise(rate, "1", "share of novel trials above that threshold"),
        "detection_low": Promise(rate, "1", "95 % interval of that share, Wilson"),
        "detection_high": Promise(rate, "1", "95 % interval of that share, Wilson"),
        "alarm": Promise(rate, "1", "share of known trials above that threshold, none of them used to choose it"),
        "alarm_low": Promise(rate, "1", "95 % interval of that share, Wilson"),
        "alarm_high": Promise(rate, "1", "95 % interval of that share, Wilson"),
        "known_scored": Promise(at, "1", "number of known trials scored", "int32"),
        "novel_scored": Promise(at, "1", "number of novel trials scored", "int32"),
        "states": Promise(at, "1", "number of states that they are of", "int32"),
    }
    return gives | {"chance": Promise((), "1", "area of a blind guess")}


def look(task: Task[NoveltyParams], **inputs: xr.Dataset) -> xr.Dataset:
    """How novel every trial looks at the times of the task."""
    import xarray as xr

    params, word, trajectory = task.params, task.params.word, inputs["trajectory"]
    held, fold, like = held_out(inputs["split"]), folds(inputs["split"]), each(trajectory)

    def read(x: np.ndarray, label: np.ndarray) -> dict[str, np.ndarray]:
        return {"novelty": numbered(word, params.feature.real, x, label - 1, held, fold)}

    label = sides(word, trajectory, len(task.labels))[None]
    blind = control(task, params.name, label)
    found = with_control(task, params.name, params.feature, (label, blind), inputs, read)
    roles = {"role": role(label[0] - 1, held, word.score), "role_control": role(blind[0] - 1, held, word.score)}
    result = xr.Dataset(
        {n: (("network", *like.dims, "time"), values[:, 0]) for n, values in found.items()}
        | {n: ((*like.dims, "time"), shaped(v, like)) for n, v in roles.items()}
    )
    return params.feature.alone(result, inputs)


def sides(word: Novelty, trajectory: xr.Dataset, times: int) -> np.ndarray:
    """Of each (sample, time) the number of its known drive from 1 on, 0 of a novel one, -1 of what is left out."""
    label, names = drives(trajectory)
    if missing := [n for n in (*word.known, *word.novel) if n not in names]:
        raise DataError(f"no trial of drive {missing[0]!r}; there are {', '.join(map(str, names))}")
    kind = np.array([word.known.index(n) + 1 if n in word.known else 0 if n in word.novel else -1 for n in names])
    found = np.repeat(kind[label][:, None], times, axis=1)
    if "repeat" in trajectory:
        found[samples(trajectory["repeat"]) == 1] = -1
    return found


def role(classes: np.ndarray, held: np.ndarray, score: str) -> np.ndarray:
    """What each trial is for, (sample, …): -2 is unused, -1 novel, anything else known. Novel training trials are for
    nothing."""
    test = (held | (score == "all")).reshape(-1, *[1] * (classes.ndim - 1))
    found = np.where(classes >= 0, np.where(test, KNOWN, FITTED), np.where(test, NOVEL, UNUSED))
    return np.where(classes == -2, UNUSED, found).astype(np.int8)


def numbered(
    word: Novelty, real: bool, x: np.ndarray, classes: np.ndarray, held: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """How novel each trial looks, NaN for those that are unused. Training trials are seen by densities without them."""
    what, by = role(classes, held, word.score), word.by
    out = np.full(len(x), np.nan)
    if not np.isfinite(x[what != UNUSED]).all():
        return out
    if isinstance(by, Value):
        out[what != UNUSED] = (x[:, 0] if by.novel == "high" else -x[:, 0])[what != UNUSED]
        return out
    train = (classes >= 0) & (~held | (word.score == "all"))
    if real:
        x = (x - x[train].mean(axis=0)) / np.where((std := x[train].std(axis=0)) > 0, std, 1.0)
    jobs = [(train, (what == KNOWN) | (what == NOVEL))]
    jobs += [(train & (fold % INNER != k), (what == FITTED) & (fold % INNER == k)) for k in range(INNER)]
    for fitted, asked in jobs:
        if asked.any():
            own = classes[fitted] if word.each else np.zeros(np.count_nonzero(fitted), np.int64)
            present, own = np.unique(own, return_inverse=True)
            evidence = by.evidence(x[fitted], own, x[asked], len(present)).max(axis=1)
            with np.errstate(divide="ignore"):
                out[asked] = -np.log(evidence) if isinstance(by, Histogram) else -evidence
    return out


def conclude(task: Task[NovelScoreParams], **inputs: xr.Dataset) -> xr.Dataset:
    """Areas, curves, and rates at thresholds."""
    import xarray as xr

    looked, cluster = inputs[task.params.looked], clusters(inputs["split"])
    single = "network" not in looked.sizes
    roles = {e: samples(looked[f"role{e}"]) for e in ("", "_control")}
    looked = looked.expand_dims("network") if single else looked
    gives = promises(("network", "time"))
    size = {
        "network": looked.sizes["network"],
        "time": looked.sizes["time"],
        "false_alarm": len(GRID),
        "level": len(LEVELS),
    }
    out = {n: np.full([size[d] for d in p.dims], np.nan) for n, p in gives.items()}
    for n, k in np.ndindex(size["network"], size["time"]):
        numbers = {e: samples(looked[f"novelty{e}"].isel(network=n))[:, k] for e in ("", "_control")}
        rng = generator(task.seed, "analysis", task.params.name, "permutations", n, k)
        for name, value in concluded(numbers, {e: r[:, k] for e, r in roles.items()}, cluster, rng).items():
            out[name][n, k] = value
    out["chance"] = np.array(0.5)
    for name in ("known_scored", "novel_scored", "states"):
        out[name] = np.nan_to_num(out[name]).astype(np.int32)
    result = xr.Dataset({n: (gives[n].dims, v) for n, v in out.items()})
    return result.isel(network=0) if single else result


def concluded(
    numbers: Mapping[str, np.ndarray], roles: Mapping[str, np.ndarray], cluster: np.ndarray, rng: np.random.Generator
) -> dict[str, object]:
    """What one network says at one time; nothing where numbers are missing."""
    from ..kernels import roc

    parts: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for end, value in numbers.items():
        known, novel = (np.flatnonzero(roles[end] == r) for r in (KNOWN, NOVEL))
        if not len(known) or not len(novel) or np.isnan(value[np.concatenate([known, novel])]).any():
            return {}
        parts[end] = value[known], value[novel], cluster[np.concatenate([known, novel])]
    first, blind = parts[""], parts["_control"]
    out: dict[str, object] = {"auc": roc.auc(*first[:2]), "auc_control": roc.auc(*blind[:2])}
    out["auc_low"], out["auc_high"] = roc.interval(*first)
    out["control_low"], out["control_high"] = roc.interval(*blind)
    out["p_value"] = roc.p_value(*first, rng, PERMUTATIONS)
    out["roc"] = roc.curve(*first[:2], np.array(GRID))
    out["known_scored"], out["novel_scored"], out["states"] = len(first[0]), len(first[1]), len(np.unique(first[2]))
    fitted = rng.permutation(np.flatnonzero(roles[""] == FITTED))
    one = fitted[np.unique(cluster[fitted], return_index=True)[1]]  # of each state, so that they are independent
    return out | rates(numbers[""][one], *first)


def rates(fitted: np.ndarray, known: np.ndarray, novel: np.ndarray, cluster: np.ndarray) -> dict[str, np.ndarray]:
    """Detections and false alarms above thresholds that training trials chose."""
    from ..kernels import roc
    from ..kernels.intervals import effective, pointwise, wilson

    chosen = np.array([roc.threshold(fitted, level) if len(fitted) else np.nan for level in LEVELS])
    out = {n: np.full(len(LEVELS), np.nan) for n in promises(()) if n.startswith(("detection", "alarm"))}
    sides = (("alarm", known, cluster[: len(known)]), ("detection", novel, cluster[len(known) :]))
    for name, values, states in sides:
        for k in np.flatnonzero(np.isfinite(chosen)):
            above = (values > chosen[k]).astype(float)
            out[name][k], count = above.mean(), effective(above, states, np.zeros(len(above), int))
            out[f"{name}_low"][k], out[f"{name}_high"][k] = wilson(above.mean(), count, pointwise())
    return out | {"threshold": chosen}
