"""What does latent space mean? Its correspondence to observables, and the physics of what is decoded from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..ensemble import samples
from ..errors import MeaningError
from ..graph import Promise, Split, Stage, Task
from ..lines import observables, values
from ..seeds import generator
from ..spec import Analysis, Label

if TYPE_CHECKING:
    import xarray as xr

KERNELS = ("spindsl.kernels.physics", "spindsl.kernels.fits", "spindsl.lines", "spindsl.ensemble")
FOLDS, SHUFFLES, RESAMPLES = 10, 100, 1000
NORMAL = 1.959963984540054  # its 97.5 % quantile


class LatentSpace(Analysis):
    """Zhong et al. 2020, Fig. 2: latent space against power and magnetization, and what is decoded from it.

    Of every quantity: the cross-validated R^2 of a least-squares fit over the trials' latent points, by a plane, by
    the distance from the middle, to second order, by the present field alone, and by both of these. Along the lines
    that the bottleneck decodes: observables of configurations drawn from it, beside those of the real trials nearest.
    """

    cites: ClassVar = ("zhong2020",)

    kind: Literal["latent-space"]
    of: Label = Field(description="a bottleneck that has `decode`")
    samples: Annotated[int, Field(ge=2)] = Field(default=100, description="configurations drawn at a point")
    neighbours: Annotated[int, Field(ge=2)] = Field(
        default=50, description="real trials nearest a point that it is compared with"
    )

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, lines = sources["trajectory"], sources.get(f"bottleneck.{self.of}.lines")
        if lines is None:
            hint = f"add decode = {{ switches = […] }} to [bottleneck.{self.of}]"
            raise MeaningError(f"{self.of!r} is not decoded anywhere", "of", code="E204", hint=hint)
        needs = [lines.name, "trajectory", "split"]
        measured, said = ["magnetization"], self.said() | {"name": name, "lines": lines.name}
        if "system" in sources and "J" in sources["system"].gives:
            measured.append("interaction_energy")
            needs.append("system")
        if "fields" in sources:
            measured += ["field_energy", "next_power"]
            said["dwell"] = trajectory.said["dwell"]
            needs.append("fields")
        quantities = list(dict.fromkeys((*measured, *observables(trajectory))))
        fits = ["linear", "radial", "quadratic"] + (["field", "both"] if "fields" in sources else [])
        said |= {"observables": measured, "quantities": quantities, "fits": fits}
        coords = {k: v for k, v in lines.coords.items() if k not in ("drive", "trial")}
        coords |= {"observable": tuple(measured), "quantity": tuple(quantities), "fit": tuple(fits)}
        gives = promises(("network",) if "network" in coords else ())
        return (Stage(
            f"analysis.{name}", look, said, gives, tuple(needs), split=Split("switch", coords["switch"], 1),
            code=KERNELS, group=f"/analysis/{name}", coords=coords, sizes={"latent": lines.sizes["latent"]},
            seconds=3.0 * len(coords["switch"]),
        ),)  # fmt: skip


def promises(many: tuple[str, ...]) -> dict[str, Promise]:
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
    return gives


@dataclass(frozen=True)
class Measure:
    """Observables of configurations, in a field that is on with some probability."""

    names: list[str]
    edges: tuple[np.ndarray, np.ndarray, np.ndarray] | None  # i, j, J
    A: np.ndarray | None  # (field, spin), K
    dwell: float

    def __call__(self, s: np.ndarray, share: np.ndarray) -> np.ndarray:
        """(observable, …) of s (…, spin) and the share of each field (…, field), that of no field last.

        The next power is that of a switch to any other declared field, all equally likely: mean W / dwell.
        """
        from ..kernels import physics

        s = s.astype(np.float64)
        found = {"magnetization": s.mean(axis=-1)}
        if self.edges is not None:
            found["interaction_energy"] = physics.interaction(s, *self.edges)
        if self.A is not None:
            energy = physics.zeeman(s, np.vstack([self.A, np.zeros(s.shape[-1])]))
            work = physics.switching(energy[..., :-1])
            work = np.concatenate([work, energy[..., :-1].mean(axis=-1, keepdims=True)], axis=-1)
            found["field_energy"] = (energy * share).sum(axis=-1)
            found["next_power"] = (work * share).sum(axis=-1) / self.dwell
        return np.array([found[name] for name in self.names])


@dataclass(frozen=True)
class Trials:
    """The real trials at one time."""

    z: np.ndarray  # (sample, latent)
    share: np.ndarray  # (sample, field), 1 for the field that was on, the last column for none
    real: np.ndarray  # (observable, sample)
    held: np.ndarray  # held out
    fold: np.ndarray
    quantities: Mapping[str, np.ndarray]  # (sample)


def look(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """All of that, at the times and for the networks of the task."""
    import xarray as xr

    lines, gives, said = inputs[task.said["lines"]], promises(("network",)), task.said
    many = "network" in lines.sizes
    lines = lines if many else lines.expand_dims("network")
    edges = tuple(inputs["system"][n].values for n in ("i", "j", "J")) if "system" in inputs else None
    A = inputs["fields"]["field_strength"].values if "fields" in inputs else None
    measure = Measure(said["observables"], edges, A, said.get("dwell", 1.0))
    found: dict[str, list] = {name: [] for name in gives}
    for n in range(lines.sizes["network"]):
        for k, switch in enumerate(task.labels):
            task.tick((n + k / len(task.labels)) / lines.sizes["network"])
            one = lines.isel(network=n, time=k)
            trials = gathered(said, inputs, switch, one, measure)
            rng = generator(task.seed, "analysis", said["name"], switch, n)
            told = correspond(said["fits"], trials, rng) | along(said, one, trials, measure, rng)
            told |= faithful(said["neighbours"], samples(one["reconstruction"])[trials.held], trials, measure, rng)
            for name, value in told.items():
                found[name].append(value)
    each = lines.sizes["network"], len(task.labels)
    result = xr.Dataset({
        name: (promise.dims, np.array(found[name], dtype=float).reshape(*each, *np.shape(found[name][0])))
        for name, promise in gives.items()
    })  # fmt: skip
    return result if many else result.isel(network=0)


def gathered(
    said: Mapping[str, Any], inputs: Mapping[str, xr.Dataset], switch: int, one: xr.Dataset, measure: Measure
) -> Trials:
    """The real trials at a switch."""
    trajectory = inputs["trajectory"]
    k = int(np.flatnonzero(trajectory["switch"].values == switch)[0])
    spins = samples(trajectory["spins"])[:, k]
    on = np.zeros(len(spins), int) if measure.A is None else samples(trajectory["field"])[:, k]
    share = np.eye(1 if measure.A is None else len(measure.A) + 1)[on]
    real = measure(spins, share)
    own = dict(zip(measure.names, real))
    quantities = {q: own[q] if q in own else values(trajectory, q)[:, k] for q in said["quantities"]}
    held, fold = samples(inputs["split"]["split"]) == 1, samples(inputs["split"]["fold"]) % FOLDS
    return Trials(samples(one["latent_mean"]).astype(np.float64), share, real, held, fold, quantities)


def correspond(kinds: list[str], trials: Trials, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """R^2 of each fit of each quantity over the latent points, and correlations."""
    from ..kernels import fits

    z, count = trials.z, len(trials.z)
    shape = len(kinds), len(trials.quantities)
    out = {n: np.full(shape, np.nan) for n in ("r2", "r2_low", "r2_high", "r2_control", "r2_control_high")}
    out |= {f"correlation{e}": np.full((shape[1], z.shape[1]), np.nan) for e in ("", "_low", "_high")}
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
            guess = fits.predicted(design[kind], y, trials.fold)
            r2, first = fits.explained(y, guess, mean), np.s_[:, :1]
            spread = fits.explained(y[first], guess[first], mean[first], weight)
            out["r2"][f, q], out["r2_control"][f, q] = r2[0], r2[1:].mean()
            out["r2_control_high"][f, q] = np.quantile(r2[1:], 0.95)
            out["r2_low"][f, q], out["r2_high"][f, q] = np.quantile(spread, (0.025, 0.975))
        out["correlation"][q] = [fits.correlation(y[:, 0], column) for column in z.T]
        out["correlation_low"][q], out["correlation_high"][q] = fits.fisher(out["correlation"][q], count, NORMAL)
    return out


def along(
    said: Mapping[str, Any], one: xr.Dataset, trials: Trials, measure: Measure, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Observables of what is drawn along the lines, and of the real trials nearest each point.

    What is drawn has no field of its own: each field is on with its share among the trials nearest.
    """
    from ..kernels import fits, physics

    line, mean = one["line"].values, one["mean_spin"].values
    scale = trials.z.std(axis=0)
    scale[scale == 0] = 1.0
    count = min(said["neighbours"], len(trials.z))
    shape = len(measure.names), *line.shape[:2]
    endings = ("", "_low", "_high", "_std")
    out = {f"{n}{e}": np.full(shape, np.nan) for n in ("generated", "nearest") for e in endings}
    out["distance"] = np.full(shape[1:], np.nan)
    for d, p in np.ndindex(shape[1:]):
        drawn = physics.drawn(mean[d, p], said["samples"], rng)
        if not np.isfinite(line[d, p]).all():
            continue
        far = np.sqrt((((trials.z - line[d, p]) / scale) ** 2).sum(axis=1))
        near = np.argpartition(far, count - 1)[:count]
        out["distance"][d, p] = np.median(far[near])
        both = {"generated": measure(drawn, trials.share[near].mean(axis=0)), "nearest": trials.real[:, near]}
        for name, found in both.items():
            for ending, value in zip(endings, fits.estimated(found, NORMAL)):
                out[f"{name}{ending}"][:, d, p] = value
    return out


