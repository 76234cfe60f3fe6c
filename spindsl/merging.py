"""All stages of all points as the groups of one netCDF file, a point at a time.

A variable has in front the dimensions of those swept parameters that change it. Where points differ in
their labels (switches, drives) the file has all of them; places that a point lacks hold NaN, 0 for spins
and -1 for other integers, as the attribute `padding` says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import DataError
from .graph import Graph, Node, Promise
from .sweeping import Axis

if TYPE_CHECKING:
    import netCDF4
    import xarray as xr

WORDS = {
    "time": ("time since the first field was switched on", "s"),
    "switch": ("number of fields applied", "1"),
    "trial": ("number of the trial", "1"),
    "drive": ("drive", "1"),
    "guessed": ("drive that was guessed", "1"),
    "group": ("specimen that the trial belongs to", "1"),
    "field": ("field", "1"),
    "network": ("number of the network", "1"),
    "direction": ("direction through latent space", "1"),
    "point": ("position on the line", "1"),
    "beta": ("inverse temperature", "1/J"),
    "chain": ("number of the Markov chain", "1"),
    "sample": ("number of the recorded configuration of a chain", "1"),
    "realization": ("number of the realization of the disorder", "1"),
}


@dataclass
class Group:
    """One group of the result: dimensions, labels, and the nodes that fill it."""

    path: str
    nodes: list[Node] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of the nodes
    sizes: dict[str, int] = field(default_factory=dict)
    labels: dict[str, np.ndarray] = field(default_factory=dict)  # by dimension, of its own labels
    coords: dict[str, tuple[tuple[str, ...], np.ndarray]] = field(default_factory=dict)

    def learn(self, data: xr.Dataset) -> None:
        """Take in sizes and labels of one point."""
        for dim, size in data.sizes.items():
            dim = str(dim)
            mine = own(data, dim)
            if mine is not None:
                self.labels[dim] = union(self.labels.get(dim), mine)
                size = len(self.labels[dim])
            self.sizes[dim] = max(size, self.sizes.get(dim, 0))

    def place(self, data: xr.Dataset) -> dict[str, np.ndarray]:
        """Where the labels of one point lie, by dimension."""
        found = {}
        for dim, size in data.sizes.items():
            mine = own(data, str(dim))
            all_ = self.labels.get(str(dim))
            if mine is None or all_ is None:
                found[str(dim)] = np.arange(size)
            else:
                found[str(dim)] = np.array([index(all_, v) for v in mine])
        return found

    def label(self, data: xr.Dataset) -> None:
        """Take in the other coordinates of one point; one on which two points disagree is left out."""
        at = self.place(data)
        for name, coord in data.coords.items():
            dims = tuple(map(str, coord.dims))
            if not dims or name == "switch" or (name in self.labels and name != "time"):
                continue
            values = coord.values
            before = self.coords.get(str(name))
            if before is None:
                empty = np.nan if values.dtype.kind == "f" else -1 if values.dtype.kind == "i" else ""
                dtype = object if values.dtype.kind in "UO" else values.dtype
                before = dims, np.full([self.sizes[d] for d in dims], empty, dtype)
            (known,), (i,) = (before[1],), (at[dims[0]],)
            blank = np.array([v in (-1, "") or v != v for v in known[i].tolist()])
            if before[0] == dims and (blank | (known[i] == values)).all():
                known[i] = values
                self.coords[str(name)] = before
            else:
                self.coords[str(name)] = (("disputed",), np.empty(0))

    def known(self) -> Iterator[tuple[str, str, np.ndarray]]:
        """Coordinates with their dimension."""
        for dim, values in self.labels.items():
            yield ("switch" if dim == "time" else dim), dim, values
        for name, (dims, values) in self.coords.items():
            if dims != ("disputed",):
                yield name, dims[0], values


def own(data: xr.Dataset, dim: str) -> np.ndarray | None:
    """The labels by which a dimension is put in order: switches along time."""
    name = "switch" if dim == "time" and "switch" in data.coords else dim
    return data[name].values if name in data.coords and data[name].dims == (dim,) else None


def union(before: np.ndarray | None, mine: np.ndarray) -> np.ndarray:
    """All labels: numbers in order, names as they come."""
    if before is None or np.array_equal(before, mine):
        return mine
    if mine.dtype.kind in "if":
        return np.union1d(before, mine)
    return np.array(list(dict.fromkeys([*before.tolist(), *mine.tolist()])), dtype=object)


def index(labels: np.ndarray, value: Any) -> int:
    return int(np.flatnonzero(labels == value)[0])


def groups(graph: Graph, fetch: Callable[[str], xr.Dataset]) -> list[Group]:
    """The groups with all their labels; every result is looked at once."""
    found: dict[str, Group] = {}
    shown = {n: node for n, node in graph.nodes.items() if node.stage.group}
    for name, node in shown.items():
        group = found.setdefault(node.stage.group, Group(node.stage.group))
        group.nodes.append(node)
        group.names.append(name)
        group.learn(fetch(name))
    for group in found.values():
        for name in group.names:
            group.label(fetch(name))
    return list(found.values())


def fill(
    file: netCDF4.Dataset,
    group: Group,
    axes: Sequence[Axis],
    fetch: Callable[[str], xr.Dataset],
    marks: Mapping[str, Mapping[str, str | int]],
) -> None:
    """Write one group: dimensions, coordinates, variables point by point; `marks`: attributes of swept labels."""
    target = file.createGroup(group.path)
    for dim, size in group.sizes.items():
        target.createDimension(dim, size)
    coords = {name: dim for name, dim, _ in group.known()}
    for name, dim, values in group.known():
        write(target, name, (dim,), values, dict(zip(("long_name", "units"), WORDS.get(name, (name, "1")))))
    for k, axis in enumerate(axes):
        if any(node.place and node.place[k] is not None for node in group.nodes):
            target.createDimension(axis.name, len(axis))
            for name, labels in {axis.name: axis.labels, **axis.coords}.items():
                says = marks.get(name) or dict(zip(("long_name", "units"), WORDS.get(name, (name, ""))))
                write(target, name, (axis.name,), spoken(labels), says)
                coords[name] = axis.name
    written: dict[str, set] = {}
    for name, node in zip(group.names, group.nodes):
        data = fetch(name)
        front = {axes[k].name: at for k, at in enumerate(node.place) if at is not None}
        for variable, promise in node.stage.gives.items():
            if promise.hidden:
                continue
            dims = (*front, *promise.dims)
            if variable not in target.variables:
                labelled(target, variable, dims, promise, data[variable], coords)
            elif target.variables[variable].dimensions != dims:
                raise DataError(
                    f"{group.path}/{variable} has dimensions {dims} at one point of the sweep and "
                    f"{target.variables[variable].dimensions} at another; such points need runs of their own"
                )
            put(target.variables[variable], tuple(front.values()), promise, data[variable], group.place(data))
            written.setdefault(variable, set()).add(tuple(front.values()))
    for variable, places in written.items():
        lacking(target.variables[variable], places)


def labelled(
    target: netCDF4.Group,
    name: str,
    dims: tuple[str, ...],
    promise: Promise,
    data: xr.DataArray,
    coords: Mapping[str, str],
) -> None:
    """Make a variable: deflated, in chunks of whole rows, with its attributes and its coordinates' names."""
    shape = [len(target.dimensions[d]) for d in dims]
    dtype = data.dtype
    packed = {"zlib": True, "complevel": 1, "shuffle": dtype.kind == "f", "chunksizes": chunks(shape, dtype.itemsize)}
    made = target.createVariable(name, dtype, dims, fill_value=False, **(packed if dims else {}))
    made.setncatts(attributes(promise))
    also = [c for c, dim in coords.items() if dim in dims and c != dim]
    if also:
        made.coordinates = " ".join(also)


