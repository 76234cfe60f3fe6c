"""A run from text to report: its directory, its files, and coming back to it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from . import experiment as language
from .compute import Workplace
from .engine import Runner, written
from .errors import ConflictError, DataError, SpecError, SpindslError
from .experiment import Experiment
from .graph import Graph
from .lower import lower
from .pieces import Piece
from .planning import environments, fits, plan
from .room import limits
from .store import Store, content, keys
from .watching import Progress, Silent, Stop

if TYPE_CHECKING:
    from .result import Verdict

APART = ("title", "expect")  # tables that decide no number


@dataclass(frozen=True)
class Run:
    """An experiment with the folders it lives in."""

    experiment: Experiment
    text: str
    name: str
    data: Path  # where data files are looked for
    runs: Path
    changes: tuple[str, ...] = ()

    @property
    def store(self) -> Store:
        return Store(self.runs / ".store")

    @property
    def changed(self) -> bool:
        """Whether `--set` changed what decides the numbers: anything but the title and the expectations."""
        if not self.changes:
            return False
        try:
            written = language.loads(self.text)
        except SpecError:
            return True
        mine, its = ({k: v for k, v in e.said().items() if k not in APART} for e in (self.experiment, written))
        return mine != its

    @property
    def judged(self) -> bool:
        """Whether expectations are held against the result: those of a file are not, once numbers are changed."""
        return not self.changed or any(said.split("=")[0].strip().startswith("expect") for said in self.changes)

    def graph(self) -> Graph:
        """The lowered experiment; DataError if a data file is absent."""
        for word in self.experiment.words().values():
            for name in word.files().values():
                if not (self.data / name).exists():
                    raise DataError(f"{self.data / name} is absent; give its folder with --data DIR")
        graph = lower(self.experiment, self.data, self.judged, limits(self.runs))
        for stage in graph.stages.values():
            for path in stage.files.values():
                if not path.exists():
                    raise DataError(f"{path} is absent; give its folder with --data DIR")
        return graph

    def directory(self, named: Mapping[str, Mapping[str, str]]) -> tuple[Path, bool]:
        """The directory of this very run, and whether it is finished; a new one if there is none."""
        home = self.runs / self.name
        for path in sorted(home.glob(f"*-{self.experiment.identity}*"), reverse=True):
            if (path / "plan.json").exists() and json.loads((path / "plan.json").read_text())["keys"] == named:
                return path, (path / "result.nc").exists()
        first = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{self.experiment.identity}"
        path = next(p for k in count(1) if not (p := home / (first if k == 1 else f"{first}-{k}")).exists())
        path.mkdir(parents=True)
        written(path / "plan.json", {"keys": named})
        return path, False

    def run(self, workers: int, progress: Progress | None = None, stop: Stop | None = None) -> Outcome:
        """Run or resume; nothing is computed that the store holds, nothing is overwritten."""
        graph = self.graph()
        named = keys(graph)
        runner = Runner(graph, self.store, workers, progress or Silent(), stop or Stop())
        fits(plan(graph, self.store, named=named), self.runs)
        path, finished = self.directory(named)
        if finished:
            return Outcome(path, json.loads((path / "status.json").read_text())["expectations"], fresh=False)
        with locked(path):
            return self.carry_out(runner, path, named)

    def describe(self, path: Path) -> None:
        """What the directory says of the run: all that a process needs to compute a piece of it."""
        (path / "spec.toml").write_text(self.text, encoding="utf-8")
        (path / "spec.resolved.toml").write_text(self.experiment.resolved(), encoding="utf-8")
        written(path / "run.json", {"name": self.name, "data": str(self.data.absolute()), "set": list(self.changes)})

    def carry_out(self, runner: Runner, path: Path, named: Mapping[str, Mapping[str, str]]) -> Outcome:
        """All files of the run directory, the result last but for the status."""
        from . import result

        begun = time.time()
        self.describe(path)
        files = {k: content(p) for s in runner.graph.stages.values() for k, p in s.files.items()}
        known = result.provenance(named, self.changes, files)
        written(path / "provenance.json", known)
        state: dict[str, object] = {"state": "running", "pid": os.getpid(), "begun": stamp(begun)}
        written(path / "status.json", state)
        try:
            results = runner.run()
        except SpindslError as error:
            written(path / "status.json", state | {"state": "stopped", "why": str(error), "took": runner.took})
            raise
        known = result.made(known, environments(plan(runner.graph, runner.store, named=named), runner.store))
        written(path / "provenance.json", known)
        link(runner, path / "blocks")
        history = f"{stamp(time.time())} spindsl run {self.name}"
        attrs = result.attributes(self.experiment, self.text, known, history) | {"name": self.name}
        beside = path / f"result.nc.{os.getpid()}.part"
        result.write(beside, self.experiment, runner.graph, results, attrs)
        rows = result.measured(self.experiment, beside, self.judged)
        result.finish(beside, path / "result.nc", rows)
        done = {"state": "done", "ended": stamp(time.time()), "took": runner.took, "expectations": rows}
        written(path / "status.json", state | done)
        return Outcome(path, rows, fresh=True)


@dataclass(frozen=True)
class Outcome:
    """Where a run lies and what became of its expectations; `fresh` unless it was there already."""

    path: Path
    expectations: list[Verdict]
    fresh: bool

    @property
    def met(self) -> bool:
        return all(row["ok"] is not False for row in self.expectations)


def opened(
    path: str | Path, runs: str | Path = "runs", data: str | Path | None = None, changes: Sequence[str] = ()
) -> Run:
    """A run from a TOML file or a result."""
    path, runs, data = Path(path), Path(runs), None if data is None else Path(data)
    changes = (changes,) if isinstance(changes, str) else tuple(changes)
    try:
        text, name = language.source(path), path.stem
    except UnicodeDecodeError as error:
        from .diagnose import unreadable

        raise unreadable("", error) from error
    if path.suffix == ".nc":
        name = language.attribute(path, "name")
        changes = (*json.loads(language.attribute(path, "provenance"))["set"], *changes)
    data = data or path.parent
    try:
        experiment = language.loads(text, str(path), changes)
    except SpecError as error:
        from .partial import complete

        raise complete(error, text, changes, data) from error
    return Run(experiment, text, name, data, runs, changes)


def resumed(path: str | Path) -> Run:
    """The run of a run directory."""
    path = Path(path)
    if not (path / "run.json").exists():
        raise ConflictError(f"{path} is no run directory: run.json is absent")
    known = json.loads((path / "run.json").read_text(encoding="utf-8"))
    text, changes = (path / "spec.toml").read_text(encoding="utf-8"), tuple(known["set"])
    experiment = language.loads(text, str(path / "spec.toml"), changes)
    return Run(experiment, text, known["name"], Path(known["data"]), path.parent.parent, changes)


def compute(folder: Path, node: str, piece: Piece) -> None:
    """One piece of a run, from nothing but its folder: what an engine of other processes or machines submits.

    ConflictError where the text in the folder, read here, does not lower to the same keys as it did there: other code,
    other data or another experiment.
    """
    workplace(folder.absolute()).compute(node, piece)


@lru_cache(maxsize=4)
def workplace(folder: Path) -> Workplace:
    """The graph of a run's folder, lowered again, with its store."""
    run = resumed(folder)
    graph = run.graph()
    if json.loads((folder / "plan.json").read_text(encoding="utf-8"))["keys"] != keys(graph):
        raise ConflictError(f"{folder} was planned with other code, data or text than are here; run it again")
    return Workplace(graph, run.store)


@dataclass(frozen=True)
class Elsewhere:
    """An engine of whatever has `submit` as `concurrent.futures` has: each piece is computed from the run's folder."""

    pool: Executor
    folder: Path

    def submit(self, node: str, piece: Piece) -> Future[None]:
        return self.pool.submit(compute, self.folder, node, piece)


def link(runner: Runner, blocks: Path) -> None:
    """Hard links from the run to its blocks in the store."""
    for stage, files in runner.files.items():
        for file in files:
            place = blocks / stage / file.parent.name / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            os.link(file, place)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process a run directory; ConflictError for a second."""
    with (path / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(f"{path} is being run by another process") from error
        yield


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
