"""Carry out a graph: compute what the store lacks, in threads and processes, and keep everything.

It knows no physics. A node begins when all that it needs is stored; its pieces are independent (or continue
one another). Kernels release the interpreter and run in threads; stages that hold it run in processes.
Results are put together from the store when they are asked for, and forgotten when nobody needs them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .compute import Results, Workplace, here
from .errors import StageError
from .graph import Graph, Task
from .pieces import Piece, survey
from .planning import Row, plan, totals
from .processes import Processes
from .store import Store
from .watching import Progress, Seen, Silent, Stop

if TYPE_CHECKING:
    import xarray as xr

WORTH = 10.0  # s on one core, of a node, beyond which processes pay for their start


class Engine(Protocol):
    """Whatever carries out pieces: `submit` begins one of a node, the future ends when it is stored."""

    def submit(self, node: str, piece: Piece, /) -> Future[None]: ...


@dataclass(frozen=True)
class Local:
    """Threads of this process."""

    pool: ThreadPoolExecutor
    job: Callable[[str, Piece], None]

    def submit(self, node: str, piece: Piece) -> Future[None]:
        return self.pool.submit(self.job, node, piece)


@dataclass
class Work:
    """A node that is under way: its pieces to do, and how many are left."""

    row: Row
    waiting: list[Piece]
    left: int
    finished: set[Path]

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
    engine: Engine | None = None  # that carries out pieces; None for threads and processes of this machine

    def run(self) -> Results:
        """All nodes; StageError tells what failed once all that does not need it is done; Stopped if asked
        to stop. Pieces done are kept."""
        from threadpoolctl import threadpool_limits

        self.workplace = Workplace(self.graph, self.store)
        self.results = self.workplace.results
        self.in_processes: set[str] = set()
        self.whole = any(s.accelerated for s in self.graph.stages.values()) and accelerator()
        self.announce(rows := plan(self.graph, self.store, self.block, self.results.named))
        if any(t.lacking for t in totals(rows)):
            load_numba()
        with threadpool_limits(1), ThreadPoolExecutor(self.workers) as pool, Processes(self.workers) as self.apart:
            engine = self.engine or Local(pool, self.piece)
            failed = Flow(self, engine).run()
        if failed:
            raise StageError("; ".join(dict.fromkeys(str(e) for e in failed.values())))
        return self.results

    def announce(self, rows: list[Row]) -> None:
        """Tell the progress of every stage with something to do, and how much there is."""
        self.left = {t.stage.name: t.places for t in totals(rows)}
        self.shares = {t.stage.name: 1 / max(t.lacking, 1) for t in totals(rows)}
        for total in totals(rows):
            if total.lacking:
                self.progress.stage(total.stage.name, total.pieces, total.pieces - total.lacking)

    def begin(self, name: str) -> Work:
        """The work of a node, as the store is now."""
        stage = self.graph.nodes[name].stage
        block = sys.maxsize if stage.accelerated and self.whole else self.block
        row = Row(name, stage, tuple(survey(self.store, stage, self.results.named[name], block)))
        lacking = [p for p in row.pieces if not p.stored]
        if stage.interpreted and self.workers > 1 and row.seconds > WORTH and not self.whole:
            self.in_processes.add(name)
        return Work(row, lacking, len(lacking), {p.path for p in row.pieces if p.stored})

    def piece(self, name: str, piece: Piece) -> None:
        """Compute one piece, in this thread or in a process."""
        self.stop.check()
        stage = self.graph.nodes[name].stage
        share = self.shares[stage.name]
        tick = Seen(lambda f: self.progress.advance(stage.name, f * share), self.stop)

        def elsewhere(run: Callable[..., xr.Dataset], task: Task, inputs: Mapping[str, xr.Dataset]) -> xr.Dataset:
            return self.apart.call(run, task, inputs, self.stop.check)

        self.workplace.compute(name, piece, tick, elsewhere if name in self.in_processes else here)

    @property
    def files(self) -> dict[str, list[Path]]:
        """The blocks of every stage."""
        found: dict[str, list[Path]] = {}
        for row in plan(self.graph, self.store, named=self.results.named):
            found.setdefault(row.stage.name, []).extend(p.path for p in row.pieces)
        return found


def load_numba() -> None:
    """Before threads do: it imports itself in circles, and of two threads that begin at once one finds half of it."""
    from . import kernels  # noqa: F401  # first, since it says where compiled code is kept

    import numba  # noqa: F401  # isort: skip


class Flow:
    """The order in which the nodes of a run are begun, their pieces handed out, and their inputs forgotten."""

    def __init__(self, runner: Runner, engine: Engine):
        self.runner, self.engine, self.nodes = runner, engine, runner.graph.nodes
        self.names = list(self.nodes)
        self.number = {name: k for k, name in enumerate(self.names)}
        self.users: dict[str, list[str]] = {name: [] for name in self.names}
        self.lacks = {name: len(node.needed) for name, node in self.nodes.items()}
        for name, node in self.nodes.items():
            for source in node.needed:
                self.users[source].append(name)
        self.uses = {name: len(users) for name, users in self.users.items()}
        self.ready = [k for k, name in enumerate(self.names) if not self.lacks[name]]  # a heap
        self.works: dict[str, Work] = {}
        self.running: dict[Future, tuple[str, Piece]] = {}
        self.failed: dict[str, StageError] = {}
        self.begun: dict[str, float] = {}

    def run(self) -> dict[str, StageError]:
        """Until nothing is left that can be done; what failed, by node."""
        try:
            while self.ready or self.works:
                self.open()
                self.hand_out()
                for future in wait(self.running, timeout=0.1, return_when=FIRST_COMPLETED).done:
                    self.take(future)
                self.runner.stop.check()
        finally:
            for future in self.running:
                future.cancel()
            wait(self.running)
        return self.failed

    def open(self) -> None:
        """Begin nodes, the first of the graph first, until there are pieces enough to hand out."""
        later = []
        while self.ready and sum(len(w.waiting) for w in self.works.values()) < 2 * self.runner.workers:
            name = self.names[heappop(self.ready)]
            fault = next((self.failed[s] for s in self.nodes[name].needed if s in self.failed), None)
            if fault:
                self.end(name, fault)
            elif self.busy(name):
                later.append(self.number[name])
            else:
                self.works[name] = self.runner.begin(name)
                if not self.works[name].left:
                    self.end(name)
        for number in later:
            heappush(self.ready, number)

    def busy(self, name: str) -> bool:
        """Whether another node is at the same key: pieces of this one may be found when it is done."""
        keys, mine = self.runner.results.named, set(self.runner.results.named[name].values())
        return any(mine & set(keys[other].values()) for other in self.works)

    def hand_out(self) -> None:
        """Give pieces to the pool, of the first nodes first: one point is finished before the next."""
        for name, work in sorted(self.works.items(), key=lambda item: self.number[item[0]]):
            for piece in work.ready()[: 2 * self.runner.workers - len(self.running)]:
                work.waiting.remove(piece)
                self.begun.setdefault(work.row.stage.name, time.monotonic())
                self.running[self.engine.submit(name, piece)] = name, piece

    def take(self, future: Future) -> None:
        """Note that a piece is done, or that its node failed."""
        name, piece = self.running.pop(future)
        try:
            future.result()
        except StageError as error:
            if name in self.works:
                self.end(name, error)
        if name in self.works:
            self.works[name].finished.add(piece.path)
            self.works[name].left -= 1
            if not self.works[name].left:
                self.end(name)

    def end(self, name: str, error: StageError | None = None) -> None:
        """A node is done, or failed: tell those that wait for it, forget what nobody needs any more."""
        self.works.pop(name, None)
        if error:
            self.failed[name] = error
        for user in self.users[name]:
            self.lacks[user] -= 1
            if not self.lacks[user]:
                heappush(self.ready, self.number[user])
        for source in self.nodes[name].needed:
            self.uses[source] -= 1
            if not self.uses[source]:
                self.runner.results.forget(source)
        stage, runner = self.nodes[name].stage.name, self.runner
        runner.left[stage] -= 1
        if stage in self.begun and not runner.left[stage]:
            runner.took[stage] = time.monotonic() - self.begun[stage]
            runner.progress.done(stage, runner.took[stage])


def accelerator() -> bool:
    """Whether a GPU is there for torch."""
    import torch

    return torch.cuda.is_available()


def written(path: Path, value: Any) -> None:
    """JSON to a file, atomically."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, path)
