"""Reading a label off features: the one mechanism behind every score.

A *question* gives each trial a label at each time, such as its drive, or the field it had two switches ago; -1 where
it is not asked. `ask` guesses the labels of trials that were not fitted to, and once more with shuffled labels;
`conclude` makes scores of the guesses, with intervals, the control and its p-value. An analysis adds its questions, a
dimension in front of the trials, and what it concludes beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from . import estimators
from .ensemble import clusters, drives, each, held_out, sample_dims, samples, shaped
from .errors import MeaningError
from .estimators import By, Folds, Scored
from .features import Feature, Use, coords, feature, matrices
from .graph import Promise, Split, Stage, Task
from .label_checks import Trials, few
from .label_checks import shuffled as mixed
from .seeds import generator
from .spec import Analysis, Label, Switches

if TYPE_CHECKING:
    import xarray as xr

CODE = ("spindsl.readout", "spindsl.estimators", "spindsl.features", "spindsl.ensemble")
PERMUTATIONS, RESAMPLES = 999, 1000


@dataclass(frozen=True)
class Asked:
    """The labels of all questions."""

    label: np.ndarray  # (question, sample, time), -1 where nothing is asked
    names: list[str]  # of the classes
    blind: np.ndarray | None = None  # labels of the control; then margins are kept, for choices among several trials


def margins(guess: Stage) -> Stage:
    """The stage of guesses with the margins beside, for a question that brings the labels of its control."""
    dims, says = guess.gives["credit"].dims, "log evidence of the true class minus that of the best other"
    gives = {
        "margin": Promise(dims, "1", f"{says}, NaN where not scored", hidden=True),
        "margin_control": Promise(dims, "1", "the same with shuffled labels", hidden=True),
    }
    return replace(guess, gives=dict(guess.gives) | gives)


class Readout(Analysis):
    """What all readers of a label share: argmax_k p(feature | k), equal priors; ties share.

    Every class counts alike, however many of its trials are scored. A shuffled-label control goes through the same
    steps.
    """

    of: Label = Field(description='a bottleneck, an observable such as "power", "spins" or "features"')
    use: Use = Field(default="means", description="of a bottleneck: means or samples of its posterior, or its evidence")
    by: By = Field(description="density or reader")
    score: Scored = Field(default="held-out", description="all fits and scores on the same trials")
    switches: Switches | None = Field(default=None, description="at these switches only")

    def refers(self) -> str:
        return self.of

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        need, score = estimators.least(self.by, self.look(sources).width), self.said()["score"]
        wrong = list(few(trials, score, need))
        guess = sources.get(f"analysis.{name}.guess")
        if not wrong and trials.file and guess is not None:
            order = generator(guess.seed, "analysis", name, "control").permutation(len(trials.label))
            wrong = list(few(mixed(trials, order), score, need, control=True))
        yield from wrong

    def look(self, sources: Mapping[str, Stage]) -> Feature:
        """What is looked at; MeaningError if it cannot be read so."""
        found, trajectory = feature(self.of, self.use, sources), sources["trajectory"]
        estimators.fits(self.by, found.variable, found.width)
        trials = len(trajectory.coords["trial"])
        if isinstance(self.score, Folds) and self.score.folds > trials:
            raise MeaningError("more folds than trials", "score", "folds", code="E203", hint=f"at most {trials}")
        return found

    def guesses(
        self,
        name: str,
        sources: Mapping[str, Stage],
        run: Callable[..., xr.Dataset],
        questions: Mapping[str, tuple] | None = None,
        needs: tuple[str, ...] = (),
    ) -> Stage:
        """The stage `analysis.NAME.guess`. `questions` is a dimension with its labels, if there are several."""
        found, trajectory, front = self.look(sources), sources["trajectory"], dict(questions or {})
        labels = coords(found, trajectory, self.switches) | front
        along = (*found.many, *front, *sample_dims(trajectory), "time")
        of = "number of the class guessed, the first of those tied, -1 where the trial was not scored"
        gives = {
            "guess": Promise(along, "1", of, "int16", label=True),
            "truth": Promise(along[len(found.many) :], "1", "number of the true class, -1 where none", "int16",
                             label=True, hidden=True),
            "credit": Promise(along, "1", "share of the guess that is right (ties share), weighted to equal classes, "
                              "NaN where not scored", hidden=True),
            "credit_control": Promise(along, "1", "the same with shuffled labels", hidden=True),
        }  # fmt: skip
        needs = tuple(dict.fromkeys((found.source.name, "split", "trajectory", *needs)))
        per_time = 0.4 if self.by.kind == "logistic" else 0.1
        count = len(labels["switch"]) * len(next(iter(front.values()), (0,)))
        return Stage(
            f"analysis.{name}.guess", run, self.said() | {"name": name} | found.said(), gives, needs,
            split=Split("switch", labels["switch"], 10), code=(*CODE, *estimators.KERNELS),
            group=f"/analysis/{name}", coords=labels, seconds=per_time * count, interpreted=True,
        )  # fmt: skip

    def conclusion(
        self, name: str, guess: Stage, sources: Mapping[str, Stage], run: Callable[..., xr.Dataset], classes: str
    ) -> Stage:
        """The stage `analysis.NAME`; the true class is a dimension `classes`, the guessed one `guessed`."""
        front = tuple(d for d in guess.gives["guess"].dims if d not in ("drive", "trial", "time"))
        ceiling = "nulls" in sources and classes == "drive"
        return Stage(
            f"analysis.{name}", run, {"name": name, "guess": guess.name, "classes": classes},
            promises(front, classes, ceiling), (guess.name, "split", *(["nulls"] if ceiling else [])),
            code=(*CODE, "spindsl.kernels.intervals"), group=f"/analysis/{name}",
            coords={k: v for k, v in guess.coords.items() if k != "trial"},
        )  # fmt: skip


def drive(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """The one question that most analyses ask: which drive was it?"""
    label, names = drives(inputs["trajectory"])
    asked = Asked(np.repeat(label[None, :, None], len(task.labels), axis=2), names)
    return ask(task, asked, inputs).squeeze("question")


def drive_scores(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """Scores of the drives."""
    return conclude(task, drives(inputs[task.said["guess"]])[1], inputs)


def ask(task: Task, asked: Asked, inputs: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """The guess for every scored trial at the times of the task."""
    import xarray as xr

    said, trajectory, source = task.said, inputs["trajectory"], inputs[task.said["source"]]
    held, fold = held_out(inputs["split"]), samples(inputs["split"]["fold"])
    for label in asked.label[:, :, 0] if asked.label.size else ():
        if (label >= 0).all():
            estimators.seen(said["score"], label, fold, asked.names)
    order = generator(task.seed, "analysis", said["name"], "control").permutation(asked.label.shape[1])
    like, networks = each(trajectory), matrices(task, source)
    shape = len(networks), len(asked.label), *like.shape, len(task.labels)
    guess = np.full(shape, -1, np.int16)
    credit, control, margin, blind = (np.full(shape, np.nan) for _ in range(4))
    for n, network in enumerate(networks):
        for k, x in enumerate(network):
            task.tick((n + k / len(network)) / len(networks))
            for q, labels in enumerate(asked.label[:, :, k]):
                other = shuffled(labels, order) if asked.blind is None else asked.blind[q, :, k]
                for target, ahead, truth in ((credit, margin, labels), (control, blind, other)):
                    told = estimators.told(said, x, truth, held, fold, len(asked.names))
                    found, right = estimators.credited(told, truth)
                    target[n, q, ..., k] = shaped(right, like)
                    ahead[n, q, ..., k] = shaped(estimators.margins(told, truth), like)
                    if target is credit:
                        guess[n, q, ..., k] = shaped(found, like)
    dims = ("network", "question", *like.dims, "time")
    truth = np.stack([shaped(v, like) for v in asked.label]).astype(np.int16)
    result = xr.Dataset(
        {
            "guess": (dims, guess),
            "credit": (dims, credit),
            "credit_control": (dims, control),
            "truth": (dims[1:], truth),
        }
    )
    if asked.blind is not None:
        result["margin"], result["margin_control"] = (dims, margin), (dims, blind)
    return result if "network" in source[said["variable"]].dims else result.isel(network=0)


def shuffled(label: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Labels in another order among the trials that are asked."""
    known = label >= 0
    out = label.copy()
    out[known] = label[order[known[order]]]
    return out


