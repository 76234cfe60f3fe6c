"""How small a difference between two fields can still be read off the configuration?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..conclusions import ConclusionParams, Guesses, conclude
from ..ensemble import clusters, drives, paired, samples
from ..errors import MeaningError
from ..estimators import Histogram
from ..fields import mixed
from ..graph import Promise, Stage, Task
from ..readout import Asked, PlainReadout, ReadoutParams, ask, margins
from ..seeds import generator
from ..spec import Label

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part

CLASSES, POINTS = ("reference", "other"), 61
CENSORED = {"flag_values": np.array([-1, 0, 1], dtype=np.int8), "flag_meanings": "below_all measured above_all"}


class Discrimination(PlainReadout):
    """Two-alternative forced choice between a reference field A_0 and fields that differ from it by a weight w.

    The observer is shown what both left behind, in the same state or in different ones, and takes for the other
    field's the one with the larger evidence ratio p(feature | other) / p(feature | reference), read by a reader
    fitted for each w. A curve p(w) = 1/2 + (1/2 - lambda) [2 Phi(z (w / theta)^(b/2)) - 1] is fitted to the shares of
    correct choices; the just-noticeable difference is the w where it is 3/4. Definition of this project's own: no
    source has one. The name is that of the facet in Zhong et al. 2020.
    """

    title: ClassVar = "Discrimination"
    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927", "green1966", "wichmann2001")

    kind: Literal["discrimination"]
    reference: Label = Field(description="drive of the reference field, w = 0")
    against: dict[Label, Annotated[float, Field(gt=0, le=1)]] | None = Field(
        default=None, description="drive = w; absent for the protocol's mixed fields"
    )
    states: Literal["same", "different"] = Field(
        default="same", description="the two are shown in the same state, or each in a state of its own"
    )

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.discrimination import PART

        return PART

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        if isinstance(self.by, Histogram):
            raise MeaningError("an empty cell of a histogram has no evidence ratio", "by", hint="use kde or gaussian")
        if not paired(sources["split"]):
            hint = 'protocol.drives of kind "probes"'
            raise MeaningError("a choice is between drives that share their states", "reference", hint=hint)
        several = self.weights(sources)
        for key, drive in (("reference", self.reference), *(("against", d) for d in several)):
            if drive not in trajectory.coords["drive"]:
                hint = f"there are {', '.join(trajectory.coords['drive'])}"
                raise MeaningError(f"no drive {drive!r}", key, code="E202", hint=hint)
        w = tuple(several.values())
        guess = margins(self.guesses(name, sources, guessed, {"difference": w}))
        params = ChoiceParams(self.parameters(name, sources), self.reference, tuple(several))
        guess = replace(guess, params=params)
        score = self.conclusion(name, guess, sources, concluded, "field")
        many = tuple(d for d in guess.gives["guess"].dims if d == "network")
        grid = tuple(float(f"{v:.5g}") for v in np.geomspace(w[0], w[-1], POINTS))
        named = {"field": CLASSES, "guessed": CLASSES, "weight": grid}
        score = replace(
            score, gives=dict(score.gives) | promises(many),
            params=CurveParams(ConclusionParams(name, guess.name, "field"), grid, self.states),
            coords={**score.coords, **named}, 
        )  # fmt: skip
        return guess, score

    def weights(self, sources: Mapping[str, Stage]) -> dict[str, float]:
        """w of each drive that is held against the reference, in ascending order."""
        if self.against is not None:
            found = {drive: w for drive, w in self.against.items() if drive != self.reference}
        else:
            between = mixed(sources["fields"]) if "fields" in sources else None
            if between is None:
                raise MeaningError("there are no mixed fields", "against", code="E102", hint="say which drives")
            into, weights = between.of[0], between.w
            if into != self.reference:
                message, hint = f"fields are mixed into {into!r}", "take that, or say against which drives"
                raise MeaningError(message, "reference", hint=hint)
            drives = sources["trajectory"].coords["drive"]
            found = {f"{w:g}": w for w in weights if f"{w:g}" in drives}
        if len(set(found.values())) < 3 or len(set(found.values())) < len(found):
            raise MeaningError(
                f"a curve needs three different w, found {sorted(found.values())}",
                "against",
                hint="three drives or more, each with a w of its own",
            )
        return dict(sorted(found.items(), key=lambda item: item[1]))


@dataclass(frozen=True)
class ChoiceParams:
    """What reads which of two fields was on off features."""

    readout: ReadoutParams
    reference: str  # drive of the reference field
    against: tuple[str, ...]  # drives of the others, in ascending order of w


@dataclass(frozen=True)
class CurveParams:
    """Of which guesses choices are made, and the w at which the fitted curve is drawn."""

    conclusion: ConclusionParams
    weight: tuple[float, ...]
    states: Literal["same", "different"]


def promises(many: tuple[str, ...]) -> dict[str, Promise]:
    """What is concluded from the choices."""
    at, whole = (*many, "difference", "time"), (*many, "time")
    interval = "95 % interval of the just-noticeable difference, bootstrap over states"
    return {
        "correct": Promise(at, "1", "share of correct choices of two, ties a half"),
        "correct_low": Promise(at, "1", "95 % Wilson interval of that share, over states"),
        "correct_high": Promise(at, "1", "95 % Wilson interval of that share, over states"),
        "correct_control": Promise(at, "1", "share of correct choices, fields shuffled within each state"),
        "correct_control_low": Promise(at, "1", "95 % Wilson interval of the control"),
        "correct_control_high": Promise(at, "1", "95 % Wilson interval of the control"),
        "choices": Promise(at, "1", "number of choices, one a state, or one for two", "int32"),
        "jnd": Promise(whole, "1", "just-noticeable difference: w at 3/4 correct; 0 if less than all w, inf if more",
                       label=True),
        "jnd_low": Promise(whole, "1", interval, label=True),
        "jnd_high": Promise(whole, "1", interval, label=True),
        "jnd_censored": Promise(whole, "1", "whether the difference lies outside all w", "int8", CENSORED),
        "slope": Promise(whole, "1", "power b of the signal's amplitude, d' ~ w^(b/2)"),
        "lapse": Promise(whole, "1", "share of lapses, lambda"),
        "deviance": Promise(whole, "1", "deviance of the curve, three less than the number of w where it fits"),
        "curve": Promise((*many, "weight", "time"), "1", "fitted share of correct choices"),
    }  # fmt: skip


def guessed(task: Task[ChoiceParams], **inputs: xr.Dataset) -> xr.Dataset:
    """The field guessed for every scored trial, reference or other, and by how much; states in which one of the
    fields was on already are left out. For the control the two of a state change places at random."""
    (label, names), params = drives(inputs["trajectory"]), task.params
    cluster, repeat = clusters(inputs["split"]), samples(inputs["trajectory"]["repeat"]) == 1
    numbers = [names.index(params.reference), *map(names.index, params.against)]
    rng = generator(task.seed, "analysis", params.readout.name, "control")
    swap = rng.integers(0, 2, cluster.max() + 1)[cluster]
    used = np.isin(label, numbers)
    out = np.zeros((cluster.max() + 1, repeat.shape[1]), dtype=bool)
    np.logical_or.at(out, cluster[used], repeat[used])
    asked = np.full((len(numbers) - 1, *repeat.shape), -1)
    for q, other in enumerate(numbers[1:]):
        asked[q, label == numbers[0]], asked[q, label == other] = 0, 1
    asked[:, out[cluster]] = -1
    blind = np.where(asked >= 0, asked ^ swap[:, None], -1)
    return ask(task, params.readout, Asked(asked, list(CLASSES), blind), inputs).rename(question="difference")


def concluded(task: Task[CurveParams], **inputs: xr.Dataset) -> xr.Dataset:
    """Scores of the guesses, and what is concluded from the choices."""
    params, grid = task.params.conclusion, np.array(task.params.weight)
    guesses, result = Guesses(inputs[params.guess]), conclude(task, params, list(CLASSES), inputs)
    truth, w, apart = guesses.truth.values, guesses.data["difference"].values, task.params.states == "different"
    many = tuple(d for d in guesses.front if d == "network")
    each, times = [guesses.data.sizes[d] for d in many], guesses.data.sizes["time"]
    gives, ends = promises(many), {"difference": len(w), "weight": len(grid)}
    out = {n: np.full((*each, *(ends[d] for d in p.dims if d in ends), times), np.nan) for n, p in gives.items()}
    for place in np.ndindex(*each):
        one = guesses.data.isel(dict(zip(many, place)))
        right = {n: choices(one[f"margin{n}"].values, truth, apart) for n in ("", "_control")}
        for k in range(times):
            rng = generator(task.seed, "analysis", params.name, "jnd", *(place or (0,)), k)
            for n, credit in right.items():
                for end, value in shares(credit[..., k]).items():
                    out[f"correct{n}{end}"][*place, :, k] = value
            out["choices"][*place, :, k] = np.isfinite(right[""][..., k]).sum(axis=1)
            for n, value in noticed(w, right[""][..., k], grid, rng).items():
                out[n][*place, ..., k] = value
    for n, p in gives.items():
        result[n] = p.dims, out[n].astype(p.dtype)
    return result.assign_coords(weight=grid)


def choices(margin: np.ndarray, truth: np.ndarray, apart: bool) -> np.ndarray:
    """Credit of the choice in each state, (difference, trial, time), NaN where there is none, from (…, drive, trial,
    time). Apart: the reference in one state, the other in the next, no state twice."""
    from ..kernels.psychometric import chosen

    sides = [np.where(truth == side, margin, np.nan) for side in (0, 1)]
    known = [np.array(np.isfinite(side).any(axis=1)) for side in sides]
    first, second = (np.where(np.isfinite(side), side, 0.0).sum(axis=1) for side in sides)
    both: np.ndarray = known[0] & known[1]
    if not apart:
        return np.where(both, chosen(first, second), np.nan)
    out = np.full(both.shape, np.nan)
    for k in range(both.shape[2]):
        mine = np.flatnonzero(both[:, :, k].all(axis=0))
        one, next_ = mine[: len(mine) - 1 : 2], mine[1::2]
        out[:, one, k] = chosen(first[:, one, k], second[:, next_, k])
    return out


def shares(credit: np.ndarray) -> dict[str, np.ndarray]:
    """Share of correct choices (difference) with its interval, from credits (difference, trial)."""
    from ..kernels.intervals import pointwise, wilson

    out = {end: np.full(len(credit), np.nan) for end in ("", "_low", "_high")}
    for q, one in enumerate(credit):
        if len(some := one[np.isfinite(one)]):
            out[""][q] = some.mean()
            out["_low"][q], out["_high"][q] = wilson(some.mean(), len(some), pointwise())
    return out


def noticed(
    w: np.ndarray, credit: np.ndarray, grid: np.ndarray, rng: np.random.Generator
) -> dict[str, float | np.ndarray]:
    """The fitted curve and the difference where it is 3/4, from credits (difference, trial)."""
    from ..kernels import psychometric as kernel

    right = credit[:, np.isfinite(credit).all(axis=0)].T
    if not len(right):
        return {"jnd_censored": 0}
    theta, b, lapse = kernel.fit(w, right.sum(axis=0), float(len(right)))
    jnd = kernel.censored(kernel.difference(theta, b, lapse), w)
    low, high = kernel.interval(w, right, rng)
    return {
        "jnd": jnd, "jnd_low": low, "jnd_high": high, "slope": b, "lapse": lapse,
        "jnd_censored": -1 if jnd == 0 else int(np.isinf(jnd)),
        "deviance": kernel.deviance(w, right.sum(axis=0), float(len(right)), theta, b, lapse),
        "curve": kernel.curve(grid, theta, b, lapse),
    }  # fmt: skip
