"""Markov chains at equilibrium: how they are begun, run and recorded, whoever asks for them.

One sweep is N attempted changes, or one cluster of Wolff's. Chains know nothing of each other: a chain's random
numbers are named by (stream, chain, sweep), so that more chains, more samples or another cut change none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from . import multispin
from .errors import DataError
from .graph import Stage
from .hamiltonian import model
from .seeds import generator, philox_key

if TYPE_CHECKING:
    import xarray as xr

    from .kernels.energies import Model

KERNELS = ("energies", "measures", "philox", "floats", "chains", "clusters", "tempering")
CODE = ("spindsl.sampling", "spindsl.hamiltonian", *multispin.CODE, *(f"spindsl.kernels.{k}" for k in KERNELS))
CHEAPER = 10  # times that an attempt in lanes is cheaper, and more


@dataclass(frozen=True)
class Ensemble:
    """Temperatures as parts of a stage: what is learned or measured at one knows nothing of the others."""

    betas: tuple[float, ...]

    @classmethod
    def of(cls, trajectory: Stage) -> Ensemble:
        return cls(tuple(trajectory.coords["beta"]))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the temperatures, which name their parts and random numbers."""
        return tuple(f"{b:.12g}" for b in self.betas)

    @property
    def how(self) -> dict[str, Any]:
        """Keys of a stage that has a part for each temperature."""
        parts = {name: {"beta": b} for name, b in zip(self.names, self.betas)}
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

    def attempts(self, sweep: int) -> tuple[int, int]:
        """Attempts before the first record begins, and from one record to the next, of so many a sweep."""
        return self.burn * sweep, self.every * (1 if self.flips else sweep)


PILOTS, SHORTEST, LONGEST = 8, 1024, 2**18  # chains, sweeps


def sweep(rule: Mapping[str, Any], spins: int) -> int:
    """Attempts that make a sweep: N, or one of clusters."""
    return 1 if rule.get("whole") else spins


def ordered(rule: Mapping[str, Any], system: xr.Dataset) -> np.ndarray:
    """Sites in the order in which they are tried; none for at random."""
    site = np.arange(system.attrs["spins"], dtype=np.uint32)
    if rule["order"] == "random":
        return site[:0]
    if rule["order"] == "sequential":
        return site
    place = np.stack(np.unravel_index(site, tuple(np.atleast_1d(system.attrs["sides"]))))
    return site[np.argsort(place.sum(axis=0) % 2, kind="stable")]


def moving(rule: Mapping[str, Any], system: xr.Dataset) -> tuple[Model, Any]:
    """The energy and the move as kernels see them; the move has room to work in, of this caller alone."""
    from .kernels import energies

    module, _, name = rule["move"].partition(":")
    make = getattr(import_module(module), name)
    if not rule.get("whole"):
        return energies.fastest(model(system)), make(ordered(rule, system))
    energy = import_module(module).growing(model(system))
    return energy, make(energy)


