"""What a result of several realizations shows against the switch, and of which realization."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..quenched import spread
from .canvas import INK, SOFT, WIDE, Plate, along, colours, decades, grid, panel, sheet
from .figures import keyed
from .markup import joined, tag
from .observed import averages, observed
from .reading import Curve, resolved, switches
from .slices import at, realizations
from .traces import unit

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 250  # in a line; of more, neighbours are averaged


@dataclass(frozen=True)
class Course:
    """An observable against the switch: mean and interval, (drive, time)."""

    name: str
    unit: str
    switch: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def first(tree: xr.DataTree) -> xr.DataTree:
    """The first realization, the tree itself where there is but one."""
    return at(tree, {"realization": 0}) if realizations(tree) > 1 else tree


def noted(tree: xr.DataTree, plates: Iterable[Plate]) -> list[Plate]:
    """Plates that say of which realization they are."""
    count = realizations(tree)
    says = f" The first of {count} realizations is shown." if count > 1 else ""
    return [replace(p, caption=joined([p.caption, says])) for p in plates]


def shading(curves: Sequence[Curve]) -> str:
    """What the shading of scores is."""
    if not curves or curves[0].each is None:
        return "Shading: 95 % Wilson interval over the trials, each switch by itself"
    return f"Mean over {len(curves[0].each)} realizations, shading: Student's 95 % interval over them"


def several(curves: Sequence[Curve]) -> str:
    """How several fits of one network are shown."""
    if curves[0].each is None:
        return "the line is the median, the shading the range of independent fits"
    return "each realization counts with the median of its independent fits"


def thin(curves: Sequence[Curve]) -> str:
    """What the thin lines beside a score are."""
    if not curves or curves[0].each is None:
        return "95 % band that holds at all switches at once"
    return "single realizations"


def phases(tree: xr.DataTree) -> list[tuple[float, str]]:
    """Where each phase of the protocol begins, and what is applied: (0, own drive), (1000, new), …"""
    said = (resolved(tree).get("protocol") or {}).get("phases") or []
    if not said:
        return []
    named = [(p["after"], "no field" if p.get("rest") else p.get("drive") or "own drive") for p in said]
    return [
        (0.0, "own drive"),
        *((float(after), f"drive {n}" if "drive" not in n and n != "no field" else n) for after, n in named),
    ]


def bins(switch: np.ndarray, starts: Sequence[float]) -> np.ndarray:
    """Where each point of a line begins among the switches: all of few; of many neighbours of one phase together."""
    if len(switch) <= POINTS:
        return np.arange(len(switch))
    if not starts and decades(switch):
        wanted = np.geomspace(max(switch[0], 1), switch[-1], POINTS)
        return np.unique(np.searchsorted(switch, wanted))
    size = -(-len(switch) // POINTS)
    borders = [int(np.searchsorted(switch, s, side="right")) for s in starts] or [0]
    edges = [np.arange(a, b, size) for a, b in zip(borders, [*borders[1:], len(switch)], strict=True)]
    return np.unique(np.concatenate([[0], *edges]).astype(int))


def course(name: str, variable: xr.DataArray, switch: np.ndarray, starts: Sequence[float]) -> Course:
    """Mean over realizations, with Student's interval, of means over trials and over each bin."""
    edges = bins(switch, starts)
    count = np.diff([*edges, len(switch)])
    each = np.add.reduceat(averages(variable), edges, axis=-1) / count
    found = spread(each, ["realization", "drive", "time"])
    middle = np.add.reduceat(switch.astype(float), edges) / count
    return Course(name.replace("_", " "), unit(variable), middle, found[""], found["_low"], found["_high"])


def quenched(tree: xr.DataTree) -> Iterator[Plate]:
    """Every observable against the switch: mean over realizations with its interval, for every drive."""
    found = observed(tree)
    if not found:
        return
    data = tree["/trajectory"].to_dataset()
    switch, parts = switches(data), phases(tree)
    names = [str(n) for n in data["drive"].values] if "drive" in data.dims else ["all"]
    courses = [course(n, v, switch, [s for s, _ in parts]) for n, v in found.items()]
    courses = [c for c in courses if np.isfinite(c.mean).any()]
    says = "; ".join(
        f"{n.replace('_', ' ')}: {v.attrs['long_name']}" for n, v in found.items() if "long_name" in v.attrs
    )
    few = -(-len(switch) // POINTS) if courses and len(courses[0].switch) < len(switch) else 0
    together = f"Each point is the mean over up to {few} neighbouring switches. " if few and parts else (
        "Late points are means over neighbouring switches. " if few else ""
    )  # fmt: skip
    caption = joined([
        tag("b", "Observables against switch. "),
        f"Of each drive the mean over {realizations(tree)} realizations, each a mean over its trials; shading: ",
        f"Student's 95 % interval over realizations. {together}",
        "Vertical lines: phases of the protocol. " if parts else "",
        f"{says[:1].upper()}{says[1:]}." if says else "",
    ])  # fmt: skip
    if courses:
        yield Plate("observables", caption, partial(drawn, courses, names, parts))


def drawn(courses: Sequence[Course], names: Sequence[str], parts: Sequence[tuple[float, str]], width: int) -> Figure:
    """The courses, one above another where there are phases."""
    if parts:
        figure, axes = sheet(width, (230 if width >= WIDE else 200) * len(courses) + 40, len(courses))
    else:
        figure, axes = grid(width, len(courses), 0.72, most=3)
    tints = colours(len(names)) if len(names) > 1 else [INK]
    for ax, one in zip(axes, courses, strict=True):
        for mean, low, high, tint in zip(one.mean, one.low, one.high, tints, strict=True):
            ax.fill_between(one.switch, low, high, color=tint, alpha=0.22 if len(names) <= 4 else 0.12, lw=0)
            ax.plot(one.switch, mean, color=tint, lw=1.1)
        if parts:
            phased(ax, one, parts, names_at_top=ax is axes[0])
        else:
            along(ax, one.switch)
        panel(ax, one.name, one.unit, room=any(c.unit for c in courses) or bool(parts))
    keyed(figure, names if len(names) > 1 else [], tints if len(names) > 1 else [])
    return figure


def phased(axes: Axes, one: Course, parts: Sequence[tuple[float, str]], names_at_top: bool) -> None:
    """Thin lines where phases begin, and a scale of switches that shows them all alike; names inside at the top."""
    axes.set_xlim(0, one.switch[-1])
    axes.locator_params(axis="x", integer=True, nbins=7)
    axes.set_xlabel("switch")
    low, high = np.nanmin(one.low), np.nanmax(one.high)
    axes.set_ylim(low - 0.04 * (high - low), high + 0.16 * (high - low))
    ends = [s for s, _ in parts[1:]] + [one.switch[-1]]
    for (start, name), end in zip(parts, ends, strict=True):
        if start:
            axes.axvline(start, color=SOFT, lw=0.8, zorder=1)
        where = axes.get_xaxis_transform()
        axes.text((start + end) / 2, 0.99, name, transform=where, ha="center", va="top", color=SOFT, fontsize=11)
