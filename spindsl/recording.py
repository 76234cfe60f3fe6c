"""What a reader of recorded matter is asked for, and what it gives, whatever the format of its files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Generic, Literal, NamedTuple, Self, TypeVar

import numpy as np
from pydantic import Field, model_validator

from .errors import DataError, MeaningError
from .spec import Count, Label, Listed, Unique, Words

T = TypeVar("T", str, int)
Axis = Literal["trial", "switch", "time"]
Column = Label | Count
Columns = Label | Annotated[tuple[Column, ...], Field(min_length=1), Listed, Unique]


class Every(Words):
    """A label of several trials in succession."""

    of: Label = Field(description="a variable or dimension that numbers the trials from 0")
    every: Annotated[int, Field(ge=2)] = Field(description="how many in succession are of one specimen")


class Variables(Words):
    """The file's names of what a recording holds: variables, arrays, columns, or numbers of columns from 1."""

    spins: Columns | None = Field(
        default=None, description='two-valued; in a table a pattern "s*" or a list of columns'
    )
    features: Columns | None = Field(default=None, description="real-valued, in the place of spins")
    drive: Columns | Count = Field(
        default="drive", description="drive that each trial was trained with; several in netCDF make one name"
    )
    trial: Columns | Count | None = Field(
        default=None, description="dimension or column of the trials; absent for `trial`; several dimensions in netCDF"
    )
    switch: Column | None = Field(default=None, description="number of fields applied so far; absent for `switch`")
    time: Column | None = Field(default=None, description="time, s; absent for `time`")
    group: Column | Every | None = Field(default=None, description="specimen of a trial, never split")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.spins is not None and self.features is not None:
            raise MeaningError("a configuration is made of spins or of features", "features", hint="name one of them")
        return self

    @property
    def kind(self) -> str:
        """What a configuration is made of: "spins" or "features"."""
        return "spins" if self.features is None else "features"

    @property
    def configuration(self) -> str | tuple[str | int, ...] | None:
        """The file's name of it, None where it is left to the reader."""
        return self.spins if self.features is None else self.features


class Header(NamedTuple):
    """The size of a recording and its times, s, with their switches."""

    trials: int
    width: int  # spins or features of a configuration
    switch: tuple[int, ...]
    time: tuple[float, ...]


class Recording(NamedTuple):
    """A recording as its file has it; `place` says where in the file one value of a configuration stands."""

    values: np.ndarray  # (trial, time, spin or feature)
    drive: list[str]  # (trial)
    group: list[str] | None  # (trial)
    observables: dict[str, np.ndarray]  # (trial, time)
    place: Callable[[int, int, int], str]


def present(path: Path) -> Path:
    """The path; DataError if nothing is there."""
    if not path.exists():
        raise DataError(f"{path} is absent; give its folder with --data DIR")
    return path


@dataclass(frozen=True)
class Named(Generic[T]):
    """The file's names, of the one type that its format knows; None where they are left to the reader."""

    drive: T
    trial: T | None
    switch: T | None
    time: T | None
    group: T | None
    observables: dict[str, T]

    @property
    def axes(self) -> dict[Axis, T | None]:
        """What numbers trials and times."""
        return {"trial": self.trial, "switch": self.switch, "time": self.time}


def named(names: Variables, observables: Mapping[str, str | int], wanted: type[T], what: str) -> Named[T]:
    """The names as the type that a format knows, `what`; MeaningError for one of another type."""

    def needed(name: Columns | Column | Every, *path: str) -> T:
        if isinstance(name, wanted):
            return name
        found = name.said() if isinstance(name, Every) else list(name) if isinstance(name, tuple) else name
        raise MeaningError(f"wanted {what}, found {found!r}", *path, code="E103", hint=f"give {what}")

    def perhaps(name: Columns | Column | Every | None, *path: str) -> T | None:
        return None if name is None else needed(name, *path)

    return Named(
        needed(names.drive, "variables", "drive"), perhaps(names.trial, "variables", "trial"),
        perhaps(names.switch, "variables", "switch"), perhaps(names.time, "variables", "time"),
        perhaps(names.group, "variables", "group"),
        {k: needed(v, "observables", k) for k, v in observables.items()},
    )  # fmt: skip


def unlisted(names: Variables) -> str:
    """The one name of the configuration in a file of arrays; MeaningError for a list of columns."""
    found = names.configuration or "spins"
    if not isinstance(found, str):
        raise MeaningError(
            f"wanted one name, found {len(found)} columns",
            "variables",
            names.kind,
            code="E103",
            hint="the variable that holds all of them",
        )
    return found


def matching(pattern: str, columns: list[str], taken: Collection[str | None]) -> list[str]:
    """The columns that a pattern such as "s*" fits, without those that something else is named by."""
    return [c for c in columns if fnmatchcase(c, pattern) and c not in taken]


