"""Drives, sets of named fields, as a protocol and a recording both speak of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from .errors import MeaningError, together
from .graph import Stage
from .seeds import philox_key
from .spec import Count, Label, Labels, Listed, Positive, Words

MOST = 100_000  # drives
Order = Literal["random", "random-with-repeats", "periodic", "shuffled-cycles"]


class Subsets(Words):
    """Every subset of `size` of the fields is a drive, named by its fields."""

    kind: Literal["subsets"]
    size: Count = Field(description="number of fields in a drive")

    def sets(self, fields: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        if self.size > len(fields):
            raise MeaningError(
                f"subsets of {self.size} of {len(fields)} fields",
                "drives", "size", code="E203", hint=f"at most {len(fields)}",
            )  # fmt: skip
        if comb(len(fields), self.size) > MOST:
            message = f"subsets of {self.size} of {len(fields)} fields are {comb(len(fields), self.size):,} drives"
            raise MeaningError(message, "drives", "size", code="E203", hint=f"at most {MOST:,} drives")
        joint = "" if all(len(f) == 1 for f in fields) else "+"
        sets = {joint.join(names): names for names in combinations(fields, self.size)}
        if len(sets) < comb(len(fields), self.size):
            raise MeaningError("two subsets would have the same name", "fields", code="E107", hint="rename the fields")
        return sets


class List(Words):
    """Drives by name, each a list of fields."""

    kind: Literal["list"]
    sets_: Annotated[dict[Label, Labels], Field(alias="sets", min_length=1, description="name = [fields]")]

    def sets(self, fields: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        together(self._wrong(fields))
        return dict(self.sets_)

    def _wrong(self, fields: tuple[str, ...]) -> Iterator[MeaningError]:
        for name, members in self.sets_.items():
            for k, member in enumerate(members):
                if member not in fields:
                    yield MeaningError(
                        f"drive {name!r} names the field {member!r}, which is not declared",
                        "drives", "sets", name, k, code="E202", hint=f"declared are {', '.join(fields)}",
                    )  # fmt: skip
            twin = next(n for n, m in self.sets_.items() if set(m) == set(members))
            if twin != name:
                message = f"drives {twin!r} and {name!r} have the same fields and cannot be told apart"
                yield MeaningError(message, "drives", "sets", name, code="E107", hint="drop one of the two")


class Blocks(Words):
    """Fields in as many blocks as there are drives; drive k lacks block k, so any two drives share all but two.

    With n fields a drive, n / (drives - 1) a block. Zhong et al. 2020, memory capacity: 40 of 50 fields, 5 drives.
    """

    kind: Literal["blocks"]
    fields: Count = Field(description="number of fields in a drive, a multiple of drives - 1")
    drives: Annotated[int, Field(ge=2)] = Field(description="number of drives, and of blocks")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.fields % (self.drives - 1):
            hint = f"a multiple of {self.drives - 1}"
            raise MeaningError(f"{self.fields} fields a drive are not whole blocks", "fields", code="E203", hint=hint)
        return self

    @property
    def count(self) -> int:
        """Number of fields of all drives together."""
        return self.fields // (self.drives - 1) * self.drives

    def sets(self, fields: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        if len(fields) != self.count:
            raise MeaningError(
                f"{self.drives} drives of {self.fields} fields need {self.count} fields, there are {len(fields)}",
                "fields", "names", code="E203", hint="leave `names` out: fields are then numbered",
            )  # fmt: skip
        size = self.count // self.drives
        blocks = [range(k * size, (k + 1) * size) for k in range(self.drives)]
        return {str(k + 1): tuple(f for n, f in enumerate(fields) if n not in b) for k, b in enumerate(blocks)}


class Probes(Words):
    """Matter that was trained is probed: the last field, one of several, is what the drives differ in.

    Trial k of every drive has the same history up to there, to the bit, so that probes are compared in the same
    states; the noise of the last dwell is each drive's own. A drive is named by its probe.
    """

    kind: Literal["probes"]
    train: Labels = Field(description="fields of the training, all switches but the last")
    probes: Labels = Field(description="fields, one of which is the last")
    trained: bool = Field(default=True, description="false for the control: no field at all before the probe")

    def sets(self, fields: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        together(
            MeaningError(
                f"{key} names the field {name!r}, which is not declared",
                "drives", key, k, code="E202", hint=f"declared are {', '.join(fields)}",
            )
            for key, names in (("train", self.train), ("probes", self.probes))
            for k, name in enumerate(names)
            if name not in fields
        )  # fmt: skip
        return dict.fromkeys(self.probes, self.train if self.trained else ())

    def courses(self, order: Order, fields: tuple[str, ...], switches: int) -> dict[str, Course]:
        """The course of each drive; all draw from one stream."""
        own = tuple(fields.index(f) for f in self.train) if self.trained else ()
        return {n: Course(order, own, (Stretch(switches - 1, (fields.index(n),)),), "training") for n in self.probes}


Drives = Annotated[Subsets | List | Blocks | Probes, Field(discriminator="kind")]


class Phase(Words):
    """What is applied after some switch, in all trials alike: a drive, fields, or none; or again each one's own."""

    after: Count = Field(description="last switch before this phase")
    drive: Label | None = Field(default=None, description="drive of all trials; absent for each trial's own")
    fields: Labels | None = Field(default=None, description="fields of all trials, instead of a drive")
    rest: bool = Field(default=False, description="no field at all")
    dwell: Positive | None = Field(default=None, description="time between switches from here on, s; absent: as before")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.rest and self.drive is not None:
            raise MeaningError("a phase of rest has no drive", "drive", hint="drop it")
        if self.fields is not None and (self.rest or self.drive is not None):
            raise MeaningError("a phase has fields, or a drive, or rest", "fields", hint="give one of the three")
        return self

    def applied(self, numbers: Mapping[str, tuple[int, ...]], fields: tuple[str, ...]) -> tuple[int, ...] | None:
        """Numbers of its fields, None for each trial's own."""
        if self.rest:
            return ()
        if self.fields is not None:
            return tuple(fields.index(f) for f in self.fields)
        return None if self.drive is None else numbers[self.drive]


