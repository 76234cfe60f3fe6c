"""How near learned energies are to the true ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..canvas import Plate
from ..markup import Html, joined, table, tag
from .asked import Asked
from .drawing import lines
from .series import Series

if TYPE_CHECKING:
    import xarray as xr

TITLE = "Learned energies"
BESIDE = ("realization", "network")


def middle(data: xr.Dataset, variable: str) -> xr.DataArray:
    """The median over realizations and networks."""
    return data[variable].median([d for d in BESIDE if d in data[variable].dims])


def ranged(data: xr.Dataset, variable: str, at: dict[str, int]) -> str:
    """Median, and the range over realizations and networks where there are several."""
    values = data[variable].isel({d: k for d, k in at.items() if d in data[variable].dims}).values.ravel()
    values = values[np.isfinite(values)]
    if not len(values):
        return "–"
    told = f"{np.median(values):.3g}"
    return told if len(values) == 1 else f"{told} [{values.min():.3g}, {values.max():.3g}]"


def plates(asked: Asked) -> Iterator[Plate]:
    """Error of the learned energy against the true one, a plate a temperature."""
    betas = next(iter(asked.found.values()))["beta"].values
    for k, beta in enumerate(betas):
        shown = []
        for name, data in asked.found.items():
            if set(data["energy_learned"].dims) - {"beta", "level", *BESIDE}:
                continue
            x, y = (middle(data, v).isel(beta=k).values for v in ("energy_true", "energy_learned"))
            spread = middle(data, "energy_spread").isel(beta=k).values
            shown.append(Series(name, x, y - x, y - x - spread, y - x + spread))
        if not shown:
            return
        reach = 1.05 * max(np.nanmax(np.abs([s.low, s.high])) for s in shown) or 1.0
        caption = joined([
            tag("b", f"Learned minus true energy, observed at β = {beta:g}. "),
            "Against the true energy; means over the configurations of a level, shading their standard deviation. ",
            "Medians over realizations and networks where there are several.",
        ])  # fmt: skip
        zero = [Series("", shown[0].x, *[np.zeros(len(shown[0].x))] * 3)]
        label = ("energy, J", "learned minus true, J")
        yield Plate(f"inversion-{k}", caption, partial(lines, shown, zero, label, log=False, y=(-reach, reach)))


def rows(asked: Asked) -> Html:
    """Every error beside its floor."""
    body = []
    for name, data in asked.found.items():
        for k, beta in enumerate(data["beta"].values):
            at = {"beta": k}
            cells = [ranged(data, v, at) for v in ("rmse", "rmse_floor", "slope")]
            if "coupling_rmse" in data:
                several = [ranged(data, v, at) for v in ("coupling_rmse", "coupling_floor", "missed", "spurious")]
                cells.append("{} (floor {}), {} missed, {} spurious".format(*several))
            else:
                cells.append("–")
            body.append((joined([name, tag("small", f" {asked.reads(name)}")]), f"{beta:g}", *cells))
    note = (
        "J; medians, and ranges over realizations and networks. Equal numbers of test configurations at every energy, "
    )
    note += "after one constant. Floor: Cramér and Rao, of one unknown coupling; of couplings, with the graph known."
    head = ("route", "β", "RMSE", "floor", "slope", "couplings of true bonds")
    return table(head, body, note, class_="scores")


def told(asked: Asked) -> Iterator[Html]:
    """Which route is nearest, and how near it is to the floor."""
    for k, beta in enumerate(next(iter(asked.found.values()))["beta"].values):
        found = {n: float(middle(d, "rmse").isel(beta=k).median()) for n, d in asked.found.items()}
        best = min(found, key=lambda n: found[n])
        floor = float(asked.found[best]["rmse_floor"].isel(beta=k).median())
        rest = [f"{n} {v:.3g} J" for n, v in found.items() if n != best]
        beside = f", {found[best] / floor:.1f} times the floor of one coupling" if np.isfinite(floor) else ""
        against = f"; {', '.join(rest)}" if rest else ""
        yield joined([f"From β = {beta:g} ", tag("b", best), f" errs by {found[best]:.3g} J{beside}{against}."])