def promises(front: tuple[str, ...], classes: str, ceiling: bool) -> dict[str, Promise]:
    """What is concluded from the guesses."""
    at = (*front, "time")
    gives = {
        "score": Promise(at, "1", "fraction of scored trials whose class is guessed, mean over classes"),
        "score_low": Promise(at, "1", "95 % Wilson interval of the score at each time, over trials"),
        "score_high": Promise(at, "1", "95 % Wilson interval of the score at each time, over trials"),
        "band_low": Promise(at, "1", "95 % band of the score at all times at once"),
        "band_high": Promise(at, "1", "95 % band of the score at all times at once"),
        "score_control": Promise(at, "1", "score with shuffled labels"),
        "control_low": Promise(at, "1", "95 % Wilson interval of the control"),
        "control_high": Promise(at, "1", "95 % Wilson interval of the control"),
        "p_value": Promise(at, "1", f"permutation test against no information, {PERMUTATIONS} permutations"),
        "trials_scored": Promise(at, "1", "number of trials scored", "int32"),
        "trials_effective": Promise(at, "1", "number of independent trials that would have the score's error"),
        "chance": Promise((), "1", "score of a blind guess"),
        "confusion": Promise(
            (*at, classes, "guessed"), "1", "fraction of a class's scored trials guessed to be each class"
        ),
    }
    if ceiling:
        gives["above_ceiling"] = Promise(
            at, "1", "lower edge of the band minus the Bayes ceiling; positive is impossible"
        )
    return gives


