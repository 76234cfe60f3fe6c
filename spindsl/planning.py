"""What a run would do: pieces stored and lacking, their size and their time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import Finding, SpaceError
from .graph import Graph, Stage
from .identity.environment import unlike
from .pieces import Piece, survey
from .room import limits, place, size
from .store import Store, keys


@dataclass(frozen=True)
class Row:
    """One node of a graph with its pieces."""

    node: str
    stage: Stage
    pieces: tuple[Piece, ...]

    @property
    def lacking(self) -> int:
        return sum(not p.stored for p in self.pieces)

    @property
    def seconds(self) -> float:
        """Estimate of what is left to do, on one core."""
        return self.stage.seconds * self.lacking / max(len(self.pieces), 1)

    @property
    def bytes(self) -> float:
        """Estimate of what is left to store: spins take an eighth of a byte."""
        return stored_bytes(self.stage) * self.lacking / max(len(self.pieces), 1)


def stored_bytes(stage: Stage) -> float:
    """Estimated size of a stage in the store, before compression."""
    volume = {n: float(np.prod([stage.size(d) for d in p.dims])) for n, p in stage.gives.items()}
    return sum(
        volume[n] * (0.125 if p.attrs.get("flag_meanings") == "down up" else np.dtype(p.dtype).itemsize)
        for n, p in stage.gives.items()
    )


def plan(
    graph: Graph, store: Store, block: int | None = None, named: Mapping[str, Mapping[str, str]] | None = None
) -> list[Row]:
    """Every node with its pieces, stored or lacking; `named` are the keys of the graph where they are known."""
    named = named or keys(graph)
    return [Row(n, s, tuple(survey(store, s, named[n], block))) for n, s in graph.stages.items()]


@dataclass(frozen=True)
class Total:
    """A stage at all its places in a sweep."""

    stage: Stage
    places: int
    pieces: int
    lacking: int
    seconds: float
    bytes: float


def totals(rows: Iterable[Row]) -> list[Total]:
    """Rows of the same stage as one."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row.stage.name, []).append(row)
    return [
        Total(
            max((r.stage for r in some), key=lambda s: s.bytes), len(some), sum(len(r.pieces) for r in some),
            sum(r.lacking for r in some), sum(r.seconds for r in some), sum(r.bytes for r in some),
        )
        for some in by_name.values()
    ]  # fmt: skip


def mixed(rows: Iterable[Row], store: Store) -> list[str]:
    """A line for all that differs between the environments in which the stored pieces were made."""
    found = environments(rows, store)
    return [f"stored pieces are of unlike {name}: {'; '.join(values)}" for name, values in unlike(found).items()]


def environments(rows: Iterable[Row], store: Store) -> list[dict[str, str]]:
    """Versions and processors that made the stored pieces, each combination once."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found |= store.environments(row.stage.name, {p.key for p in row.pieces if p.stored})
    return list(found.values())


def crammed(graph: Graph, folder: Path) -> bool:
    """Whether all of it would not fit on the disk, were nothing stored: then what is stored decides."""
    every = graph.stages.values()
    return sum(stored_bytes(s) + 0.25 * s.bytes * bool(s.group) for s in every) > limits(folder).disk


def fits(rows: list[Row], folder: Path) -> None:
    """SpaceError if what is left to store, and the result, would not fit on the disk."""
    have = limits(folder)
    needed = sum(r.bytes for r in rows) + sum(0.25 * r.stage.bytes for r in rows if r.stage.group)
    if needed > have.disk:
        most = max(rows, key=lambda r: r.bytes)
        message = f"the run needs about {size(needed)} of disk, {have.folder} has {size(have.disk)} free"
        hint = "record less, such as fewer switches or samples, or give another disk: --runs DIR"
        raise SpaceError([Finding("E206", f"{message}; most is for {most.stage.name}", place(most.stage), hint=hint)])
