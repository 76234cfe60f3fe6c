"""Markov chains at equilibrium: how they are begun, run and recorded, whoever asks for them.

One sweep is N attempted changes, or one cluster of Wolff's. Chains know nothing of each other: a chain's random
numbers are named by (stream, chain, sweep), so that more chains, more samples or another cut change none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from . import multispin
from .errors import DataError
from .factors import FactorGraph
from .graph import Stage
from .moves import Sweeps
from .seeds import generator, philox_key

CHEAPER = 10  # times that an attempt in lanes is cheaper, and more


@dataclass(frozen=True)
class Temperature:
    """What a part of a stage that is made of temperatures knows of itself."""

    beta: float


class Parted(TypedDict):
    """Keys of a stage that has parts of its own along a dimension."""

    parts: Mapping[str, Temperature]
    dim: str
    apart: bool


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
    def how(self) -> Parted:
        """Keys of a stage that has a part for each temperature."""
        parts = {name: Temperature(b) for name, b in zip(self.names, self.betas)}
        return {"parts": parts, "dim": "beta", "apart": True}


def stream(seed: int, *names: str | int) -> np.ndarray:
    """The key of a stream of chains."""
    return philox_key(seed, "chains", *names)


def begun(seed: int, names: tuple, chains: tuple[int, ...], graph: FactorGraph, initial: str) -> np.ndarray:
    """Starts of chains (chain, site) int8: random, each by its number, or all spins alike."""
    spins, colours = graph.sites, graph.colours
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


def sweep(sweeps: Sweeps, spins: int) -> int:
    """Attempts that make a sweep: N, or one of clusters."""
    return 1 if sweeps.whole else spins


def portions(count: int, cost: int, tick: Callable[[float], None]) -> Iterator[slice]:
    """Samples in portions of some 2e7 attempted flips, of which one costs `cost`; tells after each how far it is."""
    step = max(1, int(2e7 // max(cost, 1)))
    for at in range(0, count, step):
        yield slice(at, min(at + step, count))
        tick(min(at + step, count) / (count + step))


def run(
    graph: FactorGraph,
    sweeps: Sweeps,
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
    if (held := multispin.packed(graph, sweeps, beta)) is not None:
        lanes = multispin.begin(held, s, chains)
        if first == 0 and schedule.burn:
            lanes.step(key, 0, schedule.burn)
        for k in portions(count, schedule.every * s.size // CHEAPER, tick):
            begin = schedule.burn + (first + k.start) * schedule.every
            lanes.record(key, begin, schedule.every, *(v[:, k] for v in out))
        lanes.leave(s)
        return out
    (energy, move), spins = sweeps.compiled(graph), s.shape[1]
    name = np.array(chains, dtype=np.uint64)
    burn, every = schedule.attempts(sweep(sweeps, spins))
    if first == 0 and burn:
        kernel.advance(energy, move, beta, s, name, key, np.uint64(0), burn)
    for k in portions(count, every * s.size // sweep(sweeps, spins), tick):
        begin = np.uint64(burn + (first + k.start) * every)
        kernel.record(energy, move, beta, s, name, key, begin, every, *(v[:, k] for v in out))
    return out


def pilot(
    graph: FactorGraph, sweeps: Sweeps, beta: float, initial: str, seed: int, tick: Callable[[float], None]
) -> float:
    """The larger correlation time of energy and |m|, sweeps, from chains made longer until they hold 100 of it.

    DataError where they would become too long.
    """
    from .kernels.autocorrelation import integrated

    names, chains = ("pilot", f"{beta:.12g}"), tuple(range(PILOTS))
    s, done, energy, m = begun(seed, names, chains, graph, initial), 0, [], []
    while done < LONGEST:
        count = max(done, SHORTEST)
        spins, e = run(graph, sweeps, beta, s, chains, stream(seed, *names), Schedule(0, 1), done, count, tick)
        energy.append(e)
        m.append(np.abs(magnetization(graph, spins)))
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
    graph: FactorGraph,
    sweeps: Sweeps,
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

    energy, move = sweeps.compiled(graph)
    copies, name = kernel.ladder(s), np.array(chains, dtype=np.uint64)
    burn, every = map(np.uint64, schedule.attempts(s.shape[2]))
    period = np.uint64((sweeps.exchange or 1) * s.shape[2])
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


def magnetization(graph: FactorGraph, spins: np.ndarray) -> np.ndarray:
    """Mean spin of configurations, or the order parameter of colours."""
    from .kernels import measures

    colours = graph.colours
    return measures.order(spins, colours) if colours else measures.magnetization(spins)
