"""Energies of lattices: what systems say of them, and the same as kernels see it.

    E(s) = - sum_(ij) J_ij s_i s_j - sum_i h_i s_i - sum_t J_t prod_{i in t} s_i           s_i = ±1
    E(q) = - sum_(ij) J_ij phi(q_i, q_j) - sum_i h(q_i)                                     q_i = 0 … Q - 1

The sign is the paper's (Sprague et al. 2021, Eqs. 2 and 3): J > 0 is ferromagnetic. A system's stage gives `coupling`
(edge) with its spins `i`, `j`, the field `h`, and further terms `strength` (term) of the spins `sites` (term, body),
-1 where a term has fewer. Driven spin glasses carry their own sign in `J`, E = + sum J s s.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from .errors import MeaningError
from .graph import Promise, Stage
from .seeds import generator
from .spec import System, Topology, word

if TYPE_CHECKING:
    import xarray as xr

    from .kernels.energies import Model

CODE = ("spindsl.hamiltonian",)
Interaction = Literal["cosine", "delta"]
NONE = -128  # stands for no further spin of a template


class Lattice(System):
    """Keys of matter on a graph that is watched at equilibrium."""

    spins: Annotated[int, Field(ge=2)] | None = Field(
        default=None, description="number of spins N; absent where the graph has sides"
    )
    graph: Topology = Field(description="which spins are coupled")

    @model_validator(mode="after")
    def _sized(self):
        sides = self.graph.extent
        if self.spins is None and sides is None:
            raise MeaningError("such a graph does not say how many spins there are", "spins", code="E102")
        try:
            self.graph.degree(self.count)
        except MeaningError as error:
            raise MeaningError(str(error), "graph", *error.path, code=error.code, hint=error.hint) from error
        return self

    @property
    def count(self) -> int:
        """Number of spins."""
        return self.spins or int(np.prod(self.graph.extent or 0))

    @property
    def attrs(self) -> dict[str, Any]:
        """What the dataset of such a system says of itself: the number of spins, and of a lattice its sides."""
        sides = self.graph.extent
        about = {"sides": list(sides), "periodic": int(self.graph.said()["periodic"])} if sides else {}
        return {"spins": self.count} | about

    def stage(self, run: Any, gives: dict[str, Promise], data: Path, **sizes: int) -> tuple[Stage, ...]:
        """The stage `system`."""
        files = {key: data / name for key, name in self.files().items()}
        sizes = {"edge": round(self.count * self.graph.degree(self.count) / 2), "spin": self.count, **sizes}
        code = (type(self.graph).__module__, *CODE)
        return (Stage("system", run, self.said() | {"attrs": self.attrs}, gives, files=files, group="/system",
                      sizes=sizes, quenched=True, code=code),)  # fmt: skip


def edged(said: dict[str, Any], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges i < j of the graph of a system, (edge) int32."""
    graph = word(Topology, said["graph"])
    i, j = graph.edges(said["attrs"]["spins"], generator(seed, "system", "graph"))
    return i.astype(np.int32), j.astype(np.int32)


PAIRS = {
    "i": Promise(("edge",), "1", "first spin of the edge", "int32", label=True),
    "j": Promise(("edge",), "1", "second spin of the edge", "int32", label=True),
    "coupling": Promise(("edge",), "J", "coupling of the edge, E = - sum coupling s s: positive is ferromagnetic"),
}
FIELD = {"h": Promise(("spin",), "J", "field, E = - sum h s")}
TERMS = {
    "sites": Promise(("term", "body"), "1", "spins of a further term, -1 for none", "int32", label=True),
    "strength": Promise(("term",), "J", "strength of a further term, E = - strength prod s"),
}


def translated(offsets: Sequence[Sequence[int]], sides: Sequence[int], periodic: bool) -> np.ndarray:
    """Sites of a template at all places of a lattice where it fits, (place, body)."""
    place = np.stack(np.meshgrid(*map(np.arange, sides), indexing="ij"), axis=-1).reshape(-1, 1, len(sides))
    at = place + np.array(offsets)[None]
    if not periodic:
        at = at[((at >= 0) & (at < np.array(sides))).all(axis=(1, 2))]
    found = np.ravel_multi_index(tuple(np.moveaxis(at % np.array(sides), -1, 0)), tuple(sides))
    return np.asarray(found, dtype=np.int32)


def model(system: xr.Dataset) -> Model:
    """The energy that a system's stage says, as kernels see it."""
    from .kernels import energies

    spins = system.attrs["spins"]
    if "table" in system:
        return energies.tiles(spins, system["window"].values, system["table"].values)
    if "pair_energy" in system:
        i, j, kind = (system[n].values for n in ("i", "j", "kind"))
        return energies.colours(spins, i, j, kind, system["pair_energy"].values, system["colour_energy"].values)
    pairs = np.stack([system["i"].values, system["j"].values], axis=1)
    own = system["J"].values if "J" in system else -system["coupling"].values
    terms, c = [tuple(p) for p in pairs.tolist()], list(own)
    if "h" in system:
        field = system["h"].values
        terms += [(int(k),) for k in np.flatnonzero(field)]
        c += list(-field[field != 0])
    if "strength" in system:
        kept = system["strength"].values != 0
        terms += [tuple(k for k in t if k >= 0) for t in system["sites"].values[kept].tolist()]
        c += list(-system["strength"].values[kept])
    return energies.clusters(spins, terms, c)