def attributes(promise: Promise) -> dict[str, object]:
    return {"long_name": promise.long_name, "units": promise.units, **promise.attrs}


def chunks(shape: Sequence[int], itemsize: int) -> list[int]:
    """Whole rows, about a megabyte each."""
    found, left = [], max(2**20 // itemsize, 1)
    for size in reversed(shape):
        found.append(max(min(size, left), 1))
        left = max(left // max(size, 1), 1)
    return found[::-1]


def put(
    variable: netCDF4.Variable,
    front: tuple[int, ...],
    promise: Promise,
    data: xr.DataArray,
    at: Mapping[str, np.ndarray],
) -> None:
    """One point of a variable; what it lacks is padded."""
    shape = variable.shape[len(front) :]
    if data.shape == shape and all((np.diff(at[d]) == 1).all() for d in promise.dims):
        variable[(*front, ...)] = data.values
        return
    block = np.full(shape, padding(variable), data.dtype)
    block[np.ix_(*(at[d] for d in promise.dims))] = data.values
    variable[(*front, ...)] = block


def lacking(variable: netCDF4.Variable, places: set[tuple[int, ...]]) -> None:
    """Pad the points at which there is no such variable."""
    front = len(next(iter(places)))
    for place in set(product(*(range(n) for n in variable.shape[:front]))) - places:
        variable[(*place, ...)] = np.full(variable.shape[front:], padding(variable), variable.dtype)


def padding(variable: netCDF4.Variable) -> float | int:
    """What stands where a point has nothing; said in an attribute."""
    spins = "flag_meanings" in variable.ncattrs() and "down up" in variable.flag_meanings
    value = np.nan if variable.dtype.kind == "f" else 0 if spins else -1
    variable.padding = "NaN" if value != value else str(value)
    return value


def spoken(labels: Sequence[Any]) -> np.ndarray:
    """Labels as numbers, or as text."""
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in labels):
        return np.array(labels)
    return np.array([v if isinstance(v, str) else json.dumps(v) for v in labels], dtype=object)


def write(
    target: netCDF4.Group, name: str, dims: tuple[str, ...], values: np.ndarray, attrs: Mapping[str, object]
) -> None:
    """A coordinate."""
    text = values.dtype.kind in "UO"
    made = target.createVariable(name, str if text else values.dtype, dims, fill_value=None if text else False)
    made[:] = values.astype(object) if text else values
    made.setncatts(attrs)
