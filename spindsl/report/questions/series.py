"""Numbers with their intervals: along one dimension, over realizations where there are several."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ...quenched import spread
from ..estimates import Lead, estimate

if TYPE_CHECKING:
    import xarray as xr

Bounds = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]  # value, low, high, each realization
BESIDE = ("realization", "network")


@dataclass(frozen=True)
class Series:
    """One line: values with their 95 % intervals."""

    name: str
    x: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    each: np.ndarray | None = None  # (realization, x)
    at: Mapping[str, str] = field(default_factory=dict)  # labels of the swept parameters

    @property
    def title(self) -> str:
        return ", ".join([self.name, *(f"{k} {v}" for k, v in self.at.items())])

    def __getitem__(self, k: int) -> tuple[float, float, float]:
        return float(self.value[k]), float(self.low[k]), float(self.high[k])


def level_at(name: str, x: np.ndarray, value: float) -> Series:
    """A line of one value, which has no error."""
    level = np.full(len(x), value)
    return Series(name, x, level, level, level)


def series(name: str, data: xr.Dataset, variable: str, along: str) -> Iterator[Series]:
    """A variable along a dimension at the last time, at every value of what else is swept; of networks the median."""
    whole = data[variable]
    front = [d for d in whole.dims if d not in (along, "time", *BESIDE)]
    for place in product(*(range(whole.sizes[d]) for d in front)):
        at = dict(zip(front, place))
        labels = {str(d): label(data[d].values[k]) if d in data.coords else str(k) for d, k in at.items()}
        known = np.flatnonzero(
            whole.isel(at).notnull().any([d for d in whole.dims if d not in (*front, "time")]).values
        )
        one: dict[Hashable, int | np.intp | np.ndarray] = dict(at)
        if "time" in whole.dims:  # points of a sweep may have times of their own
            known = known if len(known) else np.arange(whole.sizes["time"])
            one["time"] = known if along == "time" else known[-1]
        x = data["switch" if along == "time" and "switch" in data.coords else along].values
        x = x[known] if along == "time" else x
        yield Series(name, x, *interval(data, variable, one, along), labels)


def label(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float | np.number) else str(value)


def interval(data: xr.Dataset, variable: str, at: Mapping[Hashable, int | np.intp | np.ndarray], along: str) -> Bounds:
    """Value, low, high, and each realization; where some are infinite, beyond what was looked at, median and range."""
    one = data[variable].isel(at)
    one = one.median("network") if "network" in one.dims else one
    if "realization" in one.dims:
        each = one.transpose("realization", along).values.astype(float)
        found = spread(np.where(np.isfinite(each), each, np.nan), ["realization", along])
        beyond = np.isinf(each).any(axis=0)
        ends = (("", np.median(each, axis=0)), ("_low", each.min(axis=0)), ("_high", each.max(axis=0)))
        value, low, high = (np.where(beyond, f, found[k]) for k, f in ends)
        return value, low, high, each
    value = one.values.astype(float)
    bounds = []
    for end in ("_low", "_high"):
        if f"{variable}{end}" not in data:
            bounds.append(np.full(value.shape, np.nan))
            continue
        bound = data[f"{variable}{end}"].isel(at)
        bounds.append((bound.median("network") if "network" in bound.dims else bound).values.astype(float))
    return value, bounds[0], bounds[1], None


def lead(first: Series, second: Series, k: int) -> Lead | None:
    """Difference of two lines at a place, paired over realizations; None where there is one only."""
    if first.each is None or second.each is None or not np.isfinite([first.each[:, k], second.each[:, k]]).all():
        return None
    return estimate(first.each[:, k] - second.each[:, k])


def apart(first: Series, second: Series, k: int = -1, sigmas: float = 2.0) -> bool:
    """Whether the first is clearly higher: by paired standard errors over realizations, else by intervals apart."""
    found = lead(first, second, k)
    if found is not None:
        return found.sigmas >= sigmas
    return bool(first.low[k] > second.high[k])


def ranked(lines: list[Series], k: int = -1) -> tuple[list[Series], list[Series]]:
    """Those that are best, alike within the error, and the rest; best first."""
    known = sorted((s for s in lines if not np.isnan(s.value[k])), key=lambda s: -s.value[k])
    best = [s for s in known if not apart(known[0], s, k)]
    return best, [s for s in known if s not in best]
