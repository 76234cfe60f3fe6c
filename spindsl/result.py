"""The result: one xarray DataTree in netCDF-4 that carries the experiment, so that it alone repeats the run."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import DataError
from .experiment import Between, Expect, Experiment, First, Last
from .graph import Graph, Stage

if TYPE_CHECKING:
    import xarray as xr

LIBRARIES = ("numpy", "numba", "scipy", "torch", "xarray", "netCDF4", "scikit-learn", "pydantic")


def tree(graph: Graph, results: Mapping[str, xr.Dataset], attrs: Mapping[str, str]) -> xr.DataTree:
    """The stages' results by group, without what is hidden."""
    import xarray as xr

    groups: dict[str, xr.Dataset] = {}
    for stage in graph.stages.values():
        if stage.group:
            shown = results[stage.name].drop_vars([n for n, p in stage.gives.items() if p.hidden])
            before = groups.get(stage.group, xr.Dataset())
            groups[stage.group] = before.merge(
                shown, compat="no_conflicts", join="outer", combine_attrs="drop_conflicts"
            )
    for dataset in groups.values():
        label(dataset)
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=dict(attrs)), **groups})


def label(dataset: xr.Dataset) -> None:
    """Names and units of the coordinates."""
    words = {
        "time": ("time since the first field was switched on", "s"),
        "switch": ("number of fields applied", "1"),
        "trial": ("number of the trial", "1"),
        "drive": ("drive", "1"),
        "guessed": ("drive that was guessed", "1"),
        "field": ("field", "1"),
        "network": ("number of the network", "1"),
        "direction": ("direction through latent space", "1"),
        "point": ("position on the line", "1"),
    }
    for name, (long_name, units) in words.items():
        if name in dataset.coords:
            dataset[name].attrs = {"long_name": long_name, "units": units}


def write(tree: xr.DataTree, path: Path) -> None:
    """netCDF-4, atomically: written beside, then renamed."""
    from .store import ALONE

    encoding = {
        group: {n: packing(v) for n, v in node.data_vars.items() if v.ndim} for group, node in tree.to_dict().items()
    }
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    with ALONE:
        tree.to_netcdf(beside, engine="netcdf4", encoding=encoding)
    os.replace(beside, path)


def packing(variable: xr.DataArray) -> dict[str, Any]:
    """Deflate level 1; chunks of whole rows, about a megabyte each."""
    if variable.dtype.kind in "UOS":
        return {}
    chunks, left = [], max(2**20 // variable.dtype.itemsize, 1)
    for size in reversed(variable.shape):
        chunks.append(min(size, max(left, 1)))
        left //= max(size, 1)
    floats = variable.dtype.kind == "f"
    return {"zlib": True, "complevel": 1, "shuffle": floats, "chunksizes": tuple(reversed(chunks)), "_FillValue": None}


def open_result(path: str | Path) -> xr.DataTree:
    """Open a result lazily: a file, or the directory of a run. DataError if it is none."""
    import xarray as xr

    path = Path(path)
    if (path / "run.json").exists() and not (path / "result.nc").exists():
        raise DataError(f"{path} is not finished; go on with `spindsl resume {path}`")
    path = path / "result.nc" if path.is_dir() else path
    if not path.exists():
        raise DataError(f"{path} is absent")
    return xr.open_datatree(path, engine="netcdf4")


def provenance(
    keys: Mapping[str, Mapping[str, str]], changes: tuple[str, ...], files: Mapping[str, str]
) -> dict[str, Any]:
    """What else was there when the numbers were made."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {
        "spindsl": importlib.metadata.version("spindsl"), "python": platform.python_version(),
        "processor": platform.machine(), "libraries": versions, "set": list(changes), "files": dict(files),
        "keys": {stage: sorted(set(parts.values())) for stage, parts in keys.items()},
    }  # fmt: skip


def measured(experiment: Experiment, graph: Graph, results: Mapping[str, xr.Dataset]) -> list[dict[str, Any]]:
    """Every expectation beside what was found, and whether it is met."""
    where = {
        f"{s.group.strip('/').replace('/', '.')}.{v}": s for s in graph.stages.values() for v in s.gives if s.group
    }
    rows = []
    for expect in experiment.expect:
        value = reduced(expect, where[expect.of], results)
        ok = np.isfinite(value)
        ok &= expect.min is None or value >= expect.min
        ok &= expect.max is None or value <= expect.max
        ok &= expect.value is None or abs(value - expect.value) <= (expect.tolerance or 0.0)
        rows.append({**expect.said(), "measured": value if np.isfinite(value) else None, "ok": bool(ok)})
    return rows


def reduced(expect: Expect, stage: Stage, results: Mapping[str, xr.Dataset]) -> float:
    """The selected values as one number, NaN if nothing is selected."""
    values = results[stage.name][expect.of.rpartition(".")[2]]
    for name, selection in expect.where.items():
        if name not in values.coords:
            raise DataError(f"{expect.of} has no coordinate {name!r}; it has {', '.join(map(str, values.coords))}")
        (dim,) = values[name].dims
        values = values.isel({dim: chosen(values[name].values, selection)})
    found = values.values.astype(float).ravel()
    found = found[np.isfinite(found)]
    return float(getattr(np, expect.reduce)(found)) if len(found) else float("nan")


def chosen(labels: np.ndarray, selection: Any) -> np.ndarray:
    """Places of the labels that a selection names."""
    place = np.arange(len(labels))
    if isinstance(selection, Last):
        return place[-selection.last :]
    if isinstance(selection, First):
        return place[: selection.first]
    if isinstance(selection, Between):
        return place[(labels >= selection.from_) & (labels <= selection.to)]
    wanted = selection if isinstance(selection, tuple) else (selection,)
    return place[np.isin(labels, wanted)]


def attributes(
    experiment: Experiment, text: str, known: Mapping[str, Any], rows: list[dict[str, Any]], history: str
) -> dict[str, str]:
    """Root attributes: the experiment as written and resolved, provenance, expectations."""
    return {
        "Conventions": "CF-1.11", "title": experiment.title, "history": history,
        "spindsl_version": known["spindsl"], "experiment": text, "resolved": json.dumps(experiment.said()),
        "provenance": json.dumps(known), "expectations": json.dumps(rows),
    }  # fmt: skip
