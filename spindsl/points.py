"""A sweep as its points: each an experiment of its own, with its place in the result and its seeds.

What is quenched (graph, couplings, barriers, fields) is drawn by the realization alone, so that all
points of a sweep see the same glasses. What is thermal is drawn by the realization and by the values of
those swept parameters that come before it: two points share a stream only where they share the stage.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from .errors import Finding, MeaningError
from .experiment import Experiment
from .seeds import integer
from .sweeping import axes, changed, owner

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST = 100_000  # points of a sweep
BEFORE = {
    "system": (), "dynamics": ("system",), "protocol": ("system", "dynamics"),
    "split": ("system", "dynamics", "protocol"),
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One point of a sweep."""

    place: tuple[int, ...]  # number along each axis
    experiment: Experiment
    swept: Mapping[str, object]  # path -> value
    realization: int

    @property
    def disorder(self) -> int:
        """Seed of what is quenched."""
        root = self.experiment.seed
        return integer(root, "realization", self.realization) if self.realization else root

    def thermal(self, owners: set[str], across: str = "") -> int:
        """Seed of a stage that parameters in the tables `owners` come before, whatever the value of `across`."""
        here = {p: v for p, v in self.swept.items() if p not in ("seed", across) and owner(p) in owners}
        return integer(self.disorder, "point", json.dumps(here, sort_keys=True)) if here else self.disorder


def surveyed(experiment: Experiment) -> tuple[list[Point], list[Finding]]:
    """The points that the language takes, and what it has against swept values, at their places."""
    from .diagnose import blame

    dims = axes(experiment.sweep, experiment.realizations)
    base = unswept(experiment)
    if not dims:
        return [Point((), experiment, {}, 0)], []
    lost = blame.lost(dims, base)
    dims = blame.without(dims, lost)
    if (count := prod(len(a) for a in dims)) > MOST:
        at = ("sweep",) if experiment.sweep else ("realizations",)
        return [], [Finding("E206", f"{count:,} points are too many", at, hint=f"at most {MOST:,}")]
    found, known = [], {}
    failing: dict[tuple[int, ...], set[str]] = {}
    for place in product(*(range(len(a)) for a in dims)):
        swept = {p: values[k] for a, k in zip(dims, place) for p, values in a.paths.items()}
        realization = next((k for a, k in zip(dims, place) if a.name == "realization"), 0)
        name = json.dumps(swept, sort_keys=True, default=str)
        if name not in known:
            known[name] = valid(changed(base, swept))
        if isinstance(known[name], Experiment):
            found.append(Point(place, known[name], swept, realization))
        else:
            failing[place] = known[name]
    told = blame.Told(base, lambda swept: refusals(changed(base, swept)))
    return found, lost + blame.blamed(dims, failing, told)


def unswept(experiment: Experiment) -> dict[str, Any]:
    """The table that swept values are put into."""
    return {k: v for k, v in experiment.said().items() if k not in ("sweep", "realizations", "expect")}


def valid(table: dict[str, Any]) -> Experiment | set[str]:
    """The experiment, or the tables that are wrong."""
    from pydantic import ValidationError

    try:
        return Experiment.model_validate(table)
    except ValidationError as error:
        return {owner(at) for e in error.errors(include_url=False) for at in where(e)}


def where(error: ErrorDetails) -> list[tuple[str | int, ...]]:
    """The paths that a failure is of."""
    cause = error.get("ctx", {}).get("error")
    if not error["loc"] and isinstance(cause, MeaningError):
        return [found.path for found in cause.findings()]
    return [error["loc"]]


def refusals(table: dict[str, Any]) -> list[Finding]:
    """What the language says against a table."""
    from pydantic import ValidationError

    try:
        Experiment.model_validate(table)
    except ValidationError as error:
        from .diagnose.judge import leaves, mistakes

        failures = error.errors(include_url=False)
        return mistakes(Experiment, table) or [f for e in failures for f in leaves(e, Experiment, e["input"], e["loc"])]
    return []