def energies(model: Model, spins: np.ndarray) -> np.ndarray:
    """E of configurations (…, site) -> (…)."""
    from .kernels.measures import energies_of

    flat = np.ascontiguousarray(spins.reshape(-1, spins.shape[-1]))
    return energies_of(model, flat).reshape(spins.shape[:-1])


def phi(interaction: Interaction, colours: int) -> np.ndarray:
    """phi(a, b), (Q, Q): cos(2 pi (a - b) / Q), or 1 where a = b."""
    a = np.arange(colours)
    return np.cos(2 * np.pi * (a[:, None] - a) / colours) if interaction == "cosine" else np.eye(colours)


def learned(found: xr.Dataset, attrs: dict[str, Any]) -> Model:
    """The energy that a bottleneck has learned at one temperature, as kernels see it."""
    return model(restated(found, attrs))


def restated(found: xr.Dataset, attrs: dict[str, Any]) -> xr.Dataset:
    """What a bottleneck has learned at one temperature, as a system's stage would say it on a lattice of these sides.

    Products of spins at every place (`offsets`, `coupling`), a table of patterns (`pattern_energy`, of windows `focus`
    and `context`), tables of colours at every place (`offset`, `pair_energy`, `colour_energy`), or couplings of single
    pairs (`i`, `j`, `coupling`, `h`), which are of one size only.
    """
    import xarray as xr

    if "offsets" in found:
        return written(found, attrs)
    if "pattern_energy" in found:
        table = ("pattern", found["pattern_energy"].values.astype(np.float64))
        window = (("place", "bit"), windowed(found, attrs).astype(np.int32))
        return xr.Dataset({"table": table, "window": window}, attrs=attrs)
    if "pair_energy" in found:
        return coloured(found, attrs)
    kept = found["coupling"].values != 0
    edges = {n: ("edge", found[n].values[kept]) for n in ("i", "j", "coupling")}
    return xr.Dataset(edges | {"h": ("spin", found["h"].values)}, attrs=attrs)


def coloured(found: xr.Dataset, attrs: dict[str, Any]) -> xr.Dataset:
    """Tables of colours at every place of a lattice of these sides."""
    import xarray as xr

    sides, periodic = tuple(np.atleast_1d(attrs["sides"])), bool(attrs["periodic"])
    kept = np.flatnonzero(found["shape"].values)
    pairs = [translated([[0] * len(sides), o], sides, periodic) for o in found["offset"].values[kept].tolist()]
    i, j = np.concatenate(pairs or [np.zeros((0, 2), dtype=np.int64)]).T
    kind = np.repeat(np.arange(len(kept)), [len(p) for p in pairs])
    edges = {"i": ("edge", i), "j": ("edge", j), "kind": ("edge", kind)}
    own = np.tile(found["colour_energy"].values, (attrs["spins"], 1))
    tables = {"pair_energy": (("table", "colour", "other"), found["pair_energy"].values[kept])}
    return xr.Dataset(edges | tables | {"colour_energy": (("spin", "colour"), own)}, attrs=attrs)


def windowed(found: xr.Dataset, attrs: dict[str, Any]) -> np.ndarray:
    """Spins of the windows of a table of patterns, (window, bit)."""
    from .kernels.ednn import Shape, windows

    sides = tuple(np.atleast_1d(attrs["sides"]))
    about = found.attrs if "focus" in found.attrs else found["pattern_energy"].attrs
    return windows(Shape(int(about["focus"]), int(about["context"]), (), len(sides), int(about["stride"])), sides)


def written(found: xr.Dataset, attrs: dict[str, Any]) -> xr.Dataset:
    """Products of spins at every place of a lattice of these sides, as a system's stage writes them."""
    import xarray as xr

    sides, periodic = tuple(np.atleast_1d(attrs["sides"])), bool(attrs["periodic"])
    h, sites, J = np.zeros(attrs["spins"]), [], []
    for offsets, one in zip(found["offsets"].values, found["coupling"].values):
        if one:
            kept = [tuple(o) for o in offsets.tolist() if o[0] != NONE]
            several = np.unique(np.sort(translated(kept, sides, periodic), axis=1), axis=0)
            if several.shape[1] == 1:
                h[several[:, 0]] += one
            else:
                sites.append(several)
                J.append(np.full(len(several), one))
    pairs = [k for k, s in enumerate(sites) if s.shape[1] == 2]
    more = [k for k, s in enumerate(sites) if s.shape[1] > 2]
    i, j = np.concatenate([sites[k] for k in pairs] or [np.zeros((0, 2), int)]).astype(np.int32).T
    terms = np.full((sum(len(sites[k]) for k in more) or 1, max([sites[k].shape[1] for k in more], default=3)), -1)
    strength, at = np.zeros(len(terms)), 0
    for k in more:
        terms[at : at + len(sites[k]), : sites[k].shape[1]] = sites[k]
        strength[at : at + len(sites[k])] = J[k]
        at += len(sites[k])
    coupling = np.concatenate([J[k] for k in pairs] or [np.zeros(0)])
    edges = {"i": ("edge", i), "j": ("edge", j), "coupling": ("edge", coupling), "h": ("spin", h)}
    return xr.Dataset(
        edges | {"sites": (("term", "body"), terms.astype(np.int32)), "strength": ("term", strength)}, attrs=attrs
    )
