"""How near learned energies are to the true ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..canvas import SOFT, WIDE, Plate, colour, sheet
from ..figures import keyed
from ..kinds import traits
from ..markup import Html, joined, table, tag
from .asked import Asked, Part

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

BESIDE = ("realization", "network")
DRAWN = ("energy_true", "energy_learned", "energy_spread", "rmse_level", "rmse_floor", "rmse_constant")


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


def route(asked: Asked, name: str) -> str:
    """How an energy was come by: made, -ln q / β; ednn of -ln q / β of made; cluster-expansion."""
    of = asked.said.get(name, {}).get("of", "")
    about, train = traits(asked.tree, "bottleneck", of), asked.bottlenecks.get(of, {}).get("train")
    kind = about.kind or of
    if isinstance(train, Mapping) and "labels" in train:
        return f"{kind}, regression on -ln q / β of {train['labels']}"
    if about.normalized:
        return f"{kind}, -ln q / β" + ("; told the Hamiltonian" if isinstance(train, Mapping) else "")
    return f"{kind}, {train}" if isinstance(train, str) else kind


def plates(asked: Asked) -> Iterator[Plate]:
    """Error of the learned energy against the true one, a plate a temperature."""
    plain = {n: d for n, d in asked.found.items() if not set(d["energy_learned"].dims) - {"beta", "level", *BESIDE}}
    if not plain:
        return
    for k, beta in enumerate(next(iter(plain.values()))["beta"].values):
        caption = joined([
            tag("b", f"Learned and true energy, observed at β = {beta:g}. "),
            "Left: learned minus true, mean over the configurations of a level, shading their standard deviation. ",
            "Right: root mean square error of a level. Dashed: a constant energy; dotted: the floor of Cramér and ",
            "Rao. Medians over realizations and networks where there are several.",
        ])  # fmt: skip
        shown = {n: {v: middle(d, v).isel(beta=k).values for v in DRAWN} for n, d in plain.items()}
        yield Plate(f"inversion-{k}", caption, partial(drawn, shown))


def drawn(shown: Mapping[str, Mapping[str, np.ndarray]], width: int) -> Figure:
    """Routes in their colours: what they are off by along the true energy, and how far in the mean square."""
    wide = width >= WIDE
    figure, (left, right) = sheet(width, 360 if wide else 640, *((1, 2) if wide else (2, 1)))
    for n, one in enumerate(shown.values()):
        x, off = one["energy_true"], one["energy_learned"] - one["energy_true"]
        left.plot(x, off, color=colour(n), lw=1.5, zorder=3)
        left.fill_between(
            x, off - one["energy_spread"], off + one["energy_spread"], color=colour(n), alpha=0.2, lw=0, zorder=2
        )
        right.plot(x, one["rmse_level"], color=colour(n), lw=1.5, zorder=3)
    first = next(iter(shown.values()))
    x = first["energy_true"]
    away = np.abs(x - x.mean())
    right.plot(x, away, color=SOFT, lw=1, dashes=(5, 2), zorder=1)
    floor = min(one["rmse_floor"] for one in shown.values())
    if np.isfinite(floor):
        right.plot(x, away * floor / first["rmse_constant"], color=SOFT, lw=1, dashes=(1, 1.5), zorder=1)
    left.axhline(0, color=SOFT, lw=0.8, zorder=1)
    right.set_yscale("log")
    for axes, label in ((left, "learned minus true, J"), (right, "error, J")):
        axes.set(xlim=(x[0], x[-1]), xlabel="true energy, J", ylabel=label)
    keyed(figure, list(shown), [colour(n) for n in range(len(shown))])
    return figure


def rows(asked: Asked) -> Html:
    """Every error beside its floor and that of a constant."""
    body, bonds = [], any("coupling_rmse" in d for d in asked.found.values())
    for name, data in asked.found.items():
        for k, beta in enumerate(data["beta"].values):
            at = {"beta": k}
            cells = [ranged(data, v, at) for v in ("rmse", "rmse_floor", "rmse_constant", "slope") if v in data]
            if bonds:
                cells.append(found(data, at) if "coupling_rmse" in data else "–")
            body.append((joined([name, tag("small", f" {route(asked, name)}")]), f"{beta:g}", *cells))
    note = (
        "J; medians, and ranges over realizations and networks. Equal numbers of test configurations at every energy, "
    )
    note += "after one constant, the mean of the difference. Floor: Cramér and Rao, of one unknown coupling"
    note += "; of couplings, with the graph known." if bonds else "."
    note += " Constant: the error of an energy that knows nothing, the spread of the test energies."
    head = ("route", "β", "RMSE", "floor", "constant", "slope", *(["couplings of true bonds"] if bonds else []))
    return table(head, body, note, class_="scores")


def found(data: xr.Dataset, at: dict[str, int]) -> str:
    """Of couplings of single bonds."""
    several = [ranged(data, v, at) for v in ("coupling_rmse", "coupling_floor", "missed", "spurious")]
    return "{} (floor {}), {} missed, {} spurious".format(*several)


def told(asked: Asked) -> Iterator[Html]:
    """Which route is nearest, and how near it is to the floor; what a constant would have been off by."""
    for k, beta in enumerate(next(iter(asked.found.values()))["beta"].values):
        each = {n: float(middle(d, "rmse").isel(beta=k).median()) for n, d in asked.found.items()}
        best = min(each, key=lambda n: each[n])
        floor, constant = (float(asked.found[best][f"rmse_{v}"].isel(beta=k).median()) for v in ("floor", "constant"))
        rest = [f"{n} {v:.3g} J" for n, v in each.items() if n != best]
        beside = f", {each[best] / floor:.1f} times the floor of one coupling" if np.isfinite(floor) else ""
        against = f"; {', '.join([*rest, f'a constant {constant:.3g} J'])}"
        yield joined([f"From β = {beta:g} ", tag("b", best), f" errs by {each[best]:.3g} J{beside}{against}."])


PART = Part(told, plates, rows)
