"""Means over realizations of the disorder, with errors over realizations and not over trials.

For each variable, the mean over trials is taken within a realization; over realizations

    mean = sum_r x_r / R,   se = sqrt( sum_r (x_r - mean)^2 / (R (R - 1)) ),

and the 95 % interval is that of Student's t with R - 1 degrees of freedom. Trials of one realization share
its disorder: their spread says nothing of another.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from .graph import Graph, Promise

if TYPE_CHECKING:
    import netCDF4

ITS_OWN = {"spin", "edge", "latent", "feature", "component"}  # numbers that mean something else in another realization
BOUNDS = ("_low", "_high", "_se")


def average(file: netCDF4.Dataset, graph: Graph) -> None:
    """The group /quenched, with a group for each that has something to average."""
    if all(a.name != "realization" for a in graph.axes):
        return
    for node in graph.nodes.values():
        stage = node.stage
        for name, promise in stage.gives.items():
            if stage.group and averaged(name, promise):
                source = file[f"{stage.group}/{name}"]
                target = file.createGroup(f"/quenched{stage.group}")
                if "realization" in source.dimensions and name not in target.variables:
                    one(file[stage.group], source, target, name)


def averaged(name: str, promise: Promise) -> bool:
    """Whether a mean over realizations means something."""
    number = np.dtype(promise.dtype).kind in "if" and not promise.label and "flag_meanings" not in promise.attrs
    return number and not promise.hidden and not set(promise.dims) & ITS_OWN and not name.endswith(BOUNDS)


def one(group: netCDF4.Group, source: netCDF4.Variable, target: netCDF4.Group, name: str) -> None:
    """Mean, standard error and interval of one variable."""
    dims = source.dimensions
    at = dims.index("realization")
    front, kept = dims[:at], [d for d in dims if d not in ("realization", "trial")]
    for dim in kept:
        if dim not in target.dimensions:
            target.createDimension(dim, len(group.dimensions[dim]))
            labels(group, target, dim)
    words = {"": "mean over realizations", "_se": "standard error over realizations"}
    words |= {"_low": "95 % interval over realizations", "_high": "95 % interval over realizations"}
    made = {}
    for end, says in words.items():
        made[end] = target.createVariable(f"{name}{end}", "f8", kept, zlib=bool(kept), complevel=1, fill_value=False)
        made[end].setncatts({"long_name": f"{source.long_name}: {says}", "units": source.units})
        also = [c for c in ("switch",) if "time" in kept and c in target.variables]
        if also:
            made[end].coordinates = " ".join(also)
    for place in product(*(range(len(group.dimensions[d])) for d in front)):
        values = np.asarray(source[(*place, ...)], dtype=float)
        values[values == -1] = np.nan if source.dtype.kind == "i" else -1
        for end, value in spread(values, list(dims[at:])).items():
            made[end][(*place, ...)] = value


def spread(values: np.ndarray, dims: list[str]) -> dict[str, np.ndarray]:
    """Mean, error and bounds over realizations, dimension 0, of the means over trials."""
    from scipy.stats import t

    with np.errstate(invalid="ignore", divide="ignore"):
        if "trial" in dims:
            values = finite_mean(values, dims.index("trial"))
        count = np.isfinite(values).sum(axis=0)
        mean = finite_mean(values, 0)
        apart = np.where(np.isfinite(values), values - mean, 0.0)
        se = np.sqrt((apart**2).sum(axis=0) / (count * (count - 1)))
        reach = t.ppf(0.975, np.maximum(count - 1, 1)) * se
    return {"": mean, "_se": se, "_low": mean - reach, "_high": mean + reach}


def finite_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean of what is finite, NaN of nothing."""
    known = np.isfinite(values)
    return np.where(known, values, 0.0).sum(axis=axis) / np.where(known.any(axis=axis), known.sum(axis=axis), np.nan)


def labels(group: netCDF4.Group, target: netCDF4.Group, dim: str) -> None:
    """Carry the labels of a dimension over."""
    for name in (dim, "switch") if dim == "time" else (dim,):
        if name in group.variables and group[name].dimensions == (dim,):
            source = group[name]
            text = source.dtype is str
            made = target.createVariable(name, source.dtype, (dim,), fill_value=None if text else False)
            made[:] = source[:]
            made.setncatts({k: source.getncattr(k) for k in source.ncattrs() if k != "_FillValue"})
