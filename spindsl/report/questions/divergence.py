"""How far sequence models are from the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..canvas import Plate
from ..markup import Html, joined, table, tag
from .agreement import bracketed, named, places
from .asked import Asked, Part

if TYPE_CHECKING:
    import xarray as xr


def found(asked: Asked) -> Iterator[tuple[str, dict[str, str], xr.Dataset]]:
    """Every number on its own: analysis, place and values."""
    for name, data in asked.found.items():
        for place, one in places(data, "divergence"):
            if np.isfinite(float(one["divergence"])):
                yield name, place, one


def plates(asked: Asked) -> Iterator[Plate]:
    """None: each is one number."""
    yield from ()


def rows(asked: Asked) -> Html:
    """KL(P||q), what a configuration costs, and what it would cost by the truth."""
    body = []
    for name, place, one in found(asked):
        kl, cost = (bracketed(float(one[v]), float(one[f"{v}_se"])) for v in ("divergence", "cross_entropy"))
        also = named({d: v for d, v in place.items() if d != "beta"})
        head = joined([name, tag("small", ", ".join(v for v in (asked.reads(name), also) if v))])
        body.append((head, f"{float(one['beta']):g}", kl, cost))
    note = "Nats a configuration, of observations that the fit did not see; in brackets the standard error of the last "
    note += "digits. A model that is the truth diverges by 0."
    return table(("", "β", "KL(P‖q)", "−ln q"), body, note, class_="scores")


def told(asked: Asked) -> Iterator[Html]:
    """How much of what a configuration costs is the model's own fault, at the worst."""
    for name in asked.found:
        each = [(float(one["divergence"]), one) for n, _, one in found(asked) if n == name]
        if not each:
            continue
        value, one = max(each, key=lambda e: e[0])
        cost = float(one["cross_entropy"])
        yield joined([
            tag("b", name), f" diverges from the truth by {bracketed(value, float(one['divergence_se']))} nats a ",
            f"configuration at β = {float(one['beta']):g}, {value / cost:.2%} of −ln q",
            f", the most of {len(each)}." if len(each) > 1 else ".",
        ])  # fmt: skip


PART = Part(told, plates, rows)
