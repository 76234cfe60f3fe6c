"""Experiment -> Graph: the only file that knows the order of things."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from . import ensemble
from .errors import DataError, FilesError, Finding, MeaningError, SpecError
from .experiment import Between, Expect, Experiment, First, Last
from .graph import NUMBERED, Graph, Node, Stage
from .label_checks import Trials, simulated
from .params import as_json
from .points import BEFORE, Point, surveyed, unswept, valid
from .room import Limits, countless, crowded
from .spec import Bottleneck, Model, Protocol
from .sweeping import Axis, axes, changed, owner


def lower(experiment: Experiment, data: Path, judged: bool = True, have: Limits | None = None) -> Graph:
    """All stages of an experiment; of a sweep, each once for all the points that share it.

    `data` is the folder of data files. SpecError with all that does not fit together; unless expectations are
    `judged` they may be of what nothing gives. What a machine has is the limit where it is given.
    """
    possible, wrong = surveyed(experiment)
    every, failing = {}, {}
    for point in possible:
        every[point.place], found = lowered(point, data, have)
        if found:
            failing[point.place] = found
    taken = frozenset(v for stages in every.values() for s in stages.values() for v in s.gives)
    dims = axes(experiment.sweep, experiment.realizations, taken)
    if wrong or failing:
        wrong += misfits(experiment, dims, failing, set(every), data, have) if dims and failing else failing.get((), [])
        graph = sketched(experiment, dims, data, wrong, have)
    else:
        graph = woven(dims, every)
    doubt = any(f.key and f.path[:1] == ("sweep",) for f in wrong)
    expected = enumerate(experiment.expect if judged else ())
    wrong += [f for k, expect in expected for f in promised(expect, k, graph, experiment, doubt)]
    if wrong:
        raise (FilesError if all(f.code.startswith("E3") for f in wrong) else SpecError)(wrong)
    return graph


def misfits(
    experiment: Experiment,
    dims: tuple[Axis, ...],
    failing: Mapping[tuple[int, ...], list[Finding]],
    known: set[tuple[int, ...]],
    data: Path,
    have: Limits | None = None,
) -> list[Finding]:
    """What does not fit together at the points of a sweep: at the file's own words, or at swept values."""
    from .diagnose import blame

    base = unswept(experiment)

    def alone(swept: Mapping[str, object]) -> list[Finding]:
        one = valid(changed(base, swept))
        return lowered(Point((), one, swept, 0), data, have)[1] if isinstance(one, Experiment) else []

    everywhere = [{(f.code, f.path) for f in found} for found in failing.values()]
    common = set.intersection(*everywhere) if len(failing) == len(known) and failing else set()
    plain = [f for f in alone({}) if (f.code, f.path) in common and not any(blame.related(f, a) for a in dims)]
    own = {(f.code, f.path) for f in plain}
    others = {place: {owner(f.path) for f in found if (f.code, f.path) not in own} for place, found in failing.items()}
    told = blame.Told(base, lambda swept: [f for f in alone(swept) if (f.code, f.path) not in own])
    gone = [place for place in product(*(range(len(a)) for a in dims)) if place not in known]
    return plain + blame.blamed(dims, {p: tables for p, tables in others.items() if tables}, told, gone)


def sketched(
    experiment: Experiment, dims: tuple[Axis, ...], data: Path, wrong: list[Finding], have: Limits | None = None
) -> Graph:
    """The graph of an experiment that is wrong elsewhere, as if all of it varied with all that is swept.

    Wrong axes have no labels.
    """
    places = [f.path for f in wrong]
    doubtful = [a for a in dims if any(at[: len(a.at)] == a.at and at[len(a.at)] in a.paths for at in places)]
    dims = tuple(replace(a, labels=(), coords=dict.fromkeys(a.coords, ())) if a in doubtful else a for a in dims)
    stages, _ = lowered(Point((), experiment, {}, 0), data, have)
    nodes = {}
    for name, stage in stages.items():
        place = tuple(None if stage.across in a.paths else 0 for a in dims)
        nodes[name] = Node(stage, {n: (n,) for n in stage.needs}, place)
    return Graph(nodes, dims)


