"""Recordings in JSON lines: an object for each trial and time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from spindsl.errors import DataError
from spindsl.recording import (
    Axis,
    Grid,
    Header,
    Named,
    Recording,
    Variables,
    constant,
    grid,
    labels,
    named,
    present,
    unlisted,
)
from spindsl.spec import Reader, Text

KEY = "the name of a key"
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Row = dict[str, Json]


class JsonLines(Reader):
    """One JSON object a line, of one trial at one time: a list of spins or features, the drive, and numbers beside.

    The keys `trial`, and `switch` or `time`, say which line is which; without them every line is a trial. Observables
    may be null, nothing else may.
    """

    kind: Literal["json-lines"]
    file: Text = Field(description="looked for beside the experiment or in --data")

    def files(self) -> dict[str, str]:
        return {"file": self.file}

    def fits(self, names: Variables, observables: Mapping[str, str | int]) -> None:
        named(names, observables, str, KEY)
        unlisted(names)

    def header(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Header:
        path, known = present(files["file"]), named(names, observables, str, KEY)
        rows = objects(path)
        for name in (known.drive, *known.observables.values()):
            column(path, rows, name)
        found = ordered(path, rows, known)
        return Header(len(found.row), configurations(path, rows, unlisted(names)).shape[1], found.switch, found.time)

    def read(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Recording:
        path, known = files["file"], named(names, observables, str, KEY)
        rows = objects(path)
        row = ordered(path, rows, known).row
        values = configurations(path, rows, unlisted(names))[row]
        taken = {ours: numbers(path, rows, name)[row] for ours, name in known.observables.items()}
        drive = own(path, rows, known.drive, row)
        group = own(path, rows, known.group, row) if known.group else None
        return Recording(values, drive, group, taken, lambda a, t, j: f"{place(int(row[a, t]))}, number {j}")


def place(row: int) -> str:
    """A line for people."""
    return f"line {row + 1}"


def objects(path: Path) -> list[Row]:
    """The objects; DataError at the first line that is none."""
    found: list[Row] = []
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error})") from error
    for k, line in enumerate(lines):
        try:
            one = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}: {place(k)} is no JSON ({error})") from error
        if not isinstance(one, dict):
            raise DataError(f"{path}: {place(k)} is no object; needed is {{…}}")
        found.append(one)
    if not found:
        raise DataError(f"{path} is empty; needed is an object for each trial and time")
    return found


def column(path: Path, rows: list[Row], name: str) -> list[Json]:
    """The values of a key; DataError where an object lacks it."""
    for k, one in enumerate(rows):
        if name not in one:
            raise DataError(f"{path}: {place(k)} has no key {name!r}; it has {', '.join(one)}")
    return [one[name] for one in rows]


def numbers(path: Path, rows: list[Row], name: str) -> np.ndarray:
    """A key that holds numbers, NaN for null, (line)."""
    found = column(path, rows, name)
    for k, value in enumerate(found):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise DataError(f"{path}: {name} is {value!r} in {place(k)}; needed is a number")
    return np.array([np.nan if v is None else v for v in found], dtype=np.float64)


def configurations(path: Path, rows: list[Row], name: str) -> np.ndarray:
    """Lists of numbers of one length, (line, place)."""
    found = column(path, rows, name)
    for k, value in enumerate(found):
        if not isinstance(value, list) or not all(isinstance(v, int | float) for v in value):
            raise DataError(f"{path}: {name} is no list of numbers in {place(k)}")
        if len(value) != len(found[0] if isinstance(found[0], list) else []):
            raise DataError(f"{path}: {name} has {len(value)} numbers in {place(k)}, other than in line 1")
    return np.array(found)


def ordered(path: Path, rows: list[Row], known: Named[str]) -> Grid:
    """Which line holds which trial and time."""
    given: dict[Axis, np.ndarray] = {}
    for key, name in known.axes.items():
        if name or key in rows[0]:
            name = name or key
            each = labels(path, name, np.array(column(path, rows, name), dtype=object), place)
            given[key] = np.array(each) if key == "trial" else numbers(path, rows, name)
    return grid(path, len(rows), given.get("trial"), given.get("switch"), given.get("time"), place)


def own(path: Path, rows: list[Row], name: str, row: np.ndarray) -> list[str]:
    """A label of each trial."""
    found = np.array(column(path, rows, name), dtype=object)
    return constant(path, name, labels(path, name, found, place), row, place)
