"""What is known of an energy: each property is a question to a FactorGraph, with an answer and its reason.

`Outline.ask` answers before arrays exist: from the text where a word can tell, else from the graph it draws. Whoever
needs a property asks here: moves and clusters, multispin coding, references, sequence models, energy levels, inversion,
extrapolation and the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from .factors import FactorGraph, Lattice, Products, pair_tables

T = TypeVar("T")
UNITS = (4.0, 2.0, 1.0, 0.5)  # in the largest of which all energies are whole
SAME = 1e-12  # relative difference of energies that are meant to be alike


@dataclass(frozen=True)
class Answer(Generic[T]):
    """Yes, no, or unknown, and why. The value is True or False; or what there is, None where there is no such thing."""

    value: T | None
    why: str = ""
    known: bool = True

    @property
    def yes(self) -> bool:
        """Whether it is known, and so."""
        return self.known and bool(self.value)

    @property
    def no(self) -> bool:
        """Whether it is known, and not so."""
        return self.known and not self.value


Question = Callable[[FactorGraph], Answer[T]]
YES: Answer[bool] = Answer(True)


@dataclass(frozen=True)
class Magnet:
    """An energy that is one coupling c of nearest neighbours and one field, E = c sum s s + f sum s.

    A pair of unlike colours costs `other`, c more than one of like colours, which costs `same`.
    """

    c: float
    field: float = 0.0
    same: float = 0.0
    other: float = 0.0


def order(graph: FactorGraph) -> Answer[int]:
    """The largest number of sites of a factor."""
    tables = graph.tables.window.shape[1] if len(graph.tables.kind) else 0
    products = int(graph.products.size.max(initial=0))
    most = max(tables, products, int(graph.field.any()))
    if tables == most:
        return Answer(most, f"a table of {most} sites")
    return Answer(most, f"a product of {most} spins")


def pairwise(graph: FactorGraph) -> Answer[bool]:
    """Whether the energy is of pairs and fields."""
    most = order(graph)
    if graph.domain == "spin" and len(graph.tables.kind):
        return Answer(False, "the energy is a table of patterns")
    return YES if (most.value or 0) <= 2 else Answer(False, f"the energy has {most.why}")


def tabled(graph: FactorGraph) -> Answer[bool]:
    """Whether spins have an energy that is a table of their patterns."""
    return Answer(graph.domain == "spin" and len(graph.tables.kind) > 0)


def odd(graph: FactorGraph) -> Answer[bool]:
    """Whether s -> -s changes the energy."""
    if graph.domain != "spin" or graph.field.any() or (graph.products.size % 2).any():
        return told_apart(graph.domain != "spin")
    table = graph.tables.energy
    if len(graph.tables.kind) and np.abs(table - table[:, ::-1]).max() > SAME * np.abs(table).max(initial=1.0):
        return Answer(True, "the table tells a pattern from its opposite")
    return not_odd()


def told_apart(colours: bool) -> Answer[bool]:
    """That s -> -s changes the energy."""
    spins = "a field, or a product of an odd number of spins, tells s from -s"
    return Answer(True, "colours have no opposite" if colours else spins)


def not_odd() -> Answer[bool]:
    """That s -> -s leaves the energy alone."""
    return Answer(False, "every product has an even number of spins, and there is no field")


def no_field(graph: FactorGraph) -> Answer[bool]:
    """Whether no site prefers a state by itself."""
    alike = graph.field if graph.domain == "spin" else graph.field - graph.field[:, :1]
    return YES if not alike.any() else Answer(False, "there is a field")


def pairs_of(graph: FactorGraph) -> np.ndarray:
    """All pairs of sites that a factor holds together, (pair, 2), ascending, each once."""
    several = [graph.tables.window[:, [a, b]] for a, b in _both(graph.tables.window.shape[1])]
    for size in np.unique(graph.products.size):
        at, _ = graph.products.of_order(int(size))
        several += [at[:, [a, b]] for a, b in _both(int(size))]
    found = np.concatenate([*several, np.zeros((0, 2), dtype=np.int64)])
    return np.unique(np.sort(found, axis=1), axis=0)


def _both(size: int) -> Iterator[tuple[int, int]]:
    return ((a, b) for b in range(size) for a in range(b))


def nearest(graph: FactorGraph) -> Answer[bool]:
    """Whether the energy is of fields and pairs of nearest neighbours on a lattice."""
    if graph.lattice is None:
        return Answer(False, "this graph is no lattice")
    if not (pair := pairwise(graph)).yes:
        return pair
    step = _steps(pairs_of(graph), graph.lattice)
    return YES if (step.sum(axis=1) == 1).all() else Answer(False, "there are pairs farther than nearest neighbours")


def _steps(pairs: np.ndarray, lattice: Lattice) -> np.ndarray:
    """Distance of two sites along each axis, the short way around a torus, (pair, axis)."""
    a, b = (np.stack(np.unravel_index(pairs[:, k], lattice.sides), axis=1) for k in (0, 1))
    far = np.abs(a - b)
    return np.minimum(far, np.array(lattice.sides) - far) if lattice.periodic else far


def checkerboard(graph: FactorGraph) -> Answer[bool]:
    """Whether two sublattices are enough that no factor meets one of them twice: sites of even and odd x + y + …"""
    if graph.lattice is None:
        return Answer(False, "a checkerboard needs a lattice; this graph is none")
    sides, pairs = graph.lattice.sides, pairs_of(graph)
    parity = np.stack(np.unravel_index(np.arange(graph.sites), sides)).sum(axis=0) % 2
    wrong = pairs[parity[pairs[:, 0]] == parity[pairs[:, 1]]]
    if not len(wrong):
        return YES
    odd_sides = [k for k in sides if k % 2] if graph.lattice.periodic else []
    if odd_sides and nearest(graph).yes:
        return of_odd_ring(odd_sides[0])
    return Answer(False, "a checkerboard needs a lattice whose spins meet their nearest neighbours only")


def of_odd_ring(side: int) -> Answer[bool]:
    """That a ring of odd length has no checkerboard."""
    return Answer(False, f"a ring of {side} has no checkerboard: two neighbours would have the same colour")


def uniform(graph: FactorGraph) -> Answer[Magnet]:
    """The one coupling of nearest neighbours and the one field that make up the energy; None where there is more."""
    near = nearest(graph)
    lattice = graph.lattice
    if not near.yes or lattice is None:
        return Answer(None, near.why)
    bonds = _bonds(graph, lattice)
    if graph.domain == "colour":
        return _coloured(graph, bonds)
    c, f = graph.products.c, graph.field
    if len(c) not in (0, bonds) or (c != c[:1]).any():
        return Answer(None, "couplings of nearest neighbours differ")
    if (f != f[0]).any():
        return Answer(None, "fields differ from place to place")
    return Answer(Magnet(float(c[0]) if len(c) else 0.0, float(f[0])))


def _coloured(graph: FactorGraph, bonds: int) -> Answer[Magnet]:
    """The same of colours whose pairs know like from unlike alone."""
    table = pair_tables(graph)
    same = np.eye(graph.states, dtype=bool)
    if len(graph.tables.kind) != bonds or len(table) != 1:
        return Answer(None, "couplings of nearest neighbours differ")
    a, b = table[0][same], table[0][~same]
    if max(np.ptp(a), np.ptp(b)) > SAME * np.abs(table).max():
        return Answer(None, "a pair of unlike colours does not always cost the same")
    if not no_field(graph).yes:
        return Answer(None, "there is a field")
    return Answer(Magnet(float(b[0] - a[0]), same=float(a[0]), other=float(b[0])))


def one_table(graph: FactorGraph) -> Answer[bool]:
    """Whether pairs of neighbouring colours all have one table, which knows their difference alone."""
    if not (near := nearest(graph)).yes or graph.domain != "colour" or graph.lattice is None:
        return Answer(False, near.why or "these are no colours")
    table, a = pair_tables(graph), np.arange(graph.states)
    if len(graph.tables.kind) != _bonds(graph, graph.lattice) or len(table) != 1:
        return Answer(False, "couplings of nearest neighbours differ")
    turned = table[0][(a[:, None] - a) % len(a), 0]
    alike = np.abs(turned - table[0]).max() <= SAME * np.abs(table).max(initial=1.0)
    return YES if alike else Answer(False, "a pair knows more than the difference of its colours")


def _bonds(graph: FactorGraph, lattice: Lattice) -> int:
    """Number of pairs of nearest neighbours of a lattice."""
    return sum(graph.sites // side * (side if lattice.periodic else side - 1) for side in lattice.sides)


def even_strength(graph: FactorGraph) -> Answer[bool]:
    """Whether all pairs have one strength, whatever their sign, of spins or two colours without a field."""
    if graph.states != 2 or not no_field(graph).yes or not pairwise(graph).yes:
        return Answer(False, "couplings or fields differ in strength")
    table = pair_tables(graph) if graph.domain == "colour" else np.zeros((0, 2, 2))
    tabled = (table[:, 0, 0] + table[:, 1, 1] - table[:, 0, 1] - table[:, 1, 0]) / 4
    size = np.abs(np.concatenate([graph.products.c, tabled]))
    alike = len(size) > 0 and np.ptp(size) <= SAME * size.max()
    return YES if alike else Answer(False, "couplings differ in strength")


def spin_pairs(graph: FactorGraph) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of spins (pair, 2) and their c (pair)."""
    return graph.products.of_order(2)


