"""What an analysis looks at: numbers of each trial and time, from a bottleneck or from the trajectory itself.

`of` names a bottleneck, whose latent means, samples of its posterior or log evidence are taken (`use`), or a variable
of the trajectory: "spins", "features", or an observable such as "power". An analysis knows no more than a matrix
(sample, feature) for each network and time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .ensemble import samples
from .errors import MeaningError
from .graph import Stage, Task
from .seeds import generator

if TYPE_CHECKING:
    import xarray as xr

Use = Literal["means", "samples", "evidence"]
VARIABLES: dict[Use, str] = {"means": "latent_mean", "samples": "latent_mean", "evidence": "log_evidence"}


@dataclass(frozen=True)
class Observed:
    """What a stage is told of the features that it reads."""

    source: str  # name of the stage that gives them
    variable: str
    use: Use | Literal[""]  # "" where they are no bottleneck's

    @property
    def real(self) -> bool:
        """Whether they are the real-valued features of matter, in units of their own."""
        return self.variable == "features"

    def values(self, inputs: Mapping[str, xr.Dataset]) -> xr.DataArray:
        """The variable, (network?, sample dims, time, feature?)."""
        return inputs[self.source][self.variable]

    def alone(self, result: xr.Dataset, inputs: Mapping[str, xr.Dataset]) -> xr.Dataset:
        """A result (network, …) without that dimension where there is one network."""
        return result if "network" in self.values(inputs).dims else result.isel(network=0)


@dataclass(frozen=True)
class Feature:
    """A variable of a stage, (network?, sample dims, time, feature?)."""

    source: Stage
    variable: str
    use: Use | Literal[""]  # "" where it is no bottleneck's

    @property
    def width(self) -> int:
        """Number of features."""
        dims = self.source.gives[self.variable].dims
        return self.source.size(dims[-1]) if dims[-1] != "time" else 1

    @property
    def many(self) -> tuple[str, ...]:
        """The dimension of several networks, if there are any."""
        return ("network",) if "network" in self.source.gives[self.variable].dims else ()

    @property
    def observed(self) -> Observed:
        """What a stage has to know of it."""
        return Observed(self.source.name, self.variable, self.use)


def feature(of: str, use: Use, sources: Mapping[str, Stage]) -> Feature:
    """The feature of these names; MeaningError where a bottleneck does not give what is asked of it."""
    trajectory, bottleneck = sources["trajectory"], sources.get(f"bottleneck.{of}")
    if bottleneck is None:
        if use != "means":
            raise MeaningError(f"{of!r} is no bottleneck", "use", hint="drop `use`")
        return Feature(trajectory, of, "")
    if use == "samples" and "latent_std" not in bottleneck.gives:
        raise MeaningError(f"{of!r} has no posterior to sample", "use", hint="drop `use`")
    if VARIABLES[use] not in bottleneck.gives:
        raise MeaningError(f"{of!r} does not say how likely a configuration is", "use", hint="drop `use`")
    return Feature(bottleneck, VARIABLES[use], use)


def coords(found: Feature, trajectory: Stage, switches: tuple[int, ...] | None) -> dict[str, tuple]:
    """Labels of drives, trials, networks and of these times only; MeaningError for a switch that is not recorded."""
    out = {k: trajectory.coords[k] for k in ("drive", "trial", "switch", "time") if k in trajectory.coords}
    out |= {"network": found.source.coords["network"]} if found.many else {}
    if switches:
        missing = set(switches) - set(out["switch"])
        if missing:
            raise MeaningError(
                f"switch {min(missing)} is not recorded",
                "switches",
                code="E203",
                hint=f"one of those from {out['switch'][0]} to {out['switch'][-1]}",
            )
        chosen = [out["switch"].index(k) for k in sorted(switches)]
        out |= {k: tuple(out[k][i] for i in chosen) for k in ("switch", "time")}
    return out


def matrices(task: Task, name: str, observed: Observed, inputs: Mapping[str, xr.Dataset]) -> list[list[np.ndarray]]:
    """Matrices (sample, feature) float64 of each network and time of the task, for the analysis of that name."""
    values = observed.values(inputs)
    if observed.use == "samples":
        draw = [generator(task.seed, "analysis", name, "sample", k) for k in task.labels]
        shape = values.isel(time=0).shape
        noise = np.stack([g.standard_normal(shape) for g in draw], axis=values.dims.index("time"))
        values = values + inputs[observed.source]["latent_std"] * noise
    if "network" not in values.dims:
        values = values.expand_dims("network")
    found = []
    for n in range(values.sizes["network"]):
        x = samples(values.isel(network=n)).astype(np.float64)
        x = x[..., None] if x.ndim == 2 else x
        found.append([x[:, k] for k in range(x.shape[1])])
    return found


def folds(split: xr.Dataset) -> np.ndarray:
    """Rank of each sample, or of its group, by which it is dealt to a fold."""
    return samples(split["fold"])