def conclude(task: Task, names: list[str], inputs: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Scores with their intervals, the control, and the confusion of classes, of every network and question."""
    import xarray as xr

    guesses, cluster = inputs[task.said["guess"]], clusters(inputs["split"])
    front = [d for d in guesses["guess"].dims if d not in ("drive", "trial", "time")]
    at = {d: guesses.sizes[d] for d in (*front, "time")}
    gives = {n: p for n, p in promises(tuple(front), "class", False).items() if "time" in p.dims}
    tail = {"confusion": (len(names), len(names))}
    out = {n: np.full((*at.values(), *tail.get(n, ())), np.nan) for n in gives}
    for place in np.ndindex(*(at[d] for d in front)):
        one = guesses.isel(dict(zip(front, place)))
        rng = generator(task.seed, "analysis", task.said["name"], "band", *(place or (0,)))
        for name, value in scored(one, cluster, len(names), rng).items():
            out[name][place] = value
    out["trials_scored"] = np.nan_to_num(out["trials_scored"]).astype(np.int32)
    dims = {"confusion": (task.said["classes"], "guessed")}
    result = xr.Dataset({n: ((*front, "time", *dims.get(n, ())), v) for n, v in out.items()})
    result["chance"] = 1 / len(names)
    if "nulls" in inputs:
        where = np.searchsorted(inputs["nulls"]["switch"].values, guesses["switch"].values)
        result["above_ceiling"] = result["band_low"] - inputs["nulls"]["ceiling"].values[where]
    return result.assign_coords({task.said["classes"]: names, "guessed": names})


def scored(one: xr.Dataset, cluster: np.ndarray, classes: int, rng: np.random.Generator) -> dict[str, Any]:
    """What is concluded of one network and question, (time, …)."""
    from .kernels.permutation import p_value

    credit, control, guess, truth = (samples(one[v]) for v in ("credit", "credit_control", "guess", "truth"))
    out = {
        n: np.full(credit.shape[1], np.nan)
        for n, p in promises((), "class", False).items() if p.dims == ("time",)
    }  # fmt: skip
    out["confusion"] = np.full((credit.shape[1], classes, classes), np.nan)
    known = np.flatnonzero(np.isfinite(credit).any(axis=0))
    for k in known:
        mine = np.isfinite(credit[:, k])
        right, blind, label = credit[mine, k], control[mine, k], truth[mine, k]
        count = worth(right, label, cluster[mine])
        out["trials_scored"][k], out["trials_effective"][k] = mine.sum(), count
        for name, values in (("score", right), ("control", blind)):
            out["score_control" if name == "control" else "score"][k] = values.mean()
            out[f"{name}_low"][k], out[f"{name}_high"][k] = interval(values, count)
        for d in range(classes):
            own = guess[mine, k][label == d]
            out["confusion"][k, d] = np.bincount(own[own >= 0], minlength=classes) / max(len(own), 1)
    band(out, credit, truth, known, rng)
    for k in known:
        mine = np.isfinite(credit[:, k])
        out["p_value"][k] = p_value(guess[mine, k], truth[mine, k], cluster[mine], rng, PERMUTATIONS)
    return out


def worth(credit: np.ndarray, label: np.ndarray, cluster: np.ndarray) -> float:
    """Number of independent trials of equal classes that would give the balanced score of some trials its error."""
    from .kernels.intervals import effective, stratified

    return min(alike(label), stratified(credit, label)) * effective(credit, cluster, label) / len(label)


def interval(credit: np.ndarray, count: float) -> tuple[float, float]:
    """95 % Wilson interval of a mean credit that is worth `count` independent trials."""
    from .kernels.intervals import pointwise, wilson

    return wilson(credit.mean(), count, pointwise())


def band(out: dict[str, Any], credit: np.ndarray, truth: np.ndarray, known: np.ndarray, rng) -> None:
    """The simultaneous band, over the times at which the same trials are scored with the same labels."""
    from .kernels.intervals import simultaneous, wilson

    if not len(known):
        return
    mine = np.isfinite(credit[:, known]).all(axis=1)
    same = [
        k
        for k in known
        if (np.isfinite(credit[:, k]) == mine).all() and (truth[mine, k] == truth[mine, known[0]]).all()
    ]
    if not same:
        return
    z = simultaneous(credit[mine][:, same], truth[mine, same[0]], rng)
    out["band_low"][same], out["band_high"][same] = wilson(out["score"][same], out["trials_effective"][same], z)


def alike(label: np.ndarray) -> float:
    """Number of trials of equal classes that would give the balanced score the same error: k^2 / sum_d 1/n_d."""
    counts = np.unique(label, return_counts=True)[1]
    return len(counts) ** 2 / (1 / counts).sum()


def resampled(credit: np.ndarray, cluster: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mean credits (trial, …) of bootstrap samples of whole clusters, (resample, …), of trials that are scored."""
    mine = np.isfinite(credit.reshape(len(credit), -1)).all(axis=1)
    known, which = np.unique(cluster[mine], return_inverse=True)
    total = np.zeros((len(known), *credit.shape[1:]))
    np.add.at(total, which, credit[mine])
    weight = rng.multinomial(len(known), np.full(len(known), 1 / len(known)), size=RESAMPLES)
    return np.tensordot(weight, total, 1) / (weight @ np.bincount(which)).reshape(-1, *[1] * (credit.ndim - 1))
