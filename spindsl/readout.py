"""Reading a label off features: the one mechanism behind every score.

A *question* gives each trial a label at each time, such as its drive, or the field it had two switches ago; -1 where
it is not asked. `ask` guesses the labels of trials that were not fitted to, and once more with shuffled labels;
`conclusions` makes scores of the guesses. An analysis adds its questions, a dimension in front of the trials, and
what it concludes beside.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from . import estimators
from .conclusions import ConclusionParams, conclude, promises
from .ensemble import drives, each, held_out, sample_dims, shaped
from .errors import MeaningError
from .estimators import By, Folds, Logistic, Reading, Scored
from .features import Feature, Observed, Use, coords, feature, folds, matrices
from .graph import Promise, Split, Stage, Task
from .label_checks import Trials, few
from .label_checks import shuffled as mixed
from .seeds import generator
from .spec import Analysis, Label, Switches

if TYPE_CHECKING:
    import xarray as xr


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


class Readout(Analysis, ABC):
    """What all readers of a label share: argmax_k p(feature | k), equal priors; ties share.

    Every class counts alike, however many of its trials are scored. A shuffled-label control goes through the same
    steps.
    """

    of: Label = Field(description='a bottleneck, an observable such as "power", "spins" or "features"')
    use: Use = Field(default="means", description="of a bottleneck: means or samples of its posterior, or its evidence")
    by: By = Field(description="density or reader")

    @abstractmethod
    def scored(self) -> Scored:
        """Which trials are fitted to, and which are scored."""

    @abstractmethod
    def chosen(self) -> tuple[int, ...] | None:
        """The switches at which features are read, None for all."""

    def refers(self) -> str:
        return self.of

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        need, score = estimators.least(self.by, self.look(sources).width), self.scored()
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
        if isinstance(score := self.scored(), Folds) and score.folds > trials:
            raise MeaningError("more folds than trials", "score", "folds", code="E203", hint=f"at most {trials}")
        return found

    def parameters(self, name: str, sources: Mapping[str, Stage]) -> ReadoutParams:
        """What the stage `analysis.NAME.guess` is told."""
        return ReadoutParams(name, self, self.look(sources).observed)

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
        labels = coords(found, trajectory, self.chosen()) | front
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
        per_time = 0.4 if isinstance(self.by, Logistic) else 0.1
        count = len(labels["switch"]) * len(next(iter(front.values()), (0,)))
        return Stage(
            f"analysis.{name}.guess", run, self.parameters(name, sources), gives, needs,
            split=Split("switch", labels["switch"], 10), 
            group=f"/analysis/{name}", coords=labels, seconds=per_time * count, interpreted=True,
        )  # fmt: skip

    def conclusion(
        self, name: str, guess: Stage, sources: Mapping[str, Stage], run: Callable[..., xr.Dataset], classes: str
    ) -> Stage:
        """The stage `analysis.NAME`; the true class is a dimension `classes`, the guessed one `guessed`."""
        front = tuple(d for d in guess.gives["guess"].dims if d not in ("drive", "trial", "time"))
        ceiling = "nulls" in sources and classes == "drive"
        return Stage(
            f"analysis.{name}", run, ConclusionParams(name, guess.name, classes),
            promises(front, classes, ceiling), (guess.name, "split", *(["nulls"] if ceiling else [])),
            group=f"/analysis/{name}",
            coords={k: v for k, v in guess.coords.items() if k != "trial"},
        )  # fmt: skip


class PlainReadout(Readout):
    """A readout at any times, on any trials."""

    score: Scored = Field(default="held-out", description="all fits and scores on the same trials")
    switches: Switches | None = Field(default=None, description="at these switches only")

    def scored(self) -> Scored:
        return self.score

    def chosen(self) -> tuple[int, ...] | None:
        return self.switches


@dataclass(frozen=True)
class ReadoutParams:
    """What reads a label off features, and the features."""

    name: str  # of the analysis
    word: Readout
    feature: Observed

    @property
    def reading(self) -> Reading:
        """How labels are read."""
        return Reading(self.word.by, self.word.scored(), self.feature.real)


@dataclass(frozen=True)
class FieldParams:
    """What reads a field off features."""

    readout: ReadoutParams
    fields: tuple[str, ...]  # their names, by number


def drive(task: Task[ReadoutParams], **inputs: xr.Dataset) -> xr.Dataset:
    """The one question that most analyses ask: which drive was it?"""
    label, names = drives(inputs["trajectory"])
    asked = Asked(np.repeat(label[None, :, None], len(task.labels), axis=2), names)
    return ask(task, task.params, asked, inputs).squeeze("question")


def drive_scores(task: Task[ConclusionParams], **inputs: xr.Dataset) -> xr.Dataset:
    """Scores of the drives."""
    return conclude_drives(task, task.params, inputs)


def conclude_drives(task: Task, params: ConclusionParams, inputs: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Scores of the drives, to which an analysis adds what it concludes beside."""
    return conclude(task, params, drives(inputs[params.guess])[1], inputs)