def woven(dims: tuple[Axis, ...], every: Mapping[tuple[int, ...], Mapping[str, Stage]]) -> Graph:
    """The graphs of all points as one. A stage varies along the axes along which anything changes it."""
    shape = tuple(len(a) for a in dims)
    names = list(dict.fromkeys(n for stages in every.values() for n in stages))
    same: dict[str, np.ndarray] = {n: np.full(shape, "", dtype="U64") for n in names}
    for place, stages in every.items():
        for name, stage in stages.items():
            same[name][place] = identity(stage, {n: same[n][place] for n in stage.needs if not stage.across})
    along = {n: [k for k in range(len(dims)) if (v != v.take([0], axis=k)).any()] for n, v in same.items()}
    nodes: dict[str, Node] = {}
    for last in (False, True):  # what looks across points comes after all of them
        for place in product(*map(range, shape)):
            for name, stage in every[place].items():
                own = across(stage, dims, along) if stage.across else along[name]
                key = node(name, dims, place, own)
                if key not in nodes and last == bool(stage.across):
                    sources = {n: sourced(stage, n, dims, place, along[n]) for n in stage.needs}
                    nodes[key] = Node(stage, sources, tuple(place[k] if k in own else None for k in range(len(dims))))
    return Graph(nodes, dims)


def across(stage: Stage, dims: tuple[Axis, ...], along: Mapping[str, list[int]]) -> list[int]:
    """The axes along which a stage varies that looks across one: those of its needs, without that one."""
    return sorted({k for n in stage.needs for k in along[n] if stage.across not in dims[k].paths} | {
        k for k in along[stage.name] if stage.across not in dims[k].paths
    })  # fmt: skip


def sourced(
    stage: Stage, name: str, dims: tuple[Axis, ...], place: tuple[int, ...], along: Iterable[int]
) -> tuple[str, ...]:
    """The node of a needed stage, or the nodes at all the values that the stage looks across."""
    axis = next((k for k, a in enumerate(dims) if stage.across in a.paths), None) if stage.across else None
    if axis is None:
        return (node(name, dims, place, along),)
    places = [(*place[:axis], k, *place[axis + 1 :]) for k in range(len(dims[axis]))]
    return tuple(node(name, dims, p, along) for p in places)


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
        as_json(stage.params),
        as_json(stage.parts),
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


def lowered(point: Point, data: Path, have: Limits | None = None) -> tuple[dict[str, Stage], list[Finding]]:
    """The stages of one point in order: matter, its history, the split, exact truth, bottlenecks, analyses; and all
    that does not fit together, or not into the memory that a machine has."""
    experiment, stages, wrong = point.experiment, {}, []
    owners: dict[str, set[str]] = {}

    def add(path: str, make: Callable[[], Iterable[Stage]]) -> None:
        try:
            made = make()
        except MeaningError as error:
            wrong.extend(error.findings(*path.split(".", 1)))
            return
        except DataError as error:
            wrong.append(filed(error, path, experiment))
            return
        for stage in made:
            if stage.across and stage.across not in point.swept:
                hint = f'[[sweep]] product = {{ "{stage.across}" = […] }}'
                wrong.append(
                    Finding("E204", f"nothing sweeps {stage.across}", (*path.split(".", 1), "kind"), hint=hint)
                )
            before = set().union(*(owners[n] for n in stage.needs)) if stage.needs else set()
            owners[stage.name] = {path, *BEFORE.get(path, ()), *before}
            seed = point.thermal(owners[stage.name], stage.across)
            stages[stage.name] = replace(stage, seed=seed, disorder=point.disorder)

    add("system", lambda: experiment.system.stages(point.disorder, data))
    protocol, dynamics = experiment.protocol, experiment.dynamics
    if protocol is not None and not wrong and have is not None:
        add("protocol", partial(counted, protocol, stages["system"], have))
    if protocol is not None and dynamics is not None and not wrong:
        add("dynamics", lambda: dynamics.stages(stages["system"]))
        add("protocol", lambda: protocol.stages(stages, dynamics, data))
    if "trajectory" not in stages:
        wrong += [f for _, f in crowded(stages, have)] if have is not None else []
        return stages, wrong
    trajectory = stages["trajectory"]
    wrong += trained(experiment, trajectory)
    if set(Bottleneck.watches) <= dimensions(trajectory):
        add("split", lambda: (ensemble.split(trajectory, experiment.split.test),))
    trials = known(experiment, stages, wrong)
    for name, word in experiment.reference.items():
        if "system" not in stages:
            hint = "drop it; references are of simulated matter"
            wrong.append(Finding("E204", "recordings have no energy", ("reference", name, "kind"), hint=hint))
            continue
        add(f"reference.{name}", partial(word.stages, name, stages))
    for name, word in ordered(experiment.bottleneck):
        wrong += (unfit := [*watched(word, f"bottleneck.{name}", trajectory), *missing(experiment, name, word)])
        if not unfit and all(f"bottleneck.{n}" in stages for n in word.refers()):
            add(f"bottleneck.{name}", partial(word.stages, name, stages))
            if trials is not None and f"bottleneck.{name}" in stages:
                wrong += [f for error in word.asks(name, stages, trials) for f in error.findings("bottleneck", name)]
    absent = lost(experiment, stages)
    for name, word in experiment.analysis.items():
        of = word.refers()
        unfit = list(watched(word, f"analysis.{name}", trajectory)) or list(referred(experiment, name, of, stages))
        wrong += unfit
        if not unfit and not {of, *word.compares()} & absent:
            add(f"analysis.{name}", partial(word.stages, name, stages))
        if trials is not None and f"analysis.{name}" in stages:
            wrong += [f for error in word.asks(name, stages, trials) for f in error.findings("analysis", name)]
    if have is not None:
        wrong += [finding for _, finding in crowded(stages, have)]
    return stages, wrong