Phases = Annotated[tuple[Phase, ...], Listed]


def phased(phases: tuple[Phase, ...], drives: Mapping[str, tuple[str, ...]], fields: tuple[str, ...]) -> None:
    """MeaningError unless phases follow one another and name drives and fields that there are."""
    wrong = []
    for k, phase in enumerate(phases):
        if k and phase.after <= (before := phases[k - 1].after):
            message, hint = "phases must follow one another", f"more than {before}"
            wrong.append(MeaningError(message, "phases", k, "after", code="E203", hint=hint))
        if phase.drive is not None and phase.drive not in drives:
            message, hint = f"no drive {phase.drive!r}", f"there are {', '.join(drives)}"
            wrong.append(MeaningError(message, "phases", k, "drive", code="E202", hint=hint))
        for n, name in enumerate(phase.fields or ()):
            if name not in fields:
                message, hint = f"no field {name!r}", f"declared are {', '.join(fields)}"
                wrong.append(MeaningError(message, "phases", k, "fields", n, code="E202", hint=hint))
    together(wrong)


@dataclass(frozen=True)
class Stretch:
    """What is applied after some switch: numbers of fields, none at rest, None for the drive's own."""

    after: int
    fields: tuple[int, ...] | None


@dataclass(frozen=True)
class Course:
    """What is applied in the trials of one drive: numbers of fields, by phase.

    `own` are the drive's fields; drives of one `stream` share all that is random before their first phase.
    """

    order: Order
    own: tuple[int, ...]
    phases: tuple[Stretch, ...] = ()
    stream: str = ""  # the drive's name where it is empty

    @property
    def shared(self) -> int:
        """The last switch up to which drives of one stream share their noise, 0 without a stream."""
        return self.phases[0].after if self.stream else 0

    @property
    def used(self) -> tuple[int, ...]:
        """Numbers of all fields that occur, ascending."""
        return tuple(sorted({*self.own, *(n for p in self.phases for n in p.fields or ())}))

    def stretches(self, last: int) -> Iterator[tuple[int, int, tuple[int, ...] | None]]:
        """First and last switch of each phase with its fields, None for the drive's own."""
        starts = [0, *(p.after for p in self.phases)]
        for k, start in enumerate(starts):
            stop = min(starts[k + 1], last) if k + 1 < len(starts) else last
            if start < stop:
                yield start, stop, self.phases[k - 1].fields if k else None

    def possible(self, last: int) -> list[set[int]]:
        """Numbers of the fields that may be on at each of the switches 1..last, -1 for no field."""
        found: list[set[int]] = []
        before: set[int] = {-1}
        for start, stop, fields in self.stretches(last):
            own = self.own if fields is None else fields
            first = before
            for k in range(stop - start):
                before = allowed(self.order, own, before, first, k)
                first = before if own and k % len(own) == 0 else first
                found.append(before)
        return found

    def history(self, seed: int, name: str, trials: np.ndarray, last: int) -> np.ndarray:
        """Numbers of the fields applied at switches 1..last, (trial, switch) int64, -1 for no field."""
        from .kernels.orders import ORDERS, schedule

        name = self.stream or name
        applied = np.full((len(trials), last), -1)
        before = np.full(len(trials), -1)
        for k, (start, stop, fields) in enumerate(self.stretches(last)):
            numbers = np.array(self.own if fields is None else fields, dtype=np.int64)
            if len(numbers):
                row = np.array([np.flatnonzero(numbers == b)[0] if b in numbers else -1 for b in before])
                key = philox_key(seed, "order", name, *([k] if k else []))
                order = ORDERS.index(self.order)
                applied[:, start:stop] = numbers[schedule(order, len(numbers), trials, stop - start, key, row)]
            before = applied[:, stop - 1]
        return applied


