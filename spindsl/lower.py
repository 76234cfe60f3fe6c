"""Experiment -> Graph: the only file that knows the order of things."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from . import ensemble
from .errors import Finding, MeaningError, SpecError
from .experiment import Expect, Experiment
from .graph import Graph, Stage


def lower(experiment: Experiment, data: Path) -> Graph:
    """The stages of an experiment in order: matter, its history, the split, bottlenecks, analyses.

    `data` is the folder of data files. SpecError where words do not fit together.
    """
    if experiment.sweep or experiment.realizations > 1:
        at = "sweep" if experiment.sweep else "realizations"
        raise refused(MeaningError("the grammar is fixed, but this version does not run it yet", code="E210"), at)
    stages: dict[str, Stage] = {}

    def add(path: str, make) -> None:
        try:
            stages.update((s.name, replace(s, seed=experiment.seed, disorder=experiment.seed)) for s in make())
        except MeaningError as error:
            raise refused(error, *path.split(".", 1)) from error

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
    for k, expect in enumerate(experiment.expect):
        promised(expect, k, stages)
    return Graph(stages)


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


def promised(expect: Expect, k: int, stages: dict[str, Stage]) -> None:
    """SpecError unless the variable that is expected something of will be in the result, with these coordinates."""
    group, _, variable = expect.of.rpartition(".")
    shown = [s for s in stages.values() if s.group]
    givers = {
        f"{s.group.strip('/').replace('/', '.')}.{v}": s for s in shown for v, p in s.gives.items() if not p.hidden
    }
    if expect.of not in givers:
        near = sorted(v.rpartition(".")[2] for v in givers if v.startswith(f"{group}."))
        hint = f"{group} gives {', '.join(near)}" if near else ""
        raise refused(MeaningError(f"nothing gives {expect.of!r}", "of", code="E205", hint=hint), "expect", k)
    stage = givers[expect.of]
    dims = stage.gives[variable].dims
    known = [c for c in stage.coords if ("time" if c == "switch" else c) in dims]
    for name in expect.where:
        if name not in known:
            error = MeaningError(
                f"{expect.of} has no coordinate {name!r}", "where", name, code="E205", hint=f"it has {', '.join(known)}"
            )
            raise refused(error, "expect", k)
