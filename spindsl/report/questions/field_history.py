"""Which of the last fields can still be read."""

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


def scores(asked: Asked) -> list[Series]:
    return [s for name, d in asked.found.items() for s in series(name, d, "score", "lag")]


def plates(asked: Asked) -> Iterator[Plate]:
    """Score against lag."""
    shown, (_, data) = scores(asked), next(iter(asked.found.items()))
    alone = [Series("present field alone", s.x, s.value, s.value, s.value)
             for s in series("", data, "score_present", "lag")][:1]  # fmt: skip
    chance = level_at("chance", shown[0].x, float(np.ravel(data["chance"].values)[0]))
    caption = joined([tag("b", "Score of the field so many switches ago. "), "Shading: 95 % intervals. Dotted: ",
                      "what the present field alone tells, for no field follows itself; grey: chance."])  # fmt: skip
    yield Plate("field-history", caption, partial(lines, shown, [*alone, chance], ("switches ago", "score"), log=False))


def rows(asked: Asked) -> Html:
    """Scores at every lag."""
    shown = scores(asked)
    body = [(joined([s.title, tag("small", " " + asked.reads(s.name))]),
             *(f"{v:.3f} ({a:.2f}–{b:.2f})" for v, a, b in zip(s.value, s.low, s.high))) for s in shown]  # fmt: skip
    return table(("switches ago", *(f"{x:g}" for x in shown[0].x)), body, class_="scores")


def told(asked: Asked) -> Iterator[Html]:
    """How far back each feature tells more than the present field alone."""
    for name, data in asked.found.items():
        alone = next(series("", data, "score_present", "lag"))
        for one in series(name, data, "score", "lag"):
            above = [int(x) for x, low, null in zip(one.x[1:], one.low[1:], alone.value[1:]) if low > null]
            if above:
                when = listed([f"{k}" for k in above])
                yield joined([tag("b", one.title), f" tells more than the present field of those {when} switches ago."])
            else:
                yield joined([tag("b", one.title), " tells of no earlier field more than the present one does."])


PART = Part(told, plates, rows)
