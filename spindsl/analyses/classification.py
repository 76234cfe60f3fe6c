"""Can the drive be told from the configuration it left behind?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..ensemble import drives, each, sample_dims, samples, shaped
from ..errors import DataError, MeaningError
from ..graph import Promise, Split, Stage, Task
from ..seeds import generator
from ..spec import Analysis, Label, Positive, Switches, Words

if TYPE_CHECKING:
    import xarray as xr


KERNELS = ("spindsl.kernels.densities", "spindsl.kernels.floats", "spindsl.ensemble")


class Kde(Words):
    """Kernel density of each drive: Gaussian kernels, covariance of the drive, Scott's rule."""

    kind: Literal["kde"]


class Gaussian(Words):
    """A normal distribution of each feature and drive (naive Bayes), as the authors' script had it."""

    kind: Literal["gaussian"]


class Histogram(Words):
    """Joint histogram of at most three features, as the paper's text has it for the power."""

    kind: Literal["histogram"]
    bins: Annotated[int, Field(ge=2, le=1000)] = Field(description="cells a feature")


class Logistic(Words):
    """Multinomial logistic regression; sees the drives' names, so it is a reader and no bottleneck."""

    kind: Literal["logistic"]
    C: Positive = Field(description="inverse of the penalty on squared weights")


class Folds(Words):
    """Cross-validation: every trial is held out once."""

    folds: Annotated[int, Field(ge=2)]


class Classification(Analysis):
    """Maximum-likelihood guess of the drive; the score is the fraction of trials guessed right.

    argmax_d p(feature | d) with the density fitted to the trials of drive d, equal priors; ties share, and
    every drive counts alike, however many trials it has.
    Zhong et al. 2020, "classification", Fig. 3. A shuffled-label control goes through the same steps.
    """

    cites: ClassVar = ("zhong2020", "pedregosa2011", "wilson1927")

    kind: Literal["classification"]
    of: Label = Field(description='a bottleneck, an observable such as "power", "spins" or "features"')
    use: Literal["means", "samples"] = Field(default="means", description="of a bottleneck's posterior")
    by: Annotated[Kde | Gaussian | Histogram | Logistic, Field(discriminator="kind")] = Field(
        description="density or reader"
    )
    score: Literal["held-out", "all"] | Folds = Field(
        default="held-out", description="all fits and scores on the same trials"
    )
    switches: Switches | None = Field(default=None, description="at these switches only")

    @model_validator(mode="after")
    def _fits(self):
        if self.of == "spins" and isinstance(self.by, Histogram | Kde):
            raise MeaningError("a joint density of raw spins is out of reach; use gaussian or logistic", "by")
        return self

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, bottleneck = sources["trajectory"], sources.get(f"bottleneck.{self.of}")
        source = bottleneck or trajectory
        if self.of == "features" and isinstance(self.by, Histogram | Kde) and trajectory.size("feature") > 3:
            raise MeaningError(
                "a joint density of more than 3 features is out of reach; use gaussian or logistic", "by"
            )
        if self.use == "samples" and "latent_std" not in source.gives:
            raise MeaningError(f"{self.of!r} has no posterior to sample; drop `use`", "use")
        if len(trajectory.coords.get("drive", ("", ""))) < 2:
            raise MeaningError("one drive alone cannot be told from others", "of")
        trials = len(trajectory.coords["trial"])
        if isinstance(self.score, Folds) and self.score.folds > trials:
            raise MeaningError("more folds than trials", "score", "folds", code="E203", hint=f"at most {trials}")
        coords = {k: trajectory.coords[k] for k in ("drive", "trial", "switch", "time") if k in trajectory.coords}
        coords |= {"network": source.coords["network"]} if "network" in source.coords else {}
        if self.switches:
            missing = set(self.switches) - set(coords["switch"])
            if missing:
                raise MeaningError(f"switch {min(missing)} is not recorded", "switches", code="E203")
            chosen = [coords["switch"].index(k) for k in sorted(self.switches)]
            coords |= {k: tuple(coords[k][i] for i in chosen) for k in ("switch", "time")}
        many = ("network",) if "network" in coords else ()
        along = (*many, *sample_dims(trajectory), "time")
        gives = {
            "guess": Promise(
                along,
                "1",
                "number of the drive guessed, the first of those tied, -1 where the trial was not scored",
                "int16",
                label=True,
            ),
            "credit": Promise(
                along,
                "1",
                "share of the guess that is right (ties share), weighted to equal drives, NaN where not scored",
                "float64",
                hidden=True,
            ),
            "credit_control": Promise(along, "1", "the same with shuffled drives", "float64", hidden=True),
        }
        said = self.said() | {
            "name": name,
            "variable": "latent_mean" if bottleneck else self.of,
            "latent": bottleneck is not None,
        }
        needs = (source.name, "split") + (("trajectory",) if bottleneck else ())
        per_time = 0.4 if self.by.kind == "logistic" else 0.1
        guess = Stage(
            f"analysis.{name}.guess", ask, said | {"source": source.name}, gives, tuple(dict.fromkeys(needs)),
            split=Split("switch", coords["switch"], 10), code=KERNELS,
            group=f"/analysis/{name}", coords=coords, seconds=per_time * len(coords["switch"]), interpreted=True,
        )  # fmt: skip
        needs = (guess.name, *(["nulls"] if "nulls" in sources else []))
        final = summary(many, sample_dims(trajectory), "nulls" in sources)
        return guess, Stage(
            f"analysis.{name}", conclude, {"name": name, "guess": guess.name}, final, needs,
            code=("spindsl.kernels.intervals",), group=f"/analysis/{name}",
            coords={k: v for k, v in coords.items() if k != "trial"},
        )  # fmt: skip


