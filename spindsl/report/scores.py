"""The figures of scores: what each draws is computed elsewhere; widths are in px."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .canvas import INK, PAPER, SOFT, WIDE, along, colour, decades, grid, named, panel, sheet
from .reading import Curve, late

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Level:
    """A null: what a score would be for a reason of its own, against the switch."""

    name: str
    switch: np.ndarray
    score: np.ndarray
    dashes: tuple[float, ...]


def levels(axes: Axes, nulls: Sequence[Level], weight: float = 1.0) -> None:
    """The nulls as grey dashes."""
    for null in nulls:
        axes.plot(null.switch, null.score, color=SOFT, lw=weight, dashes=null.dashes, zorder=1)


def line(axes: Axes, curve: Curve, tint: str, most: int = 60) -> None:
    """A score, with its interval as shading; points too where they are few."""
    mark = {"marker": "o", "ms": 3} if len(curve.switch) <= most else {}
    axes.plot(curve.switch, curve["score"], color=tint, zorder=4, **mark)
    axes.fill_between(curve.switch, curve["low"], curve["high"], color=tint, alpha=0.2, lw=0, zorder=2)


def scores(curves: Sequence[Curve], nulls: Sequence[Level], width: int) -> Figure:
    """All scores together, each named where it ends; after decades of switches the last ones apart."""
    every, last = together(curves), ending(curves)
    apart = len(last) > 0
    height = 400 if width >= WIDE else 340
    figure, axes = sheet(width, height, columns=2, sharey=True, width_ratios=(4, 1)) if apart else sheet(width, height)
    for ax in axes:
        levels(ax, nulls)
        for k, curve in enumerate(curves):
            line(ax, curve, colour(k))
    framed(axes[0], every[every <= last[0]] if apart else every)
    axes[0].set_ylabel("score")
    if apart:
        axes[1].set(xlim=(last[0], last[-1]), xticks=(last[0], last[-1]))
        axes[1].spines["left"].set_visible(False)
        axes[1].tick_params(left=False)
    ends = [ended(c.name, c.switch, c["score"], every[-1], colour(k)) for k, c in enumerate(curves)][::-1]
    ends += [ended(n.name, n.switch, n.score, n.switch[-1], SOFT) for n in nulls[::-1]]
    named(axes[-1], [e for e in ends if np.isfinite(e[1])], 18 / height)
    return figure


def together(curves: Sequence[Curve]) -> np.ndarray:
    """All switches at which there is some score."""
    return np.unique(np.concatenate([c.switch for c in curves]))


def ending(curves: Sequence[Curve]) -> np.ndarray:
    """The last switches, where they deserve a panel of their own: many, after decades."""
    every = together(curves)
    last = every[late(every, every[-1])]
    return last if decades(every) and len(last) >= 8 else last[:0]


def framed(axes: Axes, switch: np.ndarray) -> None:
    """Axes of a score."""
    along(axes, switch)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])


def ended(name: str, switch: np.ndarray, score: np.ndarray, last: float, tint: str) -> tuple[str, float, str]:
    """The last value that there is, with a name that tells if it is an early one."""
    kept = np.isfinite(score)
    if not kept.any():
        return name, np.nan, tint
    until = switch[kept][-1]
    return (f"{name}, to {until:g}" if until < last else name), float(score[kept][-1]), tint


def closely(curves: Sequence[Curve], nulls: Sequence[Level], width: int) -> Figure:
    """Each score by itself: interval, band, control and nulls."""
    figure, axes = grid(width, len(curves), 0.72, sharey=True)
    for k, (ax, curve) in enumerate(zip(axes, curves, strict=True)):
        levels(ax, nulls, 0.8)
        low, high = curve["control_low"], curve["control_high"]
        ax.fill_between(curve.switch, low, high, color=INK, alpha=0.1, lw=0, zorder=1)
        line(ax, curve, colour(k), most=25)
        thin = {"score_control": (INK, 0.9), "band_low": (colour(k), 0.7), "band_high": (colour(k), 0.7)}
        for one in () if curve.each is None else curve.each:
            ax.plot(curve.switch, one, color=colour(k), lw=0.5, alpha=0.55, zorder=3)
        for name, (tint, weight) in thin.items():
            ax.plot(curve.switch, curve[name], color=tint, lw=weight, zorder=3)
        framed(ax, curve.switch)
        panel(ax, curve.name, curve.reads, room=any(c.reads for c in curves))
    return figure


def confusion(shown: Sequence[tuple[str, str, xr.DataArray]], width: int) -> Figure:
    """For every analysis (name, what it reads, share(drive, guessed)), the shares as shades."""
    from matplotlib.patches import Rectangle

    figure, axes = grid(width, len(shown), 1.0)
    for k, (ax, (name, reads, share)) in enumerate(zip(axes, shown, strict=True)):
        names = [str(n) for n in share["guessed"].values]
        for (d, g), part in np.ndenumerate(np.nan_to_num(share.values)):
            ax.add_patch(Rectangle((g - 0.5, d - 0.5), 1, 1, color=colour(k), alpha=float(part), lw=0))
            if len(names) <= 6:
                ink = PAPER if part > 0.5 else INK
                ax.text(g, d, f"{100 * part:.0f}", ha="center", va="center", color=ink, fontsize=10.5)
        few = range(len(names)) if len(names) <= 12 else []
        edges = (-0.5, len(names) - 0.5)
        ax.set(xlim=edges, ylim=edges[::-1], aspect="equal", xlabel="guessed", ylabel="drive")
        ax.set_xticks(few, [names[i] for i in few], rotation=90 if max(map(len, names)) > 2 else 0)
        ax.set_yticks(few, [names[i] for i in few])
        ax.tick_params(length=0)
        panel(ax, name, reads, room=any(r for _, r, _ in shown))
    return figure