def ask(task: Task, params: ReadoutParams, asked: Asked, inputs: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """The guess for every scored trial at the times of the task."""
    import xarray as xr

    reading, held, fold = params.reading, held_out(inputs["split"]), folds(inputs["split"])
    for label in asked.label[:, :, 0] if asked.label.size else ():
        if (label >= 0).all():
            estimators.seen(reading.score, label, fold, asked.names)

    def read(x: np.ndarray, label: np.ndarray) -> dict[str, np.ndarray]:
        evidence = estimators.log_evidence(reading, x, label, held, fold, len(asked.names))
        guess, credit = estimators.scores(evidence, label)
        return {"guess": guess, "credit": credit, "margin": estimators.margins(evidence, label)}

    blind = control(task, params.name, asked.label) if asked.blind is None else asked.blind
    found = with_control(task, params.name, params.feature, (asked.label, blind), inputs, read)
    like = each(inputs["trajectory"])
    dims = ("network", "question", *like.dims, "time")
    truth = np.stack([shaped(v, like) for v in asked.label]).astype(np.int16)
    result = xr.Dataset({
        "guess": (dims, found["guess"].astype(np.int16)), "credit": (dims, found["credit"]),
        "credit_control": (dims, found["credit_control"]), "truth": (dims[1:], truth),
    })  # fmt: skip
    if asked.blind is not None:
        result["margin"], result["margin_control"] = (dims, found["margin"]), (dims, found["margin_control"])
    return params.feature.alone(result, inputs)


def with_control(
    task: Task,
    name: str,
    feature: Observed,
    labels: tuple[np.ndarray, np.ndarray],
    inputs: Mapping[str, xr.Dataset],
    read: Callable[[np.ndarray, np.ndarray], Mapping[str, np.ndarray]],
) -> dict[str, np.ndarray]:
    """What `read(x, label)` tells of each sample, (network, question, sample dims, time), and as `NAME_control` that
    of the labels of the control, from both labels (question, sample, time) and the features x (sample, feature)."""
    networks, like = matrices(task, name, feature, inputs), each(inputs["trajectory"])
    questions, _, times = labels[0].shape
    found: dict[str, list[np.ndarray]] = {}
    for n, network in enumerate(networks):
        for k, x in enumerate(network):
            task.tick((n + k / len(network)) / len(networks))
            for q in range(questions):
                for end, label in zip(("", "_control"), labels):
                    for what, value in read(x, label[q, :, k]).items():
                        found.setdefault(what + end, []).append(value)
    shape = len(networks), times, questions, *like.shape
    return {n: np.moveaxis(np.array(v).reshape(shape), 1, -1) for n, v in found.items()}


def control(task: Task, name: str, label: np.ndarray) -> np.ndarray:
    """Labels (question, sample, time) shuffled among the trials that are asked, in one order for all."""
    order = generator(task.seed, "analysis", name, "control").permutation(label.shape[1])
    return np.stack([np.stack([shuffled(v, order) for v in one.T], axis=1) for one in label])


def shuffled(label: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Labels in another order among the trials that are asked."""
    known = label >= 0
    out = label.copy()
    out[known] = label[order[known[order]]]
    return out
