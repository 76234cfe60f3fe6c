"""The physics of what is decoded from latent space, held against the real trials nearest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

SHUFFLES = 100
NORMAL = 1.959963984540054  # its 97.5 % quantile


@dataclass(frozen=True)
class Measure:
    """Observables of configurations, in a field that is on with some probability."""

    names: tuple[str, ...]
    edges: tuple[np.ndarray, np.ndarray, np.ndarray] | None  # i, j, J
    A: np.ndarray | None  # (field, spin), K
    dwell: float

    def __call__(self, s: np.ndarray, share: np.ndarray) -> np.ndarray:
        """(observable, …) of s (…, spin) and the share of each field (…, field), that of no field last.

        The next power is that of a switch to any other declared field, all equally likely: mean W / dwell.
        """
        from .kernels import physics

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


def along(
    drawn: int, neighbours: int, one: xr.Dataset, trials: Trials, measure: Measure, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Observables of so many configurations drawn at each point of the lines, and of so many real trials nearest it.

    What is drawn has no field of its own: each field is on with its share among the trials nearest.
    """
    from .kernels import fits, physics

    line, mean = one["line"].values, one["mean_spin"].values
    scale = trials.z.std(axis=0)
    scale[scale == 0] = 1.0
    count = min(neighbours, len(trials.z))
    shape = len(measure.names), *line.shape[:2]
    endings = ("", "_low", "_high", "_std")
    out: dict[str, np.ndarray] = {f"{n}{e}": np.full(shape, np.nan) for n in ("generated", "nearest") for e in endings}
    out["distance"] = np.full(shape[1:], np.nan)
    for d, p in np.ndindex(shape[1:]):
        s = physics.drawn(mean[d, p], drawn, rng)
        if not np.isfinite(line[d, p]).all():
            continue
        far = np.sqrt((((trials.z - line[d, p]) / scale) ** 2).sum(axis=1))
        near = np.argpartition(far, count - 1)[:count]
        out["distance"][d, p] = np.median(far[near])
        both = {"generated": measure(s, trials.share[near].mean(axis=0)), "nearest": trials.real[:, near]}
        for name, found in both.items():
            for ending, value in zip(endings, fits.estimated(found, NORMAL)):
                out[f"{name}{ending}"][:, d, p] = value
    return out


def faithful(
    neighbours: int, mean: np.ndarray, trials: Trials, measure: Measure, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """One configuration drawn at the latent point of each held-out trial, held against that trial."""
    from .kernels import fits, physics

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