def portions(count: int, cost: int, tick: Callable[[float], None]) -> Iterator[slice]:
    """Samples in portions of some 2e7 attempted flips, of which one costs `cost`; tells after each how far it is."""
    step = max(1, int(2e7 // max(cost, 1)))
    for at in range(0, count, step):
        yield slice(at, min(at + step, count))
        tick(min(at + step, count) / (count + step))


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

    out = np.empty((len(s), count, s.shape[1]), dtype=np.int8), np.empty((len(s), count))
    if (held := multispin.packed(system, rule, beta)) is not None:
        lanes = multispin.begin(held, s, chains)
        if first == 0 and schedule.burn:
            lanes.step(key, 0, schedule.burn)
        for k in portions(count, schedule.every * s.size // CHEAPER, tick):
            begin = schedule.burn + (first + k.start) * schedule.every
            lanes.record(key, begin, schedule.every, *(v[:, k] for v in out))
        lanes.leave(s)
        return out
    (energy, move), spins = moving(rule, system), s.shape[1]
    name = np.array(chains, dtype=np.uint64)
    burn, every = schedule.attempts(sweep(rule, spins))
    if first == 0 and burn:
        kernel.advance(energy, move, beta, s, name, key, np.uint64(0), burn)
    for k in portions(count, every * s.size // sweep(rule, spins), tick):
        begin = np.uint64(burn + (first + k.start) * every)
        kernel.record(energy, move, beta, s, name, key, begin, every, *(v[:, k] for v in out))
    return out


def pilot(
    system: xr.Dataset, rule: Mapping[str, Any], beta: float, initial: str, seed: int, tick: Callable[[float], None]
) -> float:
    """The larger correlation time of energy and |m|, sweeps, from chains made longer until they hold 100 of it.

    DataError where they would become too long.
    """
    from .kernels.autocorrelation import integrated

    names, chains = ("pilot", f"{beta:.12g}"), tuple(range(PILOTS))
    s, done, energy, m = begun(seed, names, chains, system, initial), 0, [], []
    while done < LONGEST:
        count = max(done, SHORTEST)
        spins, e = run(system, rule, beta, s, chains, stream(seed, *names), Schedule(0, 1), done, count, tick)
        energy.append(e)
        m.append(np.abs(magnetization(system, spins)))
        done += count
        late = [np.concatenate(v, axis=1)[:, done // 4 :] for v in (energy, m)]
        tau = max(0.5 if np.ptp(v) == 0 else integrated(v)[0] for v in late)
        if done >= 100 * tau:
            return tau
    raise DataError(
        f"at beta = {beta:g} samples are correlated over more than {LONGEST // 100} sweeps; say `every` yourself, or "
        "change the dynamics"
    )


def temper(
    system: xr.Dataset,
    rule: Mapping[str, Any],
    betas: np.ndarray,
    s: np.ndarray,
    chains: tuple[int, ...],
    key: np.ndarray,
    schedule: Schedule,
    first: int,
    count: int,
    tick: Callable[[float], None],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same of ladders s (chain, beta, site): spins (beta, chain, sample, site), energies, and how often each
    temperature tried to exchange with the next since the sample before, and did: (beta, chain, sample) int32."""
    from .kernels import tempering as kernel

    energy, move = moving(rule, system)
    copies, name = kernel.ladder(s), np.array(chains, dtype=np.uint64)
    burn, every = map(np.uint64, schedule.attempts(s.shape[2]))
    period = np.uint64(rule["exchange"] * s.shape[2])
    if first == 0 and burn:
        kernel.advance(energy, move, betas, copies, name, key, np.uint64(0), burn, period)
    spins, found = np.empty((len(s), count, *s.shape[1:]), dtype=np.int8), np.empty((len(s), count, len(betas)))
    tried, accepted = (np.zeros((len(s), count + 1, len(betas)), dtype=np.int32) for _ in range(2))
    tried[:, 0, :-1], accepted[:, 0, :-1] = copies.tried, copies.accepted
    for k in portions(count, int(every) * s.size // s.shape[2], tick):
        out = (spins[:, k], found[:, k], tried[:, 1:][:, k], accepted[:, 1:][:, k])
        begin = burn + np.uint64(first + k.start) * every
        kernel.record(energy, move, betas, copies, name, key, begin, every, period, *out)
    late = (np.diff(v, axis=1) for v in (tried, accepted))
    spins, found, tried, accepted = (np.ascontiguousarray(np.moveaxis(v, 2, 0)) for v in (spins, found, *late))
    return spins, found, tried, accepted


def magnetization(system: xr.Dataset, spins: np.ndarray) -> np.ndarray:
    """Mean spin of configurations, or the order parameter of colours."""
    from .kernels import measures

    colours = system.attrs.get("colours", 0)
    return measures.order(spins, colours) if colours else measures.magnetization(spins)
