"""The page's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .canvas import TURNED, colour
from .estimates import median
from .markup import Html, joined, table, tag
from .reading import Curve, window
from .verdict import listed

if TYPE_CHECKING:
    import xarray as xr

    from ..result import Provenance, Verdict

MARKS = (5, 10, 20, 30, 100)  # switches shown beside the first and the last


def expected(expectations: Sequence[Verdict]) -> Html:
    """What the source reports beside what was measured."""
    if not expectations:
        return Html("")
    rows = []
    for one in expectations:
        where = ", ".join(selected(dim, at) for dim, at in (one.get("where") or {}).items())
        measured = one.get("measured")
        known = measured is not None and np.isfinite(measured)
        mark = marked(one)
        how = f"{one.get('reduce', 'median')}{' over ' + where if where else ''}"
        what = joined([tag("code", one["of"]), tag("br"), tag("small", how)])
        found = joined([f"{measured:.4g}" if known else "nothing", " ", mark])
        rows.append((what, bounds(one), found, one.get("source", "")))
    return table(("Quantity", "Expected", "Measured", "Source"), rows, class_="expected")


def marked(one: Verdict) -> Html:
    """Whether an expectation is met, or why that is not judged."""
    if "ok" in one and one["ok"] is None:
        why = one.get("verdict", "not judged")
        return tag("small", f"{why} (experiment changed)" if why == "not judged" else why)
    return tag("span", "✓ met", class_="met") if one.get("ok") else tag("span", "✗ missed", class_="missed")


def selected(dim: str, at: object) -> str:
    """A selection by label in words: the last 50 switches, switch 5–30, drive ABCD."""
    if not isinstance(at, Mapping):
        return f"{dim} {', '.join(map(str, at)) if isinstance(at, list | tuple) else at}"
    if "from" in at:
        return f"{dim} {at['from']:g}–{at['to']:g}"
    many = dim + ("es" if dim.endswith(("ch", "s", "x")) else "s")
    return ", ".join(f"the {which} {count} {many}" for which, count in at.items())


def bounds(one: Verdict) -> str:
    """≥ 0.98, 0.25 ± 0.03, 0.2–0.3."""
    low, high, value = (one.get(k) for k in ("min", "max", "value"))
    if value is not None:
        return f"{value:g} ± {one.get('tolerance', 0):g}"
    if low is not None and high is not None:
        return f"{low:g}–{high:g}"
    return f"≥ {low:g}" if low is not None else f"≤ {high:g}" if high is not None else ""


def scored(curves: Sequence[Curve]) -> Html:
    """Scores with intervals at a few switches, and the median at the end with its control."""
    every = np.unique(np.concatenate([c.switch for c in curves]))
    columns = [k for k in dict.fromkeys((every[0], *MARKS, every[-1])) if k in every]
    when = window(curves)
    best = {k: max((value(c, k) for c in curves if not c.fitted), default=np.nan) for k in columns}
    rows = [
        (
            titled(c, k),
            *(cell(c, s, best[s]) for s in columns),
            f"{c.end:.3f}" if np.isfinite(c.end) else "",
            blind(c),
        )
        for k, c in enumerate(curves)
    ]
    over = "trials" if curves[0].each is None else f"{len(curves[0].each)} realizations (Student, cut to 0–1)"
    notes = [f"Score at a switch, below it its 95 % interval over {over}, each switch by itself. "]
    many = [tag("b", c.name) for c in curves if c.networks > 1]
    fits = "median, below it their range" if curves[0].each is None else "their median in each realization"
    notes += [listed(many), f" holds independent fits: {fits}. "] if many else []
    own = [tag("b", c.name) for c in curves if c.fitted]
    notes += [listed(own), " is scored on the trials it was fitted to. "] if own else []
    notes += [
        f"Median: over switches {when}. " if "–" in when else "",
        "Control: the same with shuffled drives",
    ]
    notes += [f"; chance is {curves[0].chance:.3g}." if np.isfinite(curves[0].chance) else "."]
    return table(
        ("after switch", *(f"{k:g}" for k in columns), f"median {when}" if "–" in when else "end", "control"),
        rows,
        joined(notes),
        class_="scores",
    )


def value(curve: Curve, switch: float) -> float:
    """Score at a switch, -1 where there is none."""
    at = np.flatnonzero(curve.switch == switch)
    return float(np.nan_to_num(curve["score"][at[0]], nan=-1.0)) if len(at) else -1.0


def titled(curve: Curve, number: int) -> Html:
    """The analysis in its colour, and what it reads."""
    dot = tag("span", "", class_="dot", style=f"background:var(--{TURNED[colour(number)]})")
    return joined([dot, curve.name, tag("small", curve.reads) if curve.reads else ""])


def cell(curve: Curve, switch: float, best: float) -> Html:
    """0.964 over [0.92, 0.98]."""
    score = value(curve, switch)
    if score < 0:
        return Html("")
    at = int(np.flatnonzero(curve.switch == switch)[0])
    low, high = curve["low"][at], curve["high"][at]
    interval = between(low, high)
    return joined([tag("span", f"{score:.3f}", class_="best" if score >= best else None), tag("small", interval)])


def between(low: float, high: float) -> str:
    """An interval of scores, cut to 0–1."""
    return f"{max(low, 0):.2f}–{min(high, 1):.2f}" if np.isfinite(low) else ""


def blind(curve: Curve) -> str:
    """Median of the control at the end."""
    middle = median(curve["score_control"][curve.late])
    return f"{middle:.3f}" if np.isfinite(middle) else ""


def other(name: str, data: xr.Dataset) -> Html:
    """Any other analysis: each variable with its value, or its range where there are many."""
    rows = [(tag("code", key), says(v), shape(v), ranged(v)) for key, v in data.data_vars.items()]
    return joined(
        [
            tag("p", tag("b", name)),
            table(("Variable", "What it is", "Dimensions", "Value, or least · median · most"), rows),
        ]
    )


def says(variable: xr.DataArray) -> str:
    unit = variable.attrs.get("units", "1")
    return str(variable.attrs.get("long_name", "")) + (f", {unit}" if unit not in ("", "1") else "")


def shape(variable: xr.DataArray) -> str:
    return " × ".join(f"{dim} {size}" for dim, size in variable.sizes.items())


def ranged(variable: xr.DataArray) -> str:
    """The value of one, least · median · most of many."""
    if not np.issubdtype(variable.dtype, np.number) or variable.size == 0:
        return str(variable.values) if variable.size == 1 else ""
    values = variable.values[np.isfinite(variable.values)]
    if variable.size == 1 or not len(values):
        return f"{variable.values.ravel()[0]:.4g}"
    return " · ".join(f"{v:.4g}" for v in (values.min(), np.median(values), values.max()))


def recorded(provenance: Provenance, history: str) -> Html:
    """Where and with what it was computed."""
    rows = [*flat(provenance), *([("history", history)] if history else [])]
    names = ", ".join(provenance.get("unlike", ()))
    warning = tag("p", f"The result is made of pieces of unlike {names}: its numbers may differ in their last bits "
                  "from those of one environment.") if names else ""  # fmt: skip
    return joined([warning, table((), rows, class_="record")]) if rows else Html("")


def flat(values: Mapping[str, object], under: str = "") -> Iterator[tuple[str, str]]:
    """Nested keys joined by dots."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{under}{key}.")
        else:
            yield f"{under}{key}", ", ".join(map(str, value)) if isinstance(value, list) else str(value)
