"""Recordings in plain text: numbers between blanks, a configuration a line, labels in columns or beside."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from ..errors import DataError, MeaningError
from ..recording import Axis, Grid, Header, Named, Recording, Variables, constant, grid, labels, named, present
from ..spec import Reader, Switches, Text

NUMBER = "the number of a column"
RANGE = re.compile(r"([1-9]\d*)-([1-9]\d*)")


class PlainText(Reader):
    """Whitespace matrices, perhaps .gz: one configuration a line; columns are named by their number from 1.

    Drive, trial, switch, time, group and observables are columns of `labels`, a second file with a line for
    each line of the first; without it they are columns of the file itself. Spins or features are "*", all
    columns that nothing else is named by, or a range "1-256", or a list of columns. What stands
    behind # is a comment. With `switches` there is a file for each, {switch} in its name, and its lines are
    the same trials in the same order.
    """

    kind: Literal["text"]
    file: Text = Field(description="looked for beside the experiment or in --data; may hold {switch}")
    labels: Text | None = Field(default=None, description="file of the other columns; may hold {switch}")
    switches: Switches | None = Field(default=None, description="the switches that there are files of")

    def files(self) -> dict[str, str]:
        given = {"file": self.file} | ({"labels": self.labels} if self.labels else {})
        if not self.switches:
            return given
        return {f"{k}.{n}": v.replace("{switch}", str(n)) for n in sorted(self.switches) for k, v in given.items()}

    def fits(self, names: Variables, observables: Mapping[str, str | int]) -> None:
        if names.drive == "drive":
            raise MeaningError("which column is the drive?", "variables", code="E102", hint="add drive = 1, its number")
        named(names, observables, int, NUMBER)
        chosen = names.configuration
        if isinstance(chosen, str) and chosen != "*" and not RANGE.fullmatch(chosen):
            hint = 'wanted "*", a range such as "1-256", or a list of numbers'
            raise MeaningError(f"{chosen!r} names no columns of text", "variables", names.kind, code="E108", hint=hint)
        if isinstance(chosen, tuple) and not all(isinstance(c, int) for c in chosen):
            raise MeaningError(
                "wanted numbers of columns", "variables", names.kind, code="E103", hint="columns are counted from 1"
            )
        if self.switches and names.switch is not None:
            raise MeaningError("the switch is told by the file's name", "variables", "switch", hint="drop this column")
        for key, name in (("file", self.file), ("labels", self.labels)):
            if name and "{switch}" in name and not self.switches:
                raise MeaningError(
                    "name the switches that there are files of", "reader", key, code="E102", hint="switches = [1, 2, 5]"
                )
            if name and "{switch}" not in name and len(self.switches or ()) > 1:
                raise MeaningError(
                    "write {switch} where the names of the files differ",
                    "reader",
                    key,
                    hint="for example spins-{switch}.txt",
                )

    def header(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Header:
        sources, known = self.sources(files), named(names, observables, int, NUMBER)
        wide = [columns(names, known, s) for s in sources]
        if len({len(w) for w in wide}) > 1:
            raise DataError(f"{sources[0].file}: {len(wide[0])} {names.kind} a line; other files have another number")
        found = self.rows(sources, known)
        return Header(len(found.row), len(wide[0]), found.switch, found.time)

    def read(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Recording:
        sources, known = self.sources(files), named(names, observables, int, NUMBER)
        row, place = self.rows(sources, known).row, Place(sources)
        chosen = columns(names, known, sources[0])
        every = chosen == list(range(1, sources[0].width + 1))
        values = np.concatenate([numbers(s.file, None if every else chosen) for s in sources])[row]
        taken = {
            k: np.concatenate([numbers(s.beside, [v])[:, 0] for s in sources])[row]
            for k, v in known.observables.items()
        }
        drive = own(sources, known.drive, row, place)
        group = own(sources, known.group, row, place) if known.group else None
        return Recording(values, drive, group, taken, lambda a, t, j: f"{place(int(row[a, t]))}, column {chosen[j]}")

    def sources(self, files: Mapping[str, Path]) -> list[Source]:
        """The files, a pair for each switch, measured."""
        found = []
        for n in sorted(self.switches) if self.switches else (0,):
            end = f".{n}" if n else ""
            file, beside = present(files[f"file{end}"]), files.get(f"labels{end}")
            lines, width = measured(file)
            beside_lines, beside_width = measured(present(beside)) if beside else (lines, width)
            if beside_lines != lines:
                raise DataError(f"{beside} has {beside_lines} lines, {file} has {lines}; needed is one for each")
            found.append(Source(file, beside or file, lines, width, beside_width, n))
        return found

    def rows(self, sources: list[Source], known: Named[int]) -> Grid:
        """Which line holds which trial and time."""
        place, path = Place(sources), sources[0].beside
        trial = None
        if known.trial is not None:
            trial = np.array(labels(path, f"column {known.trial}", texts(sources, known.trial), place))
        switch, time = (marks(sources, known, key, place) for key in ("switch", "time"))
        if self.switches:
            switch = np.repeat([s.switch for s in sources], [s.lines for s in sources])
            if trial is None:
                trial = np.concatenate([np.arange(1, s.lines + 1) for s in sources])
        return grid(path, sum(s.lines for s in sources), trial, switch, time, place)


class Source(NamedTuple):
    """One file of configurations and the file of its labels, perhaps the same."""

    file: Path
    beside: Path
    lines: int
    width: int
    beside_width: int
    switch: int


class Place:
    """A line for people: from 1 in its file, blank ones and comments not counted."""

    def __init__(self, sources: list[Source]):
        self.sources = sources

    def __call__(self, row: int) -> str:
        for source in self.sources:
            if row < source.lines:
                return f"row {row + 1}" + (f" of {source.file.name}" if len(self.sources) > 1 else "")
            row -= source.lines
        raise IndexError(row)


def marks(sources: list[Source], known: Named[int], key: Axis, place: Place) -> np.ndarray | None:
    """The switch or the time of each line, None where no column is named; DataError for one that is no number."""
    column, path = known.axes[key], sources[0].beside
    if column is None:
        return None
    found = np.concatenate([numbers(s.beside, [column])[:, 0] for s in sources])
    if not np.isfinite(found).all():
        k = int(np.flatnonzero(~np.isfinite(found))[0])
        raise DataError(f"{path}: {key} is {found[k]} in {place(k)}; needed is a number")
    return found


def own(sources: list[Source], column: int, row: np.ndarray, place: Place) -> list[str]:
    """A label of each trial."""
    path, name = sources[0].beside, f"column {column}"
    return constant(path, name, labels(path, name, texts(sources, column), place), row, place)


def columns(names: Variables, known: Named[int], source: Source) -> list[int]:
    """Numbers from 1 of the columns of spins or features; DataError if the file has not so many."""
    named = (known.drive, *known.axes.values(), known.group, *known.observables.values())
    taken = [c for c in named if c is not None]
    for column in taken:
        if column > source.beside_width:
            raise DataError(f"{source.beside}: no column {column}; it has {source.beside_width}")
    wanted = names.configuration or "*"
    if wanted == "*":
        own = taken if source.beside is source.file else []
        chosen = [c for c in range(1, source.width + 1) if c not in own]
    elif isinstance(wanted, str):
        first, _, last = wanted.partition("-")
        chosen = list(range(int(first), int(last) + 1))
    else:
        chosen = [int(c) for c in wanted]
    if not chosen or max(chosen) > source.width:
        raise DataError(f"{source.file} has {source.width} columns, {names.kind} = {wanted!r} names others or none")
    return chosen


def lines(path: Path) -> Iterator[list[str]]:
    """The cells of each line that has some; DataError where the file is no text or is truncated."""
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig") as file:
            for line in file:
                if cells := line.partition("#")[0].split():
                    yield cells
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error})", hint="save it as UTF-8") from error
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path} cannot be read, or is truncated ({error})") from error


def measured(path: Path) -> tuple[int, int]:
    """Number of lines and of columns; DataError for no line, or lines of unequal length."""
    count = width = 0
    for cells in lines(path):
        if count and len(cells) != width:
            raise DataError(f"{path}: row {count + 1} has {len(cells)} columns, those before have {width}")
        count, width = count + 1, len(cells)
    if not count:
        raise DataError(f"{path} is empty; needed is a line for each configuration")
    return count, width


def numbers(path: Path, columns: list[int] | None) -> np.ndarray:
    """Columns as numbers, (line, column), all of them by default; DataError for a cell that is none."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig") as file:
        try:
            return np.loadtxt(file, ndmin=2, usecols=None if columns is None else [c - 1 for c in columns])
        except ValueError:
            raise wrong(path, columns) from None


def wrong(path: Path, columns: list[int] | None) -> DataError:
    """The first cell that is no number."""
    for row, cells in enumerate(lines(path)):
        for c in columns or range(1, len(cells) + 1):
            try:
                float(cells[c - 1])
            except ValueError:
                return DataError(f"{path}: row {row + 1}, column {c} is {cells[c - 1]!r}; needed is a number")
    return DataError(f"{path} is no matrix of numbers")


def texts(sources: list[Source], column: int) -> np.ndarray:
    """A column of labels, as text."""
    return np.array([cells[column - 1] for s in sources for cells in lines(s.beside)], dtype=object)
