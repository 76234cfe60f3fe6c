"""Checkerboards in lanes: whether a system's energy fits words of 64 chains, and its chains run so.

Spins of a sublattice are tried at once, as a checkerboard's order allows. What fits is an even torus, or an open box of
even sides, whose spins meet their nearest neighbours only. Chain c is lane c % 64 of word c / 64; of one coupling, and
where a lattice can be cut into 64 blocks of 64 sites and more, 64 lanes are the blocks of one chain. Either follows
from the system alone, so that the random numbers of a chain do not know how many there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import DataError

if TYPE_CHECKING:
    import xarray as xr

    from .kernels.lanes.records import Weights
    from .kernels.lanes.torus import Torus

LANES = ("colours", "digits", "measures", "records", "spins", "sweeps", "torus", "words")
CODE = ("spindsl.multispin", *(f"spindsl.kernels.lanes.{k}" for k in LANES))
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


def bonded(system: xr.Dataset) -> Bonds | None:
    """The bonds of a system, where it has no others than with nearest neighbours of an even lattice; else None."""
    sides = tuple(int(k) for k in np.atleast_1d(system.attrs.get("sides", ())))
    if (
        not 1 <= len(sides) <= 3
        or any(k % 2 for k in sides)
        or "table" in system
        or ("strength" in system and system.strength.any())
    ):
        return None
    site = np.arange(np.prod(sides)).reshape(sides)
    J, i, j = np.zeros((len(sides), site.size)), system["i"].values, system["j"].values
    own = -system["J"].values if "J" in system else system["coupling"].values
    left = np.ones(len(i), dtype=bool)
    for d in range(len(sides)):
        onward = np.roll(site, -1, axis=d).ravel()
        for a, b in ((i, j), (j, i)):
            here = left & (onward[a] == b)
            np.add.at(J[d], a[here], own[here])
            left &= ~here
    h = system["h"].values if "h" in system else np.zeros(site.size)
    return None if left.any() else Bonds(sides, J, h, int(system.attrs.get("colours", 0)))


def like(system: xr.Dataset) -> tuple[float, float] | None:
    """Energy of a bond of like colours and of unlike ones, where nothing else matters, to rounding; else None."""
    table = system["pair_energy"].values
    same = np.eye(table.shape[-1], dtype=bool)
    a, b = table[0][same], table[0][~same]
    alone = len(table) == 1 and not system["colour_energy"].values.any()
    return (a[0], b[0]) if alone and max(np.ptp(a), np.ptp(b)) <= 1e-12 * np.abs(table).max() else None


def packed(system: xr.Dataset, rule: Mapping[str, Any], beta: float) -> Packed | None:
    """How chains of a system run in lanes under a rule; None where they cannot."""
    if rule.get("order") != "checkerboard" or "exchange" in rule or (bonds := bonded(system)) is None:
        return None
    metropolis = rule["move"].endswith(":metropolis")
    if metropolis and len(bonds.sides) == 1 and bonds.even and not bonds.h.any() and bonds.colours in (0, 2):
        raise DataError("Metropolis by sublattices never equilibrates a ring without a field; another order does")
    if "pair_energy" in system:
        return coloured(system, bonds, beta) if metropolis and bonds.even and bonds.colours <= COLOURS else None
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


def coloured(system: xr.Dataset, bonds: Bonds, beta: float) -> Packed | None:
    """Potts colours, where an energy tells like from unlike alone."""
    from .kernels.lanes import colours, records
    from .kernels.lanes.torus import torus

    if (found := like(system)) is None or (bonds.J[0, 0] != bonds.J).any():
        return None
    (same, other), lattice = found, torus(bonds.sides, cut(bonds.sides))
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
