"""How much of what a table of patterns is tested on was never observed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..canvas import Plate
from ..markup import Html, joined, table, tag
from .agreement import named, places
from .asked import Asked, Part

if TYPE_CHECKING:
    import xarray as xr


def plates(asked: Asked) -> Iterator[Plate]:
    """None: there are few numbers."""
    yield from ()


def number(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "–"


def ends(one: xr.Dataset) -> tuple[float, float]:
    """Share of unseen windows at the lowest and at the highest level of energy."""
    order = np.argsort(one["energy"].values)
    return float(one["unseen"].values[order[0]]), float(one["unseen"].values[order[-1]])


def found(asked: Asked) -> Iterator[tuple[str, dict[str, str], xr.Dataset]]:
    for name, data in asked.found.items():
        for place, one in places(data, "patterns_unseen"):
            if np.isfinite(float(one["patterns_unseen"])):
                yield name, place, one


def rows(asked: Asked) -> Html:
    """Shares that were never observed, and errors with and without."""
    body = []
    for name, place, one in found(asked):
        low, high = ends(one)
        also = named({d: v for d, v in place.items() if d != "beta"})
        head = joined([name, tag("small", ", ".join(v for v in (asked.reads(name), also) if v))])
        errors = (number(float(one[v])) for v in ("rmse_seen", "rmse_unseen"))
        body.append((head, f"{float(one['beta']):g}", f"{float(one['patterns_unseen']):.2%}", f"{low:.2%}",
                     f"{high:.2%}", *errors))  # fmt: skip
    note = "Shares that no observation holds, of all patterns, and of the windows of test configurations at the lowest "
    note += "and the highest energy; error of the energy, J, of configurations without and with such windows, the "
    note += "constant that of those without. –: there are none."
    head = ("", "β", "patterns", "windows, lowest", "windows, highest", "error without", "with")
    return table(head, body, note, class_="scores")


def told(asked: Asked) -> Iterator[Html]:
    """What was never observed, and what that costs."""
    for name, place, one in found(asked):
        seen, fresh = (float(one[v]) for v in ("rmse_seen", "rmse_unseen"))
        cost = f"; the energy errs by {seen:.3g} J without such windows, by {fresh:.3g} J with them"
        also = named({d: v for d, v in place.items() if d != "beta"})
        yield joined([
            tag("b", name), f" at β = {float(one['beta']):g}{', ' + also if also else ''}: at the highest energy ",
            f"{ends(one)[1]:.2%} of the windows show a pattern that was never observed",
            cost if np.isfinite([seen, fresh]).all() else "", ".",
        ])  # fmt: skip


PART = Part(told, plates, rows)
