"""Carry out a graph: survey the store, compute what is lacking in threads, keep everything, write the result.

It knows no physics. Stages come one after another; the pieces of a stage are independent (or continue
one another) and are computed by as many threads as there are workers, each of one thread of BLAS.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .errors import SpaceError, StageError, Stopped
from .graph import Graph, Stage, Task
from .pieces import Assembly, Piece, labelled, survey
from .store import Store, keys

if TYPE_CHECKING:
    import xarray as xr


class Progress(Protocol):
    """Whoever wants to know how far a run has come."""

    def stage(self, name: str, pieces: int, cached: int) -> None: ...
    def advance(self, name: str, fraction: float) -> None: ...
    def done(self, name: str, seconds: float) -> None: ...


class Silent:
    """Nobody."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def stage(self, name: str, pieces: int, cached: int) -> None: ...
    def advance(self, name: str, fraction: float) -> None: ...
    def done(self, name: str, seconds: float) -> None: ...


@dataclass
class Stop:
    """Set by a signal; every piece looks at it now and then."""

    signal: int = 0

    def check(self) -> None:
        if self.signal:
            raise Stopped(self.signal)


@dataclass(frozen=True)
class Row:
    """One line of a plan."""

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


def plan(graph: Graph, store: Store, block: int | None = None) -> list[Row]:
    """What a run would do: every stage with its pieces, stored or lacking."""
    named = keys(graph)
    return [Row(s, tuple(survey(store, s, named[s.name], block))) for s in graph.stages.values()]


def fits(rows: list[Row], folder: Path) -> None:
    """SpaceError if what is left to store, and the result, would not fit on the disk."""
    result = sum(0.25 * r.stage.bytes for r in rows if r.stage.group)
    needed = sum(r.bytes for r in rows) + result
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise SpaceError(
            f"the run needs about {needed / 1e9:.1f} GB, {folder} has {free / 1e9:.1f} GB free; record fewer switches"
        )


@dataclass
class Runner:
    """One run: a graph, a store, and how to compute."""

    graph: Graph
    store: Store
    workers: int
    progress: Progress = field(default_factory=Silent)
    stop: Stop = field(default_factory=Stop)
    block: int | None = None  # labels a piece; invisible in the result
    took: dict[str, float] = field(default_factory=dict)
    files: dict[str, list[Path]] = field(default_factory=dict)

    def run(self) -> dict[str, xr.Dataset]:
        """All stages in order; StageError if one failed, Stopped if asked to stop. Pieces done are kept."""
        from threadpoolctl import threadpool_limits

        results: dict[str, xr.Dataset] = {}
        with threadpool_limits(1), ThreadPoolExecutor(self.workers) as pool:
            for row in self.rows():
                begun = time.monotonic()
                self.progress.stage(row.stage.name, len(row.pieces), len(row.pieces) - row.lacking)
                results[row.stage.name] = self.perform(pool, row, results)
                self.files[row.stage.name] = [p.path for p in row.pieces]
                self.took[row.stage.name] = time.monotonic() - begun
                self.progress.done(row.stage.name, self.took[row.stage.name])
        return results

    def rows(self) -> list[Row]:
        """The plan; on a GPU the stages that gain from it are not cut."""
        rows = plan(self.graph, self.store, self.block)
        if any(r.stage.accelerated and r.lacking for r in rows) and accelerator():
            whole = plan(self.graph, self.store, sys.maxsize)
            rows = [w if r.stage.accelerated else r for r, w in zip(rows, whole)]
        return rows

    def perform(self, pool: ThreadPoolExecutor, row: Row, results: Mapping[str, xr.Dataset]) -> xr.Dataset:
        """One stage: its pieces in threads, put together as they come."""
        stage = row.stage
        inputs = {n: results[n] for n in stage.needs}
        whole, lock = Assembly(stage), threading.Lock()
        share = 1 / max(len(row.pieces), 1)

        def one(piece: Piece) -> None:
            self.stop.check()
            seen = Seen(lambda f: self.progress.advance(stage.name, f * share), self.stop)
            block = self.store.read(piece.path, piece.key) if piece.stored else self.compute(stage, piece, inputs, seen)
            with lock:
                whole.place(piece, block)
            seen(1.0)

        waiting: list[Piece] = list(row.pieces)
        running: dict[Future, Piece] = {}
        finished: set[Path] = {p.path for p in waiting if p.stored}
        try:
            while waiting or running:
                ready = [p for p in waiting if p.before is None or p.before in finished]
                for piece in ready[: 2 * self.workers - len(running)]:
                    waiting.remove(piece)
                    running[pool.submit(one, piece)] = piece
                for future in wait(running, timeout=0.1, return_when=FIRST_COMPLETED).done:
                    future.result()
                    finished.add(running.pop(future).path)
                self.stop.check()
        finally:
            for future in running:
                future.cancel()
            wait(running)
        return whole.dataset()

    def compute(
        self, stage: Stage, piece: Piece, inputs: Mapping[str, xr.Dataset], tick: Callable[[float], None]
    ) -> xr.Dataset:
        """Run one piece and store it."""
        before = self.store.read(piece.before, piece.key) if piece.before else None
        task = Task(
            stage.disorder if stage.quenched else stage.seed, stage.said, stage.disorder, stage.files, piece.part,
            stage.parts[piece.part], piece.labels if stage.split else (), piece.grown, before, tick,
        )  # fmt: skip
        at_times = stage.split is not None and stage.split.dim == "switch"
        seen = {n: among(d, piece.labels) if at_times else d for n, d in inputs.items()}
        try:
            block = labelled(stage, piece, stage.checked(stage.run(task, **seen)), seen.values())
        except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
            where = f"{stage.name} {piece.part} {piece.labels[:1]}".strip()
            raise StageError(f"{where}: {type(error).__name__}: {error}") from error
        self.store.write(piece.path, piece.key, block)
        return block


def accelerator() -> bool:
    """Whether a GPU is there for torch."""
    import torch

    return torch.cuda.is_available()


@dataclass
class Seen:
    """The tick of one piece: hands on what is new, and stops when asked."""

    advance: Callable[[float], None]
    stop: Stop
    last: float = 0.0

    def __call__(self, fraction: float) -> None:
        self.stop.check()
        self.advance(fraction - self.last)
        self.last = fraction


def among(dataset: xr.Dataset, switches: tuple[int, ...]) -> xr.Dataset:
    """The times of a dataset that are asked for; all of one without switches."""
    if "switch" not in dataset.coords:
        return dataset
    have = dataset["switch"].values
    index = np.flatnonzero(np.isin(have, switches))
    whole = len(index) and index[-1] - index[0] + 1 == len(index)
    return dataset.isel(time=slice(int(index[0]), int(index[-1]) + 1) if whole else index)


def written(path: Path, value: Any) -> None:
    """JSON to a file, atomically."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, path)