def ask(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """The guess for every scored trial at the times of the task."""
    import xarray as xr

    said, trajectory = task.said, inputs["trajectory"]
    label, names = drives(trajectory)
    split = inputs["split"]
    held, fold = samples(split["split"]) == 1, samples(split["fold"])
    trained(said["score"], label, fold, names)
    shuffled = generator(task.seed, "analysis", said["name"], "control").permutation(label)
    like = each(trajectory)
    networks = features(task, inputs[said["source"]])
    guess = np.full((len(networks), *like.shape, len(task.labels)), -1, np.int16)
    credit, control = (np.full(guess.shape, np.nan) for _ in range(2))
    for n, network in enumerate(networks):
        for k, feature in enumerate(network):
            task.tick((n + k / len(network)) / len(networks))
            for target, truth in ((credit, label), (control, shuffled)):
                found, right = score(said, feature, truth, held, fold, len(names))
                target[n, ..., k] = shaped(right, like)
                if target is credit:
                    guess[n, ..., k] = shaped(found, like)
    dims = ("network", *like.dims, "time")
    result = xr.Dataset({"guess": (dims, guess), "credit": (dims, credit), "credit_control": (dims, control)})
    return result if "network" in inputs[said["source"]].sizes else result.isel(network=0)


def trained(how: Any, label: np.ndarray, fold: np.ndarray, names: list[str]) -> None:
    """DataError if a fold would hold every trial of a drive, as folds of whole groups may."""
    for k in range(how["folds"] if isinstance(how, Mapping) else 0):
        for d in set(range(len(names))) - set(label[fold % how["folds"] != k].tolist()):
            raise DataError(f"fold {k + 1} holds every trial of drive {names[d]!r}; take more or fewer folds")


def features(task: Task, source: xr.Dataset) -> list[list[np.ndarray]]:
    """Feature matrices (sample, feature) of each network and time."""
    said = task.said
    values = source[said["variable"]]
    if said["latent"] and said["use"] == "samples":
        draw = [generator(task.seed, "analysis", said["name"], "sample", k) for k in task.labels]
        shape = values.isel(time=0).shape
        noise = np.stack([g.standard_normal(shape) for g in draw], axis=values.dims.index("time"))
        values = values + source["latent_std"] * noise
    if "network" not in values.dims:
        values = values.expand_dims("network")
    found = []
    for n in range(values.sizes["network"]):
        x = samples(values.isel(network=n)).astype(np.float64)
        x = x[..., None] if x.ndim == 2 else x
        found.append([x[:, k] for k in range(x.shape[1])])
    return found


def score(said: Mapping[str, Any], x, label, held, fold, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Guess (-1 where not scored) and credit (NaN there) of every sample.

    Credit is weighted so that every drive counts alike, however many of its trials are scored: the mean
    is the balanced score, and a blind guess is worth one over the number of drives.
    """
    from ..kernels import densities

    by = dict(said["by"])
    density = getattr(densities, by.pop("kind"))
    if not np.isfinite(x).all():
        return np.full(len(label), -1), np.full(len(label), np.nan)
    if said["score"] == "held-out":
        rounds = [(~held, held)]
    elif said["score"] == "all":
        rounds = [(np.ones_like(held), np.ones_like(held))]
    else:
        folds = said["score"]["folds"]
        rounds = [(fold % folds != k, fold % folds == k) for k in range(folds)]
    guess, credit = np.full(len(label), -1), np.full(len(label), np.nan)
    for train, test in rounds:
        seen, asked = x[train], x[test]
        if said.get("variable") == "features":
            mean, std = seen.mean(axis=0), seen.std(axis=0)
            seen, asked = ((v - mean) / np.where(std > 0, std, 1.0) for v in (seen, asked))
        evidence = density(seen, label[train], asked, classes, **by)
        guess[test] = evidence.argmax(axis=1)
        credit[test] = densities.credit(evidence, label[test])
    scored = np.isfinite(credit)
    counts = np.bincount(label[scored], minlength=classes)
    return guess, credit * (scored.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1)))[label]


def summary(many: tuple[str, ...], dims: tuple[str, ...], nulls: bool) -> dict[str, Promise]:
    """What is concluded from the guesses."""
    at = (*many, "time")
    gives = {
        "score": Promise(at, "1", "fraction of scored trials whose drive is guessed, mean over drives"),
        "score_low": Promise(at, "1", "95 % Wilson interval of the score at each time, over trials"),
        "score_high": Promise(at, "1", "95 % Wilson interval of the score at each time, over trials"),
        "band_low": Promise(at, "1", "95 % band of the score at all times at once"),
        "band_high": Promise(at, "1", "95 % band of the score at all times at once"),
        "score_control": Promise(at, "1", "score with shuffled drives"),
        "control_low": Promise(at, "1", "95 % Wilson interval of the control"),
        "control_high": Promise(at, "1", "95 % Wilson interval of the control"),
        "trials_scored": Promise(at, "1", "number of trials scored", "int32"),
        "chance": Promise((), "1", "score of a blind guess"),
        "confusion": Promise(
            (*at, "drive", "guessed"), "1", "fraction of a drive's scored trials guessed to be each drive"
        ),
    }
    if nulls:
        gives["above_ceiling"] = Promise(
            at, "1", "lower edge of the band minus the Bayes ceiling; positive is impossible"
        )
    return gives


def alike(label: np.ndarray) -> float:
    """Number of trials of equal drives that would give the balanced score the same error: k^2 / sum_d 1/n_d."""
    counts = np.unique(label, return_counts=True)[1]
    return len(counts) ** 2 / (1 / counts).sum()


def conclude(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """Scores with their intervals, the control, and the confusion of drives."""
    import xarray as xr

    from ..kernels.intervals import pointwise, simultaneous, wilson

    guesses = inputs[task.said["guess"]]
    label, names = drives(guesses)
    single = "network" not in guesses.sizes
    guesses = guesses.expand_dims("network") if single else guesses
    shape = (guesses.sizes["network"], guesses.sizes["time"])
    gives = summary((), (), False)
    out = {n: np.full(shape, np.nan) for n, p in gives.items() if p.dims == ("time",)}
    confusion = np.full((*shape, len(names), len(names)), np.nan)
    for n in range(shape[0]):
        one = guesses.isel(network=n)
        credit, control, guess = (samples(one[v]) for v in ("credit", "credit_control", "guess"))
        known = np.isfinite(credit).any(axis=0)
        scored = np.isfinite(credit[:, known]).all(axis=1)
        if not known.any():
            continue
        rng = generator(task.seed, "analysis", task.said["name"], "band", n)
        z = simultaneous(credit[scored][:, known].astype(float), label[scored], rng)
        count = alike(label[scored])
        right, blind = credit[scored].mean(axis=0, dtype=float), control[scored].mean(axis=0, dtype=float)
        out["score"][n], out["score_control"][n], out["trials_scored"][n] = right, blind, scored.sum()
        out["score_low"][n], out["score_high"][n] = wilson(right, count, pointwise())
        out["control_low"][n], out["control_high"][n] = wilson(blind, count, pointwise())
        out["band_low"][n], out["band_high"][n] = wilson(right, count, z)
        for d in range(len(names)):
            mine = guess[scored & (label == d)]
            for g in range(len(names)):
                confusion[n, known, d, g] = (mine == g).mean(axis=0)[known]
    out["trials_scored"] = np.nan_to_num(out["trials_scored"]).astype(np.int32)
    result = xr.Dataset({n: (("network", "time"), v) for n, v in out.items()})
    result["confusion"] = (("network", "time", "drive", "guessed"), confusion)
    result["chance"] = 1 / len(names)
    if "nulls" in inputs:
        ceiling = inputs["nulls"]["ceiling"]
        at = np.searchsorted(inputs["nulls"]["switch"].values, guesses["switch"].values)
        result["above_ceiling"] = result["band_low"] - ceiling.values[at]
    return (result.isel(network=0) if single else result).assign_coords(drive=names, guessed=names)
