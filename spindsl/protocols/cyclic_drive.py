"""Matter that is strained, or magnetised, to and fro: cycles of named amplitudes, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from ..driving import Course, Drives, Order, Phases, Probes, courses, nulls, phased
from ..errors import MeaningError
from ..graph import SPINS, Promise, Split, Stage, Task
from ..seeds import philox_key
from ..spec import Count, Dynamics, Label, Listed, Positive, Protocol, Switches, Unique, Words

if TYPE_CHECKING:
    import xarray as xr

ALONG = ("drive", "trial", "time")
MATTER = {"side": "discs", "upper": "hysterons"}  # what a system gives, and the kernel that drives it
HINTS = {"discs": "discs move by random-kicks", "hysterons": "hysterons flip by quasistatic dynamics"}
KERNELS = {"discs": ("discs", "floats"), "hysterons": ("hysterons",)}
OBSERVABLES = {
    "activity": Promise(ALONG, "1", "fraction of the matter that a cycle changed, mean over those of the switch"),
    "work": Promise(ALONG, "1", "work done on a hysteron during the switch, the integral of H dM / N"),
    "heat": Promise(ALONG, "1", "heat that a hysteron gave to the bath during the switch"),
    "energy": Promise(ALONG, "1", "energy U of a hysteron after the switch, at zero input"),
    "magnetization": Promise(ALONG, "1", "mean spin after the switch, at zero input"),
}
GIVEN = {"discs": ("activity",), "hysterons": tuple(OBSERVABLES)}
Observable = Literal["activity", "work", "heat", "energy", "magnetization"]


class Grid(Words):
    """The amplitudes step, 2 step, … up to `to` at which the matter is read out."""

    to: Positive = Field(description="largest amplitude that would be applied")
    step: Positive = Field(description="distance of neighbouring amplitudes, and the smallest")

    @model_validator(mode="after")
    def _fits(self):
        if self.to / self.step > 100_000:
            raise MeaningError("more than 100,000 amplitudes", "step", code="E203", hint="a larger step")
        if len(self.amplitudes) < 3:
            raise MeaningError("fewer than 3 amplitudes make no curve", "step", code="E203", hint="a smaller step")
        return self

    @property
    def amplitudes(self) -> tuple[float, ...]:
        count = round(self.to / self.step * (1 - 1e-9))
        return tuple(round(k * self.step, 12) for k in range(1, count + 1))


class Record(Words):
    """What is kept of a trajectory: after which switches, and which observables beside the configuration."""

    every: Count = Field(default=1, description="keep every n-th switch")
    switches: Switches | None = Field(default=None, description="keep these switches instead")
    observables: Annotated[tuple[Observable, ...], Listed, Unique] | None = Field(
        default=None, description="in the result; absent: all that the matter has"
    )


class CyclicDrive(Protocol):
    """Each switch takes the matter from 0 to an amplitude of the drive and back, as often as that amplitude says.

    The amplitude is a strain for discs, an input H for hysterons. The matter is recorded after a switch, at 0,
    and read out without being touched: the activity curve is the fraction of it that one cycle of each amplitude
    of a grid would change. Keim and Nagel, Physical Review Letters 107, 010603 (2011).
    """

    cites: ClassVar = ("keim2011",)

    kind: Literal["cyclic-drive"]
    initial: Literal["shared", "own"] = Field(
        description="one random state for all trials of a realization, or each trial its own"
    )
    amplitudes: Annotated[dict[Label, Positive], Field(min_length=1)] = Field(
        description="name = amplitude, in the place of fields"
    )
    cycles: dict[Label, Count] = Field(
        default_factory=dict, description="name = cycles of that amplitude that make one switch; 1 where not named"
    )
    cycle: Literal["one-way", "two-way"] = Field(description="0 -> g -> 0, or 0 -> g -> -g -> 0")
    curve: Grid = Field(description="amplitudes of the read-out")
    switches: Count = Field(description="number of switches")
    trials: Count = Field(description="independent runs of each drive")
    drives: Drives
    order: Order = Field(
        default="random",
        description="random never repeats the amplitude just applied; shuffled-cycles applies all in a new order "
        "each time",
    )
    period: Positive = Field(default=1.0, description="time between switches, s: labels time, and changes nothing")
    phases: Phases = Field(default=(), description="what is applied after the drive, [[protocol.phases]]")
    record: Record = Record()

    @model_validator(mode="after")
    def _fits(self):
        names = tuple(self.amplitudes)
        phased(self.phases, self.drives.sets(names), names)
        for k, phase in enumerate(self.phases):
            if phase.dwell is not None:
                raise MeaningError("cycles are not dwelt in; drop it", "phases", k, "dwell", key=True)
        for name in self.cycles:
            if name not in self.amplitudes:
                hint = f"declared are {', '.join(self.amplitudes)}"
                raise MeaningError(f"no amplitude {name!r}", "cycles", name, code="E202", hint=hint, key=True)
        if isinstance(self.drives, Probes) and self.phases:
            raise MeaningError("probes are a phase of their own; drop these", "phases")
        late = [s for s in self.record.switches or () if s > self.switches]
        if late:
            message = f"switch {late[0]} is after the last, {self.switches}"
            raise MeaningError(message, "record", "switches", code="E203")
        if self.record.every > self.switches:
            hint = f"at most {self.switches}"
            raise MeaningError("nothing would be recorded", "record", "every", code="E203", hint=hint)
        return self

    @property
    def recorded(self) -> tuple[int, ...]:
        """The switches that are kept."""
        every = range(self.record.every, self.switches + 1, self.record.every)
        return tuple(sorted(self.record.switches or every))

    @property
    def table(self) -> dict[str, dict[str, Any]]:
        """Amplitude and cycles a switch, by name."""
        return {n: {"to": float(a), "cycles": self.cycles.get(n, 1)} for n, a in self.amplitudes.items()}

    def stages(self, sources: Mapping[str, Stage], dynamics: Dynamics, data: Path) -> tuple[Stage, ...]:
        system, names, grid = sources["system"], tuple(self.amplitudes), self.curve.amplitudes
        matter, rule = fitting(system, dynamics), dynamics.rule()
        drives = self.drives.sets(names)
        coords = {
            "drive": tuple(drives), "trial": tuple(range(self.trials)), "switch": self.recorded,
            "time": tuple(self.period * k for k in self.recorded),
        }  # fmt: skip
        table = {
            "amplitude": Promise(("field",), "1", "amplitude of the cycles, by name"),
            "cycles": Promise(("field",), "1", "cycles that make one switch", "int32", label=True),
        }
        applied = Stage("amplitudes", tabled, {"table": self.table}, table, group="/protocol", coords={"field": names})

        course = (
            self.drives.courses(self.order, names, self.switches)
            if isinstance(self.drives, Probes)
            else courses(self.order, drives, names, self.phases)
        )
        parts = {n: c | {"table": used(c, self.table)} for n, c in course.items()}
        said = {
            "matter": matter, "rule": rule, "initial": self.initial, "cycle": self.cycle, "grid": grid,
            "every": self.record.every, "switches": self.record.switches,
        }  # fmt: skip
        gives, read = promises(matter, self.record)
        code = tuple(f"spindsl.kernels.{k}" for k in (*KERNELS[matter], "philox", "orders"))
        most = max(a["cycles"] for a in self.table.values())
        per = {"discs": 1.2e-7 * system.size("particle"), "hysterons": 2e-8 * system.size("spin")}[matter]
        trajectory = Stage(
            "trajectory", drive, said, gives, ("system",), code=("spindsl.driving", *code), group="/trajectory",
            sizes={**system.sizes, "axis": 2}, coords=coords | {read: grid}, parts=parts, grows=self.switches,
            split=Split("trial", coords["trial"], 20),
            seconds=per * len(drives) * self.trials * self.switches * most,
        )  # fmt: skip
        if isinstance(self.drives, Probes):
            return applied, trajectory
        return applied, trajectory, nulls(course, names, self.trials, self.recorded)


def fitting(system: Stage, dynamics: Dynamics) -> str:
    """The kernel of the matter; MeaningError unless cycles can drive it, and the dynamics can move it."""
    found = [kernel for variable, kernel in MATTER.items() if variable in system.gives]
    if not found:
        raise MeaningError(
            "cyclic-drive drives discs or hysterons; this system has spins with couplings",
            "kind", hint='kind = "field-drive", or another system',
        )  # fmt: skip
    if dynamics.rule()["rule"].partition(":")[0] != f"spindsl.kernels.{found[0]}":
        message = "the dynamics does not move this matter"
        raise MeaningError(message, "kind", hint=f"{HINTS[found[0]]}: change dynamics.kind, or the system")
    return found[0]


def used(course: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """Amplitudes and cycles that occur in a course, by number as text."""
    numbers = {*course["own"], *(n for p in course["phases"] for n in p["fields"] or ())}
    return {str(n): list(table.values())[n] for n in sorted(numbers)}


def promises(matter: str, record: Record) -> tuple[dict[str, Promise], str]:
    """What a trajectory holds, and the dimension of the read-out; what was not asked for stays in the store."""
    for k, name in enumerate(record.observables or ()):
        if name not in GIVEN[matter]:
            hint = f"there are {', '.join(GIVEN[matter])}"
            raise MeaningError(f"no observable {name!r}", "record", "observables", k, code="E204", hint=hint)
    said = "fraction of the matter that a cycle of the amplitude would change: the activity curve"
    field = Promise(ALONG, "1", "amplitude that was on, its place in /protocol/field, or -1", "int16", label=True)
    if matter == "discs":
        last = Promise(("drive", "trial", "axis", "particle"), "1", "x and y after the last switch", hidden=True)
        gives, read = {"features": Promise((*ALONG, "feature"), "1", said, "float32"), "end": last}, "feature"
    else:
        state, last = "state after the switch, at zero input", "state after the last switch"
        gives = {
            "spins": Promise((*ALONG, "spin"), "1", state, "int8", SPINS),
            "curve": Promise((*ALONG, "amplitude"), "1", said, "float32"),
            "end": Promise(("drive", "trial", "spin"), "1", last, "int8", SPINS, hidden=True),
        }
        read = "amplitude"
    shown = GIVEN[matter] if record.observables is None else record.observables
    return gives | {"field": field} | {n: replace(OBSERVABLES[n], hidden=n not in shown) for n in GIVEN[matter]}, read


def tabled(task: Task) -> xr.Dataset:
    """Amplitudes and cycles, (field)."""
    import xarray as xr

    table = task.said["table"]
    rows = [(a["to"], a["cycles"]) for a in table.values()]
    amplitude, cycles = np.array(rows).T
    data = {"amplitude": ("field", amplitude), "cycles": ("field", cycles.astype(np.int32))}
    return xr.Dataset(data, {"field": list(table)})


class Schedule(NamedTuple):
    """What a block of trials goes through."""

    amplitude: np.ndarray  # (trial, switch), 0 at rest
    cycles: np.ndarray  # (trial, switch)
    slot: np.ndarray  # (switch), where a switch is recorded, -1 for nowhere
    trials: np.ndarray  # numbers that name their randomness
    start: tuple[np.ndarray, np.ndarray]  # numbers and key that name their first states
    stream: str

    @property
    def shape(self) -> tuple[int, int]:
        """(trial, slot)."""
        return len(self.trials), int(self.slot.max(initial=-1)) + 1


def drive(task: Task, system: xr.Dataset) -> xr.Dataset:
    """One block of trials of one drive, over the switches `task.grown`."""
    first, last = task.grown
    trials = np.array(task.labels, dtype=np.uint64)
    course = Course(**{k: v for k, v in task.about.items() if k != "table"})
    history = course.history(task.seed, task.part, trials, last)
    amplitude, cycles = applied(history[:, first - 1 :], task.about["table"])
    wanted = task.said["switches"] or range(task.said["every"], last + 1, task.said["every"])
    at = [k for k in sorted(wanted) if first <= k <= last]
    slot = np.full(last - first + 1, -1)
    slot[np.array(at, dtype=np.int64) - first] = np.arange(len(at))
    stream = course.stream or task.part
    if task.said["initial"] == "shared":
        start = np.zeros_like(trials), philox_key(task.disorder, "initial")
    else:
        start = trials, philox_key(task.seed, "initial", stream)
    run = {"discs": sheared, "hysterons": magnetised}[task.said["matter"]]
    found = run(task, system, Schedule(amplitude, cycles, slot, trials, start, stream))
    return found.assign(field=(("trial", "time"), history[:, [k - 1 for k in at]].astype(np.int16)))


def applied(history: np.ndarray, table: Mapping[str, Mapping[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude and cycles of each switch, (trial, switch); at rest one cycle of amplitude 0."""
    amplitude, cycles = np.zeros(history.shape), np.ones(history.shape, dtype=np.int64)
    for n, row in table.items():
        amplitude[history == int(n)], cycles[history == int(n)] = row["to"], row["cycles"]
    return amplitude, cycles


