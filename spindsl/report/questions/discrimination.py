"""How small a difference of fields can be told?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ..canvas import Plate
from ..markup import Html, joined, table, tag
from ..verdict import listed
from .asked import Asked, Part
from .drawing import lines
from .series import Series, level_at, series


def choices(asked: Asked) -> list[Series]:
    """Proportion of right choices against the difference."""
    return [s for name, d in asked.found.items() for s in series(name, d, "correct", "difference")]


def plates(asked: Asked) -> Iterator[Plate]:
    """A figure a feature: before and after training, and untrained."""
    for name in asked.found:
        shown = [s for s in choices(asked) if s.name == name]
        level = [level_at(n, shown[0].x, v) for n, v in (("chance", 0.5), ("three quarters", 0.75))]
        caption = joined([tag("b", f"Two-alternative forced choice by {name}: "), "share of states in which the ",
                          "other field is told from the reference, against its difference w; shading: 95 % intervals; ",
                          "long dashes: 75 %, where the just-noticeable difference is read off."])  # fmt: skip
        labels = ("difference w", "right choices")
        yield Plate(f"discrimination-{name}", caption, partial(lines, shown, level, labels, y=(0.4, 1.02)))


def noticed(asked: Asked) -> list[Series]:
    return [s for name, d in asked.found.items() for s in series(name, d, "jnd", "time")]


def rows(asked: Asked) -> Html:
    """Just-noticeable differences."""
    body = [
        (joined([s.title, tag("small", " " + asked.reads(s.name))]), amount(s.value[-1]),
         f"{amount(s.low[-1])} – {amount(s.high[-1])}")
        for s in noticed(asked)
    ]  # fmt: skip
    return table(
        ("feature", "just-noticeable w", "95 %"), body, "w at which 75 % of the choices are right.", class_="scores"
    )


def amount(value: float) -> str:
    if np.isnan(value):
        return "not known"
    return "not reached" if np.isinf(value) else "below the least" if value == 0 else f"{value:.3g}"


def told(asked: Asked) -> Iterator[Html]:
    """The finest feature of each state of training."""
    found = [s for s in noticed(asked) if not np.isnan(s.value[-1])]
    for at in dict.fromkeys(tuple(s.at.items()) for s in found):
        mine = sorted((s for s in found if tuple(s.at.items()) == at), key=lambda s: s.value[-1])
        where = f" ({', '.join(f'{k} {v}' for k, v in at)})" if at else ""
        rest = listed([f"{s.name} ({amount(s.value[-1])})" for s in mine])
        yield joined(["Just-noticeable differences", where, ", the smallest first: ", rest, "."])


PART = Part(told, plates, rows)
