"""A sweep as its points: each an experiment of its own, with its place in the result and its seeds.

What is quenched (graph, couplings, barriers, fields) is drawn by the realization alone, so that all
points of a sweep see the same glasses. What is thermal is drawn by the realization and by the values of
those swept parameters that come before it: two points share a stream only where they share the stage.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from .errors import Finding, SpecError
from .experiment import Experiment, model
from .seeds import integer
from .sweeping import Axis, axes

BEFORE = {
    "system": (), "dynamics": ("system",), "protocol": ("system", "dynamics"),
    "split": ("system", "dynamics", "protocol"),
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One point of a sweep."""

    place: tuple[int, ...]  # number along each axis
    experiment: Experiment
    swept: Mapping[str, Any]  # path -> value
    realization: int

    @property
    def disorder(self) -> int:
        """Seed of what is quenched."""
        root = self.experiment.seed
        return integer(root, "realization", self.realization) if self.realization else root

    def thermal(self, owners: set[str]) -> int:
        """Seed of a stage that parameters in the tables `owners` come before."""
        here = {p: v for p, v in self.swept.items() if p != "seed" and owner(p) in owners}
        return integer(self.disorder, "point", json.dumps(here, sort_keys=True)) if here else self.disorder


def owner(path: str) -> str:
    """The table that a parameter belongs to: dynamics, bottleneck.vae."""
    first, *rest = path.split(".")
    return f"{first}.{rest[0]}" if first in ("bottleneck", "analysis") else first


def points(experiment: Experiment) -> list[Point]:
    """Every point in the order of the axes, the realizations of one point together; SpecError for values
    that the language refuses, all at once."""
    dims = axes(experiment.sweep, experiment.realizations)
    if not dims:
        return [Point((), experiment, {}, 0)]
    base = {k: v for k, v in experiment.said().items() if k not in ("sweep", "realizations", "expect")}
    refused = list(mistaken(base, dims))
    if refused:
        raise SpecError(refused)
    found, known = [], {}
    for place in product(*(range(len(a)) for a in dims)):
        swept = {p: values[k] for a, k in zip(dims, place) for p, values in a.paths.items()}
        realization = next((k for a, k in zip(dims, place) if a.name == "realization"), 0)
        name = json.dumps(swept, sort_keys=True)
        if name not in known:
            known[name] = valid(base, swept, dims)
        found.append(Point(place, known[name], swept, realization))
    return found


def changed(base: Mapping[str, Any], swept: Mapping[str, Any]) -> dict[str, Any]:
    """The table with swept values in their places."""
    table = copy.deepcopy(dict(base))
    for path, value in swept.items():
        *outer, last = path.split(".")
        at: Any = table
        for key in outer:
            inner = at.setdefault(key, {})
            at = inner if isinstance(inner, dict) else at.__setitem__(key, {}) or at[key]
        at[last] = value
    return table


def mistaken(base: Mapping[str, Any], dims: tuple[Axis, ...]) -> Iterator[Finding]:
    """What is wrong with each value by itself, the other parameters at their first."""
    first = {p: values[0] for a in dims for p, values in a.paths.items()}
    for axis in dims:
        for k in range(len(axis)):
            along = {p: values[k] for p, values in axis.paths.items()}
            for found in refusals(changed(base, first | along)):
                yield from placed(found, along, axis, k)


def placed(found: Finding, along: Mapping[str, Any], axis: Axis, k: int) -> Iterator[Finding]:
    """A mistake at the value, or at the key, that made it; nothing if it is of another parameter."""
    for path in along:
        mine = tuple(path.split("."))
        where = tuple(map(str, found.path))
        if where[: len(mine)] == mine or mine[: len(where)] == where:
            unknown = found.code in ("E101", "E109", "E110")
            if unknown and k:
                return
            at = (*axis.at, path) if unknown else (*axis.at, path, k)
            yield replace(found, message=f"{path}: {found.message}", path=at)
            return


def refusals(table: dict[str, Any]) -> list[Finding]:
    """What the language says against a table."""
    from pydantic import ValidationError

    try:
        model().model_validate(table)
    except ValidationError as error:
        from .diagnose.judge import leaf, mistakes

        failures = error.errors(include_url=False)
        return mistakes(model(), table) or [leaf(e, model(), e["input"], e["loc"]) for e in failures]
    return []


def valid(base: Mapping[str, Any], swept: Mapping[str, Any], dims: tuple[Axis, ...]) -> Experiment:
    """The experiment of one point; SpecError at the sweep for a combination that is refused."""
    table = changed(base, swept)
    if refused := refusals(table):
        said = ", ".join(f"{p} = {v}" for p, v in swept.items())
        first = refused[0]
        raise SpecError([replace(first, message=f"{said}: {first.message}", path=dims[0].at)])
    return model().model_validate(table)
