"""Configurations of every energy, equal numbers of each: what an inversion is tested on.

Where energies are whole multiples of a unit and the lattice is small, every level of the exact density of states is
drawn from uniformly (Sprague et al. 2021, A.1: 8000 of each). Elsewhere energies are put into bins of equal width, and
configurations come from chains at a ladder of temperatures of both signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import properties
from .errors import DataError, MeaningError
from .factors import energy, model, read, rows_and_columns
from .graph import SPINS, Promise, Stage, Task
from .hamiltonian import energy_of
from .moves import SingleSite
from .outline import Outline
from .seeds import generator, philox_key

if TYPE_CHECKING:
    import xarray as xr

LADDER = 33  # temperatures of the chains that fill bins
MOST = {True: 10, False: 16}  # bits of a row of which levels are counted, on a torus and with open ends
LARGEST = 1000  # bits of a configuration


@dataclass(frozen=True)
class Levels:
    """How many configurations of each level, or of each of so many bins."""

    each: int
    bins: int | None


def stage(sources: Mapping[str, Stage], each: int, bins: int | None) -> Stage:
    """The stage `levels`, or of bins `bins`: `each` configurations of every level; MeaningError for too many."""
    system = sources["system"]
    found = energy_of(system)
    if bins is None:
        countable(found)
    dims = ("level", "draw")
    spins = Promise((*dims, "spin"), "1", "configuration", "int8", SPINS if found.domain == "spin" else {})
    gives = {
        "spins": spins,
        "energy": Promise(dims, found.unit, "its energy"),
        "log_states": Promise(("level",), "1", "ln of the number of configurations of the level; NaN of a bin"),
    }
    name = f"levels-{each}" + (f"-{bins}" if bins else "")
    return Stage(name, fill if bins else count, Levels(each, bins), gives, ("system",), quenched=True,
                 sizes={"level": bins or 64, "draw": each, "spin": found.sites}, seconds=30.0)  # fmt: skip


def countable(energy: Outline) -> None:
    """MeaningError where the density of states cannot be counted."""
    lattice, near, unit = energy.lattice, energy.ask(properties.nearest), energy.ask(properties.unit)
    hint = "bins = 40"
    if lattice is None or len(lattice.sides) > 2 or not near.yes:
        why = near.why or f"this lattice has {len(energy.lattice.sides) if energy.lattice else 0} dimensions"
        message = f"levels are counted on chains and square lattices of nearest neighbours; {why}"
        raise MeaningError(message, "bins", code="E102", hint=hint)
    if not unit.yes:
        raise MeaningError(f"levels cannot be counted: {unit.why}", "bins", code="E102", hint=hint)
    width, most = min(lattice.sides) if len(lattice.sides) == 2 else 1, MOST[lattice.periodic]
    if width * np.log2(energy.states) > most or energy.sites * np.log2(energy.states) > LARGEST:
        message = f"{energy.states}^{energy.sites} configurations, {width} sites across, are too many to be counted"
        raise MeaningError(message, "bins", code="E203", hint=hint)


def count(task: Task[Levels], system: xr.Dataset) -> xr.Dataset:
    """All levels of the exact density of states, and configurations uniform in each."""
    import xarray as xr

    from .kernels.exact import levels
    from .kernels.exact.strip import strip

    graph = read(system)
    laid, unit = strip(model(graph), rows_and_columns(graph)), properties.unit(graph).value
    if unit is None:
        raise DataError("energies are no whole multiples of 1/2: give `bins`")
    level, states = levels.density(laid, unit)
    key = tuple(philox_key(task.seed, "levels"))
    spins = levels.draw(laid, unit, level, task.params.each, key)
    log2 = np.array([float(np.log2(float(n))) if n < 2**1000 else len(bin(n)) for n in states])
    return xr.Dataset({
        "spins": (("level", "draw", "spin"), spins),
        "energy": (("level", "draw"), np.repeat(level[:, None], task.params.each, axis=1)),
        "log_states": ("level", log2 * np.log(2)),
    })  # fmt: skip


def fill(task: Task[Levels], system: xr.Dataset) -> xr.Dataset:
    """Bins of equal width between the lowest and the highest energy seen, each filled at random from its own."""
    import xarray as xr

    from . import sampling

    each, bins, graph = task.params.each, task.params.bins or 1, read(system)
    betas = np.concatenate([-np.geomspace(3, 0.02, LADDER // 2), [0.0], np.geomspace(0.02, 3, LADDER // 2)])
    chains = tuple(range(8))
    sweeps = SingleSite("metropolis", "random")
    seen, e = [], []
    for k, beta in enumerate(betas):
        key = sampling.stream(task.seed, "levels", k)
        s = sampling.begun(task.seed, ("levels", k), chains, graph, "random")
        schedule = sampling.Schedule(500, 5)
        spins, found = sampling.run(graph, sweeps, float(beta), s, chains, key, schedule, 0, 1000, lambda _: None)
        seen.append(spins.reshape(-1, spins.shape[-1]))
        e.append(found.ravel())
    spins, e = np.concatenate(seen), np.concatenate(e)
    edges = np.linspace(e.min(), e.max(), bins + 1)
    which = np.clip(np.searchsorted(edges, e, side="right") - 1, 0, bins - 1)
    rng = generator(task.seed, "levels", "bins")
    full = [np.flatnonzero(which == b) for b in range(bins) if (which == b).any()]
    take = np.stack([rng.choice(w, size=each, replace=len(w) < each) for w in full])
    found = {
        "spins": (("level", "draw", "spin"), spins[take]),
        "energy": (("level", "draw"), energy(graph, spins[take])),
    }
    return xr.Dataset(found).assign(log_states=("level", np.full(len(full), np.nan)))
