"""One piece of one node, from what the store holds: what every engine carries out.

It knows no physics and no order of things. Results are put together from the store when they are asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .errors import StageError
from .graph import Graph, Stage, Task
from .pieces import Assembly, Piece, labelled, survey
from .store import Store, made

if TYPE_CHECKING:
    import xarray as xr


class Results(Mapping[str, "xr.Dataset"]):
    """Whole results by node, put together from the store when they are first asked for."""

    def __init__(self, graph: Graph, store: Store):
        self.graph, self.store, self.made = graph, store, made(graph)
        self.named = {node: {part: one.key for part, one in parts.items()} for node, parts in self.made.items()}
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
        for piece in survey(self.store, stage, self.named[node]):
            if not piece.stored:
                raise LookupError(f"{node} is not computed: {piece.path} is lacking")
            whole.place(piece, self.store.read(piece.path, piece.key))
        return whole.dataset()

    def forget(self, node: str) -> None:
        self.kept.pop(node, None)


def unheard(fraction: float) -> None:
    """A report of progress that nobody hears."""


def here(run: Callable[..., xr.Dataset], task: Task, inputs: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """`run(task, **inputs)` in this thread."""
    return run(task, **inputs)


@dataclass
class Workplace:
    """A graph with its store: all that a piece is computed from."""

    graph: Graph
    store: Store
    results: Results = field(init=False)

    def __post_init__(self) -> None:
        self.results = Results(self.graph, self.store)

    def compute(
        self,
        name: str,
        piece: Piece,
        tick: Callable[[float], None] = unheard,
        call: Callable[[Callable[..., xr.Dataset], Task, Mapping[str, xr.Dataset]], xr.Dataset] = here,
    ) -> None:
        """Compute one piece of a node and store it; StageError names the piece that failed."""
        node = self.graph.nodes[name]
        stage = node.stage
        before = self.store.read(piece.before, piece.key) if piece.before else None
        task = Task(
            stage.disorder if stage.quenched else stage.seed, stage.params, stage.disorder, stage.files, piece.part,
            stage.parts[piece.part], piece.labels if stage.split else (), piece.grown, before, tick,
        )  # fmt: skip
        at_times = stage.split is not None and stage.split.dim == "switch"
        inputs = {n: place(self.input(stage, several), stage, piece.part) for n, several in node.sources.items()}
        inputs = {stage.keywords.get(n, n): d for n, d in inputs.items()}
        seen = {n: among(d, piece.labels) if at_times else d for n, d in inputs.items()}
        try:
            block = labelled(stage, piece, stage.checked(call(stage.run, task, seen)), seen.values())
        except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
            where = f"{name} {piece.part} {piece.labels[:1]}".strip()
            raise StageError(f"{where}: {type(error).__name__}: {error}") from error
        self.store.write(piece.path, piece.key, block)
        self.store.explain(stage.name, self.results.made[name][piece.part])
        tick(1.0)

    def input(self, stage: Stage, nodes: tuple[str, ...]) -> xr.Dataset:
        """What a stage needs: the result of a node, or those at all values of a swept parameter, one after another."""
        import xarray as xr

        if not stage.across:
            return self.results[nodes[0]]
        axis = next(a for a in self.graph.axes if stage.across in a.paths)
        labels = xr.Variable("swept", list(axis.paths[stage.across]))
        several = [self.results[at] for at in nodes]
        return xr.concat(several, labels.to_index_variable(), join="outer", data_vars="all", coords="minimal",
                         compat="override")  # fmt: skip


def place(dataset: xr.Dataset, stage: Stage, part: str) -> xr.Dataset:
    """What a part sees of an input: its own place along the dimension that parts become, if it is to see no more."""
    if not stage.apart or stage.dim not in dataset.dims:
        return dataset
    return dataset.isel({stage.dim: list(stage.parts).index(part)})


def among(dataset: xr.Dataset, switches: tuple[int, ...]) -> xr.Dataset:
    """The times of a dataset that are asked for; all of one without switches."""
    if "switch" not in dataset.coords:
        return dataset
    have = dataset["switch"].values
    index = np.flatnonzero(np.isin(have, switches))
    whole = len(index) and index[-1] - index[0] + 1 == len(index)
    return dataset.isel(time=slice(int(index[0]), int(index[-1]) + 1) if whole else index)
