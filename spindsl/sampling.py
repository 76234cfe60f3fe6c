"""Markov chains at equilibrium: how they are begun, run and recorded, whoever asks for them.

One sweep is N attempted changes, or one cluster of Wolff's. Chains know nothing of each other: a chain's random
numbers are named by (stream, chain, sweep), so that more chains, more samples or another cut change none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import MeaningError
from .graph import Stage
from .hamiltonian import model
from .seeds import generator, philox_key

if TYPE_CHECKING:
    import xarray as xr

KERNELS = ("energies", "measures", "philox", "floats", "chains")
CODE = ("spindsl.sampling", "spindsl.hamiltonian", *(f"spindsl.kernels.{k}" for k in KERNELS))


def lattice(system: Stage) -> dict[str, Any]:
    """What a system's stage says of its graph: kind, sides, periodic; nothing of a graph that is no lattice."""
    graph = system.said.get("graph", {})
    return graph if "sides" in graph else {}


def orderly(order: str | None, system: Stage) -> None:
    """MeaningError where spins cannot be tried in that order."""
    if order != "checkerboard":
        return
    grid = lattice(system)
    if not grid or system.said.get("terms"):
        message = "a checkerboard needs a lattice whose spins meet their nearest neighbours only"
        raise MeaningError(message, "order", code="E203", hint='order = "sequential"')
    odd = [side for side in grid["sides"] if side % 2]
    if grid["periodic"] and odd:
        message = f"a ring of {odd[0]} has no checkerboard: two neighbours would have the same colour"
        raise MeaningError(message, "order", code="E203", hint='even sides, or order = "sequential"')


def clustered(system: Stage) -> None:
    """MeaningError where clusters cannot be grown: on energies that are not of pairs."""
    if "table" in system.gives:
        raise MeaningError("clusters grow along pairs; this energy is a table of patterns", "kind", hint="metropolis")
    several = [k for k, term in enumerate(system.said.get("terms", ())) if len(term["offsets"]) > 2]
    if several:
        message = f"clusters grow along pairs; system.terms.{several[0]} is a product of more spins"
        raise MeaningError(message, "kind", hint="metropolis or heat-bath")
    if system.said.get("interaction") == "cosine" and system.said["colours"] > 3:
        message = "with four colours or more the cosine makes a clock model, whose clusters are not those of Potts"
        raise MeaningError(message, "kind", hint='metropolis or heat-bath, or interaction = "delta"')


@dataclass(frozen=True)
class Ensemble:
    """Temperatures as parts of a stage: what is learned or measured at one knows nothing of the others."""

    betas: tuple[float, ...]

    @classmethod
    def of(cls, trajectory: Stage) -> Ensemble:
        return cls(tuple(trajectory.coords["beta"]))

    @property
    def how(self) -> dict[str, Any]:
        """Keys of a stage that has a part for each temperature."""
        parts = {f"{b:.12g}": {"beta": b} for b in self.betas}
        return {"parts": parts, "dim": "beta", "apart": True}


def stream(seed: int, *names: str | int) -> np.ndarray:
    """The key of a stream of chains."""
    return philox_key(seed, "chains", *names)


def begun(seed: int, names: tuple, chains: tuple[int, ...], system: xr.Dataset, initial: str) -> np.ndarray:
    """Starts of chains (chain, site) int8: random, each by its number, or all spins alike."""
    spins, colours = system.attrs["spins"], system.attrs.get("colours", 0)
    if initial == "ordered":
        return np.full((len(chains), spins), 0 if colours else 1, dtype=np.int8)
    draw = [generator(seed, "chains", *names, "initial", c).integers(colours or 2, size=spins) for c in chains]
    found = np.array(draw, dtype=np.int8)
    return found if colours else 2 * found - 1


@dataclass(frozen=True)
class Schedule:
    """When configurations are recorded: after `burn` sweeps, then every `every` sweeps or so many attempted flips."""

    burn: int
    every: int
    flips: bool = False  # `every` counts attempted flips

    def attempts(self, spins: int) -> tuple[int, int]:
        """Attempts before the first record begins, and from one record to the next."""
        return self.burn * spins, self.every * (1 if self.flips else spins)


def ordered(rule: Mapping[str, Any], system: xr.Dataset) -> np.ndarray:
    """Sites in the order in which they are tried; none for at random."""
    site = np.arange(system.attrs["spins"], dtype=np.uint32)
    if rule["order"] == "random":
        return site[:0]
    if rule["order"] == "sequential":
        return site
    place = np.stack(np.unravel_index(site, tuple(np.atleast_1d(system.attrs["sides"]))))
    return site[np.argsort(place.sum(axis=0) % 2, kind="stable")]


def run(
    system: xr.Dataset,
    rule: Mapping[str, Any],
    beta: float,
    s: np.ndarray,
    chains: tuple[int, ...],
    key: np.ndarray,
    schedule: Schedule,
    first: int,
    count: int,
    tick: Callable[[float], None],
) -> tuple[np.ndarray, np.ndarray]:
    """Samples `first` (from 0) and so on, `count` of each chain: spins (chain, sample, site) and energies.

    `s` (chain, site) int8 is where the chains are, in place; chains that have not begun go through the burn-in.
    """
    from .kernels import chains as kernel

    energy, spins = model(system), s.shape[1]
    move = {"metropolis": kernel.Metropolis, "heat-bath": kernel.HeatBath}[rule["move"]](ordered(rule, system))
    name = np.array(chains, dtype=np.uint64)
    burn, every = schedule.attempts(spins)
    if first == 0 and burn:
        kernel.advance(energy, move, beta, s, name, key, np.uint64(0), burn)
    out = np.empty((len(s), count, spins), dtype=np.int8), np.empty((len(s), count))
    step = max(1, int(2e7 // max(every * len(s), 1)))
    for at in range(0, count, step):
        part = [v[:, at : at + step] for v in out]
        begin = np.uint64(burn + (first + at) * every)
        kernel.record(energy, move, beta, s, name, key, begin, every, *part)
        tick((at + step) / (count + step))
    return out


def magnetization(system: xr.Dataset, spins: np.ndarray) -> np.ndarray:
    """Mean spin of configurations, or the order parameter of colours."""
    from .kernels import measures

    colours = system.attrs.get("colours", 0)
    return measures.order(spins, colours) if colours else measures.magnetization(spins)
