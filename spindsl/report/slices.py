"""The dimensions that sweeps and realizations put in front, and a result without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from .reading import switches

if TYPE_CHECKING:
    import xarray as xr

Place = tuple[int, ...]  # number along each parameter
DECADE = 10.0


@dataclass(frozen=True)
class Parameter:
    """One dimension of a sweep, its values in order; of a zip also what else varies along it."""

    name: str
    values: np.ndarray
    others: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def title(self) -> str:
        """Everything that varies: barrier · switches."""
        return " · ".join((self.name, *self.others))

    @property
    def order(self) -> np.ndarray:
        """Places in rising order of a number, else as they come."""
        return np.argsort(self.values, kind="stable") if self.number else np.arange(len(self))

    @property
    def number(self) -> bool:
        """Whether it can be an axis of numbers, each of its own."""
        return self.values.dtype.kind in "if" and len(np.unique(self.values)) == len(self)

    @property
    def log(self) -> bool:
        """Whether the values span a decade or more in steps that are more even as ratios."""
        if not self.number or len(self) < 3 or self.values.min() <= 0:
            return False
        rising = np.sort(self.values.astype(float))
        uneven = [np.ptp(np.diff(v)) / np.mean(np.diff(v)) for v in (np.log(rising), rising)]
        return bool(rising[-1] >= DECADE * rising[0] and uneven[0] < uneven[1])

    def label(self, k: int, between: str = " · ") -> str:
        """The values at a place: 3, or 3 · 400."""
        return between.join(printed(v)[k] for v in (self.values, *self.others.values()))

    def told(self, k: int) -> str:
        """beta 3, or barrier 3, switches 400."""
        every = {self.name: self.values, **self.others}
        return ", ".join(f"{name.replace('_', ' ')} {printed(v)[k]}" for name, v in every.items())


def printed(values: np.ndarray) -> list[str]:
    """Numbers with as many digits as tell them apart, four at least; anything else as text."""
    if values.dtype.kind != "f":
        return [str(v) for v in values.tolist()]
    texts: list[str] = []
    for digits in (4, 6, 12):
        texts = [f"{v:.{digits}g}" if abs(v) < 1e4 else f"{v:.12g}" for v in values]
        if len(set(texts)) == len(set(values.tolist())):
            break
    return texts


def parameters(tree: xr.DataTree) -> list[Parameter]:
    """The swept parameters of two values or more, in the order of the dimensions of the result."""
    found: dict[str, Parameter] = {}
    for node in tree.subtree:
        data = node.to_dataset()
        for dim in dict.fromkeys(str(d) for v in data.data_vars.values() for d in v.dims):
            if dim not in found and dim in data.coords and swept(data[dim]):
                others = {str(n): c.values for n, c in data.coords.items() if n != dim and c.dims == (dim,)}
                found[dim] = Parameter(dim, data[dim].values, others)
    first = sorted(found, key=lambda d: sequence(tree, list(found)).index(d))
    return [found[name] for name in first if len(found[name]) > 1]


def swept(labels: xr.DataArray) -> bool:
    """Whether a dimension is a parameter: its labels carry the parameter's path."""
    path = str(labels.attrs.get("long_name", ""))
    return path == "seed" or ("." in path and " " not in path)


def sequence(tree: xr.DataTree, names: list[str]) -> list[str]:
    """Names in the order in which dimensions come."""
    every = [[str(d) for d in v.dims if d in names] for n in tree.subtree for v in n.dataset.data_vars.values()]
    every.sort(key=len, reverse=True)
    return list(dict.fromkeys([*(every[0] if every else []), *(d for some in every for d in some), *names]))


def realizations(tree: xr.DataTree) -> int:
    """How many realizations of the disorder there are."""
    return max((node.dataset.sizes.get("realization", 1) for node in tree.subtree), default=1)


def places(found: Sequence[Parameter]) -> list[Place]:
    """Every point of the sweep."""
    return list(product(*(range(len(p)) for p in found)))


def told(found: Sequence[Parameter], place: Place) -> str:
    """A point in words: beta 3, barrier 4.5."""
    return ", ".join(p.told(k) for p, k in zip(found, place, strict=True))


def at(tree: xr.DataTree, where: Mapping[str, int]) -> xr.DataTree:
    """The result at one label of some dimensions; of its times those that are recorded there. Nothing is loaded."""
    import xarray as xr

    data = {n.path: cut(n.to_dataset(), where) for n in tree.subtree}
    data["/"].attrs.update(tree.attrs)
    there = recorded(data.get("/trajectory"))
    if there is not None:
        data = {path: times(each, there) for path, each in data.items()}
    return xr.DataTree.from_dict(data)


def cut(data: xr.Dataset, where: Mapping[str, int]) -> xr.Dataset:
    return data.isel({d: k for d, k in where.items() if d in data.dims}, drop=True)


def recorded(trajectory: xr.Dataset | None) -> np.ndarray | None:
    """The switches that one trial holds, None where all are; a point of a sweep may lack some."""
    if trajectory is None or "time" not in trajectory.dims:
        return None
    for variable in trajectory.data_vars.values():
        if "padding" in variable.attrs and "time" in variable.dims:
            one = variable.isel({d: 0 for d in variable.dims if d != "time"}).values
            kept = np.isfinite(one) if one.dtype.kind == "f" else one != -1
            if one.dtype.kind != "f" and variable.attrs["padding"] != "-1":
                continue
            return None if kept.all() else switches(trajectory)[kept]
    return None


def times(data: xr.Dataset, there: np.ndarray) -> xr.Dataset:
    """A group at these switches only."""
    if "time" not in data.dims:
        return data
    return data.isel(time=np.flatnonzero(np.isin(switches(data), there)))


def points(tree: xr.DataTree) -> tuple[list[Parameter], dict[Place, xr.DataTree]]:
    """The parameters of a sweep in order, and the result at each point."""
    found = parameters(tree)
    return found, {p: at(tree, dict(zip([f.name for f in found], p, strict=True))) for p in places(found)}
