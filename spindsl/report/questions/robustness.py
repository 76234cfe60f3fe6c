"""Robust or rote."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..canvas import Plate
from ..markup import Html, joined, table, tag
from ..verdict import listed
from .asked import Asked, Part
from .series import Series, series


def plates(asked: Asked) -> Iterator[Plate]:
    """The scores of the drive are drawn with all scores."""
    yield from ()


def told(asked: Asked) -> Iterator[Html]:
    """Where something of the drive is learned beyond the present field, and where nothing is seen to be."""
    found = [s for name, data in asked.found.items() for s in series(name, data, "learned", "time")]
    robust = [s for s in found if s.low[-1] > 0]
    rest = [s for s in found if not s.low[-1] > 0]
    if robust:
        more = listed([joined([tag("b", s.title), f" ({s.value[-1]:+.3f})"]) for s in robust])
        yield joined(["Of the drive more is told than the present field would by ", more, "."])
    if rest:
        yield joined(
            ["No more than the present field would is seen to be told by ", listed([s.title for s in rest]), "."]
        )


def rows(asked: Asked) -> Html:
    """Drive, present field and what is learned at the first and the last time."""
    body, shown = [], np.full(1, np.nan)
    for name, data in asked.found.items():
        field = asked.group(f"/analysis/{name}-field")
        told = list(series(name, data, "learned", "time"))
        drive = list(series(name, data, "score", "time"))
        known = list(series(name, field, "score", "time")) if field is not None else [None] * len(told)
        for one, whole, present in zip(told, drive, known):
            shown = one.x
            body.append(
                (one.title, cell(whole, 0), cell(present, 0), cell(whole, -1), cell(present, -1), cell(one, -1))
            )
    first, last = (f"{k:g}" for k in (shown[0], shown[-1]))
    head = ("feature", f"drive, {first}", f"field, {first}", f"drive, {last}", f"field, {last}", "learned")
    note = "Score after the switch named, with its 95 % interval; learned: the drive's score above that of the present "
    return table(head, body, note + "field alone.", class_="scores")


def cell(one: Series | None, k: int) -> Html:
    if one is None or not np.isfinite(one.value[k]):
        return Html("")
    value, low, high = one[k]
    return joined([f"{value:.3f}", tag("small", f"{low:.3f} to {high:.3f}")])


PART = Part(told, plates, rows)
