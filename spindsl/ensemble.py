"""The ensemble that bottlenecks and analyses look at: samples with their drive, and the one split.

A trajectory is (drive, trial, time, …), or for recorded matter with unequal classes (trial, time, …)
with a coordinate drive(trial). A *sample* is one trial of one drive; samples are in C order. A
*configuration* is what a sample is made of at one time: spins, or real-valued features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .driving import Driven
from .errors import DataError
from .graph import Promise, Stage, Task
from .seeds import generator

if TYPE_CHECKING:
    import xarray as xr

ORDERS = 200  # random orders of the groups, of which the most even one is taken


def made_of(trajectory: Stage) -> tuple[str, str]:
    """The variable that holds the configurations, and its dimension: spins, spin or features, feature."""
    return ("features", "feature") if "features" in trajectory.gives else ("spins", "spin")


def configuration(trajectory: xr.Dataset) -> xr.DataArray:
    """The configurations (…, time, spin) or (…, time, feature)."""
    return trajectory["features" if "features" in trajectory else "spins"]


def each(trajectory: xr.Dataset) -> xr.DataArray:
    """One number a sample: what is known of each has its dimensions and labels."""
    found = configuration(trajectory)
    return found.isel({"time": 0, found.dims[-1]: 0}, drop=True)


def sample_dims(trajectory: Stage) -> tuple[str, ...]:
    """The dimensions that enumerate samples."""
    return tuple(d for d in trajectory.gives[made_of(trajectory)[0]].dims if d in ("drive", "trial"))


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


def held_out(split: xr.Dataset) -> np.ndarray:
    """Whether each sample is held out."""
    return samples(split["split"]) == 1


def clusters(split: xr.Dataset) -> np.ndarray:
    """Number of the state or specimen of each sample: samples of one are not independent."""
    return samples(split["cluster"])


def learned(wanted: tuple[str, ...] | None, trajectory: xr.Dataset) -> np.ndarray:
    """Whether each sample is of a drive that a bottleneck may look at while it is fitted, by name; None for all."""
    label, names = drives(trajectory)
    if wanted is None:
        return np.ones(len(label), dtype=bool)
    if unknown := [d for d in wanted if d not in names]:
        raise DataError(f"no trial of drive {unknown[0]!r}; there are {', '.join(map(str, names))}")
    return np.isin(label, [names.index(d) for d in wanted])


def shaped(values: np.ndarray, like: xr.DataArray) -> np.ndarray:
    """Undo `samples`: (sample, …) -> (drive, trial, …) or (trial, …)."""
    return values.reshape(*like.shape, *values.shape[1:])


@dataclass(frozen=True)
class Held:
    """Which trials are held out: a fraction; trials of one number together where drives share their states."""

    test: float
    paired: bool = False


def split(trajectory: Stage, test: float) -> Stage:
    """The stage `split`: one stratified split for all times, features and analyses."""
    dims = sample_dims(trajectory)
    marks = {"flag_values": np.array([0, 1], dtype=np.int8), "flag_meanings": "train test"}
    rank = "rank of the trial in its drive's random order, or of its group in a random order of the groups"
    gives = {
        "split": Promise(dims, "1", "whether the trial is held out", "int8", marks, label=True),
        "fold": Promise(dims, "1", rank, "int32", label=True),
        "cluster": Promise(
            dims, "1", "number of the state or specimen that the trial shares with others", "int32", label=True
        ),
    }
    coords = {k: v for k, v in trajectory.coords.items() if k in ("drive", "trial")}
    shared = any(isinstance(part, Driven) and part.course.stream for part in trajectory.parts.values())
    return Stage(
        "split",
        assign,
        Held(test, bool(shared)),
        gives,
        ("trajectory",),
        group="/protocol",
        coords=coords,
        timeless=True,
    )


def paired(split: Stage) -> bool:
    """Whether drives share their states."""
    return isinstance(split.params, Held) and split.params.paired


def assign(task: Task[Held], trajectory: xr.Dataset) -> xr.Dataset:
    """Of each drive, the fraction `test` of the trials that come first in a random order is held out.

    Trials of a group stay together: whole groups are held out, as near to that fraction of every drive as
    they allow. So do trials of the same number where drives share their states.
    """
    import xarray as xr

    label, names = drives(trajectory)
    like, paired = each(trajectory), task.params.paired
    group = trajectory["group"].values if "group" in trajectory.coords else None
    test, rank = divided(task.seed, task.params.test, label, names, group, paired)
    cluster = np.arange(len(label), dtype=np.int32)
    if paired:
        cluster = np.tile(np.arange(trajectory.sizes["trial"], dtype=np.int32), len(names))
    if group is not None:
        cluster = np.unique(group, return_inverse=True)[1].astype(np.int32)
    found = {"split": test, "fold": rank, "cluster": cluster}
    return xr.Dataset({n: (like.dims, shaped(v, like)) for n, v in found.items()})


def divided(
    seed: int, share: float, label: np.ndarray, names: Sequence[str], group: np.ndarray | None, paired: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each sample is held out, int8, and its rank, int32; DataError where groups allow no split."""
    rank, test = np.empty(len(label), dtype=np.int32), np.zeros(len(label), dtype=np.int8)
    if group is not None:
        test[:], rank[:] = together(seed, share, label, names, group)
        return test, rank
    for d, name in enumerate(names):
        mine = np.flatnonzero(label == d)
        rank[mine] = generator(seed, "split", "" if paired else str(name)).permutation(len(mine))
        test[mine] = rank[mine] < max(1, round(share * len(mine)))
    return test, rank


