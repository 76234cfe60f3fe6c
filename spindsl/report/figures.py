"""The figures of matter and of bottlenecks: what each draws is computed elsewhere; widths are in px."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .canvas import GRID, INK, SERIES, SOFT, WIDE, along, colours, grid, named, panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def latent(
    points: Sequence[np.ndarray], label: np.ndarray, names: Sequence[str], titles: Sequence[str], width: int
) -> Figure:
    """Points (sample, latent) at a few times in the drives' colours; a single variable is spread by drive."""
    figure, axes = grid(width, len(points), 1.0)
    tints = colours(len(names))
    order = np.random.default_rng(0).permutation(len(label))  # so that no drive lies on top
    for ax, z, title in zip(axes, points, titles, strict=True):
        x, y = z[:, 0], z[:, 1] if z.shape[1] > 1 else label + np.linspace(-0.3, 0.3, len(label))
        size = 9 * min(1.0, (1500 / len(label)) ** 0.5)
        ax.scatter(x[order], y[order], s=size, c=np.array(tints)[label[order]], alpha=0.7, lw=0, rasterized=True)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_color(GRID)
        ax.spines[:].set_visible(True)
        ax.set_title(title)
    keyed(figure, names, tints)
    return figure


def keyed(figure: Figure, names: Sequence[str], tints: Sequence[str]) -> None:
    """The drives by colour, below, if they are few."""
    from matplotlib.lines import Line2D

    if len(names) > 12:
        return
    dot = {"ls": "", "marker": "o", "ms": 5.5}
    dots = [Line2D([], [], color=c, label=n, **dot) for n, c in zip(names, tints, strict=True)]
    columns = len(names) if figure.get_figwidth() * 72 >= WIDE else min(len(names), 5)
    figure.legend(
        handles=dots, loc="outside lower left", ncols=columns, frameon=False, handletextpad=0.1,
        columnspacing=1.1, fontsize=11, borderpad=0.1,
    )  # fmt: skip


def observables(
    shown: Sequence[tuple[str, str, np.ndarray]],
    label: np.ndarray,
    names: Sequence[str],
    switch: np.ndarray,
    width: int,
) -> Figure:
    """Means of (name, unit, values (sample, time)): of every drive, and of all with their standard error."""
    figure, axes = grid(width, len(shown), 0.72, most=3)
    tints = colours(len(names))
    for ax, (name, unit, values) in zip(axes, shown, strict=True):
        for d, tint in enumerate(tints):
            ax.plot(switch, averaged(values[label == d])[0], color=tint, lw=0.9, alpha=0.9)
        mean, se = averaged(values)
        ax.fill_between(switch, mean - se, mean + se, color=INK, alpha=0.25, lw=0)
        ax.plot(switch, mean, color=INK, lw=1.6)
        along(ax, switch)
        panel(ax, name, unit, room=any(u for _, u, _ in shown))
    keyed(figure, names, tints)
    return figure


def averaged(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over trials of what is finite, NaN where nothing is."""
    count = np.isfinite(values).sum(axis=0)
    known = np.where(np.isfinite(values), values, 0.0).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, known.sum(axis=0) / count, np.nan)
        apart = np.where(np.isfinite(values), values - mean, 0.0)
        return mean, np.sqrt((apart**2).sum(axis=0) / (count - 1) / count)


@dataclass(frozen=True)
class Track:
    """One panel of how a bottleneck fitted: lines with an optional range, by name."""

    title: str
    unit: str
    says: str
    label: str  # of x; a switch is drawn on its own axis
    x: np.ndarray
    lines: Sequence[tuple[str, np.ndarray, np.ndarray | None, np.ndarray | None]]


def training(tracks: Sequence[Track], width: int) -> Figure:
    """How bottlenecks fitted."""
    figure, axes = grid(width, len(tracks), 0.72, most=3)
    for ax, track in zip(axes, tracks, strict=True):
        shades = np.linspace(1.0, 0.35, len(track.lines))
        for shade, (_, middle, low, high) in zip(shades, track.lines, strict=True):
            ax.plot(track.x, middle, color=SERIES[0], alpha=shade, lw=1.4)
            if low is not None and high is not None:
                ax.fill_between(track.x, low, high, color=SERIES[0], alpha=0.18, lw=0)
        if track.label == "switch":
            along(ax, track.x)
        else:
            ax.set_xlabel(track.label)
            ax.locator_params(axis="x", integer=True, nbins=5)
            ax.set_xlim(track.x[0] - 1, track.x[-1])
        named(ax, [(name, float(middle[-1]), SOFT) for name, middle, *_ in track.lines if name], 0.085)
        panel(ax, track.title, track.unit, room=any(t.unit for t in tracks))
    return figure
