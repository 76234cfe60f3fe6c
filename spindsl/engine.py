"""Carry out a graph: compute what the store lacks, in threads and processes, and keep everything.

It knows no physics. A node begins when all that it needs is stored; its pieces are independent (or continue
one another). Kernels release the interpreter and run in threads; stages that hold it run in processes.
Results are put together from the store when they are asked for, and forgotten when nobody needs them.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .errors import StageError, Stopped
from .graph import Graph, Task
from .pieces import Assembly, Piece, labelled, survey
from .planning import Row, plan, totals
from .processes import Processes
from .store import Store, keys

if TYPE_CHECKING:
    import xarray as xr

WORTH = 10.0  # s on one core, of a node, beyond which processes pay for their start


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


class Results(Mapping):
    """Whole results by node, put together from the store when they are first asked for."""

    def __init__(self, graph: Graph, store: Store):
        self.graph, self.store, self.keys = graph, store, keys(graph)
        self.kept: dict[str, xr.Dataset] = {}
        self.locks = {name: threading.Lock() for name in graph.nodes}

    def __getitem__(self, node: str) -> xr.Dataset:
        with self.locks[node]:
            if node not in self.kept:
                self.kept[node] = self.assembled(node)
            return self.kept[node]

    def __iter__(self) -> Iterator[str]:
        return iter(self.graph.nodes)

    def __len__(self) -> int:
        return len(self.graph.nodes)

    def assembled(self, node: str) -> xr.Dataset:
        """From the store, and not kept; LookupError names a node of which pieces are lacking."""
        stage = self.graph.nodes[node].stage
        whole = Assembly(stage)
        for piece in survey(self.store, stage, self.keys[node]):
            if not piece.stored:
                raise LookupError(f"{node} is not computed: {piece.path} is lacking")
            whole.place(piece, self.store.read(piece.path, piece.key))
        return whole.dataset()

    def forget(self, node: str) -> None:
        self.kept.pop(node, None)


@dataclass
class Work:
    """A node that is under way: its pieces to do, and how many are left."""

    row: Row
    waiting: list[Piece]
    left: int
    finished: set[Path]
    apart: bool  # in processes

    def ready(self) -> list[Piece]:
        """Pieces whose predecessors are stored."""
        return [p for p in self.waiting if p.before is None or p.before in self.finished]


@dataclass
class Runner:
    """One run: a graph, a store, and how to compute."""

    graph: Graph
    store: Store
    workers: int
    progress: Progress = field(default_factory=Silent)
    stop: Stop = field(default_factory=Stop)
    block: int | None = None  # labels a piece; invisible in the result
    took: dict[str, float] = field(default_factory=dict)  # s of wall time by stage, from its first piece to its last

    def run(self) -> Results:
        """All nodes; StageError tells what failed once all that does not need it is done; Stopped if asked
        to stop. Pieces done are kept."""
        from threadpoolctl import threadpool_limits

        self.results = Results(self.graph, self.store)
        self.whole = accelerator() if any(s.accelerated for s in self.graph.stages.values()) else False
        self.announce()
        with threadpool_limits(1), ThreadPoolExecutor(self.workers) as pool, Processes(self.workers) as self.apart:
            self.flow(pool)
        return self.results

    def announce(self) -> None:
        """Tell the progress of every stage with something to do, and how much there is."""
        rows = plan(self.graph, self.store, self.block)
        self.shares = {}
        for total in totals(rows):
            self.shares[total.stage.name] = 1 / max(total.lacking, 1)
            if total.lacking:
                self.progress.stage(total.stage.name, total.pieces, total.pieces - total.lacking)
        self.left = {t.stage.name: t.places for t in totals(rows)}

    def flow(self, pool: ThreadPoolExecutor) -> None:
        """Start what can be started, in the order of the graph, until all is done."""
        users = {n: {m for m, node in self.graph.nodes.items() if n in node.sources.values()} for n in self.graph.nodes}
        waiting, works = list(self.graph.nodes), {}
        done: set[str] = set()
        running: dict[Future, tuple[str, Piece]] = {}
        failed: dict[str, StageError] = {}

        def finish(name: str) -> None:
            done.add(name)
            works.pop(name, None)
            stage = self.graph.nodes[name].stage.name
            self.left[stage] -= 1
            if not self.left[stage] and stage in self.begun:
                self.took[stage] = time.monotonic() - self.begun[stage]
                self.progress.done(stage, self.took[stage])
            for source in self.graph.nodes[name].sources.values():
                if users[source] <= done | set(failed):
                    self.results.forget(source)

        self.begun: dict[str, float] = {}
        try:
            while waiting or works:
                for name in [n for n in waiting if self.may_begin(n, done, works)]:
                    waiting.remove(name)
                    works[name] = self.begin(name)
                    if not works[name].left:
                        finish(name)
                for name in [n for n in waiting if set(self.graph.nodes[n].sources.values()) & set(failed)]:
                    waiting.remove(name)
                    failed[name] = failed[next(iter(set(self.graph.nodes[name].sources.values()) & set(failed)))]
                for name, work in works.items():
                    for piece in work.ready()[: 2 * self.workers - len(running)]:
                        work.waiting.remove(piece)
                        self.begun.setdefault(work.row.stage.name, time.monotonic())
                        running[pool.submit(self.piece, name, work, piece)] = name, piece
                for future in wait(running, timeout=0.1, return_when=FIRST_COMPLETED).done if running else ():
                    name, piece = running.pop(future)
                    try:
                        future.result()
                    except StageError as error:
                        failed[name] = error
                        works.pop(name, None)
                    if name in works:
                        works[name].finished.add(piece.path)
                        works[name].left -= 1
                        if not works[name].left:
                            finish(name)
                self.stop.check()
        finally:
            for future in running:
                future.cancel()
            wait(running)
        if failed:
            raise StageError("; ".join(dict.fromkeys(str(e) for e in failed.values())))

    def may_begin(self, name: str, done: set[str], works: Mapping[str, Work]) -> bool:
        """Whether all that a node needs is there, and nobody is at the same key: it may find pieces there."""
        mine = (self.graph.nodes[name].stage.name, set(self.results.keys[name].values()))
        others = ((w.row.stage.name, set(self.results.keys[n].values())) for n, w in works.items())
        busy = any(stage == mine[0] and keys & mine[1] for stage, keys in others)
        return not busy and set(self.graph.nodes[name].sources.values()) <= done

    def begin(self, name: str) -> Work:
        """The work of a node, as the store is now."""
        stage = self.graph.nodes[name].stage
        block = sys.maxsize if stage.accelerated and self.whole else self.block
        row = Row(name, stage, tuple(survey(self.store, stage, self.results.keys[name], block)))
        lacking = [p for p in row.pieces if not p.stored]
        apart = stage.interpreted and self.workers > 1 and row.seconds > WORTH and not self.whole
        return Work(row, lacking, len(lacking), {p.path for p in row.pieces if p.stored}, apart)

    def piece(self, name: str, work: Work, piece: Piece) -> None:
        """Compute one piece and store it."""
        self.stop.check()
        node, stage = self.graph.nodes[name], work.row.stage
        share = self.shares[stage.name]
        tick = Seen(lambda f: self.progress.advance(stage.name, f * share), self.stop)
        before = self.store.read(piece.before, piece.key) if piece.before else None
        task = Task(
            stage.disorder if stage.quenched else stage.seed, stage.said, stage.disorder, stage.files, piece.part,
            stage.parts[piece.part], piece.labels if stage.split else (), piece.grown, before, tick,
        )  # fmt: skip
        at_times = stage.split is not None and stage.split.dim == "switch"
        inputs = {n: self.results[at] for n, at in node.sources.items()}
        seen = {n: among(d, piece.labels) if at_times else d for n, d in inputs.items()}
        try:
            found = self.apart.call(stage.run, task, seen, self.stop.check) if work.apart else stage.run(task, **seen)
            block = labelled(stage, piece, stage.checked(found), seen.values())
        except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
            where = f"{name} {piece.part} {piece.labels[:1]}".strip()
            raise StageError(f"{where}: {type(error).__name__}: {error}") from error
        self.store.write(piece.path, piece.key, block)
        tick(1.0)

    @property
    def files(self) -> dict[str, list[Path]]:
        """The blocks of every stage."""
        found: dict[str, list[Path]] = {}
        for row in plan(self.graph, self.store):
            found.setdefault(row.stage.name, []).extend(p.path for p in row.pieces)
        return found


def accelerator() -> bool:
    """Whether a GPU is there for torch."""
    import torch

    return torch.cuda.is_available()


@dataclass
class Seen:
    """The tick of one piece: hands on what is new, and stops when asked."""

    advance: Any
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
