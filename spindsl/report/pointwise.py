"""The table of a sweep: a row a point."""

from __future__ import annotations

import numpy as np

from .canvas import TURNED, colour
from .landscape import FIELD, Landscape, ended
from .markup import Html, joined, table, tag
from .reading import Curve
from .slices import Place
from .sweeps import when
from .tables import between, blind
from .told import amount

LONG = 12  # rows, above which a table is folded


def tabled(found: Landscape) -> Html:
    """Score, interval and control of every analysis at every point, with the nulls."""
    names = found.names
    if not names:
        return Html("")
    nulls = [n for n in ("chance", FIELD) if n in found.nulls]
    titles = [p.title for p in found.parameters]
    dots = [tag("span", "", class_="dot", style=f"background:var(--{TURNED[colour(k)]})") for k in range(len(names))]
    head = [*titles, *(joined([d, n]) for d, n in zip(dots, names, strict=True)), *nulls]
    rows = [row(found, place, names, nulls) for place in ordered(found)]
    count = amount(found)
    over = (
        f"Student's over {count} realizations, cut to 0–1"
        if count > 1
        else "Wilson's over the trials of one realization"
    )
    many = [n for n in names if found.one(n).networks > 1]
    fits = f"; of {', '.join(many)} the median and range of independent fits" if many and count == 1 else ""
    note = f"Score {when(found)}, below it its 95 % interval ({over}{fits}), and c: the control "
    note += "with shuffled drives. "
    note += f"Realizations: {count} at every point{lacking(found, count)}."
    whole = table(head, rows, note, class_="scores points")
    if len(rows) <= LONG:
        return whole
    return tag("details", tag("summary", f"All {len(rows)} points in numbers"), whole)


def ordered(found: Landscape) -> list[Place]:
    """Places in rising order of every parameter."""
    rank = [np.argsort(p.order) for p in found.parameters]
    return sorted(found.curves, key=lambda place: [int(r[k]) for r, k in zip(rank, place, strict=True)])


def row(found: Landscape, place: Place, names: list[str], nulls: list[str]) -> list[object]:
    """One point."""
    each = {n: found.at(n, place) for n in names}
    best = max((c.end for c in each.values() if c and np.isfinite(c.end) and not c.fitted), default=np.nan)
    levels = [found.nulls[n].get(place, np.nan) for n in nulls]
    return [
        *(p.label(k) for p, k in zip(found.parameters, place, strict=True)),
        *(cell(c, best) for c in each.values()),
        *(f"{v:.3f}" if np.isfinite(v) else "" for v in levels),
    ]


def cell(curve: Curve | None, best: float) -> Html:
    """0.964 over 0.92–0.98 over c 0.21."""
    if curve is None or not np.isfinite(curve.end):
        return Html("")
    found, control = ended(curve), blind(curve)
    interval = between(found.low, found.high)
    score = tag("span", f"{found.mean:.3f}", class_="best" if curve.end >= best else None)
    return joined([score, tag("small", interval), tag("small", f"c {control}") if control else ""])


def lacking(found: Landscape, count: int) -> str:
    """Where some realizations have no score."""
    fewer = {
        f"{found.told(p)}: {int(np.isfinite(c.ends).sum())} for {c.name}"
        for p, some in found.curves.items()
        for c in some
        if c.each is not None and np.isfinite(c.ends).sum() < count
    }
    return f", but {'; '.join(sorted(fewer))}" if fewer else ""
