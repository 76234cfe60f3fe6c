"""Matter that is strained, or magnetised, to and fro: cycles of named amplitudes, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from ..driving import Amplitude, AmplitudeTable, Cycled, Drives, Order, Phases, Probes, courses, phased
from ..errors import MeaningError
from ..graph import SPINS, Promise, Split, Stage, Task
from ..kinetics import MOVED, Cycling, Kicks, Matter
from ..nulls import nulls
from ..seeds import philox_key
from ..slots import Record as Recorded
from ..slots import Slots
from ..spec import Count, Dynamics, Label, Listed, Positive, Protocol, System, Unique, Words

if TYPE_CHECKING:
    import xarray as xr

ALONG = ("drive", "trial", "time")
HINTS = {Matter.DISCS: "discs move by random-kicks", Matter.HYSTERONS: "hysterons flip by quasistatic dynamics"}
OBSERVABLES = {
    "activity": Promise(ALONG, "1", "fraction of the matter that a cycle changed, mean over those of the switch"),
    "work": Promise(ALONG, "1", "work done on a hysteron during the switch, the integral of H dM / N"),
    "heat": Promise(ALONG, "1", "heat that a hysteron gave to the bath during the switch"),
    "energy": Promise(ALONG, "1", "energy U of a hysteron after the switch, at zero input"),
    "magnetization": Promise(ALONG, "1", "mean spin after the switch, at zero input"),
}
GIVEN = {Matter.DISCS: ("activity",), Matter.HYSTERONS: tuple(OBSERVABLES)}
Observable = Literal["activity", "work", "heat", "energy", "magnetization"]


class Grid(Words):
    """The amplitudes step, 2 step, … up to `to` at which the matter is read out."""

    to: Positive = Field(description="largest amplitude that would be applied")
    step: Positive = Field(description="distance of neighbouring amplitudes, and the smallest")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.to / self.step > 100_000:
            raise MeaningError("more than 100,000 amplitudes", "step", code="E203", hint="a larger step")
        if len(self.amplitudes) < 3:
            raise MeaningError("fewer than 3 amplitudes make no curve", "step", code="E203", hint="a smaller step")
        return self

    @property
    def amplitudes(self) -> tuple[float, ...]:
        count = round(self.to / self.step * (1 - 1e-9))
        return tuple(round(k * self.step, 12) for k in range(1, count + 1))


class Record(Recorded):
    """What is kept of a trajectory: after which switches, and which observables beside the configuration."""

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
    def _fits(self) -> Self:
        names = tuple(self.amplitudes)
        phased(self.phases, self.drives.sets(names), names)
        for k, phase in enumerate(self.phases):
            if phase.dwell is not None:
                raise MeaningError("cycles are not dwelt in", "phases", k, "dwell", key=True, hint="drop it")
        for name in self.cycles:
            if name not in self.amplitudes:
                hint = f"declared are {', '.join(self.amplitudes)}"
                raise MeaningError(f"no amplitude {name!r}", "cycles", name, code="E202", hint=hint, key=True)
        if isinstance(self.drives, Probes) and self.phases:
            raise MeaningError("probes are a phase of their own", "phases", hint="drop these")
        self.record.fits(self.switches)
        return self

    @property
    def recorded(self) -> tuple[int, ...]:
        """The switches that are kept."""
        return self.record.slots.recorded(1, self.switches)

    def counts(self) -> dict[str, int]:
        return {"trials": self.trials, "switches": self.record.slots.count(self.switches)}

    def applied(self) -> int:
        return self.switches

    @property
    def table(self) -> dict[str, Amplitude]:
        """Amplitude and cycles a switch, by name."""
        return {n: Amplitude(float(a), self.cycles.get(n, 1)) for n, a in self.amplitudes.items()}

    def stages(self, sources: Mapping[str, Stage], dynamics: Dynamics, data: Path) -> tuple[Stage, ...]:
        system, names, grid = sources["system"], tuple(self.amplitudes), self.curve.amplitudes
        matter, cycling = fitting(system, dynamics)
        drives = self.drives.sets(names)
        coords = {
            "drive": tuple(drives), "trial": tuple(range(self.trials)), "switch": self.recorded,
            "time": tuple(self.period * k for k in self.recorded),
        }  # fmt: skip
        table = {
            "amplitude": Promise(("field",), "1", "amplitude of the cycles, by name"),
            "cycles": Promise(("field",), "1", "cycles that make one switch", "int32", label=True),
        }
        applied = Stage(
            "amplitudes", tabled, AmplitudeTable(self.table), table, group="/protocol", coords={"field": names}
        )

        course = (
            self.drives.courses(self.order, names, self.switches)
            if isinstance(self.drives, Probes)
            else courses(self.order, drives, names, self.phases)
        )
        rows = list(self.table.values())
        parts = {n: Cycled(c, {k: rows[k] for k in c.used}) for n, c in course.items()}
        params = Cycles(matter, cycling, self.initial, self.cycle, grid, self.record.slots)
        gives, read = promises(matter, self.record)
        most = max(a.cycles for a in rows)
        per = 1.2e-7 * system.size("particle") if matter is Matter.DISCS else 2e-8 * system.size("spin")
        trajectory = Stage(
            "trajectory", drive, params, gives, ("system",), 
            group="/trajectory",
            sizes={**system.sizes, "axis": 2}, coords=coords | {read: grid}, parts=parts, grows=self.switches,
            split=Split("trial", coords["trial"], 20),
            seconds=per * len(drives) * self.trials * self.switches * most,
        )  # fmt: skip
        if isinstance(self.drives, Probes):
            return applied, trajectory
        return applied, trajectory, nulls(course, names, self.trials, self.recorded)


@dataclass(frozen=True)
class Cycles:
    """What all drives of a trajectory have in common."""

    matter: Matter
    cycling: Cycling
    initial: Literal["shared", "own"]
    cycle: Literal["one-way", "two-way"]
    grid: tuple[float, ...]
    slots: Slots

    @property
    def both(self) -> bool:
        """Whether a cycle goes to the negative of the amplitude too."""
        return self.cycle == "two-way"


def fitting(system: Stage, dynamics: Dynamics) -> tuple[Matter, Cycling]:
    """The matter and how cycles move it; MeaningError unless both are such that they can."""
    matter = system.params.cyclic if isinstance(system.params, System) else None
    if matter is None:
        raise MeaningError(
            "cyclic-drive drives discs or hysterons; this system has spins with couplings",
            "kind", hint='kind = "field-drive", or another system',
        )  # fmt: skip
    cycling = dynamics.cycling()
    if cycling is None or not isinstance(cycling, MOVED[matter]):
        message = "the dynamics does not move this matter"
        raise MeaningError(message, "kind", hint=f"{HINTS[matter]}: change dynamics.kind, or the system")
    return matter, cycling


def promises(matter: Matter, record: Record) -> tuple[dict[str, Promise], str]:
    """What a trajectory holds, and the dimension of the read-out; what was not asked for stays in the store."""
    for k, name in enumerate(record.observables or ()):
        if name not in GIVEN[matter]:
            hint = f"there are {', '.join(GIVEN[matter])}"
            raise MeaningError(f"no observable {name!r}", "record", "observables", k, code="E204", hint=hint)
    said = "fraction of the matter that a cycle of the amplitude would change: the activity curve"
    field = Promise(ALONG, "1", "amplitude that was on, its place in /protocol/field, or -1", "int16", label=True)
    if matter is Matter.DISCS:
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


def tabled(task: Task[AmplitudeTable]) -> xr.Dataset:
    """Amplitudes and cycles, (field)."""
    import xarray as xr

    table = task.params.table
    amplitude, cycles = np.array([(a.to, a.cycles) for a in table.values()]).T
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


def drive(task: Task[Cycles, Cycled], system: xr.Dataset) -> xr.Dataset:
    """One block of trials of one drive, over the switches `task.grown`."""
    (first, last), params, course = task.grown, task.params, task.part_params.course
    trials = np.array(task.labels, dtype=np.uint64)
    history = course.history(task.seed, task.part, trials, last)
    amplitude, cycles = applied(history[:, first - 1 :], task.part_params.table)
    stream = course.stream or task.part
    if params.initial == "shared":
        start = np.zeros_like(trials), philox_key(task.disorder, "initial")
    else:
        start = trials, philox_key(task.seed, "initial", stream)
    plan = Schedule(amplitude, cycles, params.slots.slot(first, last), trials, start, stream)
    kicks = params.cycling
    found = sheared(task, kicks, system, plan) if isinstance(kicks, Kicks) else magnetised(task, system, plan)
    at = [k - 1 for k in params.slots.recorded(first, last)]
    return found.assign(field=(("trial", "time"), history[:, at].astype(np.int16)))


def applied(history: np.ndarray, table: Mapping[int, Amplitude]) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude and cycles of each switch, (trial, switch); at rest one cycle of amplitude 0."""
    amplitude, cycles = np.zeros(history.shape), np.ones(history.shape, dtype=np.int64)
    for n, row in table.items():
        amplitude[history == n], cycles[history == n] = row.to, row.cycles
    return amplitude, cycles


