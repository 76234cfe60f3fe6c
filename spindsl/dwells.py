"""Spins that dwell in one field after another: what each trajectory of a field drive goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from pydantic import Field

from . import factors
from .arrays import array
from .driving import Driven
from .errors import DataError
from .fields import Law, strength
from .graph import Promise, Stage, Task
from .kinetics import Rates
from .seeds import generator, philox_key
from .slots import Slots
from .spec import Words

if TYPE_CHECKING:
    import xarray as xr

    from .kernels.couplings import Dense, Pairs, Products
    from .kernels.rules import Rule

OBSERVABLES = {
    "power": Promise((), "K s-1", "work absorbed at the switch over the dwell; 0 at the first field", "float32"),
    "work": Promise((), "K", "work absorbed when the field was switched on, from zero field at the first", "float32"),
    "heat": Promise((), "K", "heat given to the bath during the dwell", "float32"),
    "energy": Promise((), "K", "energy at the end of the dwell", "float32"),
    "interaction_energy": Promise((), "K", "energy of the couplings at the end of the dwell", "float32"),
    "magnetization": Promise((), "1", "mean spin at the end of the dwell", "float32"),
    "flips": Promise((), "1", "spin flips during the dwell", "int32"),
}


class InitialFile(Words):
    """A configuration read from a netCDF file: ±1, (spin)."""

    path: str = Field(min_length=1)
    variable: str = Field(min_length=1)


@dataclass(frozen=True)
class Beginning:
    """The configuration that all trials start from."""

    initial: Literal["relaxed", "annealed"] | InitialFile
    relax: float  # s
    rates: Rates


@dataclass(frozen=True)
class Longer:
    """Another dwell, s, after some switch."""

    after: int
    dwell: float


@dataclass(frozen=True)
class Dwelling:
    """What all drives of a trajectory have in common."""

    rates: Rates
    fields: Law
    dwell: float  # s
    slots: Slots
    longer: tuple[Longer, ...] = ()
    reset: bool = False

    def paces(self, first: int, last: int, shared: int = 0) -> list[tuple[int, int, float]]:
        """Stretches of the switches first..last with one dwell and noise each: first, last, dwell in s.

        Drives that share their states have noise of their own after the switch `shared`.
        """
        begins = [(1, self.dwell), *((p.after + 1, p.dwell) for p in self.longer)]
        begins += [(shared + 1, begins[-1][1])] if shared else []
        ends = [start - 1 for start, _ in begins[1:]] + [last]
        some = [(max(start, first), min(end, last), dwell) for (start, dwell), end in zip(begins, ends)]
        return [(a, b, d) for a, b, d in some if a <= b]


def dwell_time(trajectory: Stage) -> float:
    """Time between switches, s, of a trajectory under fields; TypeError of another."""
    if not isinstance(trajectory.params, Dwelling):
        raise TypeError(f"{trajectory.name} has no dwells")
    return trajectory.params.dwell


@dataclass(frozen=True)
class FieldCourse(Driven):
    """One drive, with the names of the fields that occur in it, by number."""

    names: Mapping[int, str]


class Energy(NamedTuple):
    """What spins do to one another, and the field that is always on."""

    couplings: Pairs | Dense | Products
    h: np.ndarray  # K, (spin)

    @property
    def spins(self) -> int:
        return len(self.h)


def energy(system: xr.Dataset) -> Energy:
    """The energy of a system as kernels see it."""
    from .kernels.couplings import products, represented

    graph = factors.read(system)
    at, c = graph.products.of_order(2)
    if len(at) < len(graph.products.c):
        held = graph.products
        return Energy(products(graph.sites, held.start, held.site, held.c), graph.field)
    return Energy(represented(graph.sites, at[:, 0], at[:, 1], c), graph.field)


def ruled(rates: Rates, dynamics: xr.Dataset | None) -> Rule:
    """The kernel's rule, of what differs between spins if anything does."""
    import xarray as xr

    return rates.rule(xr.Dataset() if dynamics is None else dynamics)


def begin(task: Task[Beginning], system: xr.Dataset, dynamics: xr.Dataset | None = None) -> xr.Dataset:
    """The configuration that all trials start from."""
    import xarray as xr

    from .kernels import couplings, events, rules

    matter, initial = energy(system), task.params.initial
    if isinstance(initial, InitialFile):
        s = read(task.files["path"], initial.variable, matter.spins)
    else:
        s = generator(task.seed, "initial").choice([-1.0, 1.0], matter.spins)
        rule = ruled(task.params.rates, dynamics)
        ladder = [rule.at(rule.beta * (k + 1) / 100) for k in range(100)] if initial == "annealed" else [rule]
        rules.admit(rule, couplings.largest(matter.couplings, matter.h[None]))
        duration, key = task.params.relax / len(ladder), philox_key(task.seed, "initial")
        for step, cooled in enumerate(ladder):
            task.tick(step / len(ladder))
            events.relax(matter.couplings, cooled, matter.h, s, duration, np.uint64(step), key)
    return xr.Dataset({"spins": ("spin", s.astype(np.int8))})


def read(path: Path, variable: str, spins: int) -> np.ndarray:
    """A configuration from a file, float64; DataError unless it is `spins` values of ±1."""
    s = array(path, variable)
    if s.shape != (spins,) or not np.isin(s, (-1, 1)).all():
        found = f"it has shape {s.shape}" if s.shape != (spins,) else "it holds other values"
        raise DataError(f"{path}: {variable} must be {spins} spins, each -1 or 1; {found}")
    return s.astype(np.float64)


