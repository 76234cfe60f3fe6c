"""Experiment -> Graph: the only file that knows the order of things."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from . import ensemble
from .errors import Finding, MeaningError, SpecError
from .experiment import Expect, Experiment
from .graph import Graph, Node, Stage
from .points import BEFORE, Point, points
from .sweeping import Axis, axes


def lower(experiment: Experiment, data: Path) -> Graph:
    """All stages of an experiment; of a sweep, each once for all the points that share it.

    `data` is the folder of data files. SpecError where words do not fit together.
    """
    every = {point.place: lowered(point, data) for point in points(experiment)}
    taken = frozenset(v for stages in every.values() for s in stages.values() for v in s.gives)
    graph = woven(axes(experiment.sweep, experiment.realizations, taken), every)
    for k, expect in enumerate(experiment.expect):
        promised(expect, k, graph)
    return graph


def woven(dims: tuple[Axis, ...], every: Mapping[tuple[int, ...], Mapping[str, Stage]]) -> Graph:
    """The graphs of all points as one. A stage varies along the axes along which anything changes it."""
    shape = tuple(len(a) for a in dims)
    names = list(dict.fromkeys(n for stages in every.values() for n in stages))
    same: dict[str, np.ndarray] = {n: np.full(shape, "", dtype="U64") for n in names}
    for place, stages in every.items():
        for name, stage in stages.items():
            same[name][place] = identity(stage, {n: same[n][place] for n in stage.needs})
    along = {n: [k for k in range(len(dims)) if (v != v.take([0], axis=k)).any()] for n, v in same.items()}
    nodes: dict[str, Node] = {}
    for place in product(*map(range, shape)):
        for name, stage in every[place].items():
            key = node(name, dims, place, along[name])
            if key not in nodes:
                sources = {n: node(n, dims, place, along[n]) for n in stage.needs}
                nodes[key] = Node(
                    stage, sources, tuple(place[k] if k in along[name] else None for k in range(len(dims)))
                )
    return Graph(nodes, dims)


def node(name: str, dims: tuple[Axis, ...], place: tuple[int, ...], along: Iterable[int]) -> str:
    """A stage at a point, by name."""
    at = ", ".join(f"{dims[k].name}={dims[k].labels[place[k]]}" for k in along)
    return f"{name}[{at}]" if at else name


def identity(stage: Stage, needs: Mapping[str, str]) -> str:
    """What tells a stage from the same stage at another point."""
    seeds = [stage.disorder] if stage.quenched else [stage.seed, stage.disorder]
    files = {k: str(path) for k, path in stage.files.items()}
    split = stage.split.labels if stage.split else ()
    made_of = [
        stage.said,
        stage.parts,
        stage.coords,
        stage.sizes,
        stage.grows,
        split,
        seeds,
        files,
        list(stage.gives),
        needs,
    ]
    return hashlib.sha256(json.dumps(made_of, default=list, sort_keys=True).encode()).hexdigest()


def lowered(point: Point, data: Path) -> dict[str, Stage]:
    """The stages of one point in order: matter, its history, the split, bottlenecks, analyses."""
    experiment, stages = point.experiment, {}
    owners: dict[str, set[str]] = {}

    def add(path: str, make) -> None:
        try:
            made = make()
        except MeaningError as error:
            raise refused(error, *path.split(".", 1)) from error
        for stage in made:
            before = set().union(*(owners[n] for n in stage.needs)) if stage.needs else set()
            owners[stage.name] = {path, *BEFORE.get(path, ()), *before}
            stages[stage.name] = replace(stage, seed=point.thermal(owners[stage.name]), disorder=point.disorder)

    add("system", lambda: experiment.system.stages(experiment.seed, data))
    if experiment.protocol is not None:
        add("dynamics", lambda: experiment.dynamics.stages(stages["system"]))
        add("protocol", lambda: experiment.protocol.stages(stages, experiment.dynamics, data))
    trained(experiment, stages["trajectory"])
    add("split", lambda: (ensemble.split(stages["trajectory"], experiment.split.said()),))
    for name, word in experiment.bottleneck.items():
        add(f"bottleneck.{name}", partial(word.stages, name, stages))
    for name, word in experiment.analysis.items():
        referred(experiment, name, word.refers(), stages)
        add(f"analysis.{name}", partial(word.stages, name, stages))
    return stages


def trained(experiment: Experiment, trajectory: Stage) -> None:
    """SpecError unless the split leaves every drive seven trials to train on: a shuffled drive may keep fewer."""
    if "drive" in trajectory.coords and (experiment.bottleneck or experiment.analysis):
        trials = len(trajectory.coords["trial"])
        left = trials - max(1, round(experiment.split.test * trials))
        if left < 7:
            message = f"{trials} trials a drive leave {left} to train on, at least 7 are needed"
            raise refused(MeaningError(message, "trials", code="E203"), "protocol")


def refused(error: MeaningError, *path: str | int) -> SpecError:
    """A MeaningError as the one finding of a SpecError."""
    return SpecError([Finding(error.code, str(error), (*path, *error.path), hint=error.hint)])


def referred(experiment: Experiment, name: str, of: str, stages: dict[str, Stage]) -> None:
    """SpecError unless `of` is a bottleneck or a variable of the trajectory."""
    known = [*experiment.bottleneck, *(v for v in stages["trajectory"].gives if v not in ("end", "field"))]
    if of not in known:
        error = MeaningError(
            f"no bottleneck or observable {of!r}", "of", code="E204", hint=f"known are {', '.join(known)}"
        )
        raise refused(error, "analysis", name)
    if of in experiment.bottleneck and of in stages["trajectory"].gives:
        raise refused(MeaningError(f"{of!r} is a bottleneck and an observable", "of", code="E107"), "analysis", name)


def promised(expect: Expect, k: int, graph: Graph) -> None:
    """SpecError unless the variable that is expected something of will be in the result, with these coordinates."""
    group, _, variable = expect.of.rpartition(".")
    mean = group.startswith("quenched.")
    shown = {f"{n.stage.group.strip('/').replace('/', '.')}.{v}": n for n in graph.nodes.values() if n.stage.group
             for v, p in n.stage.gives.items() if not p.hidden}  # fmt: skip
    if mean and any(a.name == "realization" for a in graph.axes):
        averaged = {f"quenched.{name}": n for name, n in shown.items()}
        shown |= averaged | {f"{name}_se": n for name, n in averaged.items()}
    if expect.of not in shown:
        near = sorted(v.rpartition(".")[2] for v in shown if v.startswith(f"{group}."))
        hint = f"{group} gives {', '.join(near)}" if near else ""
        raise refused(MeaningError(f"nothing gives {expect.of!r}", "of", code="E205", hint=hint), "expect", k)
    stage, at = shown[expect.of].stage, shown[expect.of].place
    dims = stage.gives[variable if variable in stage.gives else variable.removesuffix("_se")].dims
    known = [c for c in stage.coords if ("time" if c == "switch" else c) in dims and not (mean and c == "trial")]
    known += [name for axis, number in zip(graph.axes, at) if number is not None for name in (axis.name, *axis.coords)]
    for name in expect.where:
        if name not in known or (mean and name == "realization"):
            error = MeaningError(
                f"{expect.of} has no coordinate {name!r}", "where", name, code="E205", hint=f"it has {', '.join(known)}"
            )
            raise refused(error, "expect", k)
