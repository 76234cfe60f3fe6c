"""Forms in which bottlenecks state the energies that they learned, and the factor graph of each.

    templates       E = -sum_t J_t sum_x prod_{i in t + x} s_i      products that repeat at every place of a lattice
    patterns        E = sum_w g(s_w)                                one table of patterns, over windows on a lattice
    colour-tables   E = sum_t sum_x e_t(q_x, q_{x+t}) + sum_x e(q_x)
    pairs           E = -sum_(ij) J_ij s_i s_j - sum_i h_i s_i      single pairs, of one size only

The variables of each form are read here and nowhere else. A bottleneck's stage names its form; its result carries the
name (`energy_form`), so that another run can read the energy as matter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from . import factors, properties
from .factors import Domain, FactorGraph, Lattice, Template
from .outline import Outline
from .properties import Answer, Question

if TYPE_CHECKING:
    import xarray as xr

    from .graph import Stage

NONE = -128  # stands for no further spin of a template
MARK = "energy_form"  # attribute of the variable that holds the energies


@dataclass(frozen=True)
class Form(ABC):
    """How an energy is stated; `factor_graph` makes it one of the sites of a lattice, or of so many sites."""

    name: ClassVar[str]
    variable: ClassVar[str]  # that holds the energies, and the mark
    own: ClassVar[tuple[str, ...]]  # dimensions of one energy; others tell several energies apart
    repeats: ClassVar[bool] = True  # at every place of a lattice, so that it has any size

    @abstractmethod
    def factor_graph(self, found: xr.Dataset, sites: int, lattice: Lattice | None) -> FactorGraph:
        """The energy of what was learned at one temperature."""

    def dimensions(self, found: xr.Dataset) -> int | None:
        """Of the lattice on which it was learned; None where it was no lattice."""
        return found.sizes.get("axis")

    @property
    def mark(self) -> dict[str, str]:
        """Attributes of the variable that holds the energies."""
        return {MARK: self.name}


class Templates(Form):
    """`offsets` (template, body, axis) of the spins, `coupling` (template)."""

    name = "templates"
    variable = "coupling"
    own = ("template", "body", "axis", "other")

    def factor_graph(self, found: xr.Dataset, sites: int, lattice: Lattice | None) -> FactorGraph:
        lattice = needed(lattice)
        several = self.kept(found)
        terms = [(at, np.full(len(at), -J)) for template, J in several if len(at := lattice.distinct(template))]
        return factors.spins(sites, terms, lattice=replace(lattice, offsets=tuple(t for t, _ in several)))

    def kept(self, found: xr.Dataset) -> list[tuple[Template, float]]:
        """Templates that were taken in, each with its coupling."""
        both = zip(found["offsets"].values.tolist(), found["coupling"].values.tolist())
        return [(tuple(tuple(o) for o in offsets if o[0] != NONE), J) for offsets, J in both if J]


class Patterns(Form):
    """`pattern_energy` (pattern), of windows of side `focus` + 2 `context` that come every `stride` sites."""

    name = "patterns"
    variable = "pattern_energy"
    own = ("pattern", "cluster", "axis")

    def factor_graph(self, found: xr.Dataset, sites: int, lattice: Lattice | None) -> FactorGraph:
        lattice = needed(lattice)
        return factors.patterns(sites, self.windows(found, lattice), found["pattern_energy"].values, lattice)

    def dimensions(self, found: xr.Dataset) -> int | None:
        about, bits = found["pattern_energy"].attrs, (found.sizes["pattern"] - 1).bit_length()
        side = int(about["focus"]) + 2 * int(about["context"])
        return next((d for d in (1, 2, 3) if side**d == bits), None) if side > 1 else None

    def windows(self, found: xr.Dataset, lattice: Lattice) -> np.ndarray:
        """Spins of the windows, (window, bit)."""
        from .kernels.ednn import Shape, windows

        about = found["pattern_energy"].attrs
        focus, context, stride = (int(about[k]) for k in ("focus", "context", "stride"))
        return windows(Shape(focus, context, (), len(lattice.sides), stride), lattice.sides)


class ColourTables(Form):
    """`pair_energy` (template, colour, other) of pairs at `offset` (template, axis), `colour_energy` (colour)."""

    name = "colour-tables"
    variable = "pair_energy"
    own = ("template", "colour", "other", "axis")

    def factor_graph(self, found: xr.Dataset, sites: int, lattice: Lattice | None) -> FactorGraph:
        lattice = needed(lattice)
        kept = np.flatnonzero(found["shape"].values)
        origin = (0,) * len(lattice.sides)
        pairs = [lattice.translates([origin, o]) for o in found["offset"].values[kept].tolist()]
        kind = np.repeat(np.arange(len(kept)), [len(p) for p in pairs])
        own = np.tile(found["colour_energy"].values, (sites, 1))
        at = np.concatenate([*pairs, np.zeros((0, 2), dtype=np.int32)])
        return factors.colours(sites, at, kind, found["pair_energy"].values[kept], own, lattice)


class Pairs(Form):
    """`coupling` (edge) of the spins `i` and `j`, `h` (spin)."""

    name = "pairs"
    variable = "coupling"
    own = ("edge", "spin")
    repeats = False

    def factor_graph(self, found: xr.Dataset, sites: int, lattice: Lattice | None) -> FactorGraph:
        pairs = np.stack([found["i"].values, found["j"].values], axis=1)
        return factors.spins(sites, [(pairs, -found["coupling"].values)], -found["h"].values, lattice=lattice)


FORMS: dict[str, Form] = {form.name: form for form in (Templates(), Patterns(), ColourTables(), Pairs())}


def form_of(found: xr.Dataset) -> Form | None:
    """The form of the energy in what a bottleneck gave; None where it holds no energy. Results from before the mark was
    written are known by their variables."""
    marked = [v.attrs[MARK] for v in found.data_vars.values() if MARK in v.attrs]
    if marked:
        return FORMS.get(str(marked[0]))
    if "offsets" in found and "coupling" in found:
        return FORMS["templates"]
    if "pattern_energy" in found or "pair_energy" in found:
        return FORMS["patterns" if "pattern_energy" in found else "colour-tables"]
    return FORMS["pairs"] if {"i", "j", "coupling", "h"} <= set(found.data_vars) else None


def needed(lattice: Lattice | None) -> Lattice:
    """The lattice, where there is one; an energy that repeats is lowered on lattices only."""
    if lattice is None:
        raise TypeError("an energy that repeats at every place needs a lattice")
    return lattice


def learned_outline(
    system: Stage,
    most: int,
    domain: Domain = "spin",
    states: int = 2,
    table: bool = False,
    misfit: Callable[[Lattice], str] | None = None,
) -> Outline:
    """What is known of an energy before it is learned from a system: factors of up to `most` sites.

    `misfit` says why it cannot be put on a lattice; an energy without it is of one size only.
    """
    energy = system.energy
    pairwise: Answer[bool] = Answer(True)
    if table:
        pairwise = Answer(False, "the energy is a table of patterns")
    elif most > 2:
        pairwise = Answer(None, f"products of up to {most} spins may be learned", known=False)
    declared: dict[Question[Any], Answer[Any]] = {properties.pairwise: pairwise}
    if domain == "spin":
        declared[properties.reflecting] = pairwise
    return Outline(
        system.sizes["spin"], energy.unit if energy else "J", domain, states, energy.lattice if energy else None,
        declared=declared, misfit=misfit or (lambda lattice: "couplings of single pairs are of one size only"),
    )  # fmt: skip


def untiled(focus: int, context: int) -> Callable[[Lattice], str]:
    """Why windows of side `focus` + 2 `context` cannot tile a lattice by their blocks."""

    def misfit(lattice: Lattice) -> str:
        off = [n for n in lattice.sides if n % focus or n < focus + 2 * context]
        return f"windows around blocks of side {focus} do not tile a side of {off[0]}" if off else ""

    return misfit


def crowded(templates: Sequence[Template]) -> Callable[[Lattice], str]:
    """Why templates cannot be put on a lattice: one would meet a site twice."""

    def misfit(lattice: Lattice) -> str:
        sides = np.array(lattice.sides)
        for t in templates:
            places = np.array(t) % sides if lattice.periodic else np.array(t)
            if len(np.unique(places, axis=0)) < len(t):
                return f"a term that reaches {t[-1]} would meet a spin twice there"
        return ""

    return misfit