def counted(protocol: Protocol, system: Stage, have: Limits) -> tuple[Stage, ...]:
    """No stage; MeaningError for more configurations than memory holds."""
    countless(protocol, system, have)
    return ()


def filed(error: DataError, path: str, experiment: Experiment) -> Finding:
    """The mistake of a data file, at the key that names it; that of the system where a word that reads none asks."""
    words = experiment.words()
    path = path if path in words and words[path].files() else "system"
    files = words[path].files() if path in words else {}
    at = error.path or next(iter(files), "").split(".")
    message, _, hint = (str(error), "", error.hint) if error.hint else str(error).partition("; ")
    hint = hint or "mend the file, or what is said of it here"
    return Finding(error.code, message, (*path.split(".", 1), *filter(None, at)), hint=hint)


def known(experiment: Experiment, stages: Mapping[str, Stage], wrong: list[Finding]) -> Trials | None:
    """The trials as the text or the files of a recording tell them; None where they are not known before a run."""
    trajectory = stages["trajectory"]
    if "split" not in stages:
        return None
    if type(experiment.system).simulated:
        return simulated(trajectory, experiment.split.test)
    try:
        found = experiment.system.recorded(trajectory)
        if found is None:
            return None
        names = sorted(set(found[0]))
        label = np.searchsorted(names, found[0])
        group = None if found[1] is None else np.array(found[1])
        held, rank = ensemble.divided(stages["split"].seed, experiment.split.test, label, names, group)
    except DataError as error:
        wrong.append(filed(error, "system", experiment))
        return None
    return Trials(tuple(names), label, held == 1, rank, str(next(iter(trajectory.files.values()))))


def lost(experiment: Experiment, stages: Mapping[str, Stage]) -> set[str]:
    """Bottlenecks and references that are wrong themselves, of whose questions nothing more is said."""
    nouns = {"bottleneck": experiment.bottleneck, "reference": experiment.reference}
    return {n for noun, named in nouns.items() for n in named if f"{noun}.{n}" not in stages}


def dimensions(stage: Stage) -> set[str]:
    """All dimensions of what a stage gives."""
    return {d for p in stage.gives.values() for d in p.dims}


def ordered(bottlenecks: Mapping[str, Bottleneck]) -> Iterator[tuple[str, Bottleneck]]:
    """Each after those whose results it takes; in a circle, as they come."""
    left = dict(bottlenecks)
    while left:
        ready = [n for n, word in left.items() if not set(word.refers()) & set(left)] or list(left)
        yield from ((n, left.pop(n)) for n in ready)


def watched(word: Model, path: str, trajectory: Stage) -> Iterator[Finding]:
    """A mistake where a word watches by other dimensions than configurations have."""
    have = dimensions(trajectory)
    if not set(word.watches) <= have:
        kind = word.of_kind()
        given = ", ".join(d for d in ("drive", "beta", "trial", "chain", "time", "sample") if d in have)
        message = f"{kind!r} looks at each {' and '.join(word.watches)}; here configurations have {given}"
        hint = "such are those of [protocol] equilibrium" if "beta" in word.watches else "such are those of a drive"
        yield Finding("E204", message, (*path.split(".", 1), "kind"), hint=hint)


def missing(experiment: Experiment, name: str, word: Bottleneck) -> Iterator[Finding]:
    """A mistake for a bottleneck that takes the results of one that there is not, or of itself."""
    for other in word.refers():
        if other not in experiment.bottleneck or other == name:
            known = [n for n in experiment.bottleneck if n != name]
            hint = f"there are {', '.join(known)}" if known else "there is no other"
            yield Finding("E204", f"no bottleneck {other!r} to take results of", ("bottleneck", name), hint=hint)


