"""Numbers with their errors, and how far they are from what they are held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .series import label

if TYPE_CHECKING:
    import xarray as xr

BOUND = 6.0  # standard errors that chance passes in fewer than one of 10^6 tables of hundreds of numbers


def places(data: xr.Dataset, variable: str, *kept: str) -> Iterator[tuple[dict[str, str], xr.Dataset]]:
    """A dataset for every value of the dimensions in front of those kept, with their labels."""
    front = [str(d) for d in data[variable].dims if d not in kept]
    for at in np.ndindex(*(data.sizes[d] for d in front)):
        place = dict(zip(front, at))
        yield {d: label(data[d].values[k]) if d in data.coords else str(k) for d, k in place.items()}, data.isel(place)


def named(place: Mapping[str, str]) -> str:
    """network 1, realization 0."""
    return ", ".join(f"{d} {v}" for d, v in place.items())


class Farthest(NamedTuple):
    """Of many numbers the one that is farthest from what it is held against."""

    name: str
    place: Mapping[str, str]
    size: float  # standard errors
    numbers: int

    @property
    def agrees(self) -> bool:
        return self.size < BOUND


def farthest(z: Mapping[str, xr.DataArray]) -> Farthest | None:
    """Of distances in standard errors, by quantity; NaN is no number. None where there is none."""
    known = {n: abs(v) for n, v in z.items() if bool(v.notnull().any())}
    if not known:
        return None
    worst = max(known, key=lambda n: float(known[n].max()))
    one = known[worst]
    at = {str(d): int(k) for d, k in zip(one.dims, np.unravel_index(int(np.nanargmax(one.values)), one.shape))}
    place = {d: label(one[d].values[k]) if d in one.coords else str(k) for d, k in at.items()}
    return Farthest(worst, place, float(one.max()), sum(int(v.notnull().sum()) for v in z.values()))


def bracketed(value: float, se: float) -> str:
    """-1.4532(12): in brackets the standard error, in units of the last digit; at most two digits of it."""
    if not np.isfinite(value):
        return "–"
    if not np.isfinite(se) or se <= 0:
        return f"{value:.6g}"
    digits = max(0, 1 - int(np.floor(np.log10(float(f"{se:.1e}")))))
    error = f"{se:.{digits}f}" if se >= 1 else f"{se * 10**digits:.0f}"
    return f"{value:.{digits}f}({error})"


def signed(z: float) -> str:
    """+1.3, or nothing where there is no number."""
    return "" if np.isnan(z) else f"{z:+.1f}" if abs(z) < 100 else f"{z:+.0f}"
