"""The figures of sweeps: curves over one parameter, maps over two; widths are in px."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .canvas import INK, PAPER, SERIES, SOFT, WIDE, colour, grid, named, panel, sheet
from .landscape import Quantity
from .slices import Parameter, Place

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CELL, EDGE = 37, 62  # px of a cell with its number, and of the labels beside
LETTER = 6.6  # px of a letter of a title
FULL = 0.85  # opacity of the strongest colour
LIGHT = 0.62  # opacity above which numbers are written in the colour of the paper


@dataclass(frozen=True)
class Map:
    """One heat map: mean and error (x, y), and from which number to which its colours go."""

    title: str
    under: str
    mean: np.ndarray
    se: np.ndarray
    x: Parameter
    y: Parameter
    low: float
    high: float
    tint: str = SERIES[0]
    against: str = ""  # colour of what is below `low`, as strong as what is above
    marked: bool = True  # whether the largest has a frame


def scale(axes: Axes, parameter: Parameter) -> np.ndarray:
    """The axis of one parameter; where each of its values lies."""
    axes.set_xlabel(parameter.axis)
    if parameter.number and not parameter.others:
        at = parameter.values.astype(float)
        if parameter.log:
            axes.set_xscale("log")
            axes.set_xticks([], minor=True)
        if len(at) <= 8:
            axes.set_xticks(at, [parameter.label(k) for k in range(len(at))])
        elif parameter.log:
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        return at
    at = np.arange(len(parameter), dtype=float)
    every = range(0, len(at), -(-len(at) // 10))
    axes.set_xticks([at[k] for k in every], [parameter.label(k, "\n") for k in every])
    return at


def drawn(axes: Axes, parameter: Parameter, quantity: Quantity, tint: str, beside: float | None = None) -> float:
    """A curve with its interval; its last value. Among others its bars stand `beside` its points, in px."""
    from matplotlib.transforms import offset_copy

    at, order = scale(axes, parameter), parameter.order
    mean, low, high = (quantity.array(line, (len(parameter),))[order] for line in ("mean", "low", "high"))
    moved = offset_copy(axes.transData, axes.get_figure(root=True), beside or 0.0, units="points")
    if beside is None:
        axes.fill_between(at[order], low, high, color=tint, alpha=0.16, lw=0, zorder=2)
    axes.vlines(at[order], low, high, color=tint, lw=1.2, alpha=0.75, zorder=3, transform=moved)
    axes.plot(at[order], mean, color=tint, zorder=4, alpha=1 if beside is None else 0.75)
    axes.plot(at[order], mean, color=tint, marker="o", ls="", ms=4.5, zorder=5, transform=moved)
    known = mean[np.isfinite(mean)]
    return float(known[-1]) if len(known) else np.nan


def scores(
    parameter: Parameter,
    found: Sequence[Quantity],
    nulls: Mapping[str, tuple[Mapping[Place, float], tuple[float, float]]],
    width: int,
) -> Figure:
    """All scores against one parameter, and the nulls in grey."""
    height = 400 if width >= WIDE else 340
    figure, (axes,) = sheet(width, height)
    order, ends = parameter.order, []
    for name, (level, dashes) in nulls.items():
        line = np.array([level.get((k,), np.nan) for k in order])
        axes.plot(scale(axes, parameter)[order], line, color=SOFT, lw=1, dashes=dashes, zorder=1)
        ends.append((name, float(line[np.isfinite(line)][-1]) if np.isfinite(line).any() else np.nan, SOFT))
    for k, quantity in enumerate(found):
        ends.append(
            (quantity.name, drawn(axes, parameter, quantity, colour(k), 4 * (k - (len(found) - 1) / 2)), colour(k))
        )
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    axes.set_ylabel("score")
    named(axes, [e for e in ends[::-1] if np.isfinite(e[1])], 18 / height)
    return figure


def panels(parameter: Parameter, found: Sequence[Quantity], zero: bool, width: int) -> Figure:
    """Each quantity against one parameter by itself; `zero` draws the line that says nothing."""
    figure, axes = grid(width, len(found), 0.72, most=3)
    for ax, quantity in zip(axes, found, strict=True):
        if zero:
            ax.axhline(0, color=SOFT, lw=0.8, zorder=1)
        drawn(ax, parameter, quantity, SERIES[0] if zero else INK)
        panel(ax, quantity.name, quantity.says, room=any(q.says for q in found))
    return figure


def maps(shown: Sequence[Map], bar: str, width: int) -> Figure:
    """Heat maps side by side; `bar` names the colour bar that they share, if they share one."""
    nx, ny = len(shown[0].x), len(shown[0].y)
    least = max(EDGE + CELL * nx, LETTER * max(len(one.title) for one in shown) + EDGE / 2)
    columns = int(np.clip(width // least, 1, min(max(len(shown), 2), 4)))
    cell = (width - 40 * bool(bar and columns > 1)) / columns - EDGE
    rows = -(-len(shown) // columns)
    side = min(cell / nx, 1.5 * CELL)
    height = rows * (max(side * 0.86, 30 if nx <= 8 and ny <= 8 else 12) * ny + 88)
    figure, axes = sheet(width, height, rows, columns)
    for left_over in axes[len(shown) :]:
        left_over.remove()
    few = nx <= 8 and ny <= 8 and cell / nx >= 27
    for ax, one in zip(axes, shown, strict=False):
        cells(ax, one, few)
        panel(ax, one.title, one.under, room=any(m.under for m in shown))
    if bar and columns > 1:
        barred(axes[: len(shown)], shown[0], bar)
    return figure


def cells(axes: Axes, one: Map, few: bool) -> None:
    """The cells of a map in rising order, with their numbers if they are few."""
    from matplotlib.patches import Rectangle

    i, j = one.x.order, one.y.order
    mean, se = one.mean[np.ix_(i, j)], one.se[np.ix_(i, j)]
    for (a, b), value in np.ndenumerate(mean):
        if not np.isfinite(value):
            axes.text(a, b, "–", ha="center", va="center", color=SOFT)
            continue
        share, tint = shade(one, value)
        axes.add_patch(Rectangle((a - 0.5, b - 0.5), 1, 1, color=tint, alpha=share, lw=0))
        if few:
            number(axes, a, b, value, float(se[a, b]), share, one)
    if one.marked and np.isfinite(mean).any():
        a, b = np.unravel_index(np.nanargmax(mean), mean.shape)
        axes.add_patch(Rectangle((a - 0.47, b - 0.47), 0.94, 0.94, fill=False, ec=INK, lw=1.6))
    axes.set(xlim=(-0.5, len(i) - 0.5), ylim=(-0.5, len(j) - 0.5), xlabel=one.x.axis, ylabel=one.y.axis)
    kx, ky = (range(0, len(n), -(-len(n) // 8)) for n in (i, j))
    axes.set_xticks(list(kx), [one.x.label(i[k], "\n") for k in kx])
    axes.set_yticks(list(ky), [one.y.label(j[k], "\n") for k in ky])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def shade(one: Map, value: float) -> tuple[float, str]:
    """How strong a number is drawn, and in which colour."""
    share = (value - one.low) / (one.high - one.low) if one.high > one.low else 0.0
    tint = one.against if share < 0 and one.against else one.tint
    return float(np.clip(abs(share) if one.against else share, 0, 1)) * FULL, tint


def number(axes: Axes, a: int, b: int, value: float, se: float, share: float, one: Map) -> None:
    """A number, and below it its standard error."""
    ink, known = PAPER if share > LIGHT else INK, np.isfinite(se)
    digits = places(max(abs(one.low), abs(one.high)), se)
    value = 0.0 if round(value, digits) == 0 else value  # no −0.00
    said = f"{value:{'+' if one.against and value else ''}.{digits}f}".replace("-", "−")
    axes.text(a, b + 0.12 * known, said, ha="center", va="center", color=ink, fontsize=10.5)
    if known:
        small = f"±{se:.{digits}f}"
        axes.text(a, b - 0.26, small, ha="center", va="center", color=ink, fontsize=8.5)


def places(largest: float, se: float) -> int:
    """Decimal places: three digits of the largest number, or one of a smaller error."""
    if largest <= 1:
        return 2 if largest > 0.05 else 4
    shown = 2 - int(np.floor(np.log10(largest)))
    return int(np.clip(max(shown, -np.floor(np.log10(se)) if se > 0 else 0), 0, 2))


def barred(axes: Sequence[Axes], one: Map, label: str) -> None:
    """What the colours mean."""
    from matplotlib.colorbar import make_axes
    from matplotlib.patches import Rectangle

    beside, _ = make_axes(list(axes), location="right", aspect=22, shrink=0.8, pad=0.02)
    first = 2 * one.low - one.high if one.against else one.low
    levels = np.linspace(first, one.high, 49)
    for a, b in pairwise(levels.tolist()):
        share, tint = shade(one, (a + b) / 2)
        beside.add_patch(Rectangle((0, a), 1, b - a, color=tint, alpha=share, lw=0))
    beside.set(xlim=(0, 1), ylim=(first, one.high), xticks=[])
    beside.yaxis.set_ticks_position("right")
    beside.locator_params(axis="y", nbins=5)
    ticks = [t for t in beside.get_yticks() if first < t <= one.high]
    beside.set_yticks([first, *(t for t in ticks if t - first > 0.12 * (one.high - first))])
    beside.yaxis.set_major_formatter(lambda v, _: f"{v:.2f}".rstrip("0").rstrip(".").replace("-", "−"))
    beside.set_title(label, fontsize=11, color=SOFT, pad=10)
    beside.spines[:].set_visible(False)
