"""Lines through latent space, along which a bottleneck is decoded.

At position p of a direction v the latent variables are z = p u v, with u the unit of each variable (1 for a
network with prior N(0, 1); its standard deviation where there is none). The directions are the latent
axes, the diagonal v = (1, …, 1) of the script of Zhong et al. 2020, and for each observable the unit vector along
which its least-squares fit over the training trials, y = a + b . z / u, rises most steeply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

import numpy as np
from pydantic import Field, model_validator

from .ensemble import held_out, learned, sample_dims, samples, shaped
from .errors import MeaningError
from .graph import Promise, Split, Stage, Task
from .spec import Labels, Switches, Words

if TYPE_CHECKING:
    import xarray as xr

M = TypeVar("M")  # parameters of the bottleneck


class Decode(Words):
    """Where a bottleneck is decoded, along lines through the middle of its latent space."""

    switches: Switches = Field(description="at these switches; networks are trained again there")
    points: Annotated[int, Field(ge=2, le=10_000)] = Field(default=10, description="positions on a line")
    from_: float = Field(default=-3.0, alias="from", description="first position, 1 being a unit of the prior")
    to: float = Field(default=3.0, description="last position")
    along: Labels | None = Field(
        default=None,
        description="observables, each along its steepest rise; absent: magnetization and all that the result shows",
    )

    @model_validator(mode="after")
    def _fits(self) -> Decode:
        if self.to <= self.from_:
            raise MeaningError(
                f"the line ends at {self.to:g}, where it starts or before",
                "to",
                code="E203",
                hint="a value beyond the start",
            )
        return self


@dataclass(frozen=True)
class LineParams(Generic[M]):
    """Which bottleneck is decoded, and where."""

    bottleneck: M  # which is fitted as ever
    directions: tuple[str, ...]
    position: tuple[float, ...]
    switches: tuple[int, ...] = ()  # empty where each is a piece of its own


def observables(trajectory: Stage, hidden: bool = False) -> tuple[str, ...]:
    """Numbers a trial and time that are shown, or all; the magnetization is known from the spins."""
    along = (*sample_dims(trajectory), "time")
    given = trajectory.gives.items()
    found = [n for n, p in given if p.dims == along and not p.label and (hidden or not p.hidden)]
    return tuple(dict.fromkeys(("magnetization", *found)))


def values(trajectory: xr.Dataset, name: str) -> np.ndarray:
    """An observable, (sample, time) in float64."""
    if name in trajectory:
        return samples(trajectory[name]).astype(np.float64)
    return samples(trajectory["spins"]).mean(axis=-1, dtype=np.float64)


def named(decode: Decode, latent: int, trajectory: Stage) -> tuple[str, ...]:
    """Names of the directions; MeaningError for an observable that there is not."""
    for k, name in enumerate(decode.along or ()):
        if name not in observables(trajectory, hidden=True):
            hint = f"there are {', '.join(observables(trajectory, hidden=True))}"
            raise MeaningError(f"no observable {name!r}", "decode", "along", k, code="E204", hint=hint)
    axes = [f"z{k + 1}" for k in range(latent)] + (["diagonal"] if latent > 1 else [])
    names = (*axes, *(decode.along or observables(trajectory)))
    if len(set(names)) < len(names):
        raise MeaningError(
            "an observable has the name of a latent axis",
            "decode",
            "along",
            code="E107",
            hint="give the observable another name",
        )
    return names


def stage(
    bottleneck: Stage, decode: Decode, latent: int, trajectory: Stage, run: Callable[..., xr.Dataset], pooled: bool
) -> Stage:
    """The stage `bottleneck.NAME.lines`, which fits as the stage `bottleneck.NAME` does and then decodes."""
    if "spins" not in trajectory.gives:
        raise MeaningError("only spins are decoded along lines, not real-valued features", "decode", hint="drop it")
    switch = bottleneck.coords["switch"]
    missing = set(decode.switches) - set(switch)
    if missing:
        raise MeaningError(
            f"switch {min(missing)} is not recorded",
            "decode",
            "switches",
            code="E203",
            hint="a switch that is recorded",
        )
    at = sorted(decode.switches)
    directions = named(decode, latent, trajectory)
    position = tuple(np.linspace(decode.from_, decode.to, decode.points).tolist())
    coords = {k: v for k, v in bottleneck.coords.items() if k in ("drive", "trial", "network")}
    coords |= {"switch": tuple(at), "time": tuple(bottleneck.coords["time"][switch.index(k)] for k in at)}
    coords |= {"direction": directions, "point": position}
    many = ("network",) if "network" in coords else ()
    on, each = (*many, "time", "direction", "point"), (*many, *sample_dims(trajectory), "time")
    gives = {
        "line": Promise((*on, "latent"), "1", "point of latent space that is decoded", "float32"),
        "mean_spin": Promise((*on, "spin"), "1", "mean of the decoded spin, 2p - 1", "float32"),
        "latent_mean": Promise((*each, "latent"), "1", "that of the bottleneck, once more", "float32", hidden=True),
        "reconstruction": Promise(
            (*each, "spin"), "1", "mean of the spin decoded at the trial's own point", "float32", hidden=True
        ),
    }  # fmt: skip
    params = LineParams(bottleneck.params, directions, position, tuple(at) if pooled else ())
    sizes = {"latent": latent, "spin": trajectory.size("spin")}
    return Stage(
        f"{bottleneck.name}.lines", run, params, gives, bottleneck.needs, coords=coords, sizes=sizes,
        split=None if pooled else Split("switch", tuple(at), 1),
        group=bottleneck.group.replace("/bottleneck/", "/decoded/", 1), 
        accelerated=bottleneck.accelerated, interpreted=bottleneck.interpreted,
        seconds=bottleneck.seconds * (1 if pooled else len(at) / len(switch)),
    )  # fmt: skip


def through(
    task: Task[LineParams[M]],
    drives: tuple[str, ...] | None,
    trajectory: xr.Dataset,
    split: xr.Dataset,
    means: np.ndarray,
    units: np.ndarray,
    decode: Callable[[int, int, np.ndarray], np.ndarray],
) -> xr.Dataset:
    """Decode along all the lines, and at the trials' own points, a bottleneck that is fitted to these drives.

    From latent means (network, sample, time, latent) and units (time, latent), of all networks or of each;
    `decode(network, time, z)` gives mean spins (point, spin) of z (point, latent). NaN along an
    observable that does not vary with latent space.
    """
    import xarray as xr

    params = task.params
    wanted = task.labels or params.switches
    at = np.flatnonzero(np.isin(trajectory["switch"].values, wanted))
    train, position = learned(drives, trajectory) & ~held_out(split), np.array(params.position)
    like = trajectory["spins"].isel(time=0, spin=0, drop=True)
    line, spin, own = [], [], []
    units = np.broadcast_to(units, (len(means), *means.shape[2:]))
    varies = np.where(units > 0, units, 1.0)  # a latent variable that does not vary has no unit
    for n, mean in enumerate(means):
        for k in at.tolist():
            v = np.array(list(vectors(params.directions, mean[train, k] / varies[n, k], k, train, trajectory)))
            known = np.isfinite(v).all(axis=1)
            z = position[:, None] * (v * units[n, k])[:, None, :]  # (direction, point, latent)
            line.append(z)
            s = np.full((*z.shape[:2], trajectory.sizes["spin"]), np.nan)
            s[known] = decode(n, k, z[known].reshape(-1, z.shape[2])).reshape(-1, *s.shape[1:])
            spin.append(s)
            own.append(shaped(decode(n, k, mean[:, k]), like))
    each = len(means), len(at)
    line, spin, own = (np.array(v, dtype=np.float32).reshape(*each, *v[0].shape) for v in (line, spin, own))
    on, dims = ("network", "time", "direction", "point"), ("network", *like.dims, "time")
    result = xr.Dataset({
        "line": ((*on, "latent"), line),
        "mean_spin": ((*on, "spin"), spin),
        "latent_mean": ((*dims, "latent"), np.stack([shaped(m[:, at], like) for m in means]).astype(np.float32)),
        "reconstruction": ((*dims, "spin"), np.moveaxis(own, 1, -2)),
    })  # fmt: skip
    return result if len(means) > 1 else result.isel(network=0)


def vectors(
    names: tuple[str, ...], z: np.ndarray, time: int, train: np.ndarray, trajectory: xr.Dataset
) -> Iterator[np.ndarray]:
    """The direction of each name, in units of the latent variables z (training trial, latent)."""
    latent = z.shape[1]
    axes = {f"z{k + 1}": row for k, row in enumerate(np.eye(latent))} | {"diagonal": np.ones(latent)}
    for name in names:
        yield axes[name] if name in axes else steepest(z, values(trajectory, name)[train, time])


def steepest(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Unit vector b / |b| of the least-squares fit y = a + b . z over trials; NaN where y is constant."""
    known = np.isfinite(y)
    z, y = z[known].astype(np.float64), y[known]
    if len(y) <= z.shape[1] + 1 or np.ptp(y) == 0:
        return np.full(z.shape[1], np.nan)
    slope = np.linalg.lstsq(z - z.mean(axis=0), y - y.mean(), rcond=None)[0]
    size = np.linalg.norm(slope)
    return slope / size if size else np.full(len(slope), np.nan)
