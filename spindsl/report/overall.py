"""What the page says of a sweep beside what it says of a single point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .landscape import Landscape, landscape
from .markup import Html, joined, section, tag
from .pointwise import tabled
from .slices import parameters, realizations
from .told import findings, verdict

if TYPE_CHECKING:
    import xarray as xr

    from ..result import Verdict


def sweep(tree: xr.DataTree) -> Landscape | None:
    """The points of a result, None where nothing is swept."""
    return landscape(tree) if parameters(tree) else None


def extent(tree: xr.DataTree) -> list[str]:
    """How many points and realizations, in words: 16 points (beta 4 × barrier 4), 3 realizations."""
    found, count = parameters(tree), realizations(tree)
    points = 1
    for p in found:
        points *= len(p)
    each = " × ".join(f"{p.name} {len(p)}" for p in found)
    told = [f"{points} points{f' ({each})' if len(found) > 1 else f' of {found[0].name}'}"] if found else []
    return told + ([f"{count} realizations"] if count > 1 else [])


def overview(whole: Landscape, expectations: Sequence[Verdict]) -> Html:
    """The verdict over all points and what follows from the numbers."""
    first = verdict(whole)
    told = [tag("li", t) for t in findings(whole, expectations)] if first else []
    return joined([tag("p", first, class_="verdict") if first else "", tag("ul", *told) if told else ""])


def swept_sections(whole: Landscape, shown: Mapping[str, list[Html]]) -> Html:
    """The sections over all points, and where those below are taken."""
    place = tuple(whole.here.values())
    why = "where the score is highest" if whole.peak else "the first"
    note = f"All below looks at one of the {len(whole.curves)} points, {why}: {whole.told(place)}."
    return joined([
        section("Scores over the sweep", *shown["scores"], tabled(whole)),
        section("Observables over the sweep", *shown["observables"]),
        section("One point closely", tag("p", note)),
    ])  # fmt: skip
