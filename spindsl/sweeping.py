"""The grammar of sweeps, and the dimensions that they add to a result."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field, model_validator

from .errors import MeaningError, together
from .spec import SWEEPABLE, Listed, Words

TAKEN = frozenset({
    "drive", "trial", "time", "switch", "spin", "feature", "field", "network", "latent", "edge", "epoch",
    "guessed", "direction", "point", "realization", "chain", "sample", "term", "template", "body", "axis", "level",
})  # fmt: skip
Path = Annotated[str, Field(pattern=SWEEPABLE)]


class Range(Words):
    """Evenly spaced values, both ends included."""

    from_: float = Field(alias="from", description="first value")
    to: float = Field(description="last value")
    points: Annotated[int, Field(ge=2, le=10_000)] = Field(description="number of values")
    scale: Literal["linear", "log"] = Field(default="linear", description="log for equal ratios")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.from_ == self.to:
            raise MeaningError("all values would be the same", "to", code="E203", hint="a value other than `from`")
        if self.scale == "log" and (self.from_ <= 0 or self.to <= 0):
            at = "from" if self.from_ <= 0 else "to"
            raise MeaningError("a logarithmic range has positive ends", at, code="E203", hint="a value above 0")
        return self

    def values(self) -> tuple[int | float, ...]:
        """To 12 digits, so that 0.3 is 0.3; whole numbers as integers."""
        log = self.scale == "log"
        a, b = (math.log(self.from_), math.log(self.to)) if log else (self.from_, self.to)
        steps = [a + (b - a) * k / (self.points - 1) for k in range(self.points)]
        return tuple(plain(float(f"{math.exp(x) if log else x:.12g}")) for x in steps)


def plain(value: Any) -> Any:
    """A number that is whole as an integer; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


Values = Annotated[tuple[Any, ...], Listed, Field(min_length=1)] | Range


