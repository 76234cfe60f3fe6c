"""Checkerboards in lanes: whether a system's energy fits words of 64 chains, and its chains run so.

Spins of a sublattice are tried at once, as a checkerboard's order allows. What fits is an even torus, or an open box of
even sides, whose spins meet their nearest neighbours only. Chain c is lane c % 64 of word c / 64; of one coupling, and
where a lattice can be cut into 64 blocks of 64 sites and more, 64 lanes are the blocks of one chain. Either follows
from the system alone, so that the random numbers of a chain do not know how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import DataError
from .factors import FactorGraph
from .moves import SingleSite, Sweeps
from .properties import uniform

if TYPE_CHECKING:
    from .kernels.lanes.records import Weights
    from .kernels.lanes.torus import Torus

BLOCKS, LARGE = 64, 4096  # lanes of a word; sites from which a lattice is cut
COLOURS = 8  # most that words hold


@dataclass(frozen=True)
class Bonds:
    """Nearest neighbours of a lattice: J (dimension, site) onward along each dimension, h (site), and of colours Q."""

    sides: tuple[int, ...]
    J: np.ndarray
    h: np.ndarray
    colours: int = 0

    @property
    def even(self) -> bool:
        """Whether |J| is the same all around a torus, and the field everywhere."""
        return bool((np.abs(self.J) == abs(self.J[0, 0])).all() and self.J[0, 0] != 0 and (self.h == self.h[0]).all())


@dataclass(frozen=True)
class Packed:
    """Chains in words: what kernels need."""

    torus: Torus
    rule: Any
    weights: Weights
    constant: float  # of the energy
    planes: int  # binary digits of a colour; 0 for spins


def bonded(graph: FactorGraph) -> Bonds | None:
    """The bonds of an energy that has no others than with nearest neighbours of an even lattice; else None."""
    lattice = graph.lattice
    tabled = graph.domain == "spin" and len(graph.tables.kind)
    if lattice is None or not 1 <= len(lattice.sides) <= 3 or any(k % 2 for k in lattice.sides) or tabled:
        return None
    pairs, J = graph.products.of_order(2)
    if len(pairs) < len(graph.products.c):
        return None
    if graph.domain == "colour":
        pairs, J = graph.tables.window, -np.ones(len(graph.tables.kind))
    onward = laid(lattice.sides, pairs, -J)
    h = -graph.field if graph.domain == "spin" else np.zeros(graph.sites)
    return None if onward is None else Bonds(lattice.sides, onward, h, graph.colours)


def laid(sides: tuple[int, ...], pairs: np.ndarray, J: np.ndarray) -> np.ndarray | None:
    """J of pairs (pair, 2) onward along each dimension, (dimension, site); None where a pair is no nearest one."""
    site = np.arange(np.prod(sides)).reshape(sides)
    found, left = np.zeros((len(sides), site.size)), np.ones(len(pairs), dtype=bool)
    for d in range(len(sides)):
        onward = np.roll(site, -1, axis=d).ravel()
        for a, b in (pairs.T, pairs.T[::-1]):
            here = left & (onward[a] == b)
            np.add.at(found[d], a[here], J[here])
            left &= ~here
    return None if left.any() else found


def packed(graph: FactorGraph, sweeps: Sweeps, beta: float) -> Packed | None:
    """How chains of an energy run in lanes; None where they cannot."""
    if not isinstance(sweeps, SingleSite) or sweeps.order != "checkerboard" or sweeps.exchange:
        return None
    if (bonds := bonded(graph)) is None:
        return None
    metropolis = sweeps.move == "metropolis"
    if metropolis and len(bonds.sides) == 1 and bonds.even and not bonds.h.any() and bonds.colours in (0, 2):
        raise DataError("Metropolis by sublattices never equilibrates a ring without a field; another order does")
    if graph.domain == "colour":
        return coloured(graph, bonds, beta) if metropolis and bonds.even and bonds.colours <= COLOURS else None
    return spun(bonds, beta, metropolis)


def spun(bonds: Bonds, beta: float, metropolis: bool) -> Packed:
    """Ising spins, by the simplest rule that their couplings allow."""
    from .kernels.lanes import records, spins
    from .kernels.lanes.torus import torus

    if not bonds.even:
        lattice, h = torus(bonds.sides), bonds.h if bonds.h.any() else None
        rule = spins.table(lattice, beta, bonds.J, h, metropolis)
        return Packed(lattice, rule, records.summed(lattice, bonds.J, bonds.h), 0.0, 0)
    lattice, J, h, count = torus(bonds.sides, cut(bonds.sides)), bonds.J[0, 0], bonds.h[0], bonds.J.size
    if (bonds.J == J).all():
        rule, size = spins.uniform(lattice, beta, J, h, metropolis), J
    else:
        rule, size = spins.signed(lattice, beta, bonds.J, h, metropolis), abs(J)
    weights = records.counted(-2.0 * size, -2.0 * h, rule.unlike)
    return Packed(lattice, rule, weights, size * count + h * bonds.h.size, 0)


def coloured(graph: FactorGraph, bonds: Bonds, beta: float) -> Packed | None:
    """Potts colours, where an energy tells like from unlike alone."""
    from .kernels.lanes import colours, records
    from .kernels.lanes.torus import torus

    if (found := uniform(graph).value) is None:
        return None
    lattice, same, other = torus(bonds.sides, cut(bonds.sides)), found.same, found.other
    rule = colours.coloured(lattice, beta, other - same, bonds.colours)
    weights = records.counted(same - other, 0.0, np.zeros((0, 0, 0, 0), dtype=np.uint64))
    return Packed(lattice, rule, weights, other * bonds.J.size, (bonds.colours - 1).bit_length())


def cut(sides: tuple[int, ...]) -> tuple[int, ...] | None:
    """The blocks that a large lattice is cut into; None where a lane holds a whole one."""
    from .kernels.lanes.torus import blocked

    found = blocked(sides) if np.prod(sides) >= LARGE else ()
    return found if np.prod(found) == BLOCKS else None


@dataclass(frozen=True)
class Begun:
    """Chains on their way, (word, …), and which chain each lane is."""

    held: Packed
    words: np.ndarray
    rows: np.ndarray  # int64 (word, chain of it): which chain of the caller's, -1 for none
    first: int  # number of the first word

    def step(self, key: np.ndarray, at: int, sweeps: int) -> None:
        """So many sweeps from sweep `at` on, nothing recorded."""
        from .kernels.lanes.sweeps import sweep

        sweep(self.held.rule, self.held.torus, self.words, key, self.first, at, sweeps)

    def record(self, key: np.ndarray, at: int, every: int, spins: np.ndarray, energy: np.ndarray) -> None:
        """Sweeps from sweep `at` on, recorded after each `every`: spins (chain, sample, site) and their energies."""
        from .kernels.lanes import records

        held = self.held
        site, colours = records.placed(held.torus), held.planes > 0
        records.record(held.rule, held.weights, held.torus, self.words, site, self.rows, colours, key, self.first, at,
                       every, spins, energy)  # fmt: skip
        energy += held.constant

    def leave(self, s: np.ndarray) -> None:
        """Write where the chains are into s (chain, site)."""
        from .kernels.lanes import records

        records.spread(self.words, records.placed(self.held.torus), self.rows, self.held.planes > 0, s)


def begin(held: Packed, s: np.ndarray, chains: tuple[int, ...]) -> Begun:
    """Chains of these numbers where s (chain, site) has them; lanes of no chain are all alike, and run for nothing."""
    from .kernels.lanes.torus import pack

    name, per = np.array(chains), held.torus.chains
    first = int(name.min()) // per
    lanes = np.full((int(name.max()) // per - first + 1) * per, -1)
    lanes[name - first * per] = np.arange(len(name))
    full = np.where((lanes >= 0)[:, None], s[lanes], 0).astype(np.int8)
    return Begun(held, pack(held.torus, full, held.planes), lanes.reshape(-1, per), first)
