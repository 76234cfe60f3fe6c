"""The result: one xarray DataTree in netCDF-4 that carries the experiment, so that it alone repeats the run."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

import numpy as np

from .errors import DataError
from .experiment import Between, Expect, Experiment, First, Last
from .graph import Graph
from .identity.environment import unlike
from .netcdf import opened
from .params import Json

if TYPE_CHECKING:
    import xarray as xr

    from .engine import Results

KEPT = 64 << 20  # bytes of results that are kept while the file is written
LIBRARIES = ("numpy", "numba", "scipy", "torch", "xarray", "netCDF4", "scikit-learn", "pydantic")


class Verdict(TypedDict):
    """An expectation as JSON values, beside what was found."""

    of: str
    where: dict[str, Json]  # a selection by label
    reduce: str
    min: NotRequired[float]
    max: NotRequired[float]
    value: NotRequired[float]
    tolerance: NotRequired[float]
    source: str
    measured: float | None  # None where nothing is selected
    ok: bool | None  # None where it is not judged
    verdict: str


class Provenance(TypedDict):
    """What else was there when the numbers were made, as JSON values."""

    spindsl: str
    python: str
    processor: str
    libraries: dict[str, str]  # name -> version
    set: list[str]  # changes by --set
    files: dict[str, str]  # name -> sha256
    keys: dict[str, list[str]]  # node -> keys of its parts
    pieces: NotRequired[dict[str, str]]  # what made all of the pieces
    unlike: NotRequired[dict[str, list[str]]]  # in what they differ


def write(path: Path, experiment: Experiment, graph: Graph, results: Results, attrs: Mapping[str, str]) -> None:
    """The file without its expectations: groups, then means over realizations. Not under its last name yet."""
    from . import merging, quenched, traits

    kept: dict[str, xr.Dataset] = {}  # results that were put together, as long as they are small together

    def fetch(node: str) -> xr.Dataset:
        if node in kept:
            return kept[node]
        found = results.assembled(node)
        if found.nbytes + sum(data.nbytes for data in kept.values()) > KEPT:
            kept.clear()
        kept[node] = found
        return found

    groups, marks = merging.groups(graph, fetch), traits.marks(experiment, graph.axes)
    with opened(path, "w") as file:
        file.setncatts(dict(attrs))
        for group in groups:
            merging.fill(file, group, graph.axes, fetch, marks)
        traits.mark(file, experiment)
        quenched.average(file, graph)


def finish(beside: Path, path: Path, rows: Sequence[Verdict]) -> None:
    """Add the expectations and put the file in its place, atomically."""
    with opened(beside, "a") as file:
        file.expectations = json.dumps(rows)
    os.replace(beside, path)


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


def provenance(keys: Mapping[str, Mapping[str, str]], changes: tuple[str, ...], files: Mapping[str, str]) -> Provenance:
    """What else was there when the numbers were made."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {
        "spindsl": importlib.metadata.version("spindsl"), "python": platform.python_version(),
        "processor": platform.machine(), "libraries": versions, "set": list(changes), "files": dict(files),
        "keys": {node: sorted(set(parts.values())) for node, parts in keys.items()},
    }  # fmt: skip


def made(known: Provenance, environments: list[dict[str, str]]) -> Provenance:
    """With what made the pieces of a result, and where pieces are of unlike versions or processors, `unlike`."""
    common = (
        {k: v for k, v in environments[0].items() if all(e.get(k) == v for e in environments)} if environments else {}
    )
    found = unlike(environments)
    return {**known, "pieces": common, "unlike": found} if found else {**known, "pieces": common}


UNJUDGED, NOTHING = "not judged", "nothing selected"
REDUCE = {
    "median": np.median, "mean": np.mean, "min": np.min, "max": np.max,
    "max-abs": lambda x: np.abs(x).max(), "sum-of-squares": lambda x: x @ x,
}  # fmt: skip


def measured(experiment: Experiment, path: Path, judged: bool = True) -> list[Verdict]:
    """Every expectation beside what was found, and its verdict: "met", "missed", or where the experiment was changed
    "not judged" or "nothing selected"; `ok` is None unless it is judged."""
    import xarray as xr

    rows: list[Verdict] = []
    with xr.open_datatree(path, engine="netcdf4") as tree:
        for expect in experiment.expect:
            value = reduced(expect, tree) if judged else attempted(expect, tree)
            ok = np.isfinite(value)
            ok &= expect.min is None or value >= expect.min
            ok &= expect.max is None or value <= expect.max
            ok &= expect.value is None or abs(value - expect.value) <= (expect.tolerance or 0.0)
            found = value if np.isfinite(value) else None
            verdict = ("met" if ok else "missed") if judged else UNJUDGED if found is not None else NOTHING
            said = expect.said() | {"measured": found, "ok": bool(ok) if judged else None, "verdict": verdict}
            rows.append(cast("Verdict", said))
    return rows


def attempted(expect: Expect, tree: xr.DataTree) -> float:
    """As `reduced`, NaN too where a changed experiment has no such variable, coordinate or label."""
    try:
        return reduced(expect, tree)
    except (KeyError, DataError):
        return float("nan")


def reduced(expect: Expect, tree: xr.DataTree) -> float:
    """The selected values as one number, NaN if nothing is selected."""
    group, _, variable = f"/{expect.of.replace('.', '/')}".rpartition("/")
    values = tree[group].to_dataset()[variable]
    for name, selection in expect.where.items():
        if name not in values.coords:
            raise DataError(f"{expect.of} has no coordinate {name!r}; it has {', '.join(map(str, values.coords))}")
        (dim,) = values[name].dims
        values = values.isel({dim: chosen(values[name].values, selection)})
    found = np.asarray(values.values, dtype=float).ravel()
    found = found[np.isfinite(found)]
    return float(REDUCE[expect.reduce](found)) if len(found) else float("nan")


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
    wanted = [json.dumps(v) if isinstance(v, bool) else v for v in wanted]  # as the file has them
    return place[np.isin(labels, wanted)]


def attributes(experiment: Experiment, text: str, known: Provenance, history: str) -> dict[str, str]:
    """Root attributes: the experiment as written and resolved, and provenance."""
    return {
        "Conventions": "CF-1.11", "title": experiment.title, "history": history,
        "spindsl_version": known["spindsl"], "experiment": text, "resolved": json.dumps(experiment.said()),
        "provenance": json.dumps(known), "expectations": "[]",
    }  # fmt: skip
