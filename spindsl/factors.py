"""One energy: sites, the factors that couple them, fields, and the lattice they may lie on.

    E(s) = sum_t c_t prod_{i in t} s_i + sum_i f_i s_i + sum_w T_k(w)[s_w]        spins,   s_i = ±1
    E(q) = sum_i f_i(q_i) + sum_w T_k(w)[q_w]                                     colours, q_i = 0 … Q - 1

There is one sign: what is positive costs energy. Words state their own signs and units in their own keys and variables.
Products come in one canonical order, each set of sites once, so that one energy has the same bits whoever wrote it.
The entry of a table for the values v_0, v_1, … of a window is number sum_b v_b Q^b; a spin that is up has v = 1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from .graph import Promise

if TYPE_CHECKING:
    import xarray as xr

    from .kernels.energies import Model

Domain = Literal["spin", "colour", "vector"]  # ±1; 0 … Q - 1; unit vectors, which no kernel runs yet
Template = tuple[tuple[int, ...], ...]  # offsets of the sites of one factor


@dataclass(frozen=True)
class Lattice:
    """Sites on a grid in C order; `offsets` are the factors that repeat at every place, None where factors differ."""

    sides: tuple[int, ...]
    periodic: bool
    offsets: tuple[Template, ...] | None = None

    @property
    def sites(self) -> int:
        """Number of sites."""
        return int(np.prod(self.sides))

    def translates(self, template: Sequence[Sequence[int]]) -> np.ndarray:
        """Sites of a template at all places where it fits, (place, body) int32."""
        from .kernels.translates import translates

        return translates(template, self.sides, self.periodic).astype(np.int32)

    def distinct(self, template: Sequence[Sequence[int]]) -> np.ndarray:
        """The same, each set of sites once and sorted, (term, body) int32."""
        from .kernels.translates import distinct

        return distinct(template, self.sides, self.periodic).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Products:
    """Terms c_t prod_{i in t} s_i as lists of sites: site[start[t]:start[t + 1]] are those of term t, ascending."""

    start: np.ndarray  # int64 (term + 1)
    site: np.ndarray  # int64
    c: np.ndarray  # float64 (term)

    @property
    def size(self) -> np.ndarray:
        """Number of sites of each term, (term)."""
        return np.diff(self.start)

    def of_order(self, order: int) -> tuple[np.ndarray, np.ndarray]:
        """Sites (term, order) and c (term) of the terms of so many sites."""
        held = np.flatnonzero(self.size == order)
        return self.site[self.start[held][:, None] + np.arange(order)], self.c[held]


@dataclass(frozen=True, eq=False)
class Tables:
    """Energies T_k[v] of the values in windows of equal size."""

    window: np.ndarray  # int64 (window, body)
    kind: np.ndarray  # int64 (window): which table
    energy: np.ndarray  # float64 (kind, Q^body)


@dataclass(frozen=True, eq=False)
class FactorGraph:
    """An energy as data; make one by `spins` or `colours`. `field` is (site) of spins, (site, Q) of colours."""

    sites: int
    products: Products
    field: np.ndarray
    tables: Tables
    domain: Domain = "spin"
    states: int = 2
    lattice: Lattice | None = None
    # (site); empty: all are seen
    hidden: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def factors(self) -> int:
        """Number of products and of tables."""
        return len(self.products.c) + len(self.tables.kind)

    @property
    def colours(self) -> int:
        """Number of colours Q, 0 of spins ±1."""
        return self.states if self.domain == "colour" else 0


NO_TABLES = Tables(np.zeros((0, 1), dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros((0, 1)))
NO_PRODUCTS = Products(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))


def spins(
    sites: int,
    terms: Sequence[tuple[np.ndarray, np.ndarray]],
    field: np.ndarray | None = None,
    tables: Tables = NO_TABLES,
    lattice: Lattice | None = None,
) -> FactorGraph:
    """The energy of spins ±1 from terms: sites (term, body) with c (term); terms of one site are added to the field.

    Terms on the same sites are added up, terms of strength 0 left out. ValueError where a term holds a site twice.
    """
    whole = np.zeros(sites) if field is None else np.array(field, dtype=np.float64)
    by_order: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    for at, c in terms:
        if at.shape[1] == 1:
            np.add.at(whole, at[:, 0], c)
        elif at.size:
            by_order.setdefault(at.shape[1], []).append((at, np.asarray(c, dtype=np.float64)))
    merged = [_merged(*map(np.concatenate, zip(*some))) for _, some in sorted(by_order.items())]
    return FactorGraph(sites, _listed(merged), whole, tables, lattice=lattice)


def _merged(at: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Terms in the order of their sites, each set of sites once."""
    at = np.sort(at.astype(np.int64), axis=1)
    if (np.diff(at, axis=1) == 0).any():
        t = at[(np.diff(at, axis=1) == 0).any(axis=1)][0]
        raise ValueError(f"the term {tuple(t.tolist())} holds a site twice")
    order = np.lexsort(at.T[::-1])
    at, c = at[order], c[order]
    fresh = np.ones(len(at), dtype=bool)
    fresh[1:] = (at[1:] != at[:-1]).any(axis=1)
    c = c if fresh.all() else np.add.reduceat(c, np.flatnonzero(fresh))
    at = at[fresh]
    return at[c != 0], c[c != 0]