@dataclass(frozen=True)
class Driven:
    """One drive of a trajectory: what a part of that stage is told."""

    course: Course


@dataclass(frozen=True)
class Amplitude:
    """Cycles that make one switch."""

    to: float
    cycles: int


@dataclass(frozen=True)
class AmplitudeTable:
    """The declared amplitudes, by name."""

    table: Mapping[str, Amplitude]


@dataclass(frozen=True)
class Cycled(Driven):
    """One drive of cycles, with the amplitudes that occur in it, by number."""

    table: Mapping[int, Amplitude]


def amplitudes(applied: Stage) -> dict[str, float]:
    """Amplitudes by name, of the stage `amplitudes`; none of another stage."""
    table = applied.params.table if isinstance(applied.params, AmplitudeTable) else {}
    return {name: row.to for name, row in table.items()}


def single(part: object) -> float | None:
    """The amplitude of a drive of cycles; None of a drive of several, of phases, or of no cycles."""
    if not isinstance(part, Cycled) or len(part.course.own) != 1 or part.course.phases:
        return None
    return part.table[part.course.own[0]].to


def allowed(order: Order, own: Sequence[int], before: set[int], first: set[int], k: int) -> set[int]:
    """The fields that may come next, number k of a stretch, after one of `before`; one of `first` began its cycle."""
    if not own:
        return {-1}
    if order == "periodic":
        return {own[k % len(own)]}
    if order == "random-with-repeats" or len(own) == 1:
        return set(own)
    if order == "shuffled-cycles" and k % len(own):
        before = first
    return set(own) - before if len(before) == 1 else set(own)


def dwells(first: float, phases: tuple[Phase, ...], last: int) -> list[float]:
    """Time after each of the switches 1..last until the next, s."""
    found = [first] * last
    for phase in phases:
        if phase.dwell is not None:
            found[phase.after :] = [phase.dwell] * (last - phase.after)
    return found


def courses(
    order: Order, drives: Mapping[str, tuple[str, ...]], fields: tuple[str, ...], phases: tuple[Phase, ...]
) -> dict[str, Course]:
    """The course of each drive: numbers of the fields, of its own and of each phase."""
    numbers = {name: tuple(fields.index(f) for f in members) for name, members in drives.items()}
    later = tuple(Stretch(p.after, p.applied(numbers, fields)) for p in phases)
    return {n: Course(order, numbers[n], later) for n in drives}
