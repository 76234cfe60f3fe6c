"""How many fields a drive may have and still be remembered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ..canvas import Plate
from ..markup import Html, joined, table, tag
from ..verdict import listed
from .asked import Asked, Part, contest
from .drawing import lines
from .series import Series, level_at, ranked, series

FIELDS = "fields"


def scores(asked: Asked) -> list[Series]:
    """Score at the last switch against the number of fields, the best at the largest first."""
    found = [s for name, d in asked.found.items() if FIELDS in d.dims for s in series(name, d, "score", FIELDS)]
    return sorted(found, key=lambda s: -float(np.nansum(s.value)))


def nulls(asked: Asked, x: np.ndarray) -> list[Series]:
    """Chance, the present field alone, the ceiling and half height, against the number of fields."""
    protocol, found = asked.group("/protocol"), []
    flat = next(iter(asked.found.values()))
    chance = float(np.ravel(flat["chance"].values)[0])
    for variable, name in (("ceiling", "Bayes ceiling"), ("memoryless", "present field alone")):
        if protocol is not None and variable in protocol and FIELDS in protocol[variable].dims:
            found += [Series(name, s.x, s.value, s.value, s.value) for s in series(name, protocol, variable, FIELDS)][
                :1
            ]
    memoryless = next((s.value for s in found if s.name == "present field alone"), np.full(len(x), chance))
    half = (memoryless + 1) / 2
    found.append(Series("half height", x, half, half, half))
    return [*found, level_at("chance", x, chance)]


def plates(asked: Asked) -> Iterator[Plate]:
    """Score against the number of fields."""
    shown = scores(asked)
    if not shown:
        return
    caption = joined([
        tag("b", "Score against the number of fields in a drive, after the last switch. "),
        "Shading: 95 % intervals, ", over(shown[0]), ". Dashed: the Bayes ceiling; long dashes: half height, where ",
        "capacity is read off; dotted: what the present field alone would give; grey: chance.",
    ])  # fmt: skip
    labels = ("fields in a drive", "score")
    yield Plate("memory-capacity", caption, partial(lines, shown, nulls(asked, shown[0].x), labels))


def over(one: Series) -> str:
    return "over trials" if one.each is None else f"over {len(one.each)} realizations (Student)"


def capacities(asked: Asked) -> list[Series]:
    """Capacity at the recorded times."""
    return [s for name, d in asked.found.items() if "capacity" in d for s in series(name, d, "capacity", "time")]


def rows(asked: Asked) -> Html:
    """Capacity and detectable n of each feature, after the last switch."""
    body = []
    for one in sorted(capacities(asked), key=lambda s: -s.value[-1]):
        data = asked.found[one.name]
        far = float(np.nanmedian(data["detectable"].isel(time=-1).values))
        p = np.nanmax(data["p_value"].isel(time=-1).values) if "p_value" in data else np.nan
        body.append((
            joined([one.title, tag("small", " " + asked.reads(one.name))]), amount(one.value[-1]),
            f"{amount(one.low[-1])}–{amount(one.high[-1])}", f"{far:g}" if far else "none",
            f"{float(data['score_control'].isel(time=-1).mean()):.3f}", f"{p:.3f}",
        ))  # fmt: skip
    head = ("feature", "capacity", "95 %", "detectable n", "control, mean", "largest p")
    note = (
        "Fields in a drive at half height between the present field alone and 1, linear in ln n; detectable: largest n "
    )
    note += (
        "whose score is 3 standard errors above that of the present field (median over realizations), at this number "
    )
    note += "of trials. Control: shuffled labels, mean over n; p of the permutation test, largest over n."
    return table(head, body, note, class_="scores") if body else Html("")


def amount(value: float) -> str:
    """A number of fields; none where a score never is so high, more than all where it always is."""
    return "more than all" if value == np.inf else "less than the least" if value == 0 else f"{value:.1f}"


def told(asked: Asked) -> Iterator[Html]:
    """Which feature remembers most, and whether a plain one beats the network."""
    found = [s for s in capacities(asked) if not np.isnan(s.value[-1])]
    if not found:
        return
    best, rest = ranked(found)
    names = listed([joined([tag("b", s.title), f" ({amount(s.value[-1])} fields)"]) for s in best])
    tail = (
        joined([", against ", listed([joined([s.title, f" ({amount(s.value[-1])})"]) for s in rest])]) if rest else ""
    )
    alike = " alike within the error" if len(best) > 1 else ""
    yield joined(["Most is remembered by ", names, alike, tail, "."])
    yield contest(asked, found)
    none = [
        s.title for s in found if s.value[-1] == 0 and not (asked.found[s.name]["detectable"].isel(time=-1) > 0).any()
    ]
    if none:
        yield joined(
            [tag("b", ", ".join(none)), " tells at no number of fields more than the present field alone would."]
        )


PART = Part(told, plates, rows)