def _listed(some: Sequence[tuple[np.ndarray, np.ndarray]]) -> Products:
    """Terms of several orders one after another."""
    if not some:
        return NO_PRODUCTS
    size = np.concatenate([np.full(len(at), at.shape[1]) for at, _ in some])
    start = np.concatenate([[0], size.cumsum()]).astype(np.int64)
    return Products(start, np.concatenate([at.ravel() for at, _ in some]), np.concatenate([c for _, c in some]))


def colours(
    sites: int,
    pairs: np.ndarray,
    kind: np.ndarray,
    table: np.ndarray,
    field: np.ndarray,
    lattice: Lattice | None = None,
) -> FactorGraph:
    """The energy of colours from pairs (pair, 2), each with one of the tables (kind, Q, Q), and a field (site, Q)."""
    flat = np.ascontiguousarray(table.transpose(0, 2, 1)).reshape(len(table), field.shape[1] ** 2)
    tables = Tables(pairs.astype(np.int64).reshape(-1, 2), np.asarray(kind, dtype=np.int64), flat)
    return FactorGraph(
        sites, NO_PRODUCTS, np.asarray(field, dtype=np.float64), tables, "colour", field.shape[1], lattice
    )


def patterns(sites: int, window: np.ndarray, table: np.ndarray, lattice: Lattice | None = None) -> FactorGraph:
    """The energy of spins from one table (2^body) over windows (window, body)."""
    tables = Tables(window.astype(np.int64), np.zeros(len(window), dtype=np.int64), table[None].astype(np.float64))
    return replace(spins(sites, []), tables=tables, lattice=lattice)


def pair_tables(graph: FactorGraph) -> np.ndarray:
    """Tables of pairs by the colours of their ends, (kind, Q, Q)."""
    Q = graph.states
    return graph.tables.energy.reshape(-1, Q, Q).transpose(0, 2, 1)


