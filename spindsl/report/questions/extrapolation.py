"""What a learned energy says of other temperatures and sizes, beside what the true one says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...thermo import QUANTITIES
from ..canvas import SOFT, WIDE, Plate, colour, grid
from ..figures import keyed
from ..markup import Html, joined, table, tag
from .agreement import bracketed, farthest, named, places, signed
from .asked import Asked, Part

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = {q: QUANTITIES[q].title for q in ("energy", "abs_magnetization", "heat_capacity", "susceptibility")}
TABLED = {
    q: QUANTITIES[q].symbol for q in ("energy", "energy_change", "abs_magnetization", "heat_capacity", "susceptibility")
}
TOLD = (*TABLED, "binder")
BARS: Any = {"elinewidth": 1, "capsize": 2}
FEW = 4  # targets of which there must be as many for a figure


def first(data: xr.Dataset) -> xr.Dataset:
    """Of several realizations the first."""
    return data.isel(realization=0) if "realization" in data.dims else data


def titled(asked: Asked, name: str) -> Html:
    """An analysis, the lattice that it predicts and what it reads."""
    said = asked.said.get(name, {})
    sides = " × ".join(map(str, said.get("sides") or ()))
    return joined([name, tag("small", ", ".join(v for v in (said.get("of", ""), sides) if v))])


def plates(asked: Asked) -> Iterator[Plate]:
    """All quantities in one plate an analysis, where there are enough targets and nothing is swept."""
    for name, data in asked.found.items():
        one = first(data)
        if one.sizes["target"] < FEW or set(one["energy"].dims) - {"beta", "network", "target"}:
            continue
        many = "A line a network. " if "network" in one.dims else ""
        caption = joined([
            tag("b", f"What {name} predicts against inverse temperature. "),
            "Above: colours, predictions of what was learned from observations at one temperature (dashed); grey: the "
            "true energy, run in the same way. Below: learned minus true, side by side. Bars: two standard errors, "
            f"below of both. {many}",
        ])  # fmt: skip
        yield Plate(f"extrapolation-{name}", caption, partial(drawn, one))


def drawn(data: xr.Dataset, width: int) -> Figure:
    """Two panels a quantity, values and differences; a colour a temperature of observation."""
    figure, axes = grid(width, 2 * len(SHOWN), 0.8 if width >= WIDE else 0.7)
    wide = len(SHOWN) if width >= WIDE else 2
    pairs = [(axes[k // wide * 2 * wide + k % wide], axes[k // wide * 2 * wide + k % wide + wide]) for k in range(4)]
    seen, room = list(data["beta"].values), 0.4 * np.diff(data["target"].values).min()
    for (above, below), (variable, says) in zip(pairs, SHOWN.items(), strict=True):
        for _, one in places(data, "energy", "target"):
            panels(above, below, one, variable, (seen.index(one["beta"].item()), len(seen)))
        below.axhline(0, color=SOFT, lw=0.8, zorder=1)
        below.set(xlabel="β, 1/J")
        for ax in (above, below):
            ax.set_xlim(*(data["target"].values[[0, -1]] + room * np.array([-1, 1])))
        above.set_title(says, fontweight="bold")
    pairs[0][1].set_ylabel("learned − true")
    keyed(figure, [f"β = {b:g}" for b in seen] + ["true"], [*map(colour, range(len(seen))), SOFT])
    return figure


def panels(above: Axes, below: Axes, one: xr.Dataset, variable: str, which: tuple[int, int]) -> None:
    """Of one temperature of observation, the k-th of so many."""
    (k, count), x = which, one["target"].values
    value, true = one[variable].values, one[f"true_{variable}"].values
    se, true_se = one[f"{variable}_se"].values, one[f"true_{variable}_se"].values
    above.errorbar(x, true, yerr=2 * true_se, color=SOFT, lw=1, zorder=2, **BARS)
    above.errorbar(x, value, yerr=2 * se, color=colour(k), marker="o", ms=3.5, lw=0, zorder=4, **BARS)
    seen = float(one["beta"])
    if x.min() <= seen <= x.max():
        for ax in (above, below):
            ax.axvline(seen, color=colour(k), lw=0.9, dashes=(4, 3), zorder=1)
    beside = x + (k - (count - 1) / 2) * 0.5 * np.diff(x).min() / count
    off, both = value - true, np.hypot(se, true_se)
    below.errorbar(beside, off, yerr=2 * both, color=colour(k), marker="o", ms=3.5, lw=0, zorder=4, **BARS)


def rows(asked: Asked) -> Html:
    """Every prediction over that of the true energy, with their distance."""
    body = []
    quantities = {q: says for q, says in TABLED.items() if all(q in d for d in asked.found.values())}
    for name, data in asked.found.items():
        for place, one in places(first(data), "energy"):
            if np.isnan(float(one["energy"])):
                continue
            at = {d: v for d, v in place.items() if d not in ("beta", "target")}
            head = joined([titled(asked, name), tag("small", named(at)) if at else ""])
            body.append((head, place["beta"], place["target"], *(cell(one, q) for q in quantities)))
    note = "Per spin; U₁ is that of the first β. In brackets the standard error of the last "
    note += "digits; below, in grey, the true energy's own run, and how far the two are apart in combined standard "
    note += "errors. Of several realizations the first."
    return table(("", "seen at β", "β", *quantities.values()), body, note, class_="scores")


def cell(one: xr.Dataset, quantity: str) -> Html:
    """Learned, true, and z."""
    learned, true = (bracketed(float(one[q]), float(one[f"{q}_se"])) for q in (quantity, f"true_{quantity}"))
    z = signed(float(one[f"{quantity}_z"]))
    return joined([learned, *(tag("small", v) for v in (true, z) if v)])


def told(asked: Asked) -> Iterator[Html]:
    """How far the farthest number is from the true energy's own run, and whether that is agreement."""
    for name, data in asked.found.items():
        far = farthest({q: data[f"{q}_z"] for q in TOLD if f"{q}_z" in data})
        if far is None:
            yield joined([tag("b", name), " has no standard errors to be held against the true energy's own run."])
            continue
        verdict = "agrees with" if far.agrees else "is away from"
        known = "" if f"{next(iter(SHOWN))}_coupling_se" in data else "; errors are those of the runs alone"
        yield joined([
            tag("b", name), f" {verdict} the true energy's own run: the farthest of {far.numbers} numbers is ",
            f"{far.name.replace('_', ' ')}, {far.size:.1f} combined standard errors away{where(far.place)}{known}.",
        ])  # fmt: skip


def where(place: Mapping[str, str]) -> str:
    """At β = 0.34, seen at β = 0.25, network 1."""
    rest = [f"seen at β = {place['beta']}"] if "beta" in place else []
    rest += [named({d: v}) for d, v in place.items() if d not in ("beta", "target")]
    return " (" + ", ".join([f"at β = {place['target']}", *rest]) + ")" if "target" in place else ""


PART = Part(told, plates, rows)
