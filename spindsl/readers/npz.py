"""Recordings in numpy's npz: arrays by name, whose dimensions have none."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ..errors import DataError, MeaningError
from ..recording import Header, Recording, Variables, labels, named, present, times, unlisted
from ..spec import Listed, Reader, Text, Unique

Dims = Annotated[
    tuple[Literal["trial", "time", "spin", "feature"], ...], Field(min_length=2, max_length=3), Listed, Unique
]
NAME = "the name of an array"
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)


class Npz(Reader):
    """A .npz of numpy: configurations (trial, time, spin), or (trial, spin) at one time; the drive (trial).

    `dims` says another order. Observables have the order of `dims` without spin; arrays `switch` and `time`
    label the times. Pickled objects are refused.
    """

    kind: Literal["npz"]
    file: Text = Field(description="looked for beside the experiment or in --data")
    dims: Dims | None = Field(
        default=None, description='what the axes of a configuration are, such as ["time", "trial", "spin"]'
    )

    def files(self) -> dict[str, str]:
        return {"file": self.file}

    def fits(self, names: Variables, observables: Mapping[str, str | int]) -> None:
        named(names, observables, str, NAME)
        unlisted(names)
        if names.trial is not None:
            raise MeaningError("arrays have no named dimensions", "variables", "trial", hint="say `dims` of the reader")
        width = names.kind[:-1]
        if self.dims and set(self.dims) not in ({"trial", width}, {"trial", "time", width}):
            message = f"the axes of {names.kind} are trial, {width} and perhaps time, found {', '.join(self.dims)}"
            raise MeaningError(message, "reader", "dims", hint=f'dims = ["trial", "time", "{width}"]')

    def axes(self, path: Path, names: Variables, shape: tuple[int, ...]) -> tuple[str, ...]:
        """What the axes of the configurations are; DataError if there are not so many."""
        usual = {2: ("trial", names.kind[:-1]), 3: ("trial", "time", names.kind[:-1])}
        dims = self.dims or usual.get(len(shape), ())
        if len(dims) != len(shape):
            needed = f"({', '.join(self.dims or usual[3])})" + ("" if self.dims else " or (trial, spin)")
            raise DataError(f"{path}: {unlisted(names)} has shape {shape}, needed is {needed}")
        return dims

    def header(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Header:
        path, known = present(files["file"]), named(names, observables, str, NAME)
        shape = shapes(path)
        for name in (unlisted(names), known.drive, *filter(None, (known.group,)), *known.observables.values()):
            held(path, shape, name)
        found = shape[unlisted(names)]
        size = dict(zip(self.axes(path, names, found), found))
        switch, time = (
            array(path, given or usual).reshape(-1) if given or usual in shape else None
            for given, usual in ((known.switch, "switch"), (known.time, "time"))
        )
        return Header(size["trial"], size[names.kind[:-1]], *times(path, size.get("time", 1), switch, time))

    def read(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Recording:
        path, width, known = files["file"], names.kind[:-1], named(names, observables, str, NAME)
        raw = array(path, unlisted(names))
        dims = self.axes(path, names, raw.shape)
        values = raw.transpose([dims.index(d) for d in ("trial", "time", width) if d in dims])
        values = values if "time" in dims else values[:, None]
        rest = tuple(d for d in dims if d != width)
        taken = {}
        for ours, name in known.observables.items():
            found, needed = array(path, name), tuple(raw.shape[dims.index(d)] for d in rest)
            if found.shape != needed:
                raise DataError(f"{path}: {name} has shape {found.shape}, needed is ({', '.join(rest)}) = {needed}")
            taken[ours] = (found if rest[0] == "trial" else found.T).reshape(values.shape[:2])
        drive = own(path, known.drive, len(values))
        group = own(path, known.group, len(values)) if known.group else None
        return Recording(values, drive, group, taken, lambda a, t, j: f"trial {a}, time number {t + 1}, {width} {j}")


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each array, from the headers alone."""
    from numpy.lib import format as npy

    found = {}
    try:
        with zipfile.ZipFile(path) as file:
            for member in file.namelist():
                with file.open(member) as stream:
                    version = npy.read_magic(stream)
                    reading = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                    found[member.removesuffix(".npy")] = reading(stream)[0]
    except BROKEN as error:
        raise DataError(f"{path} is no .npz file, or is truncated ({error})") from error
    return found


def held(path: Path, shape: Mapping[str, tuple[int, ...]], name: str) -> None:
    """DataError unless there is such an array."""
    if name not in shape:
        raise DataError(f"{path}: no array {name!r}; it holds {', '.join(shape)}")


def array(path: Path, name: str) -> np.ndarray:
    """One array; DataError where it is absent, damaged or made of objects."""
    from numpy.lib import format as npy

    held(path, shapes(path), name)
    try:
        with zipfile.ZipFile(path) as file, file.open(f"{name}.npy") as stream:
            return npy.read_array(stream)  # which refuses objects unless told otherwise
    except BROKEN as error:
        message = f"{path}: {name} cannot be read ({error}); needed is a whole array of numbers or text, not of objects"
        raise DataError(message) from error


def own(path: Path, name: str, trials: int) -> list[str]:
    """A label of each trial."""
    found = array(path, name)
    if found.shape != (trials,):
        raise DataError(f"{path}: {name} has shape {found.shape}, needed is one a trial, ({trials},)")
    return labels(path, name, found, lambda k: f"trial {k}")
