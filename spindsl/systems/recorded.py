"""Configurations that somebody recorded: any matter that can be watched goes straight to analysis."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ..driving import Drives, Order, Probes, courses
from ..errors import DataError, MeaningError
from ..graph import SPINS, Promise, Stage, Task
from ..nulls import nulls
from ..params import as_json
from ..recording import Column, Recording, Variables
from ..spec import Labels, Name, Reader, Switches, System, Words

if TYPE_CHECKING:
    import xarray as xr

TAKEN = ("spins", "features", "drive", "group", "trial", "time", "switch", "spin", "feature")


LOOKED_AT = 100_000_000  # bytes of files that are read before a run


class States(Words):
    """The two numbers that stand for a spin in the files. Never guessed: 0 and 1 have to be said."""

    down: int = Field(default=-1, description="such as 0")
    up: int = Field(default=1, description="such as 1")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.down == self.up:
            raise MeaningError(f"down and up are both {self.up}", "up", hint="two different values")
        return self


class Driving(Words):
    """How the matter was driven, if that is known: gives the Bayes ceiling and the memoryless null."""

    fields: Labels = Field(description="names of the fields")
    drives: Drives = Field(description="named as in the file")
    order: Order = Field(description="how fields followed one another")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if isinstance(self.drives, Probes):
            raise MeaningError("what was known of probes is not needed", "drives", "kind", hint="drop this table")
        self.drives.sets(self.fields)
        return self


class Recorded(System):
    """Configurations of spins or of real features (trial, time, …) from files, with the drive of each trial.

    `variables` and `observables` say what the files call what we call so. Observables (trial, time) are
    taken along under the names given here, NaN where none was recorded. Trials of one `group` (a specimen)
    are held out together or not at all; intervals still count trials.
    """

    simulated: ClassVar[bool] = False

    kind: Literal["recorded"]
    reader: Reader = Field(description="the files and their format")
    variables: Variables = Variables()
    observables: dict[Name, Column] = Field(default_factory=dict, description="ours = the file's")
    values: States = States()
    switches: Switches | None = Field(default=None, description="take these switches; absent for all of the recording")
    driving: Driving | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in self.observables:
            if name in TAKEN:
                raise MeaningError(
                    f"{name!r} is taken", "observables", name, code="E107", hint="call the observable otherwise"
                )
        if self.variables.kind == "features" and self.values != States():
            raise MeaningError("features are taken as they are", "values", hint="drop this table")
        self.reader.fits(self.variables, self.observables)
        return self

    def files(self) -> dict[str, str]:
        return {f"reader.{key}": name for key, name in self.reader.files().items()}

    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        files = {key: data / name for key, name in self.reader.files().items()}
        size = self.reader.header(files, self.variables, self.observables)
        if not size.trials or not size.width:
            raise DataError(f"{next(iter(files.values()))} is empty: {size.trials} trials of {size.width} values")
        at = self._taken(size.switch)
        switch, time = tuple(size.switch[k] for k in at), tuple(size.time[k] for k in at)
        along, kind = ("trial", "time"), self.variables.kind
        gives = {"spins": Promise((*along, "spin"), "1", "spin", "int8", SPINS)}
        if kind == "features":
            gives = {"features": Promise((*along, "feature"), "", "feature of the recording", "float32")}
        gives |= {n: Promise(along, "", f"{v} of the recording", "float32") for n, v in self.observables.items()}
        params = Recorder(self.reader.nameless(), self.variables, self.observables, self.values, at)
        trajectory = Stage(
            "trajectory", load, params, gives, files=files, group="/trajectory", sizes={kind[:-1]: size.width},
            
            coords={"trial": tuple(range(size.trials)), "switch": switch, "time": time},
        )  # fmt: skip
        if self.driving is None:
            return (trajectory,)
        known = self.driving
        course = courses(known.order, known.drives.sets(known.fields), known.fields, ())
        return trajectory, nulls(course, known.fields, 4000, switch)

    def recorded(self, trajectory: Stage) -> tuple[list[str], list[str] | None] | None:
        """From the files, all of which is read once, so that what is wrong in them is known before a run."""
        paths = tuple(sorted(trajectory.files.items()))
        stamps = tuple((p.stat().st_mtime_ns, p.stat().st_size) for _, p in paths)
        if not isinstance(trajectory.params, Recorder) or sum(size for _, size in stamps) > LOOKED_AT:
            return None
        return labelled(trajectory.params, paths, stamps)

    def _taken(self, recorded: tuple[int, ...]) -> tuple[int, ...]:
        """Places of the switches that are taken; MeaningError for one that is not recorded."""
        for k, switch in enumerate(self.switches or ()):
            if switch not in recorded:
                hint = f"recorded are {', '.join(map(str, recorded))}"
                raise MeaningError(f"switch {switch} is not recorded", "switches", k, code="E203", hint=hint)
        return tuple(k for k, switch in enumerate(recorded) if self.switches is None or switch in self.switches)


@dataclass(frozen=True)
class Recorder:
    """How files are read: their format without their names, what they call things, and which times are taken."""

    reader: Reader
    variables: Variables
    observables: Mapping[str, Column]
    values: States
    at: tuple[int, ...]  # places of the times

    def __hash__(self) -> int:
        return hash(json.dumps(as_json(self), sort_keys=True))


@lru_cache(maxsize=8)
def labelled(
    params: Recorder, paths: tuple[tuple[str, Path], ...], stamps: tuple[tuple[int, int], ...]
) -> tuple[list[str], list[str] | None]:
    """Drive and specimen of each trial; `stamps` tell whether files have changed since they were read."""
    found = loaded(params, dict(paths))
    group = found["group"].values.tolist() if "group" in found.coords else None
    return found["drive"].values.tolist(), group


def load(task: Task[Recorder]) -> xr.Dataset:
    """The recording in our order and names; DataError at the first value that is no spin, or is missing."""
    return loaded(task.params, task.files)


def loaded(params: Recorder, files: Mapping[str, Path]) -> xr.Dataset:
    """As `load`."""
    import xarray as xr

    names, at = params.variables, list(params.at)
    found = params.reader.read(files, names, params.observables)
    where = f"{next(iter(files.values()))}: {names.kind}"
    numeric(where, found.values)
    data: dict[str, tuple[tuple[str, ...], np.ndarray]]
    if names.kind == "spins":
        data = {"spins": (("trial", "time", "spin"), spins(where, found, params.values)[:, at])}
    else:
        data = {"features": (("trial", "time", "feature"), features(where, found)[:, at])}
    for name, values in found.observables.items():
        numeric(f"{where.rpartition(':')[0]}: {name} (the file's {params.observables[name]})", values)
        data[name] = (("trial", "time"), values.astype(np.float32)[:, at])
    own = {"drive": ("trial", found.drive)} | ({"group": ("trial", found.group)} if found.group else {})
    return xr.Dataset(data, own)


def numeric(where: str, values: np.ndarray) -> None:
    """DataError for text where numbers should be."""
    if values.dtype.kind not in "biuf":
        raise DataError(f"{where} is of type {values.dtype}, needed are numbers")


def spins(where: str, found: Recording, states: States) -> np.ndarray:
    """±1, int8; DataError at the first value that is neither state."""
    raw, down, up = found.values, states.down, states.up
    wrong = np.argwhere((raw != down) & (raw != up))
    if len(wrong):
        hint = ""
        if np.isin(raw, (0, 1)).all():
            hint = "; if 0 is down and 1 is up, say so: values = { down = 0, up = 1 }"
        elif np.isin(raw, (-1, 1)).all():
            hint = "; the file has -1 and 1: drop `values`"
        value, place = raw[tuple(wrong[0])], found.place(*wrong[0])
        raise DataError(
            f"{where} is {value:g} at {place}: no spin ({down} or {up}); {len(wrong)} such values{hint}", code="E303"
        )
    return np.where(raw == up, 1, -1).astype(np.int8)


def features(where: str, found: Recording) -> np.ndarray:
    """Finite, float32; DataError at the first value that is missing."""
    values = np.ascontiguousarray(found.values, dtype=np.float32)
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        value, place = values[tuple(wrong[0])], found.place(*wrong[0])
        raise DataError(f"{where} is {value} at {place}; needed is a finite number ({len(wrong)} such values)")
    return values
