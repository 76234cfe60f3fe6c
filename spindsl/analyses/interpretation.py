"""What does latent space mean? Its correspondence to observables, and the physics of what is decoded from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..decoded import NORMAL, SHUFFLES, Measure, Trials, along, faithful
from ..dwells import dwell_time
from ..ensemble import held_out, samples
from ..errors import MeaningError
from ..features import Observed, Use, coords, feature, folds, matrices
from ..graph import Promise, Split, Stage, Task
from ..lines import observables, values
from ..seeds import generator
from ..spec import Analysis, Label, Switches

if TYPE_CHECKING:
    import xarray as xr

FOLDS, RESAMPLES, WIDEST = 10, 1000, 32


class Interpretation(Analysis):
    """What do directions of latent space mean? Zhong et al. 2020, Fig. 2: against power, magnetization, and all else.

    Of every quantity that the trajectory knows: its correlation with each latent variable, and the cross-validated R^2
    of fits over the trials' latent points: by a plane, by the distance from the middle, to second order, by the mean of
    the nearest neighbours, by the present field alone, and by field and second order together. Where the bottleneck is
    decoded along lines also observables of configurations drawn there, beside those of the real trials nearest.
    """

    cites: ClassVar = ("zhong2020",)

    kind: Literal["interpretation"]
    of: Label = Field(description="a bottleneck, with `decode` for what is drawn along lines; or an observable")
    use: Use = Field(default="means", description="of a bottleneck: means or samples of its posterior, or its evidence")
    samples: Annotated[int, Field(ge=2)] = Field(default=100, description="configurations drawn at a point")
    neighbours: Annotated[int, Field(ge=2)] = Field(
        default=50, description="real trials nearest a point that it is compared with"
    )
    switches: Switches | None = Field(default=None, description="at these switches only; decoded ones have their own")

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, lines = sources["trajectory"], sources.get(f"bottleneck.{self.of}.lines")
        found = feature(self.of, self.use, sources)
        if found.width > WIDEST:
            hint = f"a bottleneck, of at most {WIDEST} latent variables"
            raise MeaningError(f"{found.width} features are too many directions", "of", hint=hint)
        source = lines or found.source
        needs = [source.name, "trajectory", "split"]
        measured, dwell = ["magnetization"] if "spins" in trajectory.gives else [], 1.0
        if "system" in sources and "J" in sources["system"].gives:
            measured.append("interaction_energy")
            needs.append("system")
        if "fields" in sources:
            measured += ["field_energy", "next_power"]
            dwell = dwell_time(trajectory)
            needs.append("fields")
        quantities = tuple(q for q in dict.fromkeys((*measured, *known(trajectory))) if q != self.of)
        fits = ("linear", "radial", "quadratic", "neighbours", *(("field", "both") if "fields" in sources else ()))
        params = InterpretationParams(
            self, name, Observed(source.name, found.variable, found.use), lines is not None, tuple(measured),
            quantities, fits, dwell,
        )  # fmt: skip
        labels = lines.coords if lines else coords(found, trajectory, self.switches)
        labels = {k: v for k, v in labels.items() if k not in ("drive", "trial")}
        labels |= {"observable": tuple(measured), "quantity": quantities, "fit": fits}
        gives = promises(("network",) if "network" in labels else (), lines is not None)
        return (Stage(
            f"analysis.{name}", look, params, gives, tuple(dict.fromkeys(needs)),
            split=Split("switch", labels["switch"], 1),
            group=f"/analysis/{name}", coords=labels, sizes={"latent": found.width},
            seconds=3.0 * len(labels["switch"]),
        ),)  # fmt: skip


@dataclass(frozen=True)
class InterpretationParams:
    """Which latent space is held against what."""

    word: Interpretation
    name: str
    feature: Observed
    decoded: bool  # along lines
    observables: tuple[str, ...]  # of what is decoded
    quantities: tuple[str, ...]  # of the real trials
    fits: tuple[str, ...]
    dwell: float  # s; 1 where no field is switched


def known(trajectory: Stage) -> tuple[str, ...]:
    """All numbers a trial and time, hidden ones too."""
    return observables(trajectory, hidden=True) if "spins" in trajectory.gives else tuple(
        n for n in observables(trajectory, hidden=True) if n in trajectory.gives
    )  # fmt: skip


def promises(many: tuple[str, ...], decoded: bool) -> dict[str, Promise]:
    """What is told of the latent space, of what is decoded along lines, and of what is decoded at the trials."""
    fit, each = (*many, "time", "fit", "quantity"), (*many, "time", "quantity", "latent")
    at, of = (*many, "time", "observable", "direction", "point"), (*many, "time", "observable")
    near = "the real trials nearest in latent space"
    unit = "K, K/s for power, 1 for magnetization"
    gives = {
        "r2": Promise(fit, "1", "cross-validated R^2 of a fit of the quantity over latent points; 0 is the mean alone"),
        "r2_low": Promise(fit, "1", "95 % interval of R^2, bootstrap over trials"),
        "r2_high": Promise(fit, "1", "95 % interval of R^2, bootstrap over trials"),
        "r2_control": Promise(fit, "1", "R^2 with the quantity shuffled among trials, mean"),
        "r2_control_high": Promise(fit, "1", "R^2 with the quantity shuffled, 95 % quantile"),
        "correlation": Promise(each, "1", "correlation of the quantity with the latent variable, over trials"),
        "correlation_low": Promise(each, "1", "95 % interval of the correlation (Fisher)"),
        "correlation_high": Promise(each, "1", "95 % interval of the correlation (Fisher)"),
    }  # fmt: skip
    if not decoded:
        return gives
    return gives | {
        "generated": Promise(at, unit, "mean over configurations drawn from the decoder at the point"),
        "generated_low": Promise(at, unit, "95 % interval of that mean, over what is drawn"),
        "generated_high": Promise(at, unit, "95 % interval of that mean, over what is drawn"),
        "generated_std": Promise(at, unit, "standard deviation of what is drawn"),
        "nearest": Promise(at, unit, f"mean over {near}"),
        "nearest_low": Promise(at, unit, "95 % interval of that mean, over trials"),
        "nearest_high": Promise(at, unit, "95 % interval of that mean, over trials"),
        "nearest_std": Promise(at, unit, f"standard deviation over {near}"),
        "distance": Promise(
            (*many, "time", "direction", "point"), "1", "median distance of these trials from the point, "
            "in standard deviations of the latent variables"
        ),
        "observed": Promise(of, unit, "mean over all real trials"),
        "observed_low": Promise(of, unit, "2.5 % quantile of all real trials"),
        "observed_high": Promise(of, unit, "97.5 % quantile of all real trials"),
        "control": Promise(of, unit, "mean over configurations decoded at trials taken at random, whatever the point"),
        "control_low": Promise(of, unit, "95 % interval of a mean over so many random ones as there are neighbours"),
        "control_high": Promise(of, unit, "95 % interval of a mean over so many random ones as there are neighbours"),
        "fidelity": Promise(of, "1", "correlation of a held-out trial with what is decoded at its own latent point"),
        "fidelity_low": Promise(of, "1", "95 % interval of that correlation (Fisher)"),
        "fidelity_high": Promise(of, "1", "95 % interval of that correlation (Fisher)"),
        "fidelity_control": Promise(of, "1", "correlation with trials of the same field shuffled, 95 % quantile"),
        "bias": Promise(of, unit, "decoded minus real, mean over held-out trials"),
        "bias_low": Promise(of, unit, "95 % interval of that difference, paired by trial"),
        "bias_high": Promise(of, unit, "95 % interval of that difference, paired by trial"),
    }  # fmt: skip


def look(task: Task[InterpretationParams], **inputs: xr.Dataset) -> xr.Dataset:
    """All of that, at the times and for the networks of the task."""
    import xarray as xr

    params, source = task.params, inputs[task.params.feature.source]
    gives, many = promises(("network",), params.decoded), "network" in params.feature.values(inputs).dims
    points = matrices(task, params.name, params.feature, inputs)
    edges = couplings(inputs["system"]) if "system" in inputs else None
    A = inputs["fields"]["field_strength"].values if "fields" in inputs else None
    measure = Measure(params.observables, edges, A, params.dwell)
    source = source if many else source.expand_dims("network")
    found: dict[str, list[np.ndarray]] = {name: [] for name in gives}
    for n in range(len(points)):
        for k, switch in enumerate(task.labels):
            task.tick((n + k / len(task.labels)) / len(points))
            trials = gathered(params.quantities, inputs, switch, points[n][k], measure)
            rng = generator(task.seed, "analysis", params.name, switch, n)
            told = correspond(params.fits, trials, rng)
            if params.decoded:
                one, word = source.isel(network=n, time=k), params.word
                told |= along(word.samples, word.neighbours, one, trials, measure, rng)
                told |= faithful(word.neighbours, samples(one["reconstruction"])[trials.held], trials, measure, rng)
            for name, value in told.items():
                found[name].append(value)
    each = len(points), len(task.labels)
    result = xr.Dataset({
        name: (promise.dims, np.array(found[name], dtype=float).reshape(*each, *np.shape(found[name][0])))
        for name, promise in gives.items()
    })  # fmt: skip
    return result if many else result.isel(network=0)


def couplings(system: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs i, j of spins and their J, K."""
    return system["i"].values, system["j"].values, system["J"].values


