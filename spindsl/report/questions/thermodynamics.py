"""U, |M|, C and chi against temperature, beside exact truth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..canvas import Plate
from ..markup import Html, joined, table, tag
from .asked import Asked
from .drawing import lines
from .series import Series, label

if TYPE_CHECKING:
    import xarray as xr

TITLE = "Thermodynamics"
SHOWN = {
    "energy": "energy per spin, J", "abs_magnetization": "|m|", "heat_capacity": "heat capacity per spin",
    "susceptibility": "susceptibility per spin, 1/J",
}  # fmt: skip
BOUND = 6.0  # standard errors that chance passes in fewer than one of 10^6 tables of hundreds of numbers


def places(data: xr.Dataset) -> Iterator[tuple[str, xr.Dataset]]:
    """A dataset a place of the sweep, of several realizations the first, with its name."""
    data = data.isel(realization=0) if "realization" in data.dims else data
    front = [d for d in data["energy"].dims if d != "beta"]
    for at in np.ndindex(*(data.sizes[d] for d in front)):
        place = dict(zip(front, at))
        names = [f"{d} {label(data[d].values[k]) if d in data.coords else k}" for d, k in place.items()]
        yield ", ".join(names), data.isel(place)


def exact(asked: Asked, name: str) -> xr.Dataset | None:
    """The reference that an analysis is held against."""
    against = asked.said[name].get("against")
    return asked.group(f"/reference/{against}") if against else None


def plates(asked: Asked) -> Iterator[Plate]:
    """One quantity a plate, where there is more than one temperature."""
    for variable, says in SHOWN.items():
        shown, grey = [], []
        for name, data in asked.found.items():
            for at, one in places(data):
                x, y, se = (one[v].values for v in ("beta", variable, f"{variable}_se"))
                shown.append(Series(", ".join(v for v in (name, at) if v), x, y, y - 2 * se, y + 2 * se))
            truth = exact(asked, name)
            if truth is not None and variable in truth:
                grey += [Series("", t["beta"].values, *[t[variable].values] * 3) for _, t in places(truth)]
        if not shown or len(shown[0].x) < 2:
            return
        ends = np.concatenate([np.r_[s.low, s.high] for s in shown])
        low, high = np.nanmin(ends), np.nanmax(ends)
        pad = 0.04 * (high - low or 1.0)
        caption = joined([
            tag("b", f"{says[0].upper()}{says[1:]} against inverse temperature. "),
            "Shading: two standard errors. ", "Grey: exact. " if grey else "",
        ])  # fmt: skip
        draw = partial(lines, shown, grey, ("β, 1/J", says), log=False, y=(low - pad, high + pad))
        yield Plate(f"thermodynamics-{variable.replace('_', '-')}", caption, draw)


def rows(asked: Asked) -> Html:
    """Every value with its error, and its distance from the exact one."""
    body = []
    for name, data in asked.found.items():
        for at, one in places(data):
            for k, beta in enumerate(one["beta"].values):
                cells = []
                for variable in (*SHOWN, "binder"):
                    z = f" ({float(one[f'{variable}_z'][k]):+.1f})" if f"{variable}_z" in one else ""
                    cells.append(f"{float(one[variable][k]):.5g} ± {float(one[f'{variable}_se'][k]):.1g}{z}")
                body.append((", ".join(v for v in (name, at) if v), f"{beta:g}", *cells))
    note = "Per spin, with standard errors; in brackets the distance from the exact value in standard errors. "
    note += "Of several realizations the first."
    return table(("", "β", "U", "|m|", "C", "χ", "Binder"), body, note, class_="scores")


def told(asked: Asked) -> Iterator[Html]:
    """Whether all agrees with what is exact."""
    for name, data in asked.found.items():
        z = {v: data[v] for v in data if str(v).endswith("_z")}
        if not z:
            continue
        worst = max(z, key=lambda v: float(np.abs(z[v]).max()))
        size, count = float(np.abs(z[worst]).max()), sum(v.size for v in z.values())
        verdict = "agrees with" if size < BOUND else "is away from"
        told = f": the farthest of {count} numbers is {str(worst).removesuffix('_z').replace('_', ' ')}, "
        yield joined([tag("b", name), f" {verdict} exact truth{told}{size:.1f} standard errors away."])
