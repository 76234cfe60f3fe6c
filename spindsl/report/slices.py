"""The dimensions that sweeps and realizations put in front, and a result without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ..sweeping import ends
from .groups import resolved, switches

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
    unit: str = ""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def title(self) -> str:
        """Everything that varies: barrier · switches."""
        return " · ".join((self.name, *self.others))

    @property
    def axis(self) -> str:
        """The title with the unit, for the axis of a figure: beta, 1/K."""
        return f"{self.title}, {self.unit}" if self.unit and not self.others else self.title

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
    known = unmarked(tree)
    for node in tree.subtree:
        data = node.to_dataset()
        for dim in dict.fromkeys(str(d) for v in data.data_vars.values() for d in v.dims):
            if dim not in found and dim in data.coords and ("sweep_path" in data[dim].attrs or dim in known):
                others = {str(n): c.values for n, c in data.coords.items() if n != dim and c.dims == (dim,)}
                found[dim] = Parameter(dim, data[dim].values, others, unit(data[dim]))
    first = sorted(found, key=lambda d: sequence(tree, list(found)).index(d))
    return [found[name] for name in first if len(found[name]) > 1]


def unmarked(tree: xr.DataTree) -> set[str]:
    """The names that swept dimensions may have in a result that does not mark them, from before 2026-12."""
    if any("sweep_path" in c.attrs for node in tree.subtree for c in node.dataset.coords.values()):
        return set()
    paths = [p for s in resolved(tree).get("sweep") or () for how in ("product", "zip") for p in s.get(how) or ()]
    return {name for path in paths for name in ends(path)}


def unit(labels: xr.DataArray) -> str:
    """The unit of marked labels, nothing for a pure number or text."""
    given = str(labels.attrs.get("units", "")) if "sweep_path" in labels.attrs else ""
    return "" if given == "1" else given


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
    """The result at one label of some dimensions, of times, drives and trials those that it has there; not loaded."""
    import xarray as xr

    data = {n.path: cut(n.to_dataset(), where) for n in tree.subtree}
    data["/"].attrs.update(tree.attrs)
    kept = held(data.get("/trajectory"))
    return xr.DataTree.from_dict({path: only(each, kept) for path, each in data.items()} if kept else data)


def cut(data: xr.Dataset, where: Mapping[str, int]) -> xr.Dataset:
    return data.isel({d: k for d, k in where.items() if d in data.dims}, drop=True)


def held(trajectory: xr.Dataset | None) -> dict[str, np.ndarray]:
    """Labels of times, drives and trials that are there, where a point of a sweep lacks some."""
    dims = ("drive", "trial", "time")
    found = [] if trajectory is None else [v for v in trajectory.data_vars.values() if set(dims) <= set(v.dims)]
    padded = next((v for v in found if v.attrs.get("padding") in ("NaN", "-1")), None)
    if padded is None or trajectory is None:
        return {}
    one = padded.isel({d: 0 for d in padded.dims if d not in dims}).transpose(*dims)
    pad = one.attrs["padding"] == "NaN"
    first = known(one.isel(trial=0).values, pad)  # (drive, time)
    times, drives = first.any(axis=0), first.any(axis=1)
    trials = known(one.isel(time=int(times.argmax())).values, pad).any(axis=0)
    labels = {"time": switches(trajectory), "drive": trajectory["drive"].values, "trial": trajectory["trial"].values}
    return {d: labels[d][k] for d, k in zip(dims, (drives, trials, times), strict=True)}


def known(values: np.ndarray, nan: bool) -> np.ndarray:
    """Whether a value is no padding."""
    return np.isfinite(values) if nan else values != -1


def only(data: xr.Dataset, kept: Mapping[str, np.ndarray]) -> xr.Dataset:
    """A group with these labels only."""
    mine = {"time": switches(data)} if "time" in data.dims else {}
    mine |= {d: data[d].values for d in ("drive", "trial", "guessed") if d in data.dims and d in data.coords}
    return data.isel({
        d: np.flatnonzero(np.isin(labels, kept["drive" if d == "guessed" else d])) for d, labels in mine.items()
    })  # fmt: skip


def points(tree: xr.DataTree) -> tuple[list[Parameter], dict[Place, xr.DataTree]]:
    """The parameters of a sweep in order, and the result at each point."""
    found = parameters(tree)
    return found, {p: at(tree, dict(zip([f.name for f in found], p, strict=True))) for p in places(found)}
