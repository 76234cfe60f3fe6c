"""Observables of several realizations against the switch, and of a sweep against its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..quenched import spread
from .landscape import NORMAL, Quantity, Value
from .reading import group, late, span, switches
from .slices import Place
from .traces import unit

if TYPE_CHECKING:
    import xarray as xr

WORK = ("work", "power")  # of which the ratio late over early is told, of the first that there is
LIVELY = 2.0  # standard errors above zero that a number must be to divide by it


def observed(tree: xr.DataTree) -> dict[str, xr.DataArray]:
    """The recorded numbers of a trial and time, labels of fields left out."""
    trajectory, protocol = group(tree, "/trajectory"), group(tree, "/protocol")
    if trajectory is None:
        return {}
    labels = () if protocol is None else protocol.coords
    kept = ({"drive", "trial", "time"}, {"trial", "time"})
    found = {str(n): v for n, v in trajectory.data_vars.items() if n not in labels}
    return {n: v for n, v in found.items() if set(v.dims) - {"realization"} in kept and v.dtype.kind in "if"}


def recorded(tree: xr.DataTree, name: str) -> xr.DataArray:
    """An observable of the trajectory."""
    return tree["/trajectory"].to_dataset()[name]


def numbers(variable: xr.DataArray) -> np.ndarray:
    """Values with NaN for padding, (realization, sample, time); a lone realization in front too."""
    first = [d for d in ("realization", "drive", "trial") if d in variable.dims]
    values = variable.transpose(*first, "time").values.astype(float)
    if variable.attrs.get("padding") == "-1" and variable.dtype.kind == "i":
        values[values == -1] = np.nan
    return values.reshape(variable.sizes.get("realization", 1), -1, variable.sizes["time"])


def averages(variable: xr.DataArray) -> np.ndarray:
    """Means over trials, (realization, drive, time), read a realization at a time."""
    each = [variable.isel(realization=r) for r in range(variable.sizes["realization"])]
    if "drive" not in variable.dims:
        return np.stack([np.nanmean(numbers(one), axis=1) for one in each])
    return np.stack([
        np.stack([np.nanmean(numbers(one.isel(drive=d))[0], axis=0) for d in range(one.sizes["drive"])]) for one in each
    ])  # fmt: skip


def surfaces(trees: Mapping[Place, xr.DataTree]) -> Iterator[tuple[Quantity, str]]:
    """Every observable over the last switches, then the ratio of the work to what it was early; with what it is."""
    any_ = next(iter(trees.values()), None)
    found = {} if any_ is None else observed(any_)
    for name, variable in found.items():
        values = {p: ending(tree, name) for p, tree in trees.items()}
        if any(np.isfinite(v.mean) for v in values.values()):
            yield Quantity(name.replace("_", " "), unit(variable), values), str(variable.attrs.get("long_name", ""))
    name = next((n for n in WORK if n in found), None)
    ratios = {p: ratio(tree, name) for p, tree in trees.items()} if name else {}
    if name and ratios and all(r is not None for r in ratios.values()):
        early = dict.fromkeys(early_switch(tree) for tree in trees.values())
        says = f"that of the last switches over that at switch {' or '.join(f'{k:g}' for k in early)}"
        values = {p: r for p, r in ratios.items() if r is not None}
        yield Quantity(f"{name}, late over early", "", values), says


def last(tree: xr.DataTree) -> np.ndarray:
    """Places of the last switches that are recorded."""
    every = switches(tree["/trajectory"].to_dataset())
    return np.flatnonzero(late(every, float(every[-1])))


def window(trees: Sequence[xr.DataTree]) -> str:
    """The last switches in words."""
    kept = [switches(t["/trajectory"].to_dataset())[last(t)] for t in trees]
    return span(np.unique(np.concatenate(kept)))


def early_switch(tree: xr.DataTree) -> float:
    """The first recorded switch from one field to another: at 1 there is none before."""
    every = switches(tree["/trajectory"].to_dataset())
    later = every[every > 1]
    return float(later[0]) if len(later) else np.nan


def ending(tree: xr.DataTree, name: str) -> Value:
    """One observable over the last switches: mean over trials and drives, error over realizations or trials."""
    values = numbers(recorded(tree, name).isel(time=last(tree)))
    each = averaged(values.reshape(len(values), -1)) if len(values) > 1 else averaged(values[0])
    return estimated(each)


def ratio(tree: xr.DataTree, name: str) -> Value | None:
    """Late over early, of each realization; None where the early one is not clearly positive, or not early."""
    every, first = switches(tree["/trajectory"].to_dataset()), early_switch(tree)
    if not np.isfinite(first) or first >= every[last(tree)[0]]:
        return None
    variable = recorded(tree, name)
    early = numbers(variable.isel(time=np.flatnonzero(every == first)))[..., 0]
    end = np.stack([averaged(v) for v in numbers(variable.isel(time=last(tree)))])
    if len(end) > 1:
        a, b = averaged(early), averaged(end)
        return estimated(b / a) if (a > 0).all() and clearly(a) else None
    a, b = early[0], end[0]
    if not clearly(a):
        return None
    mean = np.nanmean(b) / np.nanmean(a)  # the ratio of means; its error to first order
    se = estimated(b - mean * a).se / np.nanmean(a)
    return Value(float(mean), float(se), float(mean - NORMAL * se), float(mean + NORMAL * se))


def clearly(values: np.ndarray) -> bool:
    """Whether a mean is above zero."""
    found = estimated(values)
    return bool(found.mean > LIVELY * found.se)


def averaged(values: np.ndarray) -> np.ndarray:
    """Mean over the last dimension of what is finite."""
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    return np.where(count, np.where(known, values, 0.0).sum(axis=-1) / np.maximum(count, 1), np.nan)


def estimated(each: np.ndarray) -> Value:
    """Mean, standard error and Student's 95 % interval."""
    found = spread(each, ["realization"])
    return Value(*(float(found[end]) for end in ("", "_se", "_low", "_high")))
