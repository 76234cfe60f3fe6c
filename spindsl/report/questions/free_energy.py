"""Free energy and entropy: of the learned energy, of the true one, of models that were told it, and exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...thermo import QUANTITIES
from ..canvas import Plate
from ..kinds import traits
from ..markup import Html, joined, table, tag
from ..reading import groups
from .agreement import Farthest, bracketed, farthest, named, places, signed
from .asked import Asked, Part

if TYPE_CHECKING:
    import xarray as xr

SHOWN = {q: QUANTITIES[q].title for q in ("energy", "abs_magnetization", "entropy", "free_energy")}
Numbers = Mapping[str, tuple[float, float]]  # by quantity, with standard error


@dataclass(frozen=True)
class Line:
    """A row: how numbers were come by, at one temperature of one lattice."""

    name: str
    says: str
    sides: str
    beta: float
    numbers: Numbers
    control: Mapping[str, float]  # (learned - true) / combined standard error


def numbers(one: xr.Dataset, prefix: str = "") -> Numbers:
    """Quantities of a place, of those that are there."""
    have = [q for q in SHOWN if prefix + q in one]
    return {q: (float(one[prefix + q]), float(one.get(f"{prefix}{q}_se", np.nan))) for q in have}


def sides(asked: Asked, name: str) -> str:
    """The lattice of an analysis, nothing for that which was observed."""
    return " × ".join(map(str, asked.said.get(name, {}).get("sides") or ()))


def lines(asked: Asked) -> list[Line]:
    """All there is to compare, but what is exact: what was told the energy, what learned it, the energy itself."""
    found = [*told_of_it(asked)]
    for name, data in asked.found.items():
        if "energy" in data:
            found += learned(asked, name, data)
    for name, data in asked.found.items():
        for place, one in places(data, "true_energy"):
            says = ["the true energy", named(rest(place)), f"run as {name}" if "energy" in data else ""]
            about = ", ".join(v for v in says if v)
            found.append(Line(name, about, sides(asked, name), float(one["target"]), numbers(one, "true_"), {}))
    return found


def learned(asked: Asked, name: str, data: xr.Dataset) -> Iterator[Line]:
    """Of the energy of a bottleneck."""
    of = asked.said.get(name, {}).get("of", "")
    kind = traits(asked.tree, "bottleneck", of).kind
    for place, one in places(data, "energy"):
        says = [f"{of}, {kind}" if kind else of, f"seen at β = {place['beta']}", named(rest(place))]
        control = {q: float(one[f"{q}_control_z"]) for q in SHOWN if f"{q}_control_z" in one}
        about = ", ".join(v for v in says if v)
        yield Line(name, about, sides(asked, name), float(one["target"]), numbers(one), control)


def told_of_it(asked: Asked) -> Iterator[Line]:
    """Of models that were told the Hamiltonian: trained by their free energy, and weights on samples of a model."""
    for name, data in groups(asked.tree, "bottleneck").items():
        train = asked.bottlenecks.get(name, {}).get("train")
        if isinstance(train, Mapping) and train.get("by") == "free-energy" and set(SHOWN) <= set(data):
            yield from own(name, f"{traits(asked.tree, 'bottleneck', name).kind}, told the energy", data)
    for name, data in groups(asked.tree, "analysis").items():
        if {"ess", *SHOWN} <= set(data):
            yield from own(name, f"weights on {asked.said.get(name, {}).get('of', '')}", data)


def own(name: str, says: str, data: xr.Dataset) -> Iterator[Line]:
    """At the temperatures and on the lattice that were observed."""
    for place, one in places(data, "free_energy"):
        share = f"n_eff {float(one['ess']):.0%}" if "ess" in one else ""
        about = ", ".join(v for v in (says, share, named(rest(place))) if v)
        yield Line(name, about, "", float(one["beta"]), numbers(one), {})


def rest(place: Mapping[str, str]) -> dict[str, str]:
    """Of a place what is no temperature."""
    return {d: v for d, v in place.items() if d not in ("beta", "target")}


def exact(asked: Asked) -> dict[tuple[str, float], Numbers]:
    """What is exact, by lattice and temperature; of a sweep only what is the same everywhere."""
    found: dict[tuple[str, float], Any] = {}
    differing: set[tuple[str, float]] = set()
    for name, data in asked.found.items():
        have = [q for q in SHOWN if f"exact_{q}" in data]
        for _, one in places(data, f"exact_{have[0]}") if have else ():
            here = {q: (float(one[f"exact_{q}"]), 0.0) for q in have}
            key = sides(asked, name), float(one["target"])
            before = found.setdefault(key, here)
            same = all(np.isclose(before.get(q, v)[0], v[0], rtol=1e-9, equal_nan=True) for q, v in here.items())
            differing |= set() if same else {key}
            found[key] = before | here
    return {key: v for key, v in found.items() if key not in differing}


def plates(asked: Asked) -> Iterator[Plate]:
    """None: there are few temperatures."""
    yield from ()


def rows(asked: Asked) -> Html:
    """As in Sprague et al. 2021, Table 3: a block for each lattice and temperature, what is exact at its end."""
    every, known, body = lines(asked), exact(asked), []
    blocks = dict.fromkeys((x.sides, x.beta) for x in every if any(x.name == n for n in asked.found))
    for block in blocks:
        for x in every:
            if x.sides == block[0] and np.isclose(x.beta, block[1], rtol=1e-9):
                head = joined([x.name, tag("small", x.says)])
                body.append((head, *matter(block), *(cell(x, q, known.get(block, {})) for q in SHOWN)))
        if known.get(block):
            values = (f"{known[block][q][0]:.7g}" if q in known[block] else "–" for q in SHOWN)
            body.append(("exact", *matter(block), *values))
    note = "Per spin; in brackets the standard error of the last digits. Below, in grey: the deviation from what is "
    note += (
        "exact, and in standard errors; then, of what was learned, how far it is from the true energy's own run, in "
    )
    note += f"combined standard errors. {nodes(asked)}"
    return table(("", "lattice", "β", *SHOWN.values()), body, note, class_="scores")


def matter(block: tuple[str, float]) -> tuple[str, str]:
    """The lattice and the temperature of a row."""
    return block[0] or "as seen", f"{block[1]:g}"


def nodes(asked: Asked) -> str:
    """What F depends on how often it was looked at."""
    found = [np.abs(d[v].values) for d in asked.found.values() for v in ("quadrature", "true_quadrature") if v in d]
    return f"With every other node of the integral only, F changes by {max(map(np.nanmax, found)):.1g} J at most."


def cell(line: Line, quantity: str, known: Numbers) -> Html:
    """Value, deviation and z, distance from the control."""
    if quantity not in line.numbers:
        return Html("–")
    (value, se), below = line.numbers[quantity], []
    if quantity in known:
        off = value - known[quantity][0]
        below.append(f"{off:+.2g}" + (f", {signed(off / se)}" if se > 0 else ""))
    z = signed(line.control.get(quantity, np.nan))
    below += [f"true {z}"] if z else []
    return joined([bracketed(value, se), *(tag("small", b) for b in below)])


def told(asked: Asked) -> Iterator[Html]:
    """What agrees with what is exact, and what with the true energy's own run."""
    for name, data in asked.found.items():
        if "energy" in data:
            yield said(name, "exact truth", deviations(data))
            control = {q: data[f"{q}_control_z"] for q in SHOWN if f"{q}_control_z" in data}
            yield said(name, "the true energy's own run", farthest(control), "combined ")
        yield said(f"{name}, the true energy itself,", "exact truth", deviations(data, "true_"))
    known = exact(asked)
    for x in told_of_it(asked):
        there = next((v for (s, b), v in known.items() if s == x.sides and np.isclose(b, x.beta, rtol=1e-9)), {})
        yield said(f"{x.name} ({x.says})", f"exact truth at β = {x.beta:g}", distances(x, there))


def deviations(data: xr.Dataset, prefix: str = "") -> Farthest | None:
    """The farthest from what is exact."""
    return farthest({q: data[f"{prefix}{q}_z"] for q in SHOWN if f"{prefix}{q}_z" in data})


def distances(line: Line, known: Numbers) -> Farthest | None:
    """The same of a row that is held against nothing in the file."""
    have = {q: line.numbers[q] for q in known if q in line.numbers}
    z = {q: abs(v - known[q][0]) / se for q, (v, se) in have.items() if np.isfinite(v) and se > 0}
    worst = max(z, key=lambda q: z[q], default=None)
    return None if worst is None else Farthest(worst, {}, z[worst], len(z))


def said(name: str, what: str, far: Farthest | None, of: str = "") -> Html:
    """One agreement, or none."""
    if far is None:
        return Html("")
    verdict = "agrees with" if far.agrees else "is away from"
    told = f" {verdict} {what}: the farthest of {far.numbers} numbers is {far.name.replace('_', ' ')}, "
    return joined([tag("b", name), told, f"{far.size:.1f} {of}standard errors away."])


PART = Part(told, plates, rows)