class Plan(NamedTuple):
    """Which fields a block of trials goes through: rows of A, of which the last is that without a drive's field."""

    A: np.ndarray  # (field, spin), K, the matter's own field included
    row: np.ndarray  # (trial, switch), from switch 1
    history: np.ndarray  # (trial, switch), numbers of fields, -1 for none

    def before(self, first: int) -> np.ndarray:
        """The row that is on when switch `first` comes, (trial)."""
        return self.row[:, first - 2] if first > 1 else np.full(len(self.row), len(self.A) - 1)


def planned(task: Task[Dwelling, FieldCourse], h: np.ndarray) -> Plan:
    """The fields of one block of trials of one drive."""
    names, trials = task.part_params.names, np.array(task.labels, dtype=np.uint64)
    history = task.part_params.course.history(task.seed, task.part, trials, task.grown[1])
    A = [strength(task.disorder, task.params.fields, name, len(h)) + h for name in names.values()]
    place = np.full(max(names, default=0) + 2, len(names))  # the last row, of no field, is also that of -1
    place[list(names)] = np.arange(len(names))
    return Plan(np.array([*A, h]), place[history], history)


class Blank(NamedTuple):
    """Memory for what a kernel records: spins (trial, slot, spin), the others (trial, slot), K."""

    spins: np.ndarray
    flips: np.ndarray
    work: np.ndarray
    heat: np.ndarray
    interaction: np.ndarray
    zeeman: np.ndarray

    @classmethod
    def of(cls, trials: int, slots: int, spins: int) -> Blank:
        shape = (trials, slots)
        return cls(np.empty((*shape, spins), np.int8), np.empty(shape, np.int32), *(np.empty(shape) for _ in range(4)))


def drive(
    task: Task[Dwelling, FieldCourse], system: xr.Dataset, initial: xr.Dataset, dynamics: xr.Dataset | None = None
) -> xr.Dataset:
    """One block of trials of one drive, over the switches `task.grown`."""
    from .kernels import couplings, rules

    matter, rule = energy(system), ruled(task.params.rates, dynamics)
    plan = planned(task, matter.h)
    rules.admit(rule, couplings.largest(matter.couplings, plan.A))
    at = task.params.slots.recorded(*task.grown)
    out = Blank.of(len(task.labels), len(at), matter.spins)
    run = anew if task.params.reset else onward
    end = run(task, matter, rule, plan, initial["spins"].values, out)
    return measured(task, plan, at, out).assign(end=(("trial", "spin"), end))


def anew(
    task: Task[Dwelling, FieldCourse], matter: Energy, rule: Rule, plan: Plan, start: np.ndarray, out: Blank
) -> np.ndarray:
    """Each recorded switch by itself, from the initial configuration: the control. Returns the last ends."""
    from .kernels import events

    trials, s = np.array(task.labels, dtype=np.uint64), np.tile(start, (len(task.labels), 1))
    if task.before is not None:
        s = task.before["end"].values.copy()
    key = philox_key(task.seed, "trajectory", task.part_params.course.stream or task.part)
    for n, k in enumerate(task.params.slots.recorded(*task.grown)):
        s = np.tile(start, (len(trials), 1))
        one = Blank.of(len(trials), 1, matter.spins)
        events.drive(
            matter.couplings, rule, plan.A, plan.row[:, k - 1 : k], plan.before(1), np.zeros(1, np.int64),
            task.params.dwell, s, trials, np.uint64(k), key, tuple(one),
        )  # fmt: skip
        for whole, now in zip(out, one):
            whole[:, n : n + 1] = now
    return s


def onward(
    task: Task[Dwelling, FieldCourse], matter: Energy, rule: Rule, plan: Plan, start: np.ndarray, out: Blank
) -> np.ndarray:
    """Switch after switch, each from where the one before ended. Returns the last ends."""
    from .kernels import events

    (first, last), params, course = task.grown, task.params, task.part_params.course
    trials, s = np.array(task.labels, dtype=np.uint64), np.tile(start, (len(task.labels), 1))
    if task.before is not None:
        s = task.before["end"].values.copy()
    shared = philox_key(task.seed, "trajectory", course.stream or task.part)
    own = philox_key(task.seed, "trajectory", task.part)
    slot = params.slots.slot(first, last)
    for begin_, stop, duration in params.paces(first, last, course.shared):
        key = own if course.stream and begin_ > course.shared else shared
        events.drive(
            matter.couplings, rule, plan.A, plan.row[:, begin_ - 1 : stop], plan.before(begin_),
            slot[begin_ - first : stop - first + 1], duration, s, trials, np.uint64(begin_), key, tuple(out),
        )  # fmt: skip
    return s


def measured(task: Task[Dwelling, FieldCourse], plan: Plan, at: tuple[int, ...], out: Blank) -> xr.Dataset:
    """What is recorded of a block, all but the last ends."""
    import xarray as xr

    first, last = task.grown
    paces, kept = task.params.paces(first, last), [k - 1 for k in at]
    dwell = np.array([next(d for a, b, d in paces if a <= k <= b) for k in at])
    values = {
        "power": np.where(np.array(at) == 1, 0.0, out.work / dwell), "work": out.work, "heat": out.heat,
        "flips": out.flips, "energy": out.interaction + out.zeeman, "interaction_energy": out.interaction,
        "magnetization": out.spins.mean(axis=2),
    }  # fmt: skip
    field = plan.history[:, kept].astype(np.int16)
    before = np.hstack([np.full((len(field), 1), -1), plan.history])[:, kept]
    along = ("trial", "time")
    return xr.Dataset({n: (along, v.astype(OBSERVABLES[n].dtype)) for n, v in values.items()} | {
        "spins": ((*along, "spin"), out.spins), "field": (along, field),
        "repeat": (along, ((before == field) & (before >= 0)).astype(np.int8)),
    })  # fmt: skip
