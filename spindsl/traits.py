"""What a result says of its groups and of its swept dimensions, beside the numbers: attributes of the file.

A group says of its word the kind, the title, and for models whether they are `neural`, `supervised`, `plain`. An
analysis has these of what it reads. A swept dimension says which key it sweeps (`sweep_path`), what that key means
and its unit, as its description has them: "inverse temperature, 1/K (k_B = 1)".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .experiment import Experiment
from .points import surveyed
from .spec import Analysis, Word, Words
from .sweeping import Axis

if TYPE_CHECKING:
    import netCDF4

Attributes = dict[str, str | int]
UNIT = re.compile(r", ((?:1/)?(?:K|J|s|nat|rad|diameters)(?:/(?:K|J|s))?)(?=$|[,;:]| \()")


def mark(file: netCDF4.Dataset, experiment: Experiment) -> None:
    """Put the traits on the groups that the file has."""
    for path, attrs in traits(experiment).items():
        try:
            group = file["/" + path.replace(".", "/")]
        except (IndexError, KeyError):
            continue
        group.setncatts(attrs)


def traits(experiment: Experiment) -> dict[str, Attributes]:
    """Of every word of the file, by its path; of a sweep only what is the same at all points, and all the kinds."""
    every = [point.experiment for point in surveyed(experiment)[0]]
    apart = {id(one): one for one in every}.values()  # realizations share an experiment
    found: dict[str, list[Attributes]] = {}
    for one in apart:
        for path, word in one.words().items():
            found.setdefault(path, []).append(stored(word, one))
    return {path: common(several) for path, several in found.items()}


def stored(word: Word, experiment: Experiment) -> Attributes:
    """The traits of a word; of an analysis that reads a bottleneck also those of the bottleneck."""
    mine = type(word).traits()
    source = experiment.bottleneck.get(word.refers()) if isinstance(word, Analysis) else None
    return read(mine, type(source).traits()) if source is not None else mine


def read(mine: Attributes, source: Mapping[str, str | int]) -> Attributes:
    """An analysis that reads a bottleneck: neural or supervised as either is, plain as both are."""
    either = {name: int(bool(mine[name]) or bool(source[name])) for name in ("neural", "supervised")}
    plain = bool(mine["plain"]) and bool(source["plain"]) and not either["neural"]
    return mine | either | {"plain": int(plain)}


def common(several: Sequence[Attributes]) -> Attributes:
    """What all agree on; kinds that differ stand side by side, so that none is taken for all."""
    first, *others = several
    kinds = dict.fromkeys(str(one["kind"]) for one in several)
    return {k: v for k, v in first.items() if all(o.get(k) == v for o in others)} | {"kind": ", ".join(kinds)}


def marks(experiment: Experiment, axes: Iterable[Axis]) -> dict[str, Attributes]:
    """The attributes of swept labels, by the name of the coordinate."""
    found = {}
    for axis in axes:
        for name, path in axis.origins.items():
            labels = axis.paths[path]
            number = all(isinstance(v, int | float) and not isinstance(v, bool) for v in labels)
            says, unit = meaning(described(experiment, path), experiment.system.unit)
            unit = unit or ("1" if number else "")
            found[name] = {"long_name": says or path, "units": unit, "sweep": 1, "sweep_path": path}
    return found


def meaning(description: str, unit: str = "") -> tuple[str, str]:
    """A key's description in two: what it is, and its unit, perhaps that of the system; "" where there is none."""
    if (cut := description.find(", in the unit ")) >= 0:
        return description[:cut], unit
    at = UNIT.search(description)
    return (description[: at.start()], at[1]) if at else (description, "")


def described(experiment: Experiment, path: str) -> str:
    """The description of a key by its path; elements of an array or of a table of names have that of the whole."""
    at: object = experiment
    says = ""
    for key in path.split("."):
        if isinstance(at, Words):
            fields = type(at).model_fields
            name = next((n for n, f in fields.items() if key in (n, f.alias)), "")
            says = (fields[name].description or "") if name else ""
            at = getattr(at, name, None)
        elif isinstance(at, Mapping):
            at = at.get(key)
        elif isinstance(at, tuple) and key.isdigit() and int(key) < len(at):
            at = at[int(key)]
        else:
            return ""
    return says