def times(path: Path, count: int, switch: np.ndarray | None, time: np.ndarray | None) -> tuple[tuple, tuple]:
    """Switches, by default 1, 2, …, and times, by default the switches; DataError unless both rise."""
    for word, given in (("switch", switch), ("time", time)):
        if given is not None and given.dtype.kind not in "biuf":
            raise DataError(f"{path}: {word} is of type {given.dtype}, needed are numbers")
    if count < 1:
        raise DataError(f"{path} holds no time; needed is one or more")
    switch = np.arange(1, count + 1) if switch is None else np.asarray(switch)
    time = np.asarray(switch if time is None else time, dtype=np.float64)
    whole = switch.dtype.kind in "iu" or (switch.dtype.kind == "f" and (switch == np.round(switch)).all())
    if switch.shape != (count,) or not whole or (np.diff(switch.astype(np.int64)) <= 0).any() or switch[0] < 0:
        raise DataError(f"{path}: switch must rise from 0 or more, one whole number a time")
    if time.shape != (count,) or not (np.diff(time) > 0).all() or not np.isfinite(time).all():
        raise DataError(f"{path}: time must rise, one number a time")
    return tuple(int(k) for k in switch), tuple(float(t) for t in time)


def labels(path: Path, name: str | int, values: np.ndarray, place: Callable[[int], str]) -> list[str]:
    """Names as text: 1 and 1.0 are "1". DataError where one is missing."""
    found = []
    for k, value in enumerate(values):
        if value is None or value != value or str(value).strip() in ("", "b''"):
            raise DataError(f"{path}: {name} is missing at {place(k)}; every trial needs one", code="E304")
        text = decoded(path, name, value, place(k)) if isinstance(value, bytes) else str(value).strip()
        whole, dot, rest = text.partition(".")
        found.append(whole if dot and not rest.strip("0") and whole.lstrip("+-").isdigit() else text)
    return found


def decoded(path: Path, name: str | int, value: bytes, where: str) -> str:
    """A name from bytes in UTF-8; DataError where they are none, for no other encoding is guessed."""
    try:
        return value.decode().strip()
    except UnicodeDecodeError as error:
        hint = 'save names as text, such as numpy.char.decode(labels, "latin-1"), or as UTF-8'
        raise DataError(
            f"{path}: {name} is {value!r} at {where}, which is not UTF-8", code="E304", hint=hint
        ) from error


class Grid(NamedTuple):
    """Which row of a table holds which trial at which time."""

    row: np.ndarray  # (trial, time), numbers from 0
    switch: tuple[int, ...]
    time: tuple[float, ...]


def grid(
    path: Path,
    rows: int,
    trial: np.ndarray | None,
    switch: np.ndarray | None,
    time: np.ndarray | None,
    place: Callable[[int], str],
) -> Grid:
    """Sort rows into trials, in the order in which they appear, and times, which rise.

    Without trials every row is one, at one time. DataError names a pair of trial and time that has two
    rows or none.
    """
    if trial is None and (switch is not None or time is not None):
        raise DataError(f"{path}: rows have a time but no trial; name its column, variables = {{ trial = … }}")
    trial = np.arange(1, rows + 1) if trial is None else trial
    axis, word = (switch, "switch") if switch is not None else (time, "time")
    names, first, which = np.unique(trial, return_index=True, return_inverse=True)
    order = np.argsort(first)
    names, which = names[order], np.argsort(order)[which]
    marks, when = np.unique(np.zeros(rows) if axis is None else axis, return_inverse=True)
    at = [f" at {word} {m:g}" if axis is not None else "" for m in marks]
    row = np.full((len(names), len(marks)), -1)
    row[which, when] = np.arange(rows)
    twice = np.flatnonzero(row[which, when] != np.arange(rows))
    if len(twice):
        a, t = which[twice[0]], when[twice[0]]
        hint = "" if axis is not None else "; name the column of their switch or time"
        both = f"{place(int(twice[0]))} and {place(int(row[a, t]))}"
        raise DataError(f"{path}: trial {names[a]} stands twice{at[t]}, {both}; needed is one row{hint}")
    lacking = np.argwhere(row < 0)
    if len(lacking):
        a, t = lacking[0]
        have = f"{(row[a] >= 0).sum()} of {len(marks)} times; {len(lacking)} such rows are lacking"
        raise DataError(f"{path}: trial {names[a]} has no row{at[t]} ({have}); all trials need the same times")
    if switch is not None and time is not None:
        differ = np.argwhere(time[row] != time[row[0]])
        if len(differ):
            a, t = differ[0]
            found = f"{time[row[0, t]]:g} in {place(int(row[0, t]))} and {time[row[a, t]]:g} in {place(int(row[a, t]))}"
            raise DataError(f"{path}: time{at[t]} is {found}; needed is one time a switch for all trials")
        time = time[row[0]]
    elif time is not None:
        time = marks
    return Grid(row, *times(path, len(marks), marks if switch is not None else None, time))


def constant(path: Path, name: str | int, each: list[str], row: np.ndarray, place: Callable[[int], str]) -> list[str]:
    """A label of each trial from those of each row; DataError where it changes within a trial."""
    values = np.array(each, dtype=object)[row]
    differ = np.argwhere(values != values[:, :1])
    if len(differ):
        a, t = differ[0]
        found = f"{values[a, 0]!r} in {place(int(row[a, 0]))} and {values[a, t]!r} in {place(int(row[a, t]))}"
        raise DataError(f"{path}: {name} changes within a trial: {found}; needed is one for all its times")
    return values[:, 0].tolist()