class Sweep(Words):
    """Values of parameters, by path: every combination (product), or side by side (zip)."""

    product: dict[Path, Values] = Field(default_factory=dict, description="path = values; each is a dimension")
    zip: dict[Path, Values] = Field(
        default_factory=dict,
        description="path = values; together they are one, named by the first whose values all differ",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.product and not self.zip:
            raise MeaningError("give `product` or `zip`", code="E102", hint="product = { … }, or zip = { … }")
        together([*self._repeated(), *self._unequal()])
        return self

    def _repeated(self) -> Iterator[MeaningError]:
        for path, values in self.product.items():
            for k, value in repeated(values):
                yield MeaningError(
                    f"{value!r} appears twice", "product", path, k, code="E107", hint="drop one of the two"
                )
        if self.zip and all(repeated(values) for values in self.zip.values()):
            path = next(iter(self.zip))
            k, value = repeated(self.zip[path])[0]
            message = f"{value!r} appears twice, and values of every other path too: points have no name"
            hint = "one path of a zip has a different value at every point"
            yield MeaningError(message, "zip", path, k, code="E107", hint=hint)

    def _unequal(self) -> Iterator[MeaningError]:
        counts = {path: len(listed(values)) for path, values in self.zip.items()}
        for path, count in counts.items():
            first, least = next(iter(counts.items()))
            if count != least:
                yield MeaningError(
                    f"{count} values beside {least} of {first}",
                    "zip",
                    path,
                    code="E203",
                    hint=f"{least} values, as {first} has",
                )


def listed(values: Sequence[Any] | Range) -> tuple[Any, ...]:
    """The values of a parameter."""
    return values.values() if isinstance(values, Range) else tuple(plain(v) for v in values)


def repeated(values: Sequence[Any] | Range) -> list[tuple[int, Any]]:
    """Values that are there before, with their numbers."""
    several = [(isinstance(v, bool), v) for v in listed(values)]
    return [(k, one[1]) for k, one in enumerate(several) if one in several[:k]]


@dataclass(frozen=True)
class Axis:
    """One dimension of a sweep: its name, its labels, and what else varies along it."""

    name: str
    labels: tuple[Any, ...]
    paths: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # path -> values
    coords: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # further labels, by name
    at: tuple[str | int, ...] = ()  # where it stands in the file
    ranges: frozenset[str] = frozenset()  # paths whose values are those of a Range

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def origins(self) -> dict[str, str]:
        """The path that each coordinate has its labels from, by the name of the coordinate."""
        first = next((path for path, values in self.paths.items() if values == self.labels), None)
        others = [path for path in self.paths if path != first]
        return ({} if first is None else {self.name: first}) | dict(zip(self.coords, others))


def axes(sweeps: Sequence[Sweep], realizations: int, taken: frozenset[str] = frozenset()) -> tuple[Axis, ...]:
    """The dimensions of a result in front of all others, in the order of the file; realizations last.

    `taken` are names that they may not have.
    """
    names = named([path for sweep in sweeps for path in (*sweep.product, *sweep.zip)], TAKEN | taken)
    found: list[Axis] = []
    for k, sweep in enumerate(sweeps):
        for path, values in sweep.product.items():
            several = listed(values)
            found.append(
                Axis(names[path], several, {path: several}, {}, ("sweep", k, "product"), ranges({path: values}))
            )
        if sweep.zip:
            paths = {path: listed(values) for path, values in sweep.zip.items()}
            first = next((path for path in paths if not repeated(paths[path])), next(iter(paths)))
            coords = {names[path]: paths[path] for path in paths if path != first}
            found.append(Axis(names[first], paths[first], paths, coords, ("sweep", k, "zip"), ranges(sweep.zip)))
    if realizations > 1:
        found.append(Axis("realization", tuple(range(realizations)), at=("realizations",)))
    return tuple(found)


def ranges(given: Mapping[str, Values]) -> frozenset[str]:
    """The paths that have a Range."""
    return frozenset(path for path, values in given.items() if isinstance(values, Range))


def overlaps(sweeps: Sequence[Sweep]) -> Iterator[MeaningError]:
    """Parameters that are swept twice, or within another that is swept."""
    before: list[str] = []
    for k, sweep in enumerate(sweeps):
        for at, path in [("product", p) for p in sweep.product] + [("zip", p) for p in sweep.zip]:
            other = next((p for p in before if f"{path}.".startswith(f"{p}.") or p.startswith(f"{path}.")), None)
            if other is not None:
                message = f"{path} is swept twice" if path == other else f"{other} is swept too"
                yield MeaningError(message, "sweep", k, at, path, code="E107", key=True, hint="sweep it once")
            before.append(path)


def named(paths: Sequence[str], taken: frozenset[str]) -> dict[str, str]:
    """The shortest end of each path that is a name of its own: beta of dynamics.beta, vae_latent where
    latent is another dimension."""
    found = {}
    for path in paths:
        name = path
        for name in ends(path):
            others = [end for p in paths if p != path for end in ends(p)]
            if name not in taken and name not in others:
                break
        found[path] = name
    return found


def ends(path: str) -> Iterator[str]:
    """beta, dynamics_beta; hidden_0, for the number of an element is no name."""
    parts = path.replace("-", "_").split(".")
    for k in reversed(range(len(parts))):
        if not parts[k].isdigit():
            yield "_".join(parts[k:])


def changed(base: Mapping[str, object], swept: Mapping[str, object]) -> dict[str, Any]:
    """A table with swept values in their places; a number in a path counts the elements of an array from 0."""
    table = copy.deepcopy(dict(base))
    for path, value in swept.items():
        *outer, last = path.split(".")
        at: Any = table
        for key in outer:
            place: Any = int(key) if isinstance(at, list) else key
            inner = at[place] if isinstance(at, list) else at.setdefault(key, {})
            if not isinstance(inner, dict | list):
                at[place] = inner = {}
            at = cast("Any", inner)
        at[int(last) if isinstance(at, list) else last] = value
    return table


def owner(path: str | Sequence[str | int]) -> str:
    """The table that a path belongs to: dynamics, bottleneck.vae."""
    parts = path.split(".") if isinstance(path, str) else [*map(str, path), ""]
    return ".".join(parts[: 2 if parts[0] in ("reference", "bottleneck", "analysis") else 1])
