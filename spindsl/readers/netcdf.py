"""Recordings in netCDF: arrays with named dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from pydantic import Field

from .. import netcdf
from ..errors import DataError, MeaningError
from ..recording import Columns, Every, Header, Recording, Variables, labels, named, present, times, unlisted
from ..spec import Reader, Text

if TYPE_CHECKING:
    import netCDF4

NAME = "the name of a variable"


class NetCdf(Reader):
    """A netCDF file: configurations (trial, time, spin) in any order of dimensions, with the drive (trial).

    `trial`, and `switch` or `time`, name dimensions, whose coordinates label them; a file without such a
    dimension has one time; times with names instead of numbers count 1, 2, …. Several dimensions may make up the
    trials, the last one fastest, and several labels a drive: "known 1". Observables are (trial, time), in any order.
    """

    kind: Literal["netcdf"]
    file: Text = Field(description="looked for beside the experiment or in --data")

    def files(self) -> dict[str, str]:
        return {"file": self.file}

    def fits(self, names: Variables, observables: Mapping[str, str | int]) -> None:
        known_names(names, observables)
        unlisted(names)

    def header(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Header:
        path, known = present(files["file"]), known_names(names, observables)
        with opened(path) as file:
            found = variable(file, path, unlisted(names))
            for name in (*known.drive, *filter(None, (known.group,)), *known.observables.values()):
                variable(file, path, name)
            trials, axis, width = dimensions(path, found, known, names.kind)
            size = {d: len(file.dimensions[d]) for d in found.dimensions}
            given = {"switch": known.switch or "switch", "time": known.time or "time"}
            count = size[axis] if axis else 1
            for name in filter(None, (known.switch, known.time)):
                if name != axis:
                    variable(file, path, name)
            marks = {k: plain(file[v]).reshape(-1) for k, v in given.items() if v in file.variables}
            marks = {k: v for k, v in marks.items() if v.dtype.kind not in "OUS" or given[k] != axis}
            return Header(
                prod(size[d] for d in trials), size[width], *times(path, count, marks.get("switch"), marks.get("time"))
            )

    def read(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Recording:
        path, known = files["file"], known_names(names, observables)
        with opened(path) as file:
            found = variable(file, path, unlisted(names))
            trials, axis, width = dimensions(path, found, known, names.kind)
            values = stacked(ordered(path, found, (*trials, axis, width)), len(trials))
            values = values if axis else values[:, None]
            taken = {k: ordered(path, variable(file, path, v), (*trials, axis)) for k, v in known.observables.items()}
            taken = {k: stacked(v, len(trials)) for k, v in taken.items()}
            taken = {k: v if axis else v[:, None] for k, v in taken.items()}
            size = {d: len(file.dimensions[d]) for d in trials}
            several = [own(file, path, name, size) for name in known.drive]
            drive = [" ".join(row) for row in zip(*several)]
            group = own(file, path, known.group, size, known.every) if known.group else None

        def place(a: int, t: int, j: int) -> str:
            return f"trial {a}, {axis or 'time'} number {t + 1}, {width} {j}"

        return Recording(values, drive, group, taken, place)


class Known(NamedTuple):
    """The file's names: several make up a drive or the trials, and `every` numbers of a group are one specimen."""

    drive: tuple[str, ...]
    trial: tuple[str, ...]
    switch: str | None
    time: str | None
    group: str | None
    every: int
    observables: dict[str, str]


def known_names(names: Variables, observables: Mapping[str, str | int]) -> Known:
    """The file's names; MeaningError for numbers."""
    of, every = (names.group.of, names.group.every) if isinstance(names.group, Every) else (names.group, 1)
    drive, trial = texts(names.drive, "drive"), texts(names.trial, "trial")
    one = named(names.model_copy(update={"drive": "drive", "trial": None, "group": of}), observables, str, NAME)
    return Known(drive, trial or ("trial",), one.switch, one.time, one.group, every, one.observables)