def unfrustrated(graph: FactorGraph) -> Answer[bool]:
    """Whether some choice of signs, a gauge, makes every pair of spins ferromagnetic: all can be satisfied at once."""
    if not (pair := pairwise(graph)).yes:
        return Answer(False, pair.why)
    if graph.domain == "colour":
        table = pair_tables(graph)
        lowest = np.diagonal(table, axis1=1, axis2=2).max(axis=1) <= table.min(axis=(1, 2)) + SAME
        return YES if lowest.all() else Answer(False, "pairs of colours prefer to differ, on loops not all can")
    at, c = spin_pairs(graph)
    return _gauged(graph.sites, at, c > 0, "not all pairs of spins can be satisfied: there is a frustrated loop")


def bipartite(graph: FactorGraph) -> Answer[bool]:
    """Whether sites fall into two classes with no pair within a class."""
    at = pairs_of(graph)
    return _gauged(graph.sites, at, np.ones(len(at), dtype=bool), "the graph has a loop of odd length")


def _gauged(sites: int, at: np.ndarray, differ: np.ndarray, why: str) -> Answer[bool]:
    """Whether sites can be given signs that differ along some pairs and are alike along the others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # two copies of every site, one a sign: a contradiction joins the copies of a site
    i, j = at.T
    row = np.concatenate([i, i + sites])
    column = np.concatenate([np.where(differ, j + sites, j), np.where(differ, j, j + sites)])
    both = coo_array((np.ones(len(row), dtype=np.int8), (row, column)), shape=(2 * sites, 2 * sites))
    _, label = connected_components(both, directed=False)
    return YES if (label[:sites] != label[sites:]).all() else Answer(False, why)


def unit(graph: FactorGraph) -> Answer[float]:
    """The largest unit of which the energies of all factors are whole multiples; None where there is none."""
    return whole(np.concatenate([graph.products.c, graph.field.ravel(), graph.tables.energy.ravel()]))


def whole(energies: np.ndarray) -> Answer[float]:
    """The largest unit of which numbers are whole multiples; None where there is none."""
    for u in UNITS:
        if np.abs(energies / u - np.rint(energies / u)).max(initial=0.0) < 1e-9:
            return Answer(u)
    return Answer(None, "energies are no whole multiples of 1/2")


def reflecting(graph: FactorGraph) -> Answer[bool]:
    """Whether all reflections leave every pair alone, s -> -s and q -> (r - q) mod Q: clusters grow along them."""
    if not (pair := pairwise(graph)).yes:
        return pair
    if graph.domain == "spin":
        return YES
    a, table = np.arange(graph.states), pair_tables(graph)
    for r in a:
        mirror = table[:, (r - a) % len(a)][:, :, (r - a) % len(a)]
        if np.abs(mirror - table).max(initial=0.0) > SAME * max(1.0, np.abs(table).max(initial=0.0)):
            return Answer(False, f"pairs of colours are not alike under q -> ({r} - q) mod {len(a)}")
    return YES


def translations(graph: FactorGraph) -> Answer[bool]:
    """Whether the energy is the same after a step along any axis of a torus."""
    if graph.lattice is None:
        return Answer(False, "only a lattice has translations")
    if not graph.lattice.periodic:
        return Answer(False, "open ends are told apart from the middle")
    site = np.arange(graph.sites).reshape(graph.lattice.sides)
    steps = (np.roll(site, 1, axis).ravel() for axis in range(site.ndim))
    alike = all(_same(graph, moved) for moved in steps)
    return YES if alike else Answer(False, "couplings or fields differ from place to place")


def reflections(graph: FactorGraph) -> Answer[bool]:
    """Whether the energy is the same in a mirror across any axis of the lattice."""
    if graph.lattice is None:
        return Answer(False, "only a lattice has reflections")
    site = np.arange(graph.sites).reshape(graph.lattice.sides)
    alike = all(_same(graph, np.flip(site, axis).ravel()) for axis in range(site.ndim))
    return YES if alike else Answer(False, "the energy is not the same in a mirror")


def _same(graph: FactorGraph, moved: np.ndarray) -> bool:
    """Whether the factors are the same with every site at another place."""
    if graph.field[moved].tolist() != graph.field.tolist():
        return False
    products = graph.products
    again = Products(products.start, moved[products.site], products.c)
    if _factors(products) != _factors(again):
        return False
    window, kind = graph.tables.window, graph.tables.kind
    windows = {(*w, k) for w, k in zip(window.tolist(), kind.tolist())}
    if graph.domain == "spin":
        return windows == {(*w, k) for w, k in zip(moved[window].tolist(), kind.tolist())}
    return _tabled(graph, window) == _tabled(graph, moved[window])


def _factors(products: Products) -> dict[tuple[int, ...], float]:
    """Strength of each set of sites."""
    edges = products.start.tolist()
    return {tuple(sorted(products.site[a:b].tolist())): c for a, b, c in zip(edges, edges[1:], products.c.tolist())}


def _tabled(graph: FactorGraph, window: np.ndarray) -> dict[tuple[int, int], tuple[float, ...]]:
    """Table of each pair of colours, seen from its lower site."""
    table, found = pair_tables(graph), {}
    for (i, j), k in zip(window.tolist(), graph.tables.kind.tolist()):
        own = table[k] if i < j else table[k].T
        found[min(i, j), max(i, j)] = tuple(np.round(own, 12).ravel().tolist())
    return found