def faithful(
    neighbours: int, mean: np.ndarray, trials: Trials, measure: Measure, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """One configuration drawn at the latent point of each held-out trial, held against that trial."""
    from ..kernels import fits, physics

    real, count = trials.real[:, trials.held], int(trials.held.sum())
    made = measure(physics.drawn(mean, 1, rng)[0], trials.share[trials.held])
    middle, *_, std = fits.estimated(made, NORMAL)
    half = NORMAL * std / np.sqrt(neighbours)
    out = {"control": middle, "control_low": middle - half, "control_high": middle + half}
    out["observed"] = trials.real.mean(axis=1)
    out["observed_low"], out["observed_high"] = np.quantile(trials.real, (0.025, 0.975), axis=1)
    out["fidelity"] = np.array([fits.correlation(a, b) for a, b in zip(real, made)])
    out["fidelity_low"], out["fidelity_high"] = fits.fisher(out["fidelity"], count, NORMAL)
    order = [within(trials.share[trials.held].argmax(axis=1), rng) for _ in range(SHUFFLES)]
    blind = [[fits.correlation(a, b[k]) for a, b in zip(real, made)] for k in order]
    out["fidelity_control"] = np.quantile(blind, 0.95, axis=0)
    out["bias"], out["bias_low"], out["bias_high"], _ = fits.estimated(made - real, NORMAL)
    return out


def within(label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A permutation that keeps every label in its place."""
    order = np.arange(len(label))
    for k in np.unique(label):
        mine = label == k
        order[mine] = rng.permutation(order[mine])
    return order