def gathered(
    names: tuple[str, ...], inputs: Mapping[str, xr.Dataset], switch: int, z: np.ndarray, measure: Measure
) -> Trials:
    """The real trials at a switch."""
    trajectory = inputs["trajectory"]
    k = int(np.flatnonzero(trajectory["switch"].values == switch)[0])
    on = np.zeros(len(z), int) if measure.A is None else samples(trajectory["field"])[:, k]
    share = np.eye(1 if measure.A is None else len(measure.A) + 1)[on]
    real = measure(samples(trajectory["spins"])[:, k], share) if measure.names else np.empty((0, len(z)))
    own = dict(zip(measure.names, real))
    quantities = {q: own[q] if q in own else values(trajectory, q)[:, k] for q in names}
    held, fold = held_out(inputs["split"]), folds(inputs["split"]) % FOLDS
    return Trials(z, share, real, held, fold, quantities)


def correspond(kinds: tuple[str, ...], trials: Trials, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """R^2 of each fit of each quantity over the latent points, and correlations."""
    from ..kernels import fits

    z, count = trials.z, len(trials.z)
    shape = len(kinds), len(trials.quantities)
    out = {n: np.full(shape, np.nan) for n in ("r2", "r2_low", "r2_high", "r2_control", "r2_control_high")}
    out |= {f"correlation{e}": np.full((shape[1], z.shape[1]), np.nan) for e in ("", "_low", "_high")}
    if not np.isfinite(z).all():
        return out  # a feature that is not known of all trials
    design = fits.designs(z) | {"field": fits.indicators(trials.share.argmax(axis=1))}
    design["both"] = np.hstack([design["field"], design["quadratic"][:, 1:]])
    weight = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(float)
    order = np.stack([rng.permutation(count) for _ in range(SHUFFLES)], axis=1)
    for q, y in enumerate(trials.quantities.values()):
        if not np.isfinite(y).all() or np.ptp(y) <= 1e-9 * np.abs(y).max():
            continue
        y = np.column_stack([y, y[order]])  # the quantity, then shuffled
        mean = fits.predicted(np.ones((count, 1)), y, trials.fold)
        for f, kind in enumerate(kinds):
            near = kind == "neighbours"
            guess = fits.nearest(z, y, trials.fold) if near else fits.predicted(design[kind], y, trials.fold)
            r2, first = fits.explained(y, guess, mean), np.s_[:, :1]
            spread = fits.explained(y[first], guess[first], mean[first], weight)
            out["r2"][f, q], out["r2_control"][f, q] = r2[0], r2[1:].mean()
            out["r2_control_high"][f, q] = np.quantile(r2[1:], 0.95)
            out["r2_low"][f, q], out["r2_high"][f, q] = np.quantile(spread, (0.025, 0.975))
        out["correlation"][q] = [fits.correlation(y[:, 0], column) for column in z.T]
        out["correlation_low"][q], out["correlation_high"][q] = fits.fisher(out["correlation"][q], count, NORMAL)
    return out
