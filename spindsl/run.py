"""A run from text to report: its directory, its files, and coming back to it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from . import experiment as language
from .engine import Runner, written
from .errors import ConflictError, DataError, SpindslError
from .experiment import Experiment
from .graph import Graph
from .lower import lower
from .planning import environments, fits, plan
from .store import Store, content, keys
from .watching import Progress, Silent, Stop


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

    def graph(self) -> Graph:
        """The lowered experiment; DataError if a data file is absent."""
        graph = lower(self.experiment, self.data)
        for stage in graph.stages.values():
            for path in stage.files.values():
                if not path.exists():
                    raise DataError(f"{path} is absent; give its folder with --data DIR")
        return graph

    def directory(self, named: dict[str, Any]) -> tuple[Path, bool]:
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
        fits(plan(graph, self.store), self.runs)
        path, finished = self.directory(named)
        if finished:
            return Outcome(path, json.loads((path / "status.json").read_text())["expectations"], fresh=False)
        with locked(path):
            return self.carry_out(runner, path, named)

    def carry_out(self, runner: Runner, path: Path, named: dict[str, Any]) -> Outcome:
        """All files of the run directory, the result last but for the status."""
        from . import result

        begun = time.time()
        (path / "spec.toml").write_text(self.text, encoding="utf-8")
        (path / "spec.resolved.toml").write_text(self.experiment.resolved(), encoding="utf-8")
        written(path / "run.json", {"name": self.name, "data": str(self.data.absolute()), "set": list(self.changes)})
        files = {k: content(p) for s in runner.graph.stages.values() for k, p in s.files.items()}
        known = result.provenance(named, self.changes, files)
        written(path / "provenance.json", known)
        state: dict[str, Any] = {"state": "running", "pid": os.getpid(), "begun": stamp(begun)}
        written(path / "status.json", state)
        try:
            results = runner.run()
        except SpindslError as error:
            written(path / "status.json", state | {"state": "stopped", "why": str(error), "took": runner.took})
            raise
        known |= result.makers(environments(plan(runner.graph, runner.store), runner.store))
        written(path / "provenance.json", known)
        link(runner, path / "blocks")
        history = f"{stamp(time.time())} spindsl run {self.name}"
        attrs = result.attributes(self.experiment, self.text, known, history) | {"name": self.name}
        beside = path / f"result.nc.{os.getpid()}.part"
        result.write(beside, runner.graph, results, attrs)
        rows = result.measured(self.experiment, beside)
        result.finish(beside, path / "result.nc", rows)
        done = {"state": "done", "ended": stamp(time.time()), "took": runner.took, "expectations": rows}
        written(path / "status.json", state | done)
        return Outcome(path, rows, fresh=True)


@dataclass(frozen=True)
class Outcome:
    """Where a run lies and what became of its expectations; `fresh` unless it was there already."""

    path: Path
    expectations: list[dict[str, Any]]
    fresh: bool

    @property
    def met(self) -> bool:
        return all(row["ok"] for row in self.expectations)


def opened(path: Path, runs: Path, data: Path | None = None, changes: tuple[str, ...] = ()) -> Run:
    """A run from a TOML file or a result."""
    try:
        text, name = language.source(path), path.stem
    except UnicodeDecodeError as error:
        from .diagnose import unreadable

        raise unreadable("", error) from error
    if path.suffix == ".nc":
        name = language.attribute(path, "name")
        changes = (*json.loads(language.attribute(path, "provenance"))["set"], *changes)
    return Run(language.loads(text, str(path), changes), text, name, data or path.parent, runs, changes)


def resumed(path: Path) -> Run:
    """The run of a run directory."""
    if not (path / "run.json").exists():
        raise ConflictError(f"{path} is no run directory: run.json is absent")
    known = json.loads((path / "run.json").read_text(encoding="utf-8"))
    text, changes = (path / "spec.toml").read_text(encoding="utf-8"), tuple(known["set"])
    experiment = language.loads(text, str(path / "spec.toml"), changes)
    return Run(experiment, text, known["name"], Path(known["data"]), path.parent.parent, changes)


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