def trained(experiment: Experiment, trajectory: Stage) -> Iterator[Finding]:
    """A mistake unless the split leaves every drive seven trials to train on: a shuffled drive may keep fewer."""
    if "drive" in trajectory.coords and (experiment.bottleneck or experiment.analysis):
        trials = len(trajectory.coords["trial"])
        left = trials - max(1, round(experiment.split.test * trials))
        if left < 7:
            message = f"{trials} trials a drive leave {left} to train on, at least 7 are needed"
            yield Finding("E203", message, ("protocol", "trials"), hint="more trials, or a smaller split.test")


def referred(experiment: Experiment, name: str, of: str, stages: dict[str, Stage]) -> Iterator[Finding]:
    """A mistake unless `of` is a bottleneck or a variable of the trajectory."""
    given = stages["trajectory"].gives
    known = [*experiment.bottleneck, *(v for v, p in given.items() if not p.label and NUMBERED.keys() & set(p.dims))]
    if of not in known:
        hint = f"known are {', '.join(known)}"
        yield Finding("E204", f"no bottleneck or observable {of!r}", ("analysis", name, "of"), hint=hint)
    if of in experiment.bottleneck and of in stages["trajectory"].gives:
        yield Finding(
            "E107",
            f"{of!r} is a bottleneck and an observable",
            ("analysis", name, "of"),
            hint="give the bottleneck another name",
        )


def promised(expect: Expect, k: int, graph: Graph, experiment: Experiment, doubt: bool) -> Iterator[Finding]:
    """Mistakes unless the variable that is expected something of will be in the result, with these labels.

    Nothing is said of what a stage would give that is wrong itself, nor of coordinates that there are not
    where the names of some are in doubt.
    """
    group, _, variable = expect.of.rpartition(".")
    mean = group.startswith("quenched.")
    home = group.removeprefix("quenched.")
    groups = {n.stage.group.strip("/").replace("/", ".") for n in graph.nodes.values()}
    if "trajectory" not in groups or (home in experiment.words() and home not in groups):
        return
    shown = {f"{n.stage.group.strip('/').replace('/', '.')}.{v}": n for n in graph.nodes.values() if n.stage.group
             for v, p in n.stage.gives.items() if not p.hidden}  # fmt: skip
    if mean and any(a.name == "realization" for a in graph.axes):
        averaged = {f"quenched.{name}": n for name, n in shown.items()}
        shown |= averaged | {f"{name}_se": n for name, n in averaged.items()}
    if expect.of not in shown:
        near = sorted(v.rpartition(".")[2] for v in shown if v.startswith(f"{group}."))
        hint = f"{group} gives {', '.join(near)}" if near else ""
        if mean and home in groups and not near:
            hint = "means are over realizations: give realizations = 2 or more"
        yield Finding("E205", f"nothing gives {expect.of!r}", ("expect", k, "of"), hint=hint)
        return
    known = labels(shown[expect.of], variable, mean, graph)
    for name, selection in expect.where.items():
        path = ("expect", k, "where", name)
        if name not in known and doubt:
            continue
        if name not in known:
            hint = f"it has {', '.join(known)}"
            yield Finding("E205", f"{expect.of} has no coordinate {name!r}", path, hint=hint, key=True)
        elif known[name] and not isinstance(selection, Last | First | Between):
            several = selection if isinstance(selection, tuple) else (selection,)
            for n, label in enumerate(several):
                if not any(label == k and isinstance(label, bool) == isinstance(k, bool) for k in known[name]):
                    hint = f"there are {listed(known[name])}"
                    at = (*path, n) if isinstance(selection, tuple) else path
                    yield Finding("E205", f"no {name} {label!r}", at, hint=hint)


def labels(node: Node, variable: str, mean: bool, graph: Graph) -> dict[str, tuple]:
    """Coordinates of a variable of the result, with their labels; without labels where they vary."""
    stage, at = node.stage, node.place
    dims = stage.gives[variable if variable in stage.gives else variable.removesuffix("_se")].dims
    same = [n.stage.coords for n in graph.nodes.values() if n.stage.name == stage.name]
    known = {
        c: several if all(coords.get(c) == several for coords in same) else ()
        for c, several in stage.coords.items()
        if ("time" if c == "switch" else c) in dims and not (mean and c == "trial")
    }
    for axis, number in zip(graph.axes, at):
        if number is not None and not (mean and axis.name == "realization"):
            known |= {axis.name: axis.labels, **axis.coords}
    return known


def listed(several: tuple) -> str:
    """Labels, the middle of many left out."""
    words = [str(v) for v in several]
    return ", ".join(words if len(words) <= 8 else [*words[:3], "…", *words[-3:]])