def sheared(task: Task[Cycles, Cycled], kicks: Kicks, system: xr.Dataset, plan: Schedule) -> xr.Dataset:
    """Discs through a schedule."""
    import xarray as xr

    from ..kernels import discs

    side, shape, grid = float(system["side"]), plan.shape, np.array(task.params.grid)
    if task.before is not None:
        xy = task.before["end"].values.copy()
    else:
        xy = np.empty((shape[0], 2, system.attrs["particles"]))
        discs.scatter(side, *plan.start, xy)
    out = np.empty((*shape, len(grid)), np.float32), np.empty(shape)
    kick, noise = (philox_key(task.seed, "trajectory", plan.stream, *n) for n in ((), ("noise",)))
    discs.drive(
        side, discs.Kicks(kicks.kick, kicks.noise), plan.amplitude, task.params.both, plan.cycles, grid, plan.slot, xy,
        plan.trials, np.uint64(task.grown[0]), kick, noise, out,
    )  # fmt: skip
    return xr.Dataset({
        "features": (("trial", "time", "feature"), out[0]), "activity": (("trial", "time"), out[1]),
        "end": (("trial", "axis", "particle"), xy),
    })  # fmt: skip


def magnetised(task: Task[Cycles, Cycled], system: xr.Dataset, plan: Schedule) -> xr.Dataset:
    """Hysterons through a schedule."""
    import xarray as xr

    from ..kernels import hysterons

    lower, upper, shape = system["lower"].values, system["upper"].values, plan.shape
    grid, both = np.array(task.params.grid), task.params.both
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
