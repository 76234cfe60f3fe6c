"""How figures look: sizes in CSS pixels, system fonts, colours that the page turns for a dark background."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .markup import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Shared = bool | Literal["none", "all", "row", "col"]  # axes
PAPER, INK, SOFT, GRID = "#ffffff", "#1b1f24", "#626b76", "#e2e5e9"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#b8588f", "#c98a00", "#3f9bd0", "#7a6a53")  # after Okabe, Ito
DRIVES = ("#4477aa", "#ee6677", "#228833", "#bba52f", "#55bbdd", "#aa3377", "#8a8a8a")  # after Tol, bright
TURNED: dict[str, str] = dict(zip((PAPER, INK, SOFT, GRID), ("paper", "ink", "soft", "grid"), strict=True))
TURNED |= {c: f"c{k}" for k, c in enumerate(SERIES)} | {c: f"d{k}" for k, c in enumerate(DRIVES)}
WIDE, NARROW = 860, 370  # px
DPI = 200
STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "spindsl", "font.size": 12, "axes.titlesize": 12.5,
    "axes.labelsize": 12, "xtick.labelsize": 11, "ytick.labelsize": 11, "axes.titlelocation": "left",
    "text.color": INK, "axes.labelcolor": SOFT, "axes.edgecolor": SOFT, "xtick.color": SOFT,
    "ytick.color": SOFT, "axes.linewidth": 0.8, "xtick.major.width": 0.8, "ytick.major.width": 0.8,
    "xtick.major.size": 3, "ytick.major.size": 3, "axes.spines.top": False, "axes.spines.right": False,
    "figure.facecolor": "none", "axes.facecolor": "none", "lines.linewidth": 1.6,
}  # fmt: skip


@dataclass(frozen=True)
class Plate:
    """A figure of the page: a file name, what it says, and how it is drawn at a width in px."""

    name: str
    caption: Html
    draw: Callable[[int], Figure]


def sheet(
    width: int,
    height: float,
    rows: int = 1,
    columns: int = 1,
    sharey: Shared = False,
    width_ratios: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """An empty figure with its axes row by row; the unit of everything is the CSS pixel."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=4 / 72, h_pad=4 / 72, wspace=0.03, hspace=0.05)
    figure = Figure(figsize=(width / 72, height / 72), layout=layout)
    return figure, list(figure.subplots(rows, columns, squeeze=False, sharey=sharey, width_ratios=width_ratios).flat)


def grid(width: int, panels: int, height: float, most: int = 4, sharey: Shared = False) -> tuple[Figure, list[Axes]]:
    """As many panels in a row as are legible; `height` of a row as a share of a panel's width."""
    columns = min(max(panels, 3), most) if width >= WIDE else 2
    rows = -(-panels // columns)
    figure, axes = sheet(width, rows * (height * width / columns + 34), rows, columns, sharey=sharey)
    for left_over in axes[panels:]:
        left_over.remove()
    return figure, axes[:panels]


def svg(plate: Plate, width: int) -> str:
    """A figure as an SVG file that stands alone; the text is text."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.StringIO()
    with rc_context(STYLE):
        figure = plate.draw(width)
        figure.dpi = DPI  # of images within
        # `savefig` would draw twice, first without a trace
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
    text = re.sub(r"<metadata>.*?</metadata>", "", out.getvalue(), flags=re.S)
    text = re.sub(r"'DejaVu Sans'(, [^;\"]*)?", "system-ui, sans-serif", text)
    text = re.sub(r"(data:image/png;base64,)([^\"]+)", lambda found: found[1] + lighter(found[2]), text)
    return re.sub(r'width="[\d.]+pt" height="([\d.]+)pt"', rf'width="{width}" height="\1"', text, count=1)


def lighter(png: str) -> str:
    """A base64 PNG with a palette of its own, a third of the size."""
    import base64

    from PIL import Image

    image, out = Image.open(io.BytesIO(base64.b64decode(png))), io.BytesIO()
    image.convert("RGBA").quantize(128, method=Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def inline(text: str, name: str, label: str) -> Html:
    """That SVG inside a page: ids of its own, colours by name, nothing that belongs to a file."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<style.*?</style>|<!--.*?-->|\sxmlns(:\w+)?=\"[^\"]*\"", "", text, flags=re.S)
    text = re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub("|".join(TURNED), lambda c: f"var(--{TURNED[c[0]]})", text, flags=re.I)
    text = re.sub(r"\n\s*", "\n", text).replace("<defs>\n</defs>", "").strip()
    return Html(text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1))


