"""From the guesses of a label to scores: intervals, simultaneous bands, the control and its p-value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .ensemble import clusters, samples
from .graph import Promise, Task
from .seeds import generator

if TYPE_CHECKING:
    import xarray as xr

PERMUTATIONS, RESAMPLES = 999, 1000


@dataclass(frozen=True)
class ConclusionParams:
    """Of which guesses scores are made."""

    name: str  # of the analysis
    guess: str  # the stage that gives the guesses
    classes: str  # dimension of the true class


@dataclass(frozen=True)
class Guesses:
    """What a stage `analysis.NAME.guess` gives, (network?, question?, sample dims, time)."""

    data: xr.Dataset

    @property
    def guess(self) -> xr.DataArray:
        """Number of the class guessed, -1 where the trial was not scored."""
        return self.data["guess"]

    @property
    def truth(self) -> xr.DataArray:
        """Number of the true class, -1 where none; the same of every network."""
        return self.data["truth"]

    @property
    def credit(self) -> xr.DataArray:
        """Share of the guess that is right, NaN where not scored."""
        return self.data["credit"]

    @property
    def control(self) -> xr.DataArray:
        """The credit of labels shuffled."""
        return self.data["credit_control"]

    @property
    def front(self) -> tuple[str, ...]:
        """Dimensions in front of the samples: of networks and questions."""
        return tuple(str(d) for d in self.guess.dims if d not in ("swept", "drive", "trial", "time"))

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of those."""
        return tuple(self.data.sizes[d] for d in self.front)

    def at(self, place: tuple[int, ...]) -> Guesses:
        """The guesses of one network and question."""
        return Guesses(self.data.isel(dict(zip(self.front, place))))


def bayes_ceiling(nulls: xr.Dataset, guesses: Guesses) -> np.ndarray:
    """Bayes ceiling at the times of the guesses, (time)."""
    return at_times(nulls["ceiling"], guesses)


def memoryless(nulls: xr.Dataset, guesses: Guesses) -> np.ndarray:
    """Best score from the present field alone at the times of the guesses, (…, time)."""
    return at_times(nulls["memoryless"], guesses)


def at_times(values: xr.DataArray, guesses: Guesses) -> np.ndarray:
    """Values (…, time) at the switches of the guesses."""
    return values.values[..., np.searchsorted(values["switch"].values, guesses.data["switch"].values)]


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


def conclude(task: Task, params: ConclusionParams, names: list[str], inputs: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Scores with their intervals, the control, and the confusion of classes, of every network and question."""
    import xarray as xr

    guesses, cluster = Guesses(inputs[params.guess]), clusters(inputs["split"])
    at = {d: guesses.data.sizes[d] for d in (*guesses.front, "time")}
    gives = {n: p for n, p in promises(guesses.front, "class", False).items() if "time" in p.dims}
    tail = {"confusion": (len(names), len(names))}
    out = {n: np.full((*at.values(), *tail.get(n, ())), np.nan) for n in gives}
    for place in np.ndindex(*guesses.shape):
        rng = generator(task.seed, "analysis", params.name, "band", *(place or (0,)))
        for name, value in scored(guesses.at(place), cluster, len(names), rng).items():
            out[name][place] = value
    out["trials_scored"] = np.nan_to_num(out["trials_scored"]).astype(np.int32)
    dims = {"confusion": (params.classes, "guessed")}
    result = xr.Dataset({n: ((*guesses.front, "time", *dims.get(n, ())), v) for n, v in out.items()})
    result["chance"] = 1 / len(names)
    if "nulls" in inputs:
        result["above_ceiling"] = result["band_low"] - bayes_ceiling(inputs["nulls"], guesses)
    return result.assign_coords({params.classes: names, "guessed": names})


def scored(one: Guesses, cluster: np.ndarray, classes: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What is concluded of one network and question, (time, …)."""
    from .kernels.permutation import p_value

    credit, control, guess, truth = (samples(v) for v in (one.credit, one.control, one.guess, one.truth))
    out: dict[str, np.ndarray] = {
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

    low, high = wilson(credit.mean(), count, pointwise())
    return float(low), float(high)


def band(
    out: dict[str, np.ndarray], credit: np.ndarray, truth: np.ndarray, known: np.ndarray, rng: np.random.Generator
) -> None:
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
    """Mean credits (trial, …) of bootstrap samples of whole clusters, (resample, …), of trials that are scored.

    NaN where no trial is scored throughout.
    """
    mine = np.isfinite(credit.reshape(len(credit), -1)).all(axis=1)
    if not mine.any():
        return np.full((RESAMPLES, *credit.shape[1:]), np.nan)
    known, which = np.unique(cluster[mine], return_inverse=True)
    total = np.zeros((len(known), *credit.shape[1:]))
    np.add.at(total, which, credit[mine])
    weight = rng.multinomial(len(known), np.full(len(known), 1 / len(known)), size=RESAMPLES)
    return np.tensordot(weight, total, 1) / (weight @ np.bincount(which)).reshape(-1, *[1] * (credit.ndim - 1))
