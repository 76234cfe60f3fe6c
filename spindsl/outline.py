"""What is known of an energy before its arrays exist: from the text, else by drawing the graph or reading the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from .factors import Domain, FactorGraph, Lattice
from .properties import Answer, Question

T = TypeVar("T")
MOST = 100_000  # factors of a graph that is drawn to answer a question
LARGEST = 100_000_000  # bytes of a file that is read to answer a question


@dataclass(frozen=True, eq=False)
class Outline:
    """An energy that will be drawn, read or learned.

    `declared` are properties that follow from the text, at any size. `draw` builds the very graph of this realization;
    None where it is not known until the run: an energy that a model learns.
    """

    sites: int
    unit: str  # of energies, J or K
    domain: Domain = "spin"
    states: int = 2
    lattice: Lattice | None = None
    factors: float = 0.0  # about how many
    declared: Mapping[Question[Any], Answer[Any]] = field(default_factory=dict)
    draw: Callable[[], FactorGraph] | None = None
    ready: FactorGraph | None = None  # where it was read already, whatever its size
    misfit: Callable[[Lattice], str] = lambda lattice: ""  # why it cannot be put on another lattice, if it cannot

    @property
    def colours(self) -> int:
        """Number of colours Q, 0 of spins ±1."""
        return self.states if self.domain == "colour" else 0

    @cached_property
    def graph(self) -> FactorGraph | None:
        """The graph of this realization, None where it is too large to be drawn now, or not known before the run."""
        if self.ready is not None:
            return self.ready
        return self.draw() if self.draw is not None and self.factors <= MOST else None

    def ask(self, question: Question[T]) -> Answer[T]:
        """A property of the energy, see `properties`."""
        if question in self.declared:
            return self.declared[question]
        if self.graph is not None:
            return question(self.graph)
        if self.draw is None:
            return Answer(None, "it is not known before the energy is learned", known=False)
        return Answer(None, f"a graph of {self.factors:.3g} factors is not drawn before the run", known=False)