def colours(count: int) -> list:
    """One colour a drive: apart from one another, of many drives in order."""
    if count <= len(DRIVES):
        return list(DRIVES[:count])
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(c) for c in colormaps["viridis"](np.linspace(0.1, 0.95, count))]


def decades(switch: np.ndarray) -> bool:
    """Whether switches are better shown on a logarithmic axis."""
    return float(switch[-1]) >= 20 * max(float(switch[0]), 1.0)


def colour(number: int) -> str:
    """The colour of an analysis."""
    return SERIES[number % len(SERIES)]


def along(axes: Axes, switch: np.ndarray, label: str = "switch") -> None:
    """The axis of switches: logarithmic where they span decades."""
    first, last = float(switch[0]), float(switch[-1])
    if decades(switch):
        axes.set_xscale("log" if first > 0 else "symlog", **({} if first > 0 else {"linthresh": 1}))
        ticks = [m * 10.0**e for e in range(-3, 10) for m in (1, 3)] + [0.0]
        axes.set_xticks([t for t in ticks if first <= t <= last], minor=False)
        axes.set_xticks([], minor=True)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    else:
        axes.locator_params(axis="x", integer=True, nbins=6)
    if last > first:
        axes.set_xlim(first, last)
    axes.set_xlabel(label)


def spread(values: np.ndarray, least: float, low: float, high: float) -> np.ndarray:
    """Positions of labels near `values`, in order, `least` apart, from `low` to `high` if there is room."""
    order = np.argsort(values, kind="stable")
    at = np.array(values, dtype=float)[order]
    for _ in range(200):
        gaps = np.diff(at)
        short = np.maximum(least - gaps, 0) / 2
        if short.max(initial=0) < 1e-3 * least:
            break
        at[:-1] -= short
        at[1:] += short
        at = np.clip(at, low, high)
    placed = np.empty_like(at)
    placed[order] = at
    return placed


def named(axes: Axes, ends: Sequence[tuple[str, float, str]], least: float) -> None:
    """Names (name, where the line ends, colour) at the right, `least` of the height apart.

    A line that ends without a value has its name at the foot, which says so.
    """
    from matplotlib.transforms import offset_copy

    low, high = axes.get_ylim()
    places = spread(np.array([e[1] if np.isfinite(e[1]) else low for e in ends]), least * (high - low), low, high)
    edge = axes.get_yaxis_transform()
    beside = offset_copy(edge, axes.get_figure(root=True), x=16, units="points")
    for (name, value, tint), place in zip(ends, places, strict=True):
        stroke = {"arrowstyle": "-", "color": tint, "lw": 0.9, "relpos": (0, 0.5), "shrinkA": 3, "shrinkB": 1}
        if not np.isfinite(value):
            name, value, stroke = f"{name}: no value", place, None
        ink = {"color": SOFT} if tint == SOFT else {"color": INK, "fontweight": "bold"}
        axes.annotate(
            name, (1, value), (1, place), edge, beside, annotation_clip=False, arrowprops=stroke, va="center",
            fontsize=11.5, **ink,
        )  # fmt: skip


def panel(axes: Axes, title: str, under: str, room: bool) -> None:
    """What a panel shows, in bold, and how, in grey; room for the grey is left where a neighbour needs it."""
    axes.set_title(title, fontweight="bold", pad=20 if room else 8)
    if under:
        axes.annotate(under, (0, 1), (0, 6), "axes fraction", "offset points", color=SOFT, fontsize=11)
