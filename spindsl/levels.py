"""Configurations of every energy, equal numbers of each: what an inversion is tested on.

Where energies are whole multiples of a unit and the lattice is small, every level of the exact density of states is
drawn from uniformly (Sprague et al. 2021, A.1: 8000 of each). Elsewhere energies are put into bins of equal width, and
configurations come from chains at a ladder of temperatures of both signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .graph import SPINS, Promise, Stage, Task
from .hamiltonian import energies, model
from .seeds import generator, philox_key

if TYPE_CHECKING:
    import xarray as xr

CODE = ("spindsl.levels", "spindsl.hamiltonian", "spindsl.kernels.energies", "spindsl.kernels.measures")
EXACT = tuple(f"spindsl.kernels.exact.{k}" for k in ("strip", "levels"))
LADDER = 33  # temperatures of the chains that fill bins
UNITS = (4.0, 2.0, 1.0, 0.5)  # in the largest of which all energies are whole


def stage(sources: Mapping[str, Stage], each: int, bins: int | None) -> Stage:
    """The stage `levels`, or of bins `bins`: `each` configurations of every level."""
    system = sources["system"]
    dims = ("level", "draw")
    spins = Promise((*dims, "spin"), "1", "configuration", "int8", {} if "colours" in system.said else SPINS)
    gives = {
        "spins": spins,
        "energy": Promise(dims, "J", "its energy"),
        "log_states": Promise(("level",), "1", "ln of the number of configurations of the level; NaN of a bin"),
    }
    said = {"each": each, "bins": bins}
    name = f"levels-{each}" + (f"-{bins}" if bins else "")
    code = (*CODE, "spindsl.kernels.chains") if bins else (*CODE, *EXACT)
    return Stage(name, fill if bins else count, said, gives, ("system",), code=code, quenched=True,
                 sizes={"level": bins or 64, "draw": each, "spin": system.sizes["spin"]}, seconds=30.0)  # fmt: skip


def count(task: Task, system: xr.Dataset) -> xr.Dataset:
    """All levels of the exact density of states, and configurations uniform in each."""
    import xarray as xr

    from .kernels.exact import levels
    from .kernels.exact.strip import strip

    energy = model(system)
    laid, unit = strip(energy, tuple(np.atleast_1d(system.attrs["sides"]))), whole(energy)
    level, states = levels.density(laid, unit)
    key = tuple(philox_key(task.seed, "levels"))
    spins = levels.draw(laid, unit, level, task.said["each"], key)
    found = {
        "spins": (("level", "draw", "spin"), spins),
        "energy": (("level", "draw"), np.repeat(level[:, None], task.said["each"], axis=1)),
        "log_states": ("level", np.array([float(np.log2(float(n))) if n < 2**1000 else len(bin(n)) for n in states])),
    }
    return xr.Dataset(found).assign(log_states=("level", found["log_states"][1] * np.log(2)))


def whole(energy) -> float:
    """The largest unit of which all energies of pairs and sites are whole multiples; ValueError where there is none."""
    from .kernels.energies import Colours

    parts = np.concatenate([energy.table.ravel(), energy.field.ravel()]) if isinstance(energy, Colours) else energy.c
    for unit in UNITS:
        if np.abs(parts / unit - np.rint(parts / unit)).max() < 1e-9:
            return unit
    raise ValueError("energies are no whole multiples of 1/2: give `bins`")


def fill(task: Task, system: xr.Dataset) -> xr.Dataset:
    """Bins of equal width between the lowest and the highest energy seen, each filled at random from its own."""
    import xarray as xr

    from . import sampling

    each, bins, energy = task.said["each"], task.said["bins"], model(system)
    betas = np.concatenate([-np.geomspace(3, 0.02, LADDER // 2), [0.0], np.geomspace(0.02, 3, LADDER // 2)])
    chains = tuple(range(8))
    rule = {"move": "spindsl.kernels.chains:metropolis", "order": "random"}
    seen, e = [], []
    for k, beta in enumerate(betas):
        key = sampling.stream(task.seed, "levels", k)
        s = sampling.begun(task.seed, ("levels", k), chains, system, "random")
        schedule = sampling.Schedule(500, 5)
        spins, found = sampling.run(system, rule, float(beta), s, chains, key, schedule, 0, 1000, lambda _: None)
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
        "energy": (("level", "draw"), energies(energy, spins[take])),
    }
    return xr.Dataset(found).assign(log_states=("level", np.full(len(full), np.nan)))
