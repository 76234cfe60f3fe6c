"""Properties of an energy that follow from the text, at any size: what a word declares in its outline."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import properties
from .factors import Domain, Lattice
from .properties import YES, Answer, Magnet, Question, not_odd, of_odd_ring, told_apart

Declared = dict[Question[Any], Answer[Any]]


def pairs(field: bool, domain: Domain = "spin") -> Declared:
    """Of pairs, all of the same law, and with a field or without."""
    colours = domain == "colour"
    return {
        properties.order: Answer(2, "a table of 2 sites" if colours else "a product of 2 spins"),
        properties.pairwise: YES,
        properties.tabled: Answer(False),
        properties.no_field: Answer(False, "there is a field") if field else YES,
        properties.odd: told_apart(colours) if colours or field else not_odd(),
    }


def neighbours(lattice: Lattice) -> Declared:
    """Of pairs of nearest neighbours on a lattice."""
    odd = [k for k in lattice.sides if k % 2] if lattice.periodic else []
    even = Answer(False, "the graph has a loop of odd length") if odd else YES
    return {
        properties.nearest: YES,
        properties.checkerboard: of_odd_ring(odd[0]) if odd else YES,
        properties.bipartite: even,
    }


def magnet(lattice: Lattice, found: Magnet, domain: Domain = "spin", states: int = 2) -> Declared:
    """Of one coupling of nearest neighbours on a lattice, and one field."""
    field = found.field != 0.0
    declared = pairs(field, domain) | neighbours(lattice)
    loops = declared[properties.bipartite]
    satisfied = found.c < 0 if domain == "spin" else found.c > 0
    frustrated = "not all pairs of spins can be satisfied: there is a frustrated loop"
    free = satisfied or (domain == "spin" and loops.yes)
    alike = states == 2 and not field
    ends = Answer(False, "open ends are told apart from the middle")
    energies = [found.c, found.field] if domain == "spin" else [found.same, found.other]
    return declared | {
        properties.uniform: Answer(found),
        properties.unfrustrated: YES if free else Answer(False, frustrated),
        properties.even_strength: YES if alike else Answer(False, "couplings or fields differ in strength"),
        properties.reflecting: YES,
        properties.translations: YES if lattice.periodic else ends,
        properties.reflections: YES,
        properties.unit: properties.whole(np.array(energies)),
    }
