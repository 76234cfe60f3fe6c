"""Configurations that somebody recorded: any matter that can be watched goes straight to analysis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..driving import Drives, Order, courses, nulls
from ..errors import DataError, MeaningError
from ..graph import SPINS, Promise, Stage, Task
from ..spec import Labels, Name, System, Words

if TYPE_CHECKING:
    import netCDF4
    import xarray as xr

TIMES = ("time", "switch")


class Variables(Words):
    """Names, in the file, of what every recording must hold."""

    spins: Name = Field(default="spins", description="±1, with dimensions trial, spin, and time or switch")
    drive: Name = Field(default="drive", description="(trial) drive that each trial was trained with")


class Driving(Words):
    """How the matter was driven, if that is known: gives the Bayes ceiling and the memoryless null."""

    fields: Labels = Field(description="names of the fields")
    drives: Drives = Field(description="named as in the file")
    order: Order = Field(description="how fields followed one another")

    @model_validator(mode="after")
    def _fits(self):
        self.drives.sets(self.fields)
        return self


class Recorded(System):
    """A netCDF file of spins (trial, time, spin) in any order of dimensions, with the drive of each trial.

    `switch` or `time` may name the time axis; coordinates of these names label it. Observables
    (trial, time) are taken along under the names given here, NaN where none was recorded.
    """

    simulated: ClassVar[bool] = False

    kind: Literal["recorded"]
    file: Annotated[str, Field(min_length=1)] = Field(
        description="netCDF file, looked for beside the experiment or in --data"
    )
    variables: Variables = Variables()
    observables: dict[Name, Name] = Field(default_factory=dict, description="ours = the file's")
    driving: Driving | None = None

    @model_validator(mode="after")
    def _fits(self):
        for name in self.observables:
            if name in ("spins", "drive", "trial", "time", "switch", "spin"):
                raise MeaningError(
                    f"{name!r} is taken; call the observable otherwise", "observables", name, code="E107"
                )
        return self

    def files(self) -> dict[str, str]:
        return {"file": self.file}

    def stages(self, seed: int, data: Path) -> tuple[Stage, ...]:
        path = data / self.file
        sizes, switch, time = header(path, self.variables)
        along = ("trial", "time")
        gives = {"spins": Promise((*along, "spin"), "1", "spin", "int8", SPINS)}
        gives |= {n: Promise(along, "", f"{v} of the recording", "float32") for n, v in self.observables.items()}
        said = {"variables": self.variables.said(), "observables": dict(self.observables)}
        trajectory = Stage(
            "trajectory", load, said, gives, files={"file": path}, group="/trajectory", sizes={"spin": sizes["spin"]},
            coords={"trial": tuple(range(sizes["trial"])), "switch": switch, "time": time},
        )  # fmt: skip
        if self.driving is None:
            return (trajectory,)
        known = self.driving
        said = courses(known.order, known.drives.sets(known.fields), known.fields, ())
        return trajectory, nulls(said, known.fields, 4000, switch)


def header(path: Path, names: Variables) -> tuple[dict[str, int], tuple[int, ...], tuple[float, ...]]:
    """Sizes, switches and times of a recording, without reading it; DataError if it is none."""
    with opened(path) as file:
        spins = variable(file, path, names.spins)
        variable(file, path, names.drive)
        axis = [d for d in spins.dimensions if d in TIMES]
        if set(spins.dimensions) != {"trial", "spin", *axis} or len(axis) != 1:
            raise DataError(
                f"{path}: {names.spins} has dimensions {spins.dimensions}; needed are trial, spin, and time or switch"
            )
        sizes = {d: len(file.dimensions[d]) for d in spins.dimensions}
        count = sizes[axis[0]]
        switch = np.asarray(file["switch"][:] if "switch" in file.variables else np.arange(1, count + 1))
        time = np.asarray(file["time"][:] if "time" in file.variables else switch, dtype=np.float64)
        if switch.shape != (count,) or (np.diff(switch) <= 0).any() or switch[0] < 0:
            raise DataError(f"{path}: switch must rise from 0 or more, one number a time")
        return sizes, tuple(int(k) for k in switch), tuple(float(t) for t in time)


def opened(path: Path) -> netCDF4.Dataset:
    """The file, open; DataError where it is absent or no netCDF."""
    import netCDF4

    if not path.exists():
        raise DataError(f"{path} is absent; give its folder with --data DIR")
    try:
        return netCDF4.Dataset(path)
    except OSError as error:
        raise DataError(f"{path} is no netCDF file, or is truncated ({error})") from error


def variable(file: netCDF4.Dataset, path: Path, name: str) -> netCDF4.Variable:
    """A variable of a rectangular type, or DataError."""
    if name not in file.variables:
        raise DataError(f"{path}: no variable {name!r}; it holds {', '.join(file.variables)}")
    found = file.variables[name]
    if getattr(found, "_isvlen", False) and found.dtype is not str:
        raise DataError(f"{path}: {name} is ragged (rows of unequal length); trials must have the same length")
    return found


def load(task: Task) -> xr.Dataset:
    """The recording in our order and names; DataError at the first value that is no spin."""
    import xarray as xr

    said, path = task.said, task.files["file"]
    names = said["variables"]
    with opened(path) as file:
        file.set_auto_mask(False)
        spins = variable(file, path, names["spins"])
        axis = next(d for d in spins.dimensions if d in TIMES)
        order = [spins.dimensions.index(d) for d in ("trial", axis, "spin")]
        raw = spins[:].transpose(order)
        wrong = np.argwhere((raw != 1) & (raw != -1))
        if len(wrong):
            a, t, j = wrong[0]
            at = f"trial {a}, {axis} number {t + 1}, spin {j}"
            raise DataError(
                f"{path}: {names['spins']} is {raw[a, t, j]} at {at}: no spin (±1); {len(wrong)} such values"
            )
        drive = np.asarray(variable(file, path, names["drive"])[:])
        if drive.shape != raw.shape[:1]:
            raise DataError(f"{path}: {names['drive']} has shape {drive.shape}, needed is one a trial, {raw.shape[:1]}")
        data = {"spins": (("trial", "time", "spin"), np.ascontiguousarray(raw, dtype=np.int8))}
        for ours, theirs in said["observables"].items():
            found = variable(file, path, theirs)
            if set(found.dimensions) != {"trial", axis}:
                raise DataError(f"{path}: {theirs} has dimensions {found.dimensions}, needed are trial and {axis}")
            order = [found.dimensions.index(d) for d in ("trial", axis)]
            data[ours] = (("trial", "time"), found[:].transpose(order).astype(np.float32))
    return xr.Dataset(data, {"drive": ("trial", [labelled(d) for d in drive.tolist()])})


def labelled(value: Any) -> str:
    """A drive's name as text: 1 and 1.0 are "1"."""
    return f"{value:g}" if isinstance(value, int | float) else str(value)
