"""Recordings in netCDF: arrays with named dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from ..errors import DataError
from ..recording import Header, Recording, Variables, labels, named, present, times, unlisted
from ..spec import Reader, Text

if TYPE_CHECKING:
    import netCDF4


class NetCdf(Reader):
    """A netCDF file: configurations (trial, time, spin) in any order of dimensions, with the drive (trial).

    `trial`, and `switch` or `time`, name dimensions, whose coordinates label them; a file without such a
    dimension has one time. Observables are (trial, time), in any order.
    """

    kind: Literal["netcdf"]
    file: Text = Field(description="looked for beside the experiment or in --data")

    def files(self) -> dict[str, str]:
        return {"file": self.file}

    def fits(self, names: Variables, observables: Mapping[str, str | int]) -> None:
        named(names, observables, str, "the name of a variable")
        unlisted(names)

    def header(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Header:
        path = present(files["file"])
        with opened(path) as file:
            found = variable(file, path, unlisted(names))
            for name in (names.drive, *([names.group] if names.group else []), *observables.values()):
                variable(file, path, name)
            trial, axis, width = dimensions(path, found, names)
            size = {d: len(file.dimensions[d]) for d in found.dimensions}
            given = {"switch": names.switch or "switch", "time": names.time or "time"}
            count = size[axis] if axis else 1
            for key, name in given.items():
                if getattr(names, key) and name != axis:
                    variable(file, path, name)
            marks = {k: plain(file[v]).reshape(-1) for k, v in given.items() if v in file.variables}
            return Header(size[trial], size[width], *times(path, count, marks.get("switch"), marks.get("time")))

    def read(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Recording:
        path = files["file"]
        with opened(path) as file:
            found = variable(file, path, unlisted(names))
            trial, axis, width = dimensions(path, found, names)
            values = ordered(path, found, (trial, axis, width))
            values = values if axis else values[:, None]
            taken = {k: ordered(path, variable(file, path, v), (trial, axis)) for k, v in observables.items()}
            taken = {k: v if axis else v[:, None] for k, v in taken.items()}
            labelled = [own(file, path, name, trial) for name in (names.drive, names.group)]

        def place(a: int, t: int, j: int) -> str:
            return f"trial {a}, {axis or 'time'} number {t + 1}, {width} {j}"

        return Recording(values, *labelled, taken, place)


def opened(path: Path) -> netCDF4.Dataset:
    """The file, open; DataError where it is no netCDF."""
    import netCDF4

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


def dimensions(path: Path, found: netCDF4.Variable, names: Variables) -> tuple[str, str, str]:
    """The dimensions of trials, times ("" if there is but one time) and spins or features; or DataError."""
    trial = str(names.trial or "trial")
    axis = [d for d in found.dimensions if d in (names.switch or "switch", names.time or "time")]
    width = [d for d in found.dimensions if d not in (trial, *axis)]
    if trial not in found.dimensions or len(axis) > 1 or len(width) != 1:
        has = f"{found.name} has dimensions {found.dimensions}"
        needed = f"needed are {trial}, {names.kind[:-1]}, and {names.time or 'time'} or {names.switch or 'switch'}"
        raise DataError(f"{path}: {has}; {needed} (variables = {{ trial = …, time = … }} says what they are called)")
    return trial, axis[0] if axis else "", width[0]


def ordered(path: Path, found: netCDF4.Variable, dims: tuple[str, ...]) -> np.ndarray:
    """The values with these dimensions in this order, NaN where they are missing; DataError if it has others."""
    dims = tuple(d for d in dims if d)
    if set(found.dimensions) != set(dims):
        raise DataError(f"{path}: {found.name} has dimensions {found.dimensions}, needed are {' and '.join(dims)}")
    return plain(found).transpose([found.dimensions.index(d) for d in dims])


def plain(found: netCDF4.Variable) -> np.ndarray:
    """The values, NaN where they are missing."""
    values = found[:]
    return np.ma.filled(values.astype(np.float64), np.nan) if np.ma.is_masked(values) else np.ma.getdata(values)


def own(file: netCDF4.Dataset, path: Path, name: str | None, trial: str) -> list[str] | None:
    """A label of each trial."""
    if name is None:
        return None
    found = variable(file, path, name)
    if found.dimensions != (trial,):
        raise DataError(f"{path}: {name} has dimensions {found.dimensions}, needed is one a trial, ({trial!r},)")
    return labels(path, name, plain(found), lambda k: f"trial {k}")
