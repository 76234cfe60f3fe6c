"""An experiment: TOML text -> frozen model -> TOML text."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .errors import MeaningError, together
from .netcdf import opened
from .spec import (
    Analysis,
    Bottleneck,
    Count,
    Dynamics,
    Fraction,
    Label,
    Listed,
    Name,
    Positive,
    Protocol,
    Reference,
    System,
    Text,
    Word,
    Words,
)
from .sweeping import Sweep, overlaps


class Split(Words):
    """Which trials are held out: one stratified split for all times, features and analyses."""

    test: Fraction = Field(default=0.1, description="fraction of each drive's trials that is held out")


class Last(Words):
    """The last n labels."""

    last: Count


class First(Words):
    """The first n labels."""

    first: Count


class Between(Words):
    """Labels from `from` to `to`, both included."""

    from_: float = Field(alias="from")
    to: float


Selection = Last | First | Between | bool | int | float | str | Annotated[tuple[bool | int | float | str, ...], Listed]


class Expect(Words):
    """What a result should be. The selected values are reduced to one number and held against the bounds."""

    of: Annotated[str, Field(pattern=r"^[a-z]+(\.[A-Za-z0-9_-]+)+$")] = Field(
        description="variable of the result, as in analysis.drive.score"
    )
    where: dict[Label, Selection] = Field(default_factory=dict, description="a selection by label")
    reduce: Literal["median", "mean", "min", "max", "max-abs", "sum-of-squares"] = Field(
        default="median", description="over what is selected"
    )
    min: float | None = None
    max: float | None = None
    value: float | None = None
    tolerance: Positive | None = None
    source: Text = Field(description="who says so")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if (self.value is None) != (self.tolerance is None):
            raise MeaningError(
                "`value` and `tolerance` come together",
                "value" if self.value is not None else "tolerance",
                hint="give both",
            )
        if self.min is None and self.max is None and self.value is None:
            raise MeaningError(
                "give min, max, or value with tolerance",
                code="E102",
                hint="min = …, max = …, or value = … with tolerance = …",
            )
        if self.min is not None and self.max is not None and self.min > self.max:
            raise MeaningError(
                f"min {self.min:g} is above max {self.max:g}",
                "min",
                code="E203",
                hint="write a min that is not above max",
            )
        return self


class Experiment(Words):
    """A whole file."""

    spindsl: Literal[1] = Field(description="version of the language")
    title: Text = Field(description="for people")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(description="root of all randomness")
    system: System = Field(description="matter")
    dynamics: Dynamics | None = Field(default=None, description="how it moves")
    protocol: Protocol | None = Field(default=None, description="what is done to it")
    reference: dict[Name, Reference] = Field(default_factory=dict, description="exact truth, by name")
    bottleneck: dict[Name, Bottleneck] = Field(default_factory=dict, description="models, by name")
    analysis: dict[Name, Analysis] = Field(default_factory=dict, description="questions, by name")
    split: Split = Split()
    realizations: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1, description="independent glasses: graph, couplings, barriers, fields"
    )
    sweep: Annotated[tuple[Sweep, ...], Listed] = Field(default=(), description="parameters that take several values")
    expect: Annotated[tuple[Expect, ...], Listed] = Field(
        default=(), description="the experiment's own acceptance tests"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        simulated = type(self.system).simulated
        wrong, kind = [], f"a system of kind {self.system.of_kind()!r}"
        for noun in ("dynamics", "protocol"):
            if simulated and getattr(self, noun) is None:
                wrong.append(
                    MeaningError(f"{kind} needs [{noun}]", noun, code="E102", hint=f"add [{noun}] with its kind")
                )
            if not simulated and getattr(self, noun) is not None:
                wrong.append(MeaningError("recorded matter brings its own history", noun, hint="drop this table"))
        if not simulated and self.realizations > 1:
            wrong.append(MeaningError("recorded matter has one realization", "realizations", hint="drop it"))
        together([*wrong, *overlaps(self.sweep)])
        return self

    @property
    def identity(self) -> str:
        """8 hex digits of the resolved file, in the names of run directories."""
        return hashlib.sha256(json.dumps(self.said(), sort_keys=True).encode()).hexdigest()[:8]

    def words(self) -> dict[str, Word]:
        """Every word of the file by its path."""
        found = {n: getattr(self, n) for n in ("system", "dynamics", "protocol") if getattr(self, n) is not None}
        for noun in ("reference", "bottleneck", "analysis"):
            found |= {f"{noun}.{name}": word for name, word in getattr(self, noun).items()}
        return found

    def resolved(self) -> str:
        """The file with defaults written out, as TOML."""
        import tomlkit

        return tomlkit.dumps(self.said())


def loads(text: str, file: str = "<text>", changes: Sequence[str] = ()) -> Experiment:
    """Read an experiment; SpecError holds every mistake with its place.

    `changes` are "a.b=VALUE" with VALUE in TOML, as `--set` takes them.
    """
    from pydantic import ValidationError

    changes = (changes,) if isinstance(changes, str) else tuple(changes)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        from .diagnose import unreadable

        raise unreadable(text, error) from error
    if changes:
        from .diagnose import change

        change(table, changes)
    try:
        return Experiment.model_validate(table)
    except ValidationError as error:
        from .diagnose import explain

        raise explain(text, table, error, Experiment, changes) from error


def load(path: str | Path, changes: Sequence[str] = ()) -> Experiment:
    """Read an experiment from a file, or from a result that carries its own."""
    try:
        return loads(source(Path(path)), str(path), changes)
    except UnicodeDecodeError as error:
        from .diagnose import unreadable

        raise unreadable("", error) from error


def source(path: Path) -> str:
    """The text of an experiment: a TOML file, or the one inside a result."""
    if path.suffix != ".nc":
        return path.read_text(encoding="utf-8")
    return attribute(path, "experiment")


def attribute(path: Path, name: str) -> str:
    """A root attribute of a result."""
    with opened(path) as result:
        return result.getncattr(name)


def schema() -> str:
    """The JSON Schema of the file, as it lies in schemas/."""
    return json.dumps(Experiment.model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
