"""A Hamiltonian that was learned: matter again, under any dynamics and at other sizes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import declared, factors
from ..errors import DataError, MeaningError
from ..factors import FactorGraph
from ..forms import Form, form_of
from ..graph import Promise, Stage, Task
from ..hamiltonian import EDGES, OnGraph
from ..netcdf import ALONE, opened
from ..outline import LARGEST, MOST, Outline
from ..spec import Name, Positive, Topology

if TYPE_CHECKING:
    import xarray as xr


PRODUCTS = EDGES | {
    "coupling": Promise(("edge",), "J", "coupling of the edge, E = - sum coupling s s: positive is ferromagnetic"),
    "h": Promise(("spin",), "J", "field, E = - sum h s"),
    "sites": Promise(("term", "body"), "1", "spins of a further term, -1 for none", "int32", label=True),
    "strength": Promise(("term",), "J", "strength of a further term, E = - strength prod s"),
}
PATTERNS = {
    "table": Promise(("pattern",), "J", "energy of a window by its pattern, bit b is 1 where spin b is up"),
    "window": Promise(("place", "bit"), "1", "spins of each window", "int32", label=True),
}
COLOURS = EDGES | {
    "kind": Promise(("edge",), "1", "which pair energy the edge has", "int32", label=True, hidden=True),
    "pair_energy": Promise(("table", "colour", "other"), "J", "energy of an edge by the colours of its ends"),
    "colour_energy": Promise(("spin", "colour"), "J", "energy of a spin by its colour"),
}


class Learned(OnGraph):
    """E as a bottleneck of another run has learned it: products, patterns, pairs of colours, or single pairs of spins.

    What is the same everywhere runs on any lattice that its terms or windows fit on; couplings of single pairs run on
    the spins that they were learned of, without `graph`. Sprague et al. 2021, Sec. 5.
    """

    cites: ClassVar = ("sprague2021",)

    kind: Literal["learned"]
    graph: Topology | None = Field(
        default=None, description="the lattice; absent for couplings of single pairs, which bring their own graph"
    )
    from_: str = Field(alias="from", min_length=1, description="result.nc of the run that learned it")
    bottleneck: Name = Field(description="name of the bottleneck in that run")
    learned_at: Positive = Field(description="inverse temperature at which it was learned, 1/J")
    place: dict[Name, int | float | str] = Field(
        default_factory=dict, description="which of several, such as { realization = 0, network = 2 }"
    )

    def files(self) -> dict[str, str]:
        return {"from": self.from_}

    def energy(self, path: Path) -> tuple[Form, xr.Dataset]:
        """The form of the energy, and the one that is asked for; DataError where the result has it not."""
        status = path.stat()
        labels = tuple({"beta": self.learned_at, **self.place}.items())
        return energy_in(path, (status.st_size, status.st_mtime_ns), self.bottleneck, labels)

    def factor_graph(self, seed: int, files: Mapping[str, Path]) -> FactorGraph:
        form, found = self.energy(files["from"])
        return form.factor_graph(found, self.count, self.lattice)

    def declared(self) -> declared.Declared:
        return {}

    def sized(self, files: Mapping[str, Path]) -> float:
        return MOST + 1.0 if files["from"].stat().st_size > LARGEST else 0.0

    def outline(self, disorder: int, files: Mapping[str, Path]) -> Outline:
        from dataclasses import replace

        found = super().outline(disorder, files)
        graph = found.graph
        return found if graph is None else replace(found, domain=graph.domain, states=graph.states)

    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        path = data / self.from_
        if not path.exists():
            raise MeaningError(f"{path} is absent", "from", hint="run the experiment that learns it first")
        form = self.fits(path)
        gives = (
            {**PATTERNS} if form.name == "patterns" else {**COLOURS} if form.name == "colour-tables" else {**PRODUCTS}
        )
        return self.stage(read, gives, disorder, data)

    def fits(self, path: Path) -> Form:
        """The form of the energy; MeaningError unless the result has one that fits these keys."""
        try:
            form, found = self.energy(path)
        except DataError as error:
            at, code = (error.path, error.code) if error.path else (("place",), "E204")
            raise MeaningError(str(error), *at, code=code, hint=error.hint or "see the labels of the result") from error
        if form.repeats and self.lattice is None:
            message = "what was learned is the same everywhere: it needs a lattice"
            raise MeaningError(message, "graph", "kind", hint='graph = { kind = "square", … }')
        dims = form.dimensions(found) if self.lattice is not None else None
        if dims is not None and self.lattice is not None and len(self.lattice.sides) != dims:
            message = f"the energy was learned in {dims} dimensions, this lattice has {len(self.lattice.sides)}"
            raise MeaningError(message, "graph", code="E203", hint=f"a lattice of {dims} dimensions")
        if not form.repeats and self.graph is not None:
            raise MeaningError(
                "couplings of single pairs bring their own graph; drop `graph`", "graph", hint="spins = N"
            )
        if not form.repeats and found.sizes["spin"] != self.count:
            message = f"couplings of {found.sizes['spin']} spins were learned, not of {self.count}"
            raise MeaningError(message, "spins", code="E203", hint=f"spins = {found.sizes['spin']}")
        try:
            form.factor_graph(found, self.count, self.lattice)
        except ValueError as error:
            hint = "the sides on which it was learned, or multiples of them"
            raise MeaningError(str(error), "graph", code="E203", hint=hint) from error
        return form


@lru_cache(maxsize=64)
def energy_in(
    path: Path, stamp: tuple[int, int], bottleneck: str, labels: tuple[tuple[str, int | float | str], ...]
) -> tuple[Form, xr.Dataset]:
    """The energy of a bottleneck in a result at these labels, read once for all that ask; `stamp` (size, mtime) renews
    it. MeaningError for a bottleneck that is not there, DataError for other labels than there are.
    """
    import xarray as xr

    try:
        with opened(path) as result:
            groups = result.groups["bottleneck"].groups if "bottleneck" in result.groups else {}
            if bottleneck not in groups:
                hint = f"there are {', '.join(groups)}" if groups else "it has no bottleneck"
                raise MeaningError(f"{path.name} has no bottleneck {bottleneck!r}", "bottleneck", hint=hint)
        with ALONE, xr.open_dataset(path, group=f"/bottleneck/{bottleneck}", engine="netcdf4") as file:
            form = form_of(file)
            if form is None:
                raise DataError(f"{path}: the bottleneck {bottleneck!r} has no energy")
            return form, chosen(file, form, bottleneck, dict(labels)).load()
    except (OSError, RuntimeError) as error:
        hint = "name the result.nc of a run that has ended"
        raise DataError(f"{path.name} is no result that can be read: {error}", "from", hint=hint) from error


def chosen(found: xr.Dataset, form: Form, bottleneck: str, place: Mapping[str, int | float | str]) -> xr.Dataset:
    """One of several, by the labels of its dimensions; DataError names what is lacking."""
    for dim in [str(d) for d in found[form.variable].dims if d not in form.own]:
        labels = found[dim].values.tolist() if dim in found.coords else list(range(found.sizes[dim]))
        if dim not in place:
            raise DataError(f"there are several {bottleneck}: say which, place = {{ {dim} = … }}, one of {labels}")
        near = [k for k, v in enumerate(labels) if v == place[dim]]
        if not near:
            raise DataError(f"no {dim} {place[dim]!r} of {bottleneck}: there are {labels}")
        found = found.isel({dim: near[0]})
    return found


def read(task: Task[Learned]) -> xr.Dataset:
    """The energy on the lattice of this system; DataError where the result has not what is asked for."""
    graph = task.params.factor_graph(task.seed, task.files)
    found = factors.written(graph)
    if graph.domain == "colour":
        i, j = graph.tables.window.T.astype(np.int32)
        found = found.assign(i=("edge", i), j=("edge", j), kind=("edge", graph.tables.kind.astype(np.int32)))
        found = found.assign(pair_energy=(("table", "colour", "other"), factors.pair_tables(graph)))
        return found.assign(colour_energy=(("spin", "colour"), graph.field))
    if len(graph.tables.kind):
        window = (("place", "bit"), graph.tables.window.astype(np.int32))
        return found.assign(table=("pattern", graph.tables.energy[0]), window=window)
    return found.assign(products(graph))


def products(graph: FactorGraph) -> xr.Dataset:
    """Pairs, fields and further terms with the sign of a magnet: positive is ferromagnetic."""
    import xarray as xr

    at, c = graph.products.of_order(2)
    size = graph.products.size
    more = [graph.products.of_order(int(k)) for k in np.unique(size[size > 2])]
    body = max([a.shape[1] for a, _ in more], default=3)
    rows = [np.pad(a, ((0, 0), (0, body - a.shape[1])), constant_values=-1) for a, _ in more]
    sites = np.concatenate(rows or [np.full((1, body), -1)]).astype(np.int32)
    strength = -np.concatenate([c for _, c in more] or [np.zeros(1)])
    i, j = at.astype(np.int32).T
    return xr.Dataset({
        "i": ("edge", i), "j": ("edge", j), "coupling": ("edge", -c), "h": ("spin", -graph.field),
        "sites": (("term", "body"), sites), "strength": ("term", strength),
    })  # fmt: skip