def together(
    seed: int, share: float, label: np.ndarray, names: Sequence[str], group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each sample is held out, and the rank of its group, with no group on both sides.

    Groups that share drives, directly or through others, are ordered together; of `ORDERS` random orders
    and all their cuts that train and test every drive, the one whose held-out share of every drive
    is nearest to `test`. DataError where there is none.
    """
    found, which = np.unique(group, return_inverse=True)
    count = np.zeros((len(found), len(names)), dtype=np.int64)
    np.add.at(count, (which, label), 1)
    if len(found) < 2:
        raise DataError(
            f"all trials are of the group {str(found[0])!r}; a split needs 2 or more, or no `group`", code="E305"
        )
    alone = np.flatnonzero((count > 0).sum(axis=0) == 1)
    if len(alone):
        drive, own = names[int(alone[0])], found[count[:, alone[0]] > 0][0]
        raise DataError(
            f"all trials of drive {drive!r} are of the group {str(own)!r}, so it cannot be both trained and "
            "tested; each drive needs 2 groups or more, or no `group`",
            code="E305",
        )
    test, rank = np.zeros(len(found), dtype=bool), np.zeros(len(found), dtype=np.int32)
    for k, mine in enumerate(tied(count)):
        some = count[np.ix_(mine, np.flatnonzero(count[mine].any(axis=0)))]
        order, cut = evenest(some, share, generator(seed, "split", "group", k))
        if not cut:
            told = ", ".join(repr(str(names[int(d)])) for d in np.flatnonzero(count[mine].any(axis=0)))
            raise DataError(
                f"no choice of whole groups was found that trains and tests each of the drives {told}, which share "
                "groups; more groups a drive are needed, or no `group`",
                code="E305",
            )
        rank[mine[order]] = np.arange(len(mine))
        test[mine[order[:cut]]] = True
    return test[which], rank[which]


def tied(count: np.ndarray) -> list[np.ndarray]:
    """Numbers of the groups that are tied by common drives, from the trials of each (group, drive)."""
    left, found = set(range(len(count))), []
    while left:
        mine = {min(left)}
        while more := set(np.flatnonzero(count[:, count[sorted(mine)].any(axis=0)].any(axis=1)).tolist()) - mine:
            mine |= more
        left -= mine
        found.append(np.array(sorted(mine)))
    return found


def evenest(count: np.ndarray, share: float, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """An order of the groups, and how many of the first to hold out: 0 where no cut trains and tests every drive."""
    best, found, total = np.inf, (np.arange(len(count)), 0), count.sum(axis=0)
    for _ in range(ORDERS):
        order = rng.permutation(len(count))
        held = count[order].cumsum(axis=0)[:-1]
        fair = ((held > 0) & (held < total)).all(axis=1)
        off = np.where(fair, np.abs(held / total - share).max(axis=1), np.inf)
        if len(off) and off.min() < best:
            best, found = off.min(), (order, int(off.argmin()) + 1)
    return found
