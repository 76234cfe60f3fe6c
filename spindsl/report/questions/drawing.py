"""Lines with shading, named at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..canvas import SOFT, WIDE, colour, named, sheet
from .series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DASHES = {
    "Bayes ceiling": (5.0, 2.0),
    "present field alone": (1.5, 1.5),
    "half height": (8.0, 3.0),
    "three quarters": (8.0, 3.0),
}


def lines(
    shown: Sequence[Series], levels: Sequence[Series], labels: tuple[str, str], width: int, log: bool = True,
    y: tuple[float, float] = (0.0, 1.02),
) -> Figure:  # fmt: skip
    """Each line in its colour with its interval, levels in grey."""
    height = 400 if width >= WIDE else 340
    figure, (ax,) = sheet(width, height)
    for one in levels:
        ax.plot(one.x, one.value, color=SOFT, lw=1, dashes=DASHES.get(one.name, (1.0, 0.0)), zorder=1)
    for k, one in enumerate(shown):
        ax.plot(one.x, one.value, color=colour(k), marker="o" if len(one.x) <= 40 else None, ms=3.5, zorder=4)
        ax.fill_between(one.x, one.low, one.high, color=colour(k), alpha=0.2, lw=0, zorder=2)
    axis(ax, np.concatenate([s.x for s in shown]).astype(float), log)
    ax.set(ylim=y, xlabel=labels[0], ylabel=labels[1])
    ends = [(s.title, ending(s), colour(k)) for k, s in enumerate(shown)][::-1]
    ends += [(s.name, ending(s), SOFT) for s in levels]
    named(ax, [e for e in ends if np.isfinite(e[1])], 18 / height)
    return figure


def ending(one: Series) -> float:
    known = one.value[np.isfinite(one.value)]
    return float(known[-1]) if len(known) else np.nan


def axis(ax: Axes, x: np.ndarray, log: bool) -> None:
    """Logarithmic where that is asked for and can be; the numbers themselves as ticks where they are few."""
    x = np.unique(x)
    if log and x[0] > 0 and x[-1] > 3 * x[0]:
        ax.set_xscale("log")
        few = len(x) <= 8 and x[-1] < 1e4
        if few:
            ax.set_xticks(x, [f"{v:g}" for v in x])
            ax.set_xticks([], minor=True)
        elif x[-1] < 1e4:
            ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    elif len(x) <= 8:
        ax.set_xticks(x, [f"{v:g}" for v in x])
    if x[-1] > x[0]:
        ax.set_xlim(x[0], x[-1])
