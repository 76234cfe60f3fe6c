"""Values of a sweep that are wrong in a file that is wrong elsewhere, so that all is told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from ..errors import Finding
from ..sweeping import Sweep, axes, changed
from . import blame
from .judge import mistakes

MOST = 200  # values looked at


def swept(model: type[BaseModel], table: dict[str, Any], known: Sequence[Finding]) -> list[Finding]:
    """Mistakes of swept parameters, each value put into the table by itself; `known` are the table's own."""

    def ask(values: Mapping[str, object]) -> list[Finding]:
        try:
            return [f for f in mistakes(model, changed(table, values)) if (f.code, f.path, f.message) not in before]
        except (KeyError, IndexError, TypeError, ValueError):  # no such place in this table
            return []

    before = {(f.code, f.path, f.message) for f in known}
    dims, found = axes(readable(table), 1), []
    told = blame.Told(table, ask)
    if sum(map(len, dims)) > MOST:
        return []
    for axis in dims:
        for k in range(len(axis)):
            along = {path: values[k] for path, values in axis.paths.items() if k < len(values)}
            mine = [f for f in ask(along) if blame.related(f, axis)]
            found += [blame.placed(f, axis, k, told, everywhere=True) for f in mine]
    return list(dict.fromkeys(blame.once(found, dims)))


def readable(table: dict[str, Any]) -> list[Sweep]:
    """The sweeps of a table, empty ones where one cannot be read."""
    sweeps = table.get("sweep")
    found = []
    for one in sweeps if isinstance(sweeps, list) else ():
        try:
            found.append(TypeAdapter(Sweep).validate_python(one))
        except ValidationError:
            found.append(Sweep.model_construct())
    return found
