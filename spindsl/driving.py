"""Drives, sets of named fields, as a protocol and a recording both speak of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from .errors import MeaningError, together
from .graph import Promise, Stage, Task
from .seeds import philox_key
from .spec import Count, Label, Labels, Listed, Positive, Words

if TYPE_CHECKING:
    import xarray as xr

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
            raise MeaningError("two subsets would have the same name; rename the fields", "fields", code="E107")
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
                yield MeaningError(message, "drives", "sets", name, code="E107")


class Blocks(Words):
    """Fields in as many blocks as there are drives; drive k lacks block k, so any two drives share all but two.

    With n fields a drive, n / (drives - 1) a block. Zhong et al. 2020, memory capacity: 40 of 50 fields, 5 drives.
    """

    kind: Literal["blocks"]
    fields: Count = Field(description="number of fields in a drive, a multiple of drives - 1")
    drives: Annotated[int, Field(ge=2)] = Field(description="number of drives, and of blocks")

    @model_validator(mode="after")
    def _fits(self):
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

    def courses(self, order: str, fields: tuple[str, ...], switches: int) -> dict[str, dict[str, Any]]:
        """What is said of each drive; all draw from one stream."""
        own = [fields.index(f) for f in self.train] if self.trained else []
        return {
            n: {"order": order, "own": own, "phases": [{"after": switches - 1, "fields": [fields.index(n)]}],
                "stream": "training"}
            for n in self.probes
        }  # fmt: skip


Drives = Annotated[Subsets | List | Blocks | Probes, Field(discriminator="kind")]


class Phase(Words):
    """What is applied after some switch, in all trials alike: a drive, fields, or none; or again each one's own."""

    after: Count = Field(description="last switch before this phase")
    drive: Label | None = Field(default=None, description="drive of all trials; absent for each trial's own")
    fields: Labels | None = Field(default=None, description="fields of all trials, instead of a drive")
    rest: bool = Field(default=False, description="no field at all")
    dwell: Positive | None = Field(default=None, description="time between switches from here on, s; absent: as before")

    @model_validator(mode="after")
    def _fits(self):
        if self.rest and self.drive is not None:
            raise MeaningError("a phase of rest has no drive", "drive")
        if self.fields is not None and (self.rest or self.drive is not None):
            raise MeaningError("a phase has fields, or a drive, or rest", "fields")
        return self

    def applied(self, numbers: Mapping[str, list[int]], fields: tuple[str, ...]) -> list[int] | None:
        """Numbers of its fields, None for each trial's own."""
        if self.rest:
            return []
        if self.fields is not None:
            return [fields.index(f) for f in self.fields]
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
class Course:
    """What is applied in the trials of one drive: numbers of fields, by phase, in JSON values.

    `own` are the drive's fields; each phase {"after": switch, "fields": numbers, or None for its own}; drives of
    one `stream` share all that is random before their first phase.
    """

    order: str
    own: Sequence[int]
    phases: Sequence[Mapping[str, Any]] = ()
    stream: str = ""  # the drive's name where it is empty

    @property
    def shared(self) -> int:
        """The last switch up to which drives of one stream share their noise, 0 without a stream."""
        return self.phases[0]["after"] if self.stream else 0

    def stretches(self, last: int) -> Iterator[tuple[int, int, Sequence[int] | None]]:
        """First and last switch of each phase with its fields, None for the drive's own."""
        starts = [0, *(p["after"] for p in self.phases)]
        for k, start in enumerate(starts):
            stop = min(starts[k + 1], last) if k + 1 < len(starts) else last
            if start < stop:
                yield start, stop, self.phases[k - 1]["fields"] if k else None

    def possible(self, last: int) -> list[set[int]]:
        """Numbers of the fields that may be on at each of the switches 1..last, -1 for no field."""
        found: list[set[int]] = []
        before: set[int] = {-1}
        for start, stop, fields in self.stretches(last):
            own = list(self.own if fields is None else fields)
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


