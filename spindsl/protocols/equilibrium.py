"""Matter left alone at one temperature: Markov chains, recorded now and then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import moves, sampling
from ..errors import MeaningError
from ..factors import read
from ..graph import SPINS, Promise, Split, Stage, Task
from ..hamiltonian import energy_of
from ..moves import Sweeps
from ..outline import Outline
from ..spec import Betas, Count, Dynamics, Protocol, Words

if TYPE_CHECKING:
    import xarray as xr

ALONG = ("beta", "chain", "sample")
BLOCK = 64  # chains a piece: as many as share a machine word


class Flips(Words):
    """A distance between samples in single attempts to flip a spin."""

    flips: Count = Field(description="attempted flips from one sample to the next")


class Record(Words):
    """What is shown of a trajectory beside energies and magnetizations."""

    spins: bool = Field(default=True, description="show the spins in the result; the store keeps them anyway")


@dataclass(frozen=True)
class ChainPlan:
    """How chains run and when they are recorded: what decides the numbers, whatever their length."""

    sweeps: Sweeps
    initial: Literal["random", "ordered"]
    burn_in: int
    every: int | Flips | Literal["auto"]


@dataclass(frozen=True)
class Ladder:
    """Chains of all temperatures together, which exchange their configurations."""

    course: ChainPlan
    betas: tuple[float, ...]


class Equilibrium(Protocol):
    """Independent chains at every temperature, each recorded `samples` times after a burn-in.

    A sweep is N attempted flips, or one cluster of Wolff's. Observations of single systems at one temperature are what
    an inversion starts from (Sprague et al. 2021, Sec. 6): several chains and a distance between samples are the
    paper's two measures against correlations, which are measured and stored in /diagnostics.
    """

    cites: ClassVar = ("sprague2021", "madras1988")

    kind: Literal["equilibrium"]
    betas: Betas = Field(description="inverse temperatures, ascending, in units of 1/J (k_B = 1)")
    chains: Count = Field(description="independent chains at each temperature")
    initial: Literal["random", "ordered"] = Field(description="every chain from spins of its own, or all spins alike")
    burn_in: Annotated[int, Field(ge=0)] = Field(description="sweeps before the first sample")
    samples: Count = Field(description="recorded configurations of each chain")
    every: Count | Flips | Literal["auto"] = Field(
        description="sweeps from one sample to the next, or { flips = n }, or auto: twice the measured correlation time"
    )
    record: Record = Record()

    def stages(self, sources: Mapping[str, Stage], dynamics: Dynamics, data: Path) -> tuple[Stage, ...]:
        system, sweeps = sources["system"], dynamics.sweeps()
        if sweeps is None:
            hint = "metropolis or heat-bath with an order, wolff, swendsen-wang, parallel-tempering"
            raise MeaningError("such a dynamics has no sweeps", "kind", hint=hint)
        energy = energy_of(system)
        self.fits(sweeps)
        ensemble = sampling.Ensemble(self.betas)
        coords = {
            "beta": self.betas, "chain": tuple(range(self.chains)), "sample": tuple(range(1, self.samples + 1)),
        }  # fmt: skip
        sizes = {"spin": energy.sites}
        params = ChainPlan(sweeps, self.initial, self.burn_in, self.every)
        pilot = (self.pilot(params, ensemble),) if self.every == "auto" else ()
        gives, seconds = promises(energy, self.record), 3e-8 * len(self.betas) * self.chains * self.samples
        one = Stage(
            "trajectory", watch, params, gives, ("system", *(p.name for p in pilot)), 
            group="/trajectory", sizes=sizes, coords=coords, grows=self.samples,
            split=Split("chain", coords["chain"], BLOCK), seconds=seconds * sizes["spin"],
        )  # fmt: skip
        if sweeps.exchange:
            ladder = Ladder(params, self.betas)
            trajectory = replace(one, run=climb, params=ladder, gives=gives | EXCHANGES)
        else:
            trajectory = replace(one, **ensemble.how)
        return (*pilot, trajectory, correlation(trajectory, params))

    def counts(self) -> dict[str, int]:
        return {"chains": self.chains, "samples": self.samples}

    def fits(self, sweeps: Sweeps) -> None:
        """MeaningError where samples cannot be so far apart under such a dynamics."""
        if isinstance(self.every, Flips) and not sweeps.single:
            hint = 'order = "random", or count sweeps'
            raise MeaningError("single flips are attempted at random places only", "every", "flips", hint=hint)
        if self.every == "auto" and sweeps.exchange:
            message = "temperatures that exchange configurations are recorded together: `auto` is of one alone"
            raise MeaningError(message, "every", hint="a number of sweeps")

    def doubts(self, stages: Mapping[str, Stage]) -> Iterator[MeaningError]:
        if doubt := moves.missed(self.betas, stages["system"]):
            yield doubt

    def pilot(self, params: ChainPlan, ensemble: sampling.Ensemble) -> Stage:
        """The stage `pilot`: a short run that measures correlation times, where samples are to be that far apart."""
        gives = {"every": Promise(("beta",), "1", "sweeps from one sample to the next", "int64", label=True)}
        return Stage("pilot", explore, params, gives, ("system",), group="/diagnostics",
                     coords={"beta": self.betas}, **ensemble.how)  # fmt: skip


def promises(energy: Outline, record: Record) -> dict[str, Promise]:
    """What a trajectory holds."""
    colours = energy.colours > 0
    says, marks = ("colour of the spin, 0 … Q - 1", {}) if colours else ("spin", SPINS)
    spins = Promise((*ALONG, "spin"), "1", says, "int8", marks, hidden=not record.spins)
    order = "order parameter (Q max n_a / N - 1) / (Q - 1)" if colours else "mean spin"
    return {
        "spins": spins,
        "energy": Promise(ALONG, energy.unit, "energy of the whole system"),
        "magnetization": Promise(ALONG, "1", order),
        "end": replace(spins, dims=("beta", "chain", "spin"), long_name="after the last sample", hidden=True),
    }


EXCHANGES = {
    "tried": Promise(
        ALONG, "1", "exchanges tried with the next temperature since the last sample", "int32", hidden=True
    ),
    "exchanged": Promise(ALONG, "1", "exchanges with the next temperature since the last sample", "int32", hidden=True),
}


def schedule(params: ChainPlan, every: int | Flips) -> sampling.Schedule:
    """When configurations are recorded."""
    if isinstance(every, Flips):
        return sampling.Schedule(params.burn_in, every.flips, flips=True)
    return sampling.Schedule(params.burn_in, every)


def distance(params: ChainPlan, pilot: xr.Dataset | None) -> int | Flips:
    """From one sample to the next, in sweeps or flips: as written, or as the pilot found."""
    if pilot is not None:
        return int(pilot["every"])
    return 1 if params.every == "auto" else params.every


def watch(
    task: Task[ChainPlan, sampling.Temperature], system: xr.Dataset, pilot: xr.Dataset | None = None
) -> xr.Dataset:
    """Some chains at one temperature, from one sample to another."""
    import xarray as xr

    params, (first, last), graph = task.params, task.grown, read(system)
    key = sampling.stream(task.seed, task.part)
    if task.before is None:
        s = sampling.begun(task.seed, (task.part,), task.labels, graph, params.initial)
    else:
        s = task.before["end"].values.copy()
    spins, energy = sampling.run(
        graph, params.sweeps, task.part_params.beta, s, task.labels, key, schedule(params, distance(params, pilot)),
        first - 1, last - first + 1, task.tick,
    )  # fmt: skip
    dims = ("chain", "sample")
    found = {"spins": ((*dims, "spin"), spins), "energy": (dims, energy), "end": (("chain", "spin"), s)}
    return xr.Dataset(found).assign(magnetization=(dims, sampling.magnetization(graph, spins)))


def climb(task: Task[Ladder], system: xr.Dataset) -> xr.Dataset:
    """Some ladders of all temperatures, from one sample to another."""
    import xarray as xr

    params, (first, last), betas, graph = task.params.course, task.grown, task.params.betas, read(system)
    if task.before is None:
        starts = [
            sampling.begun(task.seed, (b,), task.labels, graph, params.initial) for b in sampling.Ensemble(betas).names
        ]
        s = np.stack(starts, axis=1)
    else:
        s = np.ascontiguousarray(task.before["end"].transpose("chain", "beta", "spin").values)
    spins, energy, tried, accepted = sampling.temper(
        graph, params.sweeps, np.array(betas), s, task.labels, sampling.stream(task.seed, "ladder"),
        schedule(params, distance(params, None)), first - 1, last - first + 1, task.tick,
    )  # fmt: skip
    found = {"spins": ((*ALONG, "spin"), spins), "end": (("beta", "chain", "spin"), s.transpose(1, 0, 2))}
    found |= {"energy": (ALONG, energy), "tried": (ALONG, tried), "exchanged": (ALONG, accepted)}
    return xr.Dataset(found).assign(magnetization=(ALONG, sampling.magnetization(graph, spins)))


def explore(task: Task[ChainPlan, sampling.Temperature], system: xr.Dataset) -> xr.Dataset:
    """The distance of samples: twice the larger correlation time of energy and magnetization, from a short run."""
    import xarray as xr

    params = task.params
    tau = sampling.pilot(
        read(system), params.sweeps, task.part_params.beta, params.initial, task.seed, task.tick
    )  # fmt: skip
    return xr.Dataset({"every": ((), np.int64(max(1, np.ceil(2 * tau))))})


WATCHED = {  # what correlation times are of
    "energy": "energy",
    "abs_magnetization": "modulus of the magnetization",
    "magnetization": "magnetization, with its sign",
}


def correlation(trajectory: Stage, params: ChainPlan) -> Stage:
    """The stage `correlation`: what samples of a chain know of one another."""
    each = ("beta",)
    gives: dict[str, Promise] = {}
    for name, says in WATCHED.items():
        gives |= {
            f"tau_{name}": Promise(each, "sample", f"integrated correlation time of the {says}, 1/2 for none"),
            f"tau_{name}_se": Promise(each, "sample", f"standard error of that time of the {says}"),
            f"tau_exp_{name}": Promise(each, "sample", f"correlation time of an exponential fitted to the {says}"),
            f"n_eff_{name}": Promise(each, "1", f"number of independent samples worth the same for the {says}"),
            f"r_hat_{name}": Promise(each, "1", f"rank-normalised split R-hat over chains of the {says}"),
        }
    if params.sweeps.exchange:
        gives["exchange_rate"] = Promise(each, "1", "share of the exchanges with the next temperature that were made")
    gives["distance"] = Promise(each, "1", "attempted flips (of clusters: clusters) from one sample to the next")
    needs = ("trajectory", "pilot") if params.every == "auto" else ("trajectory",)
    coords = {"beta": trajectory.coords["beta"]}
    return Stage("correlation", correlated, params, gives, needs, group="/diagnostics", coords=coords,
                 **sampling.Ensemble.of(trajectory).how)  # fmt: skip


def correlated(
    task: Task[ChainPlan, sampling.Temperature], trajectory: xr.Dataset, pilot: xr.Dataset | None = None
) -> xr.Dataset:
    """Correlation times of one temperature. Madras and Sokal 1988; Sprague et al. 2021, Table 1."""
    import xarray as xr

    from ..kernels.autocorrelation import exponential, integrated, r_hat

    sweeps, every = task.params.sweeps, distance(task.params, pilot)
    length = sampling.sweep(sweeps, trajectory.sizes["spin"])
    found: dict[str, float] = {"distance": every.flips if isinstance(every, Flips) else every * length}
    if sweeps.exchange:
        tried = int(trajectory["tried"].sum())
        found["exchange_rate"] = int(trajectory["exchanged"].sum()) / tried if tried else float("nan")
    m = trajectory["magnetization"].values
    for name, x in {"energy": trajectory["energy"].values, "abs_magnetization": np.abs(m), "magnetization": m}.items():
        tau, se = integrated(x)
        found |= {f"tau_{name}": tau, f"tau_{name}_se": se, f"tau_exp_{name}": exponential(x)}
        found |= {f"n_eff_{name}": x.size / (2 * tau), f"r_hat_{name}": r_hat(x)}
    return xr.Dataset({n: ((), float(v)) for n, v in found.items()})
