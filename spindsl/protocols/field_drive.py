"""Magnetic fields switched on one after another: the drive of Zhong et al. 2020 and Gold and England 2019."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ..driving import Drives, List, Order, Phases, Probes, courses, dwells, phased
from ..dwells import OBSERVABLES, Beginning, Dwelling, FieldCourse, InitialFile, Longer, begin, drive, read
from ..errors import MeaningError
from ..fields import Fields, FieldTable, strengths
from ..graph import SPINS, Promise, Split, Stage
from ..hamiltonian import energy_of, in_units, spins_of
from ..kinetics import Rates
from ..nulls import nulls
from ..slots import Record as Recorded
from ..slots import Slots
from ..spec import (
    Count,
    Dynamics,
    Listed,
    NonNegative,
    Positive,
    Protocol,
    Unique,
)

Observable = Literal["power", "work", "heat", "energy", "interaction_energy", "magnetization", "flips"]


class Record(Recorded):
    """What is kept of a trajectory: at the end of which dwells, and which observables beside the spins."""

    observables: Annotated[tuple[Observable, ...], Listed, Unique] = Field(
        default=("power", "interaction_energy"), description="beside the spins, in the result"
    )
    spins: bool = Field(default=True, description="show the spins in the result; the store keeps them anyway")


class FieldDrive(Protocol):
    """At t = 0, dwell, 2 dwell, … a field of the drive is switched on and held for one dwell.

    A configuration is recorded at the end of a dwell, just before the next switch. Work is booked at
    the switch, W = sum_j (A'_j - A_j) s_j. Every trial starts from the same configuration.
    """

    cites: ClassVar = ("zhong2020", "gold2019")

    kind: Literal["field-drive"]
    initial: Literal["relaxed", "annealed"] | InitialFile = Field(
        description="relaxed: random, then `relax` seconds without field; annealed: in 100 steps of "
        "beta k / 100, without barriers; or a file"
    )
    relax: NonNegative = Field(description="duration of the relaxation or annealing, s")
    dwell: Positive = Field(description="time between switches, s")
    switches: Count = Field(description="number of fields applied")
    trials: Count = Field(description="independent runs of each drive")
    fields: Fields
    drives: Drives
    order: Order = Field(
        default="random",
        description="random never repeats the field just applied; shuffled-cycles applies all in a new order each time",
    )
    phases: Phases = Field(default=(), description="what is applied after the drive, [[protocol.phases]]")
    reset: bool = Field(
        default=False, description="true for the control: every field acts on the initial configuration, nothing learns"
    )
    record: Record = Record()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        phased(self.phases, self.sets, self.names)
        if isinstance(self.drives, Probes) and self.phases:
            raise MeaningError("probes are a phase of their own", "phases", hint="drop these")
        self.record.fits(self.switches)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """All the fields."""
        return self.fields.all(self.drives)

    @property
    def sets(self) -> dict[str, tuple[str, ...]]:
        """The fields of each drive; those between two others are in none that does not name them."""
        mixed = len(self.fields.mixed.w) if self.fields.mixed else 0
        own = self.names[: len(self.names) - mixed]
        return self.drives.sets(self.names if isinstance(self.drives, List | Probes) else own)

    @property
    def slots(self) -> Slots:
        """The switches that are kept; of probes, if nothing is said of them, the last."""
        slots, last = self.record.slots, (self.switches,)
        if isinstance(self.drives, Probes) and (slots == Slots(1) or slots.recorded(1, self.switches) == last):
            return Slots(slots.every, last)
        return slots

    @property
    def recorded(self) -> tuple[int, ...]:
        """The switches that are kept, of this extent."""
        return self.slots.recorded(1, self.switches)

    @property
    def times(self) -> tuple[float, ...]:
        """Ends of the dwells that are kept, s."""
        if all(p.dwell is None for p in self.phases):
            return tuple(self.dwell * k for k in self.recorded)
        end = np.cumsum(dwells(self.dwell, self.phases, self.switches))
        return tuple(float(end[k - 1]) for k in self.recorded)

    def counts(self) -> dict[str, int]:
        slots = self.record.slots
        last = isinstance(self.drives, Probes) and slots == Slots(1)
        return {"trials": self.trials, "switches": 1 if last else slots.count(self.switches)}

    def applied(self) -> int:
        return self.switches

    def files(self) -> dict[str, str]:
        return {"initial.path": self.initial.path} if isinstance(self.initial, InitialFile) else {}

    def stages(self, sources: Mapping[str, Stage], dynamics: Dynamics, data: Path) -> tuple[Stage, ...]:
        rates, unit = moving(sources["system"], dynamics), energy_of(sources["system"]).unit
        names, drives = self.names, self.sets
        sizes = {"spin": sources["system"].sizes["spin"]}
        coords = {
            "drive": tuple(drives), "trial": tuple(range(self.trials)), "switch": self.recorded,
            "time": self.times, "field": names,
        }  # fmt: skip
        matter = tuple(n for n in ("system", "dynamics") if n in sources)
        files = {key.removeprefix("initial."): data / name for key, name in self.files().items()}
        if isinstance(self.initial, InitialFile) and files["path"].exists():
            read(files["path"], self.initial.variable, sizes["spin"])  # what is wrong in it is known before the run
        start = {"spins": Promise(("spin",), "1", "configuration that all trials start from", "int8", SPINS)}
        initial = Stage(
            "initial", begin, Beginning(self.initial, self.relax, rates), start, matter, files=files, 
            group="/initial", sizes=sizes,
        )  # fmt: skip
        strength = {"field_strength": Promise(("field", "spin"), unit, "field A_j")}
        fields = Stage(
            "fields", strengths, FieldTable(self.fields.law, names, sizes["spin"]), strength, group="/protocol",
            sizes=sizes, coords={"field": names}, quenched=True,
        )  # fmt: skip
        course = (
            self.drives.courses(self.order, names, self.switches)
            if isinstance(self.drives, Probes)
            else courses(self.order, drives, names, self.phases)
        )
        trajectory = Stage(
            "trajectory", drive, self.dwelling(rates), promises(self.record, unit), (*matter, "initial"), 
            group="/trajectory", sizes=sizes, coords=coords, grows=self.switches,
            parts={n: FieldCourse(c, {k: names[k] for k in c.used}) for n, c in course.items()},
            split=Split("trial", coords["trial"], 50),
            seconds=1.3e-8 * len(drives) * self.trials * self.switches * sizes["spin"] * crowding(sources["system"]),
        )  # fmt: skip
        if isinstance(self.drives, Probes):
            return initial, fields, trajectory
        return initial, fields, trajectory, nulls(course, names, self.trials, self.recorded)

    def dwelling(self, rates: Rates) -> Dwelling:
        """What all drives have in common."""
        longer = tuple(Longer(p.after, p.dwell) for p in self.phases if p.dwell is not None)
        return Dwelling(rates, self.fields.law, self.dwell, self.slots, longer, self.reset)


def crowding(system: Stage) -> float:
    """How much longer a flip takes with more than 20 neighbours, all of whose rates change."""
    return max(1.0, system.sizes.get("edge", 0) / max(system.sizes["spin"], 1) / 10)


def moving(system: Stage, dynamics: Dynamics) -> Rates:
    """The rates of the spins; MeaningError unless there are spins ±1, and a dynamics that gives them rates."""
    if system.energy is None:
        message = "field-drive drives spins that have an energy; this matter has none"
        raise MeaningError(message, "kind", hint='kind = "cyclic-drive", or another system')
    spins_of(system)
    rates = dynamics.rates()
    if rates is None:
        message = "the dynamics gives coupled spins no rates"
        raise MeaningError(message, "kind", hint="change dynamics.kind, such as to arrhenius, or the system")
    return rates


def promises(record: Record, unit: str) -> dict[str, Promise]:
    """What a trajectory holds; observables that were not asked for stay in the store."""
    along = ("drive", "trial", "time")
    gives = {
        "spins": Promise((*along, "spin"), "1", "spin at the end of the dwell", "int8", SPINS, hidden=not record.spins),
        "field": Promise(along, "1", "field that was on, its place in /protocol/field, or -1", "int16", label=True),
        "repeat": Promise(
            along, "1", "whether the field was on before the switch already", "int8", label=True, hidden=True
        ),
        "end": Promise(
            ("drive", "trial", "spin"), "1", "configuration after the last switch", "int8", SPINS, hidden=True
        ),
    }
    shown = record.observables
    return gives | {
        n: replace(in_units(p, unit), dims=along, hidden=n not in shown) for n, p in OBSERVABLES.items()
    }  # fmt: skip