def texts(name: Columns | int | None, key: str) -> tuple[str, ...]:
    """One name or several as several; MeaningError for numbers."""
    if isinstance(name, int):
        raise MeaningError(f"wanted {NAME}, found {name!r}", "variables", key, code="E103", hint="a name as text")
    if not isinstance(name, tuple):
        return () if name is None else (name,)
    for k, one in enumerate(name):
        if not isinstance(one, str):
            raise MeaningError(f"wanted {NAME}, found {one!r}", "variables", key, k, code="E103", hint="a name as text")
    return tuple(str(one) for one in name)


def stacked(values: np.ndarray, dims: int) -> np.ndarray:
    """The first dimensions as one."""
    return values.reshape(-1, *values.shape[dims:])


@contextmanager
def opened(path: Path) -> Iterator[netCDF4.Dataset]:
    """The file, open; DataError where it is no netCDF."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(netcdf.opened(path))
        except OSError as error:
            raise DataError(f"{path} is no netCDF file, or is truncated ({error})") from error
        yield file


def variable(file: netCDF4.Dataset, path: Path, name: str) -> netCDF4.Variable:
    """A variable of a rectangular type, or DataError."""
    if name not in file.variables:
        raise DataError(f"{path}: no variable {name!r}; it holds {', '.join(file.variables)}")
    import netCDF4

    found = file.variables[name]
    if isinstance(found.datatype, netCDF4.VLType) and found.dtype is not str:
        raise DataError(f"{path}: {name} is ragged (rows of unequal length); trials must have the same length")
    return found


def dimensions(path: Path, found: netCDF4.Variable, known: Known, kind: str) -> tuple[tuple[str, ...], str, str]:
    """The dimensions of trials, times ("" if there is but one time) and spins or features; or DataError."""
    trials = known.trial
    axis = [d for d in found.dimensions if d in (known.switch or "switch", known.time or "time")]
    width = [d for d in found.dimensions if d not in (*trials, *axis)]
    if set(trials) - set(found.dimensions) or len(axis) > 1 or len(width) != 1:
        has = f"{found.name} has dimensions {found.dimensions}"
        when = f"{known.time or 'time'} or {known.switch or 'switch'}"
        needed = f"needed are {', '.join(trials)}, {kind[:-1]}, and {when}"
        raise DataError(f"{path}: {has}; {needed} (variables = {{ trial = …, time = … }} says what they are called)")
    return trials, axis[0] if axis else "", width[0]


def ordered(path: Path, found: netCDF4.Variable, dims: tuple[str, ...]) -> np.ndarray:
    """The values with these dimensions in this order, NaN where they are missing; DataError if it has others."""
    dims = tuple(d for d in dims if d)
    if set(found.dimensions) != set(dims):
        raise DataError(f"{path}: {found.name} has dimensions {found.dimensions}, needed are {' and '.join(dims)}")
    return plain(found).transpose([found.dimensions.index(d) for d in dims])


def plain(found: netCDF4.Variable) -> np.ndarray:
    """The values, unpacked, NaN where they are missing by what the file declares (`_FillValue`, `valid_range`, …).

    The library's own fill value counts where nothing is declared and numbers are real: nobody measures 9.97e36, but
    -127 of 8 bits is a value like any other. Characters are text (`written`).
    """
    found.set_auto_maskandscale(False)
    if found.dtype == "S1":
        return written(found)
    raw = found[:]
    if raw.dtype.kind not in "iuf":
        return raw
    raw = raw.view(f"u{raw.itemsize}") if raw.dtype.kind == "i" and unsigned(found) else raw
    lost, values = missing(found, raw), unpacked(found, raw)
    return np.where(lost, np.nan, values.astype(np.float64)) if lost.any() else values


def attributes(found: netCDF4.Variable) -> dict[str, object]:
    """Attributes of a variable by name."""
    return {name: found.getncattr(name) for name in found.ncattrs()}


def unsigned(found: netCDF4.Variable) -> bool:
    """Whether integers are meant without a sign, which netCDF-3 has not."""
    return str(attributes(found).get("_Unsigned", "false")).lower() == "true"


def missing(found: netCDF4.Variable, raw: np.ndarray) -> np.ndarray:
    """Which packed values are missing."""
    import netCDF4

    given = {name: np.atleast_1d(np.asarray(value)) for name, value in attributes(found).items()}
    marks = [v for name in ("_FillValue", "missing_value") for v in given.get(name, ()) if v == v]
    if "_FillValue" not in given and raw.dtype.kind == "f":
        marks.append(netCDF4.default_fillvals[raw.dtype.str[1:]])
    lost = np.zeros(raw.shape, dtype=bool)
    for mark in marks:
        lost |= raw == np.asarray(mark).astype(raw.dtype)
    bounds = given.get("valid_range", ())
    for least in (*bounds[:1], *given.get("valid_min", ())):
        lost |= raw < least
    for most in (*bounds[1:], *given.get("valid_max", ())):
        lost |= raw > most
    return lost


def unpacked(found: netCDF4.Variable, raw: np.ndarray) -> np.ndarray:
    """raw * scale_factor + add_offset; of packed integers, what is whole but for rounding of the scale is whole."""
    given = {n: v for n, v in attributes(found).items() if n in ("scale_factor", "add_offset")}
    scale, offset = np.asarray(given.get("scale_factor", 1.0)), np.asarray(given.get("add_offset", 0.0))
    if not given:
        return raw
    values = raw.astype(np.float64) * float(scale) + float(offset)
    near, single = np.rint(values), np.float32 in (scale.dtype, offset.dtype)
    fine = 4 * np.finfo(np.float32 if single else np.float64).eps
    whole = (raw.dtype.kind in "iu") & (np.abs(values - near) <= fine * np.maximum(np.abs(near), 1.0))
    return np.where(whole, near, values)


def written(found: netCDF4.Variable) -> np.ndarray:
    """Text of characters along the last dimension, as xarray reads it; one character each of a single dimension."""
    found.set_auto_chartostring(False)
    raw = np.ma.getdata(found[:])
    if raw.ndim > 1:
        raw = np.ascontiguousarray(raw).view(f"S{raw.shape[-1]}")[..., 0]
    encoding = str(attributes(found).get("_Encoding", "utf-8"))
    if encoding.lower() in ("utf-8", "utf8", "bytes", "none"):
        return raw
    return np.char.decode(raw, encoding)


def lettered(found: netCDF4.Variable) -> tuple[str, ...]:
    """The dimensions of a variable, without that of the characters of text."""
    return found.dimensions[:-1] if found.dtype == "S1" and len(found.dimensions) > 1 else found.dimensions


def own(file: netCDF4.Dataset, path: Path, name: str, size: Mapping[str, int], every: int = 1) -> list[str]:
    """A label of each trial, from a variable of some of their dimensions; `every` numbers in succession are one."""
    found = variable(file, path, name)
    dims = lettered(found)
    if not dims or set(dims) - set(size):
        has = f"{name} has dimensions {found.dimensions}"
        raise DataError(f"{path}: {has}, needed is one a trial, {tuple(size)}", code="E302")
    values = plain(found)
    if every > 1:
        if values.dtype.kind not in "iu":
            raise DataError(
                f"{path}: {name} is of type {values.dtype}, whole numbers are needed to count {every} as one"
            )
        values = values // every
    have = [d for d in size if d in dims]
    values = values.transpose([dims.index(d) for d in have])
    values = values[tuple(slice(None) if d in have else None for d in size)]
    values = np.broadcast_to(values, tuple(size.values())).reshape(-1)
    return labels(path, name, values, lambda k: f"trial {k}")
