"""How long a drive stays readable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from ..canvas import Plate
from ..markup import Html, joined, table, tag
from ..verdict import listed
from .asked import Asked, Part
from .drawing import lines
from .series import Series, level_at, ranked, series


def kept(asked: Asked) -> list[Series]:
    """Score against the time since the drive, s."""
    found = []
    for name, data in asked.found.items():
        since = int(asked.said[name]["since"])
        time = dict(zip(data["switch"].values.tolist(), data["time"].values.tolist()))
        for one in series(name, data, "score", "time"):
            late = one.x > since  # x are switches, those at which the score is known
            x = np.array([time[k] for k in one.x[late].tolist()]) - time[since]
            each = None if one.each is None else one.each[:, late]
            found.append(replace(one, x=x, value=one.value[late], low=one.low[late], high=one.high[late], each=each))
    return sorted(found, key=lambda s: -float(np.nansum(s.value)))


def plates(asked: Asked) -> Iterator[Plate]:
    """Score against the time since the drive."""
    shown = kept(asked)
    chance = float(np.ravel(next(iter(asked.found.values()))["chance"].values)[0])
    level = level_at("chance", shown[0].x, chance)
    caption = joined(
        [tag("b", "Score against the time since the drive stopped. "), "Shading: 95 % intervals. Grey: chance."]
    )
    yield Plate("retention", caption, partial(lines, shown, [level], ("time since the drive, s", "score")))


def lifetimes(asked: Asked) -> list[Series]:
    """Lifetimes, each a line of one point."""
    found = []
    for name, data in asked.found.items():
        one = data[[f"lifetime{e}" for e in ("", "_low", "_high")]].expand_dims("once").assign_coords(once=[0])
        found += list(series(name, one, "lifetime", "once"))
    return found


def rows(asked: Asked) -> Html:
    """Lifetime of each feature."""
    body = []
    for one in sorted(lifetimes(asked), key=lambda s: -np.nan_to_num(s.value[0], posinf=1e300)):
        data = asked.found[one.name]
        p = float(np.nan_to_num(data["p_value"].isel(time=-1).values, nan=-1.0).max()) if "p_value" in data else -1.0
        chance = "not known" if p < 0 else f"{p:.3f}"
        body.append((
            joined([one.title, tag("small", " " + asked.reads(one.name))]), lasts(one.value[0]),
            f"{lasts(one.low[0])} – {lasts(one.high[0])}", f"{float(data['score_control'].mean()):.3f}", chance,
        ))  # fmt: skip
    note = (
        "Time until half of the score above a blind guess is left. Control: shuffled labels, mean over times; p of the "
    )
    note += "permutation test at the last time, the largest over realizations."
    return table(("feature", "lifetime", "95 %", "control", "p at the end"), body, note, class_="scores")


def lasts(seconds: float) -> str:
    """A time in s."""
    if np.isnan(seconds):
        return "not known"
    return "longer than looked" if np.isinf(seconds) else f"{max(seconds, 0.0):.3g}\N{NO-BREAK SPACE}s"


def told(asked: Asked) -> Iterator[Html]:
    """What stays readable longest."""
    found = [s for s in lifetimes(asked) if not np.isnan(s.value[0])]
    if found:
        best, rest = ranked(found, 0)
        names = listed([joined([tag("b", s.title), f" ({lasts(s.value[0])})"]) for s in best])
        tail = joined([", against ", listed([f"{s.title} ({lasts(s.value[0])})" for s in rest])]) if rest else ""
        yield joined(["The drive stays readable longest in ", names, tail, "."])


PART = Part(told, plates, rows)