def sheared(task: Task, system: xr.Dataset, plan: Schedule) -> xr.Dataset:
    """Discs through a schedule."""
    import xarray as xr

    from ..kernels import discs

    said, side, shape = task.said, float(system["side"]), plan.shape
    rule = discs.Kicks(said["rule"]["kick"], said["rule"]["noise"])
    grid, both = np.array(said["grid"]), said["cycle"] == "two-way"
    if task.before is not None:
        xy = task.before["end"].values.copy()
    else:
        xy = np.empty((shape[0], 2, system.attrs["particles"]))
        discs.scatter(side, *plan.start, xy)
    out = np.empty((*shape, len(grid)), np.float32), np.empty(shape)
    kicks, noises = (philox_key(task.seed, "trajectory", plan.stream, *n) for n in ((), ("noise",)))
    discs.drive(
        side, rule, plan.amplitude, both, plan.cycles, grid, plan.slot, xy, plan.trials, np.uint64(task.grown[0]),
        kicks, noises, out,
    )  # fmt: skip
    return xr.Dataset({
        "features": (("trial", "time", "feature"), out[0]), "activity": (("trial", "time"), out[1]),
        "end": (("trial", "axis", "particle"), xy),
    })  # fmt: skip


def magnetised(task: Task, system: xr.Dataset, plan: Schedule) -> xr.Dataset:
    """Hysterons through a schedule."""
    import xarray as xr

    from ..kernels import hysterons

    lower, upper, shape = system["lower"].values, system["upper"].values, plan.shape
    grid, both = np.array(task.said["grid"]), task.said["cycle"] == "two-way"
    if task.before is not None:
        s = task.before["end"].values.copy()
    else:
        s = np.empty((shape[0], len(lower)), np.int8)
        hysterons.scatter(lower, upper, *plan.start, s)
    out = np.empty((*shape, len(lower)), np.int8), np.empty((*shape, len(grid)), np.float32)
    out += tuple(np.empty(shape) for _ in range(4))
    hysterons.drive(lower, upper, plan.amplitude, both, plan.cycles, grid, plan.slot, s, out)
    spins, curve, *measured = out
    data = dict(zip(("activity", "work", "heat", "energy"), measured)) | {"magnetization": spins.mean(axis=2)}
    return xr.Dataset({n: (("trial", "time"), v) for n, v in data.items()} | {
        "spins": (("trial", "time", "spin"), spins), "curve": (("trial", "time", "amplitude"), curve),
        "end": (("trial", "spin"), s),
    })  # fmt: skip
