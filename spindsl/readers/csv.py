"""Recordings in a CSV table: a row for each trial and time."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from ..errors import DataError, MeaningError
from ..recording import (
    Axis,
    Grid,
    Header,
    Named,
    Recording,
    Variables,
    constant,
    grid,
    labels,
    matching,
    named,
    present,
)
from ..spec import Reader, Text

if TYPE_CHECKING:
    import pandas as pd

NAME = "the name of a column"
NAMELESS = "Unnamed: "  # how pandas calls a column without a name, with its number from 0; no pattern means it
MISSING = ["", "nan", "NaN", "NA"]  # of a number; a name may be "NA"


class Csv(Reader):
    """A CSV table with a header, perhaps .gz: one row a trial and time, in any order, one column a spin or feature.

    The columns `trial`, and `switch` or `time`, say which row is which; without them every row is a trial.
    Spins or features are a list of columns, or a pattern such as "s*", which takes no column that
    something else is named by. Observables may be empty or NaN, nothing else may.
    """

    kind: Literal["csv"]
    file: Text = Field(description="looked for beside the experiment or in --data")
    separator: Annotated[str, Field(min_length=1, max_length=1)] = Field(default=",", description="between cells")
    decimal: Literal[".", ","] = Field(default=".", description="of numbers")

    def files(self) -> dict[str, str]:
        return {"file": self.file}

    def fits(self, names: Variables, observables: Mapping[str, str | int]) -> None:
        named(names, observables, str, NAME)
        wanted = names.configuration
        if wanted is None:
            hint = 'add spins = "s*", or a list'
            raise MeaningError("which columns are spins?", "variables", code="E102", hint=hint)
        if isinstance(wanted, tuple) and not all(isinstance(c, str) for c in wanted):
            raise MeaningError(
                "wanted names of columns, found numbers",
                "variables",
                names.kind,
                code="E103",
                hint="names as they stand in the head of the file",
            )
        if self.separator == self.decimal:
            raise MeaningError(
                f"{self.decimal!r} cannot be within and between numbers",
                "reader",
                "separator",
                hint="another separator, or another decimal",
            )

    def header(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Header:
        path, known = present(files["file"]), named(names, observables, str, NAME)
        columns = self.columns(path)
        chosen = configuration(path, columns, names, known)
        for name in (known.drive, *filter(None, (known.group,)), *known.observables.values()):
            held(path, columns, name)
        keys = indices(path, columns, known)
        few = list(keys.values()) or [known.drive]
        found = self.rows(path, self.parsed(path, dtype=str, usecols=few, na_values=[""]), keys)
        return Header(len(found.row), len(chosen), found.switch, found.time)

    def read(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Recording:
        path, known = files["file"], named(names, observables, str, NAME)
        columns = self.columns(path)
        chosen = configuration(path, columns, names, known)
        keys = indices(path, columns, known)
        table = self.table(path, columns, [*filter(None, (known.drive, known.group)), *keys.values()])
        row = self.rows(path, table, keys).row
        values = np.stack([numbers(path, table, c) for c in chosen], axis=-1)[row]
        taken = {k: numbers(path, table, v)[row] for k, v in known.observables.items()}
        group = own(path, table, known.group, row) if known.group else None
        drive = own(path, table, known.drive, row)
        return Recording(values, drive, group, taken, lambda a, t, j: f"{place(int(row[a, t]))}, column {chosen[j]!r}")

    def columns(self, path: Path) -> list[str]:
        """The header, as pandas calls its columns; DataError for a name that stands twice in it."""
        first = self.parsed(path, header=None, nrows=1, dtype=str, na_values=[])
        found = [str(c) if str(c).strip() else f"{NAMELESS}{k}" for k, c in enumerate(first.iloc[0])]
        for k, name in enumerate(found):
            if name in found[:k]:
                raise DataError(f"{path}: two columns are called {name!r}; each needs a name of its own", code="E302")
        self.unneeded(path, found)
        return found

    def unneeded(self, path: Path, columns: list[str]) -> None:
        """DataError for a column without a name, unless all its cells are empty, as behind a delimiter that ends
        each line, or it numbers the rows, as the first of pandas does."""
        for k, name in enumerate(columns):
            if not name.startswith(NAMELESS):
                continue
            cells = self.parsed(path, dtype=str, usecols=[name], na_values=[])[name].tolist()
            rows = [[str(n + first) for n in range(len(cells))] for first in (0, 1)]
            if any(c.strip() for c in cells) and not (k == 0 and cells in rows):
                raise DataError(
                    f"{path}: column {k + 1} has no name, and holds {next(c for c in cells if c.strip())!r}",
                    code="E302", hint="give it a name in the header, or leave it out",
                )  # fmt: skip

    def table(self, path: Path, columns: list[str], texts: Sequence[str]) -> pd.DataFrame:
        """The table, some columns of it as text; DataError unless all rows have as many cells as the header."""
        blank = {c: [""] if c in texts else MISSING for c in columns}
        table = self.parsed(path, dtype=dict.fromkeys(texts, str), na_values=blank)
        last = next(c for c in reversed(columns) if not c.startswith(NAMELESS))
        if table[last].isna().to_numpy().any():  # as pandas fills up a row that is too short
            self.even(path, len(columns))
        return table

    def even(self, path: Path, width: int) -> None:
        """DataError at the first row that has not so many cells."""
        import csv
        import gzip

        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = (cells for cells in csv.reader(file, delimiter=self.separator) if cells)
            for k, cells in enumerate(rows):
                if len(cells) != width:
                    raise DataError(f"{path}: row {k} has {len(cells)} cells, the header has {width}")

    def rows(self, path: Path, table: pd.DataFrame, keys: Mapping[Axis, str]) -> Grid:
        """Which row holds which trial and time."""
        if not len(table):
            raise DataError(f"{path} has a header but no rows; needed is a row for each trial and time")
        found: dict[Axis, np.ndarray] = {}
        for key, name in keys.items():
            texts = labels(path, name, table[name].to_numpy(dtype=object), place)
            each = texts if key == "trial" else [self.number(path, name, v, k) for k, v in enumerate(texts)]
            found[key] = np.array(each)
        return grid(path, len(table), found.get("trial"), found.get("switch"), found.get("time"), place)

    def number(self, path: Path, name: str, text: str, row: int) -> float:
        """A switch or a time, from text."""
        try:
            return float(text.replace(self.decimal, "."))
        except ValueError:
            raise DataError(f"{path}: {name} is {text!r} in {place(row)}; needed is a number") from None

    def parsed(self, path: Path, **how: Any) -> pd.DataFrame:
        """What pandas makes of the file; DataError where it is none."""
        import pandas as pd

        try:
            table = pd.read_csv(
                path, sep=self.separator, decimal=self.decimal, keep_default_na=False, encoding="utf-8-sig",
                skipinitialspace=True, low_memory=False, **how,
            )  # fmt: skip
        except pd.errors.EmptyDataError as error:
            raise DataError(f"{path} is empty; needed is a header and a row for each trial and time") from error
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is not UTF-8 text ({error})", hint="save it as UTF-8") from error
        except pd.errors.ParserError as error:
            raise DataError(f"{path} is no table of equal rows ({str(error).strip()})") from error
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{path} cannot be read, or is truncated ({error})") from error
        if type(table.index).__name__ != "RangeIndex":
            raise DataError(f"{path}: rows have more cells than the header")
        return table


def place(row: int) -> str:
    """A row for people: from 1, without the header."""
    return f"row {row + 1}"


def held(path: Path, columns: Sequence[str], name: str | int) -> None:
    """DataError unless there is such a column."""
    if name not in columns:
        raise DataError(f"{path}: no column {name!r}; it has {listed(columns)}")


def listed(columns: Sequence[str]) -> str:
    """The columns of a table, not too many."""
    columns = [c for c in columns if not c.startswith(NAMELESS)]
    return ", ".join(columns[:20]) + " …" * (len(columns) > 20)


def configuration(path: Path, columns: list[str], names: Variables, known: Named[str]) -> list[str]:
    """The columns of spins or features, in the order of the file or of the list; DataError if there are none."""
    wanted = names.configuration or ""
    if isinstance(wanted, tuple):
        for name in wanted:
            held(path, columns, name)
        return [str(name) for name in wanted]
    keys = [known.drive, *(v or k for k, v in known.axes.items())]
    every = [c for c in columns if not c.startswith(NAMELESS)]
    found = matching(wanted, every, [*keys, known.group, *known.observables.values()])
    if not found:
        raise DataError(f"{path}: no column fits {names.kind} = {wanted!r}; it has {listed(columns)}")
    return found


def indices(path: Path, columns: list[str], known: Named[str]) -> dict[Axis, str]:
    """The columns that say which trial and time a row is: those named, and those that are called so."""
    given = {k: v for k, v in known.axes.items() if v}
    for name in given.values():
        held(path, columns, name)
    return {k: given.get(k, k) for k in known.axes if k in given or k in columns}


def own(path: Path, table: pd.DataFrame, name: str, row: np.ndarray) -> list[str]:
    """A label of each trial."""
    return constant(path, name, labels(path, name, table[name].to_numpy(dtype=object), place), row, place)


def numbers(path: Path, table: pd.DataFrame, name: str) -> np.ndarray:
    """A column as numbers, NaN where it is empty; DataError for a cell that is none."""
    import pandas as pd

    column: Any = table[name]
    if column.dtype.kind in "biuf":
        return column.to_numpy()
    found: Any = pd.to_numeric(column, errors="coerce")
    wrong = np.flatnonzero((found.isna() & column.notna()).to_numpy())
    if len(wrong):
        cell = f"{column.iloc[wrong[0]]!r} in {place(wrong[0])}"
        raise DataError(f"{path}: {name} is {cell}; needed is a number ({len(wrong)} such cells)")
    return found.to_numpy(dtype=np.float64)
