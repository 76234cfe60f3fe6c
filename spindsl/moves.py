"""How chains move at equilibrium, and which moves suit which energy: what `check` refuses, and what it doubts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import properties
from .errors import DataError, MeaningError
from .factors import FactorGraph, model
from .graph import Stage
from .hamiltonian import energy_of
from .outline import Outline
from .spec import Dynamics

if TYPE_CHECKING:
    from .kernels.energies import Model

Order = Literal["random", "sequential", "checkerboard"]
SQUARE, CUBIC = log(1 + sqrt(2)) / 2, 0.221654626  # K_c of Ising: Onsager 1944; Ferrenberg, Xu and Landau 2018
NEAR = 0.1  # of beta_c: how far the nearest temperature of a grid may lie


@dataclass(frozen=True)
class Sweeps(ABC):
    """A move of chains. One sweep is N attempts, or one attempt where an attempt is `whole`."""

    @property
    def whole(self) -> bool:
        """Whether an attempt moves the whole system, as clusters do."""
        return False

    @property
    def single(self) -> bool:
        """Whether sites are tried at random places, so that attempts may be counted one by one."""
        return False

    @property
    def exchange(self) -> int | None:
        """Sweeps between exchanges of neighbouring temperatures, None without exchange."""
        return None

    @abstractmethod
    def compiled(self, graph: FactorGraph) -> tuple[Model, Any]:
        """The energy and the move as kernels see them; the move has room to work in, of this caller alone."""

    @abstractmethod
    def refuse(self, energy: Outline) -> None:
        """MeaningError where the move does not suit an energy."""


@dataclass(frozen=True)
class SingleSite(Sweeps):
    """Single sites are offered another value, in an order."""

    move: Literal["metropolis", "heat-bath"]
    order: Order
    every: int | None = None  # sweeps between exchanges of temperatures

    @property
    def single(self) -> bool:
        return self.order == "random"

    @property
    def exchange(self) -> int | None:
        return self.every

    def compiled(self, graph: FactorGraph) -> tuple[Model, Any]:
        from .kernels import chains, energies

        make: Callable[[np.ndarray], Any] = {"metropolis": chains.metropolis, "heat-bath": chains.heat_bath}[self.move]
        return energies.fastest(model(graph)), make(self.sites(graph))

    def sites(self, graph: FactorGraph) -> np.ndarray:
        """Sites in the order in which they are tried, uint32; none for at random."""
        site = np.arange(graph.sites, dtype=np.uint32)
        if self.order == "random":
            return site[:0]
        if self.order == "sequential" or graph.lattice is None:
            return site
        place = np.stack(np.unravel_index(site, graph.lattice.sides))
        return site[np.argsort(place.sum(axis=0) % 2, kind="stable")]

    def refuse(self, energy: Outline) -> None:
        if self.order != "checkerboard":
            return
        if (fits := energy.ask(properties.checkerboard)).no:
            hint = 'even sides, or order = "sequential"' if energy.lattice else 'order = "sequential"'
            raise MeaningError(fits.why, "order", code="E203", hint=hint)
        if self.move == "metropolis" and stuck(energy):
            message = "on a ring Metropolis moves every domain wall at every step, by sublattices always the same way: "
            message += "it never comes to equilibrium"
            raise MeaningError(message, "order", code="E203", hint='order = "random", or heat-bath')


def stuck(energy: Outline) -> bool:
    """Whether Metropolis by sublattices never comes to equilibrium: on rings of one strength, without a field."""
    lattice = energy.lattice
    ring = lattice is not None and len(lattice.sides) == 1 and lattice.periodic
    return ring and energy.ask(properties.even_strength).yes


@dataclass(frozen=True)
class Clusters(Sweeps):
    """Clusters are grown along pairs and reflected."""

    move: Literal["wolff", "swendsen-wang"]

    @property
    def whole(self) -> bool:
        return True

    def compiled(self, graph: FactorGraph) -> tuple[Model, Any]:
        from .kernels import clusters

        make: Callable[[Any], Any] = {"wolff": clusters.wolff, "swendsen-wang": clusters.swendsen_wang}[self.move]
        try:
            energy = clusters.growing(model(graph))
        except ValueError as error:  # of what was learned: of any other energy it is known before
            hint = 'moves of single spins, such as kind = "heat-bath"'
            raise DataError(f"clusters cannot move the energy that was learned: {error}", hint=hint) from error
        return energy, make(energy)

    def refuse(self, energy: Outline) -> None:
        if (fits := energy.ask(properties.reflecting)).no:
            message = f"clusters grow along pairs that are alike in every mirror; here {fits.why}"
            raise MeaningError(message, "kind", hint="metropolis or heat-bath")


def suited(sweeps: Sweeps | None, system: Stage) -> None:
    """MeaningError where a dynamics cannot move matter in sweeps; nothing is said of one that has no sweeps."""
    if sweeps is not None:
        sweeps.refuse(energy_of(system))


def unchecked(sweeps: Sweeps, system: Stage) -> Iterator[MeaningError]:
    """That nothing is known, of an energy too large to be drawn before the run, of what the move needs."""
    energy = system.energy
    if energy is None:
        return
    asked = properties.reflecting if sweeps.whole else properties.checkerboard
    needed = sweeps.whole or (isinstance(sweeps, SingleSite) and sweeps.order == "checkerboard")
    if needed and not (answer := energy.ask(asked)).known:
        message = f"whether this move suits the energy is not checked: {answer.why}"
        yield MeaningError(message, "kind", code="W207", hint="a small copy of the system shows it")


def percolating(system: Stage) -> MeaningError | None:
    """The doubt that clusters are of use."""
    if system.energy is None or not system.energy.ask(properties.unfrustrated).no or system.energy.colours > 2:
        return None
    message = "not all pairs can be satisfied: clusters percolate far above the temperature at which spins order, and "
    message += "a move turns nearly all spins at once, which is right but slow"
    return MeaningError(message, "kind", code="W206", hint="parallel-tempering, or metropolis")


def transition(energy: Outline) -> float | None:
    """beta_c of matter of which it is known in the limit of large lattices: Ising without field in two and three
    dimensions, Potts in two."""
    found, lattice = energy.ask(properties.uniform).value, energy.lattice
    if found is None or lattice is None or found.field:
        return None
    dims = len(lattice.sides)
    if energy.domain == "spin":
        return {2: SQUARE / -found.c, 3: CUBIC / -found.c}.get(dims) if found.c < 0 else None
    return log(1 + sqrt(energy.states)) / found.c if dims == 2 and found.c > 0 else None


def missed(betas: tuple[float, ...], system: Stage) -> MeaningError | None:
    """The doubt whether a grid of temperatures sees the transition that it spans."""
    critical = transition(system.energy) if system.energy else None
    if critical is None or len(betas) < 3 or not betas[0] < critical < betas[-1]:
        return None
    near = min(betas, key=lambda b: abs(b - critical))
    if abs(near - critical) <= NEAR * critical:
        return None
    message = f"the transition lies at beta = {critical:.4f}; the nearest of these is {near:g}"
    return MeaningError(message, "betas", code="W205", hint=f"add {critical:.4f}")


class Swept(Dynamics):
    """Keys of a dynamics that moves chains in sweeps."""

    def stages(self, system: Stage) -> tuple[Stage, ...]:
        suited(self.sweeps(), system)
        return ()


class Clustered(Swept):
    """Keys of a dynamics that moves clusters."""

    @abstractmethod
    def sweeps(self) -> Clusters: ...

    def doubts(self, stages: Mapping[str, Stage]) -> Iterator[MeaningError]:
        yield from unchecked(self.sweeps(), stages["system"])
        if doubt := percolating(stages["system"]):
            yield doubt