def model(graph: FactorGraph) -> Model:
    """The energy as kernels see it: products, pairs of colours, or one table over windows; ValueError for a mixture."""
    from .kernels import energies

    if graph.domain == "colour":
        i, j = graph.tables.window.T
        return energies.colours(graph.sites, i, j, graph.tables.kind, pair_tables(graph), graph.field)
    if len(graph.tables.kind):
        if len(graph.products.c) or graph.field.any() or len(graph.tables.energy) != 1:
            raise ValueError("kernels run tables of spins alone, and one for all windows")
        return energies.tiles(graph.sites, graph.tables.window, graph.tables.energy[0])
    held = np.flatnonzero(graph.field)
    pairs = np.flatnonzero(graph.products.size == 2)
    cut = len(pairs)  # canonical order: pairs come first
    start = np.concatenate([2 * np.arange(cut + 1), 2 * cut + 1 + np.arange(len(held))])
    rest = graph.products.start[cut + 1 :] + len(held)
    site = np.concatenate([graph.products.site[: 2 * cut], held, graph.products.site[2 * cut :]])
    c = np.concatenate([graph.products.c[:cut], graph.field[held], graph.products.c[cut:]])
    return energies.gathered(graph.sites, np.concatenate([start, rest]), site.astype(np.uint32), c)


def energy(graph: FactorGraph, configurations: np.ndarray) -> np.ndarray:
    """E of configurations (…, site) int8 -> (…)."""
    return energies(model(graph), configurations)


def energies(model: Model, configurations: np.ndarray) -> np.ndarray:
    """E of configurations (…, site) int8 -> (…), of an energy as kernels see it."""
    from .kernels.measures import energies_of

    flat = np.ascontiguousarray(configurations.reshape(-1, configurations.shape[-1]))
    return energies_of(model, flat).reshape(configurations.shape[:-1])


def _index(dim: str, says: str) -> Promise:
    return Promise((dim,), "1", says, "int64", label=True, hidden=True)


def rows_and_columns(graph: FactorGraph) -> tuple[int, int]:
    """Sides of a chain or square lattice as two, a chain as one column; TypeError for any other."""
    if graph.lattice is None or len(graph.lattice.sides) > 2:
        raise TypeError("only chains and square lattices lie in a plane")
    rows, columns = (*graph.lattice.sides, 1)[:2]
    return rows, columns


VARIABLES = {
    "factor_start": _index("factor_end", "where the sites of a product begin"),
    "factor_site": _index("factor_place", "sites of the products"),
    "factor_strength": Promise(("factor",), "", "energy of a product when it is +1", hidden=True),
    "factor_field": Promise(
        ("spin", "factor_state"), "", "energy of a site by its state; of a spin, when up", hidden=True
    ),
    "factor_window": Promise(
        ("factor_table", "factor_body"), "1", "sites of a table", "int64", label=True, hidden=True
    ),
    "factor_kind": _index("factor_table", "which table"),
    "factor_energy": Promise(("factor_kinds", "factor_pattern"), "", "energies by pattern", hidden=True),
}


def written(graph: FactorGraph) -> xr.Dataset:
    """The graph as the variables and attributes that `read` takes: how it goes from one stage to the next."""
    import xarray as xr

    field = graph.field if graph.field.ndim == 2 else graph.field[:, None]
    values = (graph.products.start, graph.products.site, graph.products.c, field, graph.tables.window,
              graph.tables.kind, graph.tables.energy)  # fmt: skip
    data = {name: (promise.dims, v) for (name, promise), v in zip(VARIABLES.items(), values)}
    attrs: dict[str, str | int | list[int]] = {"spins": graph.sites, "domain": graph.domain, "states": graph.states}
    if graph.lattice is not None:
        attrs |= {"sides": list(graph.lattice.sides), "periodic": int(graph.lattice.periodic)}
    return xr.Dataset(data, attrs=attrs)


def read(system: xr.Dataset) -> FactorGraph:
    """The graph that `written` wrote."""
    start, site, c, f, window, kind, table = (system[name].values for name in VARIABLES)
    attrs, lattice = system.attrs, None
    if "sides" in attrs:
        lattice = Lattice(tuple(int(k) for k in np.atleast_1d(attrs["sides"])), bool(attrs["periodic"]))
    domain: Domain = attrs["domain"]
    f = f[:, 0] if domain == "spin" else f
    tables = Tables(window, kind, table)
    return FactorGraph(int(attrs["spins"]), Products(start, site, c), f, tables, domain, int(attrs["states"]), lattice)