def allowed(order: str, own: list[int], before: set[int], first: set[int], k: int) -> set[int]:
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
    order: str, drives: Mapping[str, tuple[str, ...]], fields: tuple[str, ...], phases: tuple[Phase, ...]
) -> dict[str, dict[str, Any]]:
    """What is said of each drive: names and numbers of the fields, of its own and of each phase."""
    numbers = {name: [fields.index(f) for f in members] for name, members in drives.items()}
    later = [{"after": p.after, "fields": p.applied(numbers, fields)} for p in phases]
    return {n: {"order": order, "own": numbers[n], "phases": later} for n in drives}


def nulls(
    courses: Mapping[str, Mapping[str, Any]], fields: tuple[str, ...], trials: int, switches: tuple[int, ...]
) -> Stage:
    """The stage `nulls`: scores that need no memory in matter, for `trials` histories of each drive.

    `ceiling`, of the best guess from all fields so far, and `memoryless`, from the present field alone;
    expectations at equal priors. For 4-of-5 drives 1/(5 - D_t) on average, D_t distinct fields, and 1/4.
    """
    said = {"courses": dict(courses), "fields": list(fields), "trials": trials, "switches": list(switches)}
    gives = {
        "ceiling": Promise(("time",), "1", "Bayes ceiling: best score from all fields so far"),
        "ceiling_se": Promise(("time",), "1", "standard error of the ceiling, over histories"),
        "memoryless": Promise(("time",), "1", "best score from the present field alone"),
    }
    return Stage(
        "nulls", expect, said, gives,
        code=("spindsl.kernels.orders", "spindsl.kernels.philox"), group="/protocol", coords={"switch": switches},
    )  # fmt: skip


def expect(task: Task) -> xr.Dataset:
    """Null scores from the histories of fields of all trials, the very ones the simulation uses."""
    import xarray as xr

    from .kernels.orders import bayes_score

    said, last = task.said, max(task.said["switches"])
    at = np.array(said["switches"]) - 1
    trials = np.arange(said["trials"], dtype=np.uint64)
    courses = {name: Course(**course) for name, course in said["courses"].items()}
    count = len(said["fields"])
    member = np.array([[c.own.index(f) if f in c.own else -1 for f in range(count)] for c in courses.values()])
    ceiling = []
    for name, course in courses.items():
        history = course.history(task.seed, name, trials, last)
        ceiling.append(bayes_score(weighed(course, history, member))[:, at])
    ceiling = np.concatenate(ceiling)
    return xr.Dataset({
        "ceiling": ("time", ceiling.mean(axis=0)),
        "ceiling_se": ("time", ceiling.std(axis=0) / np.sqrt(len(ceiling))),
        "memoryless": ("time", present(next(iter(courses.values())), member, last)[at]),
    })  # fmt: skip


def weighed(course: Course, history: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Evidence for each drive, (trial, drive, switch). A phase that is common to all drives adds nothing."""
    from .kernels.orders import ORDERS, evidence

    trials, last = history.shape
    told = np.zeros((trials, len(member), last))
    for start, stop, fields in course.stretches(last):
        told[:, :, start:stop] = told[:, :, start - 1 : start] if start else 0.0
        if fields is None:
            before = history[:, start - 1] if start else np.full(trials, -1)
            told[:, :, start:stop] += evidence(ORDERS.index(course.order), history[:, start:stop], member, before)
    return told


def present(course: Course, member: np.ndarray, last: int) -> np.ndarray:
    """Expected score of the best guess from the present field alone, sum_f max_d P(f | d) / drives, (switch).

    Fields of a phase that is common to all drives tell something at first, where none may be applied twice in
    succession: what comes next is seldom a field of the drive's own.
    """
    from .kernels.orders import ORDERS, marginal

    score = np.full(last, 1.0 / len(member))  # without a field
    before = np.zeros(member.shape)  # P(field applied last | drive)
    for start, stop, fields in course.stretches(last):
        likely = np.zeros((*member.shape, stop - start))  # P(field | drive)
        for d, row in enumerate(member):
            own = np.argsort(row)[np.count_nonzero(row < 0) :]
            if len(numbers := own if fields is None else np.array(fields, dtype=np.int64)):
                likely[d, numbers] = marginal(ORDERS.index(course.order), before[d, numbers], stop - start)
        before = likely[:, :, -1]
        if likely.any():
            score[start:stop] = likely.max(axis=0).sum(axis=0) / len(member)
    return score
