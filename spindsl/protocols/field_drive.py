"""Magnetic fields switched on one after another: the drive of Zhong et al. 2020 and Gold and England 2019."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..driving import Blocks, Course, Drives, List, Order, Phases, Probes, courses, dwells, nulls, phased
from ..errors import DataError, MeaningError
from ..graph import SPINS, Promise, Split, Stage, Task
from ..seeds import generator, philox_key
from ..spec import (
    Count,
    Dynamics,
    Fraction,
    Labels,
    Listed,
    NonNegative,
    Positive,
    Protocol,
    Switches,
    Unique,
    Words,
)

if TYPE_CHECKING:
    import xarray as xr

KERNELS = tuple(f"spindsl.kernels.{k}" for k in ("events", "couplings", "rules", "tree", "philox", "floats", "orders"))
KERNELS += ("spindsl.driving",)
OBSERVABLES = {
    "power": Promise((), "K s-1", "work absorbed at the switch over the dwell; 0 at the first field", "float32"),
    "work": Promise((), "K", "work absorbed when the field was switched on, from zero field at the first", "float32"),
    "heat": Promise((), "K", "heat given to the bath during the dwell", "float32"),
    "energy": Promise((), "K", "energy at the end of the dwell", "float32"),
    "interaction_energy": Promise((), "K", "energy of the couplings at the end of the dwell", "float32"),
    "magnetization": Promise((), "1", "mean spin at the end of the dwell", "float32"),
    "flips": Promise((), "1", "spin flips during the dwell", "int32"),
}
Observable = Literal["power", "work", "heat", "energy", "interaction_energy", "magnetization", "flips"]


class Some(Words):
    """Some of the spins, the same for all fields."""

    fraction: Annotated[float, Field(gt=0, le=1)] = Field(description="of the spins")
    chosen: Literal["random", "first"] = Field(description="at random, or those of the lowest numbers")


class Mixed(Words):
    """Fields between two others, A_w = sqrt(1 - w) A_0 + sqrt(w) A_1, as strong as these; each is named by its w."""

    of: Annotated[Labels, Field(min_length=2, max_length=2)] = Field(description="names of A_0 and A_1")
    w: Annotated[tuple[Fraction, ...], Field(min_length=1), Listed, Unique] = Field(description="weights of A_1")

    def names(self) -> tuple[str, ...]:
        return tuple(f"{w:g}" for w in self.w)


class Fields(Words):
    """Named fields, each drawn for itself: field X does not depend on which others there are."""

    names: Labels | None = Field(default=None, description='names of the fields; absent for drives of "blocks"')
    kind: Literal["normal"]
    std: NonNegative = Field(description="standard deviation of A_j, K; the mean is 0")
    on: Some | None = Field(default=None, description="spins that the fields act on; absent for all")
    mixed: Mixed | None = Field(default=None, description="further fields, between two of these")

    def all(self, drives: Drives) -> tuple[str, ...]:
        """Names of all fields; MeaningError if they are lacking."""
        if self.names is None and not isinstance(drives, Blocks):
            raise MeaningError("the fields have no names", "fields", "names", code="E102")
        names = self.names or tuple(str(k + 1) for k in range(drives.count))  # pyright: ignore
        if self.mixed is None:
            return names
        for k, name in enumerate(self.mixed.of):
            if name not in names:
                hint = f"declared are {', '.join(names)}"
                raise MeaningError(f"no field {name!r}", "fields", "mixed", "of", k, code="E202", hint=hint)
        for k, name in enumerate(self.mixed.names()):
            if name in (*names, *self.mixed.names()[:k]):
                raise MeaningError(f"two fields are named {name}", "fields", "mixed", "w", k, code="E107")
        return (*names, *self.mixed.names())


class Record(Words):
    """What is kept of a trajectory: at the end of which dwells, and which observables beside the spins."""

    every: Count = Field(default=1, description="keep every n-th switch")
    switches: Switches | None = Field(default=None, description="keep these switches instead")
    observables: Annotated[tuple[Observable, ...], Listed, Unique] = Field(
        default=("power", "interaction_energy"), description="beside the spins, in the result"
    )
    spins: bool = Field(default=True, description="show the spins in the result; the store keeps them anyway")


class InitialFile(Words):
    """A configuration read from a netCDF file: ±1, (spin)."""

    path: str = Field(min_length=1)
    variable: str = Field(min_length=1)


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
    def _fits(self):
        phased(self.phases, self.sets, self.names)
        if isinstance(self.drives, Probes) and self.phases:
            raise MeaningError("probes are a phase of their own; drop these", "phases")
        late = [s for s in self.record.switches or () if s > self.switches]
        if late:
            raise MeaningError(
                f"switch {late[0]} is after the last, {self.switches}", "record", "switches", code="E203"
            )
        if self.record.every > self.switches:
            raise MeaningError(
                "nothing would be recorded", "record", "every", code="E203", hint=f"at most {self.switches}"
            )
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
    def recorded(self) -> tuple[int, ...]:
        """The switches that are kept; of probes, if nothing is said of them, the last."""
        if isinstance(self.drives, Probes) and self.record.switches is None and self.record.every == 1:
            return (self.switches,)
        every = range(self.record.every, self.switches + 1, self.record.every)
        return tuple(sorted(self.record.switches or every))

    @property
    def times(self) -> tuple[float, ...]:
        """Ends of the dwells that are kept, s."""
        if all(p.dwell is None for p in self.phases):
            return tuple(self.dwell * k for k in self.recorded)
        end = np.cumsum(dwells(self.dwell, self.phases, self.switches))
        return tuple(float(end[k - 1]) for k in self.recorded)

    def files(self) -> dict[str, str]:
        return {"initial.path": self.initial.path} if isinstance(self.initial, InitialFile) else {}

    def stages(self, sources: Mapping[str, Stage], dynamics: Dynamics, data: Path) -> tuple[Stage, ...]:
        coupled(sources["system"], dynamics)
        names, drives = self.names, self.sets
        sizes = {"spin": sources["system"].sizes["spin"]}
        coords = {
            "drive": tuple(drives), "trial": tuple(range(self.trials)), "switch": self.recorded,
            "time": self.times, "field": names,
        }  # fmt: skip
        rule, matter = dynamics.rule(), tuple(n for n in ("system", "dynamics") if n in sources)
        code = (*KERNELS, rule["rule"].partition(":")[0])
        files = {key.removeprefix("initial."): data / name for key, name in self.files().items()}
        start = {"spins": Promise(("spin",), "1", "configuration that all trials start from", "int8", SPINS)}
        said = {"initial": self.said()["initial"], "relax": self.relax, "rule": rule}
        initial = Stage("initial", begin, said, start, matter, files=files, code=code, group="/initial", sizes=sizes)

        said = self.fields.said() | sizes | {"names": list(names)}
        strength = {"field_strength": Promise(("field", "spin"), "K", "field A_j")}
        coord = {"field": names}
        fields = Stage("fields", strengths, said, strength, group="/protocol", sizes=sizes, coords=coord, quenched=True)

        fields_said = {k: v for k, v in self.fields.said().items() if k != "names"}
        record = {"every": self.record.every, "switches": self.record.switches}
        probed = isinstance(self.drives, Probes)
        if probed and self.recorded == (self.switches,):
            record["switches"] = self.recorded
        said = {"rule": rule, "dwell": self.dwell, "fields": fields_said, "record": record}
        said |= {"reset": True} if self.reset else {}
        longer = [[p.after, p.dwell] for p in self.phases if p.dwell is not None]
        said |= {"longer": longer} if longer else {}
        course = (
            self.drives.courses(self.order, names, self.switches)
            if isinstance(self.drives, Probes)
            else courses(self.order, drives, names, self.phases)
        )
        parts = {n: c | {"names": named(c, names)} for n, c in course.items()}
        trajectory = Stage(
            "trajectory", drive, said, promises(self.record), (*matter, "initial"), code=code,
            group="/trajectory", sizes=sizes, coords=coords, parts=parts, grows=self.switches,
            split=Split("trial", coords["trial"], 50),
            seconds=1.3e-8 * len(drives) * self.trials * self.switches * sizes["spin"] * crowding(sources["system"]),
        )  # fmt: skip
        if isinstance(self.drives, Probes):
            return initial, fields, trajectory
        return initial, fields, trajectory, nulls(course, names, self.trials, self.recorded)


def crowding(system: Stage) -> float:
    """How much longer a flip takes with more than 20 neighbours, all of whose rates change."""
    return max(1.0, system.sizes.get("edge", 0) / max(system.sizes["spin"], 1) / 10)


def coupled(system: Stage, dynamics: Dynamics) -> None:
    """MeaningError unless there are coupled spins, and a dynamics whose rule gives them rates."""
    if "J" not in system.gives:
        message = "field-drive drives spins with couplings; this system has none"
        raise MeaningError(message, "kind", hint='kind = "cyclic-drive", or another system')
    if "beta" not in dynamics.rule():
        message = "the dynamics gives coupled spins no rates"
        raise MeaningError(message, "kind", hint="change dynamics.kind, such as to arrhenius, or the system")


def named(course: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """Names of the fields that occur in a course, by number as text."""
    used = {*course["own"], *(n for p in course["phases"] for n in p["fields"] or ())}
    return {str(n): names[n] for n in sorted(used)}


def promises(record: Record) -> dict[str, Promise]:
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
    return gives | {n: replace(p, dims=along, hidden=n not in record.observables) for n, p in OBSERVABLES.items()}


def strength(seed: int, fields: Mapping[str, Any], name: str, spins: int) -> np.ndarray:
    """Field A_j of a name, K, (spin); 0 where the fields do not act."""
    mixed = fields.get("mixed", {"of": (), "w": ()})
    for w in mixed["w"]:
        if name == f"{w:g}":
            first, second = (strength(seed, fields, n, spins) for n in mixed["of"])
            return np.sqrt(1 - w) * first + np.sqrt(w) * second
    A = generator(seed, "field", name).normal(0.0, fields["std"], spins)
    if "on" in fields:
        count = round(fields["on"]["fraction"] * spins)
        order = generator(seed, "fields", "on").permutation(spins)
        A[np.arange(count, spins) if fields["on"]["chosen"] == "first" else order[count:]] = 0.0
    return A


def strengths(task: Task) -> xr.Dataset:
    """All the declared fields, (field, spin)."""
    import xarray as xr

    A = np.array([strength(task.seed, task.said, name, task.said["spin"]) for name in task.said["names"]])
    return xr.Dataset({"field_strength": (("field", "spin"), A)}, {"field": list(task.said["names"])})


def begin(task: Task, system: xr.Dataset, dynamics: xr.Dataset | None = None) -> xr.Dataset:
    """The configuration that all trials start from."""
    import xarray as xr

    from ..kernels import couplings, events, rules

    N, said, initial = system.attrs["spins"], task.said, task.said["initial"]
    if task.files:
        s = read(task.files["path"], initial["variable"], N)
    else:
        s = generator(task.seed, "initial").choice([-1.0, 1.0], N)
        rule = rules.build(**said["rule"], **by_spin(dynamics))
        ladder = [rule.at(rule.beta * (k + 1) / 100) for k in range(100)] if initial == "annealed" else [rule]
        J = couplings.represented(N, system.i.values, system.j.values, system.J.values)
        rules.admit(rule, couplings.largest(J, np.zeros((1, N))))
        for step, cooled in enumerate(ladder):
            task.tick(step / len(ladder))
            events.relax(J, cooled, s, said["relax"] / len(ladder), np.uint64(step), philox_key(task.seed, "initial"))
    return xr.Dataset({"spins": ("spin", s.astype(np.int8))})


def by_spin(dynamics: xr.Dataset | None) -> dict[str, np.ndarray]:
    """Fields of the rule that have a value a spin."""
    return {} if dynamics is None else {str(n): v.values for n, v in dynamics.data_vars.items()}


def read(path, variable: str, spins: int) -> np.ndarray:
    """A configuration from a file; DataError unless it is `spins` values of ±1."""
    import xarray as xr

    with xr.open_dataset(path, engine="netcdf4") as file:
        if variable not in file:
            raise DataError(f"{path}: no variable {variable!r}; it holds {', '.join(map(str, file.data_vars))}")
        s = file[variable].values.astype(np.float64)
    if s.shape != (spins,) or not np.isin(s, (-1, 1)).all():
        raise DataError(f"{path}: {variable} must be {spins} spins, each -1 or 1")
    return s


def drive(task: Task, system: xr.Dataset, initial: xr.Dataset, dynamics: xr.Dataset | None = None) -> xr.Dataset:
    """One block of trials of one drive, over the switches `task.grown`."""
    import xarray as xr

    from ..kernels import couplings, events, rules

    said, N, names = task.said, system.attrs["spins"], dict(task.about["names"])
    first, last = task.grown
    trials = np.array(task.labels, dtype=np.uint64)
    course = Course(**{k: v for k, v in task.about.items() if k != "names"})
    history = course.history(task.seed, task.part, trials, last)
    numbers = [int(n) for n in names]
    A = np.array([*(strength(task.disorder, said["fields"], name, N) for name in names.values()), np.zeros(N)])
    place = np.full(max(numbers, default=0) + 2, len(numbers))  # the last row, of no field, is also that of -1
    place[numbers] = np.arange(len(numbers))
    row = place[history]
    at, slot = kept(said["record"], first, last)

    shape = (len(trials), len(at))
    out = (np.empty((*shape, N), np.int8), np.empty(shape, np.int32), *(np.empty(shape) for _ in range(4)))
    s = task.before["end"].values.copy() if task.before is not None else np.tile(initial.spins.values, (len(trials), 1))
    previous = row[:, first - 2] if first > 1 else np.full(len(trials), -1)
    J = couplings.represented(N, system.i.values, system.j.values, system.J.values)
    rule = rules.build(**said["rule"], **by_spin(dynamics))
    rules.admit(rule, couplings.largest(J, A))
    key = philox_key(task.seed, "trajectory", course.stream or task.part)
    if said.get("reset"):
        for n, k in enumerate(at):
            s = np.tile(initial.spins.values, (len(trials), 1))
            one = tuple(np.empty_like(v[:, :1]) for v in out)
            events.drive(
                J, rule, A, row[:, k - 1 : k], np.full(len(trials), -1), np.zeros(1, np.int64), said["dwell"], s,
                trials, np.uint64(k), key, one,
            )  # fmt: skip
            for whole, now in zip(out, one):
                whole[:, n : n + 1] = now
    else:
        own = philox_key(task.seed, "trajectory", task.part)
        for start, stop, duration in paces(said, first, last, course.shared):
            noise = own if course.stream and start > course.shared else key
            events.drive(
                J, rule, A, row[:, start - 1 : stop], previous, slot[start - first : stop - first + 1], duration, s,
                trials, np.uint64(start), noise, out,
            )  # fmt: skip
            previous = row[:, stop - 1]
    spins, flips, work, heat, interaction, zeeman = out
    dwell = np.array([next(d for a, b, d in paces(said, first, last) if a <= k <= b) for k in at])
    measured = {
        "power": np.where(np.array(at) == 1, 0.0, work / dwell), "work": work, "heat": heat, "flips": flips,
        "energy": interaction + zeeman, "interaction_energy": interaction, "magnetization": spins.mean(axis=2),
    }  # fmt: skip
    data = {n: (("trial", "time"), measured[n].astype(OBSERVABLES[n].dtype)) for n in OBSERVABLES}
    data["spins"] = (("trial", "time", "spin"), spins)
    data["field"] = (("trial", "time"), history[:, [k - 1 for k in at]].astype(np.int16))
    before = np.hstack([np.full((len(trials), 1), -1), history])[:, [k - 1 for k in at]]
    data["repeat"] = (("trial", "time"), ((before == data["field"][1]) & (before >= 0)).astype(np.int8))
    data["end"] = (("trial", "spin"), s)
    return xr.Dataset(data)


def paces(said: Mapping[str, Any], first: int, last: int, shared: int = 0) -> list[tuple[int, int, float]]:
    """Stretches of the switches first..last with one dwell and noise each: first, last, dwell in s.

    Drives that share their states have noise of their own after the switch `shared`.
    """
    begins = [(1, said["dwell"]), *((after + 1, dwell) for after, dwell in said.get("longer", ()))]
    begins += [(shared + 1, begins[-1][1])] if shared else []
    ends = [start - 1 for start, _ in begins[1:]] + [last]
    some = [(max(start, first), min(end, last), dwell) for (start, dwell), end in zip(begins, ends)]
    return [(a, b, d) for a, b, d in some if a <= b]


def kept(record: Mapping[str, Any], first: int, last: int) -> tuple[list[int], np.ndarray]:
    """The switches first..last that are recorded, and the slot of each switch, -1 for none."""
    wanted = record["switches"] or range(record["every"], last + 1, record["every"])
    at = [k for k in sorted(wanted) if first <= k <= last]
    slot = np.full(last - first + 1, -1)
    slot[np.array(at, dtype=np.int64) - first] = np.arange(len(at))
    return at, slot
