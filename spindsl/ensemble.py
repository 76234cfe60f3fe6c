"""The ensemble that bottlenecks and analyses look at: samples with their drive, and the one split.

A trajectory is (drive, trial, time, …), or for recorded matter with unequal classes (trial, time, …)
with a coordinate drive(trial). A *sample* is one trial of one drive; samples are in C order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .graph import Promise, Stage, Task
from .seeds import generator

if TYPE_CHECKING:
    import xarray as xr


def sample_dims(trajectory: Stage) -> tuple[str, ...]:
    """The dimensions that enumerate samples."""
    return tuple(d for d in trajectory.gives["spins"].dims if d in ("drive", "trial"))


def samples(variable: xr.DataArray) -> np.ndarray:
    """Values with the sample dimensions merged into one, in front."""
    values = variable.values
    if variable.dims[:2] == ("drive", "trial"):
        return values.reshape(-1, *values.shape[2:])
    return values


def drives(trajectory: xr.Dataset) -> tuple[np.ndarray, list[str]]:
    """Number of the drive of each sample, and the drives' names."""
    names = list(dict.fromkeys(trajectory["drive"].values.tolist()))
    if trajectory["drive"].dims == ("drive",):
        return np.repeat(np.arange(len(names)), trajectory.sizes["trial"]), names
    names = sorted(names)
    return np.searchsorted(names, trajectory["drive"].values), names


def shaped(values: np.ndarray, like: xr.DataArray) -> np.ndarray:
    """Undo `samples`: (sample, …) -> (drive, trial, …) or (trial, …)."""
    return values.reshape(*like.shape, *values.shape[1:])


def split(trajectory: Stage, said: Mapping[str, float]) -> Stage:
    """The stage `split`: one stratified split for all times, features and analyses."""
    dims = sample_dims(trajectory)
    marks = {"flag_values": np.array([0, 1], dtype=np.int8), "flag_meanings": "train test"}
    gives = {
        "split": Promise(dims, "1", "whether the trial is held out", "int8", marks, label=True),
        "fold": Promise(dims, "1", "rank of the trial in its drive's random order", "int32", label=True),
    }
    coords = {k: v for k, v in trajectory.coords.items() if k in ("drive", "trial")}
    return Stage("split", assign, dict(said), gives, ("trajectory",), group="/protocol", coords=coords, timeless=True)


def assign(task: Task, trajectory: xr.Dataset) -> xr.Dataset:
    """Of each drive, the fraction `test` of the trials that come first in a random order is held out."""
    import xarray as xr

    label, names = drives(trajectory)
    like = trajectory["spins"].isel(time=0, spin=0, drop=True)
    rank = np.empty(len(label), dtype=np.int32)
    test = np.zeros(len(label), dtype=np.int8)
    for d, name in enumerate(names):
        mine = np.flatnonzero(label == d)
        rank[mine] = generator(task.seed, "split", str(name)).permutation(len(mine))
        test[mine] = rank[mine] < max(1, round(task.said["test"] * len(mine)))
    return xr.Dataset({"split": (like.dims, shaped(test, like)), "fold": (like.dims, shaped(rank, like))})
