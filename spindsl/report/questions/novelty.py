"""Can a field be told that was never trained?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..canvas import Plate
from ..markup import Html, joined, table, tag
from ..verdict import listed
from .asked import Asked, Part, contest
from .drawing import lines
from .series import Series, ranked, series

if TYPE_CHECKING:
    import xarray as xr


BESIDE = ("auc_control", "p_value")


def areas(asked: Asked) -> list[Series]:
    """AUC against the switch, the best at the end first."""
    found = [s for name, d in asked.found.items() for s in series(name, d, "auc", "time")]
    return sorted(found, key=lambda s: -np.nan_to_num(s.value[-1], nan=-1.0))


def plates(asked: Asked) -> Iterator[Plate]:
    """Receiver operating characteristics after the last switch."""
    order = {s.title: k for k, s in enumerate(areas(asked))}
    shown = [s for name, d in asked.found.items() if "roc" in d for s in series(name, d, "roc", "false_alarm")]
    shown = [s for s in shown if s.at == shown[-1].at]  # of a sweep the last point
    shown.sort(key=lambda s: order.get(s.title, 0))
    if not shown:
        return
    chance = Series("chance", shown[0].x, shown[0].x, shown[0].x, shown[0].x)
    caption = joined([tag("b", "Novel fields detected against false alarms, after the last switch. "),
                      "The threshold is swept; areas and their intervals are in the table. Grey: chance."])  # fmt: skip
    labels = ("false alarms, share of known", "detected, share of novel")
    yield Plate("novelty", caption, partial(lines, shown[:7], [chance], labels, log=False))


def told_of(data: xr.Dataset) -> tuple[str, str]:
    """Mean area of the control and largest p-value, "nan" where they are not known."""
    blind, p = (data[n].values[np.isfinite(data[n].values)] if n in data else np.zeros(0) for n in BESIDE)
    return f"{blind.mean() if blind.size else np.nan:.3f}", f"{p.max() if p.size else np.nan:.3f}"


def rows(asked: Asked) -> Html:
    """Areas at every time, with the control."""
    found, body = areas(asked), []
    for one in found:
        data = asked.found[one.name]
        cells = (cell(one, 0) if len(one.x) > 1 else "", cell(one, -1))
        body.append((joined([one.title, tag("small", " " + asked.reads(one.name))]), *cells, *told_of(data)))
    note = "Area under the curve: the probability that a novel field scores above a known one; intervals count states, "
    note += (
        "and are an exact one-sided bound where the area is 1. Control: known and novel shuffled; p: permutation test."
    )
    head = ("score", "at first", "at the end", "control", "p")
    return table(head, body, note, class_="scores")


def cell(one: Series, k: int) -> Html:
    """An area with its interval, and after which switch."""
    value, low, high = one[k]
    return joined([f"{value:.3f}", tag("small", f"{low:.3f}–{high:.3f}, after {one.x[k]:g}")])


def told(asked: Asked) -> Iterator[Html]:
    """Which score wins, and whether work or another plain statistic beats the network."""
    found = [s for s in areas(asked) if np.isfinite(s.value[-1])]
    for at in dict.fromkeys(tuple(s.at.items()) for s in found):
        mine = [s for s in found if tuple(s.at.items()) == at]
        best, rest = ranked(mine)
        where = f" ({', '.join(f'{k} {v}' for k, v in at)})" if at else ""
        names = listed([tag("b", f"{s.name} ({s.value[-1]:.3f})") for s in best])
        tail = joined([", against ", listed([f"{s.name} ({s.value[-1]:.3f})" for s in rest])]) if rest else ""
        verb = " tell novel fields best, alike within the error" if len(best) > 1 else " tells novel fields best"
        yield joined([names, verb, where, tail, "."])
        yield contest(asked, mine, " score", where)
        best = next((s for s in mine if asked.traits(s.name).plain), None)
        networks = [s for s in mine if asked.traits(s.name).neural]
        worse = [s.name for s in networks if best is not None and ranked([s, best])[0] == [best]]
        if best is not None and worse and len(worse) < len(networks):
            yield joined(
                ["Not every score of a network does: ", tag("b", ", ".join(worse)), f" falls short of {best.name}."]
            )


PART = Part(told, plates, rows)
