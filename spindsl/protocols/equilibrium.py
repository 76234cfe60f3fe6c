"""Matter left alone at one temperature: Markov chains, recorded now and then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import moves, sampling
from ..errors import MeaningError
from ..graph import SPINS, Promise, Split, Stage, Task
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
        system, rule = sources["system"], dynamics.rule()
        if "move" not in rule:
            hint = "metropolis or heat-bath with an order, wolff, swendsen-wang, parallel-tempering"
            raise MeaningError("such a dynamics has no sweeps", "kind", hint=hint)
        if not {"coupling", "J", "table"} & set(system.gives):
            hint = "ising, potts, edwards-anderson, learned, or a spin-glass"
            raise MeaningError("this matter has no energy of its configurations", "kind", hint=hint)
        if isinstance(self.every, Flips) and rule.get("order") != "random":
            hint = 'order = "random", or count sweeps'
            raise MeaningError("single flips are attempted at random places only", "every", "flips", hint=hint)
        if isinstance(self.every, str) and "exchange" in rule:
            message = "temperatures that exchange configurations are recorded together: `auto` is of one alone"
            raise MeaningError(message, "every", hint="a number of sweeps")
        ensemble, colours = sampling.Ensemble(self.betas), system.said.get("colours", 0)
        coords = {
            "beta": self.betas, "chain": tuple(range(self.chains)), "sample": tuple(range(1, self.samples + 1)),
        }  # fmt: skip
        sizes, code = {"spin": system.sizes["spin"]}, sampling.CODE
        every = self.every.said() if isinstance(self.every, Flips) else self.every
        said = {"rule": rule, "initial": self.initial, "burn_in": self.burn_in, "every": every}
        pilot = (self.pilot(said, ensemble, code),) if every == "auto" else ()
        gives, seconds = promises(colours, self.record), 3e-8 * len(self.betas) * self.chains * self.samples
        one = Stage(
            "trajectory", watch, said, gives, ("system", *(p.name for p in pilot)), code=code,
            group="/trajectory", sizes=sizes, coords=coords, grows=self.samples,
            split=Split("chain", coords["chain"], BLOCK), seconds=seconds * sizes["spin"],
        )  # fmt: skip
        if "exchange" in rule:
            trajectory = replace(one, run=climb, params=said | {"betas": list(self.betas)}, gives=gives | EXCHANGES)
        else:
            trajectory = replace(one, **ensemble.how)
        return (*pilot, trajectory, correlation(trajectory, said))

    def doubts(self, stages: Mapping[str, Stage]) -> Iterator[MeaningError]:
        if doubt := moves.missed(self.betas, stages["system"]):
            yield doubt

    def pilot(self, said: Mapping[str, Any], ensemble: sampling.Ensemble, code: tuple[str, ...]) -> Stage:
        """The stage `pilot`: a short run that measures correlation times, where samples are to be that far apart."""
        gives = {"every": Promise(("beta",), "1", "sweeps from one sample to the next", "int64", label=True)}
        return Stage("pilot", explore, said, gives, ("system",), code=code, group="/diagnostics",
                     coords={"beta": self.betas}, **ensemble.how)  # fmt: skip


def promises(colours: int, record: Record) -> dict[str, Promise]:
    """What a trajectory holds."""
    spins = Promise((*ALONG, "spin"), "1", "spin", "int8", SPINS, hidden=not record.spins)
    if colours:
        spins = Promise((*ALONG, "spin"), "1", "colour of the spin, 0 … Q - 1", "int8", hidden=not record.spins)
    order = "order parameter (Q max n_a / N - 1) / (Q - 1)" if colours else "mean spin"
    return {
        "spins": spins,
        "energy": Promise(ALONG, "J", "energy of the whole system"),
        "magnetization": Promise(ALONG, "1", order),
        "end": replace(spins, dims=("beta", "chain", "spin"), long_name="after the last sample", hidden=True),
    }


EXCHANGES = {
    "tried": Promise(
        ALONG, "1", "exchanges tried with the next temperature since the last sample", "int32", hidden=True
    ),
    "exchanged": Promise(ALONG, "1", "exchanges with the next temperature since the last sample", "int32", hidden=True),
}


def schedule(said: Mapping[str, Any], every: int | Mapping[str, int]) -> sampling.Schedule:
    """When configurations are recorded."""
    flips = isinstance(every, Mapping)
    return sampling.Schedule(said["burn_in"], every["flips"] if flips else every, flips)


def watch(task: Task, system: xr.Dataset, pilot: xr.Dataset | None = None) -> xr.Dataset:
    """Some chains at one temperature, from one sample to another."""
    import xarray as xr

    said, (first, last) = task.said, task.grown
    every = int(pilot["every"]) if pilot is not None else said["every"]
    key = sampling.stream(task.seed, task.part)
    if task.before is None:
        s = sampling.begun(task.seed, (task.part,), task.labels, system, said["initial"])
    else:
        s = task.before["end"].values.copy()
    spins, energy = sampling.run(
        system, said["rule"], task.about["beta"], s, task.labels, key, schedule(said, every),
        first - 1, last - first + 1, task.tick,
    )  # fmt: skip
    dims = ("chain", "sample")
    found = {"spins": ((*dims, "spin"), spins), "energy": (dims, energy), "end": (("chain", "spin"), s)}
    return xr.Dataset(found).assign(magnetization=(dims, sampling.magnetization(system, spins)))


def climb(task: Task, system: xr.Dataset) -> xr.Dataset:
    """Some ladders of all temperatures, from one sample to another."""
    import xarray as xr

    said, (first, last), betas = task.said, task.grown, tuple(task.said["betas"])
    if task.before is None:
        starts = [
            sampling.begun(task.seed, (b,), task.labels, system, said["initial"])
            for b in sampling.Ensemble(betas).names
        ]
        s = np.stack(starts, axis=1)
    else:
        s = np.ascontiguousarray(task.before["end"].transpose("chain", "beta", "spin").values)
    spins, energy, tried, accepted = sampling.temper(
        system, said["rule"], np.array(betas), s, task.labels, sampling.stream(task.seed, "ladder"),
        schedule(said, said["every"]), first - 1, last - first + 1, task.tick,
    )  # fmt: skip
    found = {"spins": ((*ALONG, "spin"), spins), "end": (("beta", "chain", "spin"), s.transpose(1, 0, 2))}
    found |= {"energy": (ALONG, energy), "tried": (ALONG, tried), "exchanged": (ALONG, accepted)}
    return xr.Dataset(found).assign(magnetization=(ALONG, sampling.magnetization(system, spins)))


def explore(task: Task, system: xr.Dataset) -> xr.Dataset:
    """The distance of samples: twice the larger correlation time of energy and magnetization, from a short run."""
    import xarray as xr

    tau = sampling.pilot(system, task.said["rule"], task.about["beta"], task.said["initial"], task.seed, task.tick)
    return xr.Dataset({"every": ((), np.int64(max(1, np.ceil(2 * tau))))})


WATCHED = {  # what correlation times are of
    "energy": "energy",
    "abs_magnetization": "modulus of the magnetization",
    "magnetization": "magnetization, with its sign",
}


def correlation(trajectory: Stage, said: Mapping[str, Any]) -> Stage:
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
    if "exchange" in said["rule"]:
        gives["exchange_rate"] = Promise(each, "1", "share of the exchanges with the next temperature that were made")
    gives["distance"] = Promise(each, "1", "attempted flips (of clusters: clusters) from one sample to the next")
    code = ("spindsl.kernels.autocorrelation",)
    needs = ("trajectory", "pilot") if said["every"] == "auto" else ("trajectory",)
    coords = {"beta": trajectory.coords["beta"]}
    return Stage("correlation", correlated, said, gives, needs, group="/diagnostics", code=code, coords=coords,
                 **sampling.Ensemble.of(trajectory).how)  # fmt: skip


def correlated(task: Task, trajectory: xr.Dataset, pilot: xr.Dataset | None = None) -> xr.Dataset:
    """Correlation times of one temperature. Madras and Sokal 1988; Sprague et al. 2021, Table 1."""
    import xarray as xr

    from ..kernels.autocorrelation import exponential, integrated, r_hat

    every = int(pilot["every"]) if pilot is not None else task.said["every"]
    length = sampling.sweep(task.said["rule"], trajectory.sizes["spin"])
    found = {"distance": every["flips"] if isinstance(every, dict) else every * length}
    if "exchange" in task.said["rule"]:
        tried = int(trajectory["tried"].sum())
        found["exchange_rate"] = int(trajectory["exchanged"].sum()) / tried if tried else float("nan")
    m = trajectory["magnetization"].values
    for name, x in {"energy": trajectory["energy"].values, "abs_magnetization": np.abs(m), "magnetization": m}.items():
        tau, se = integrated(x)
        found |= {f"tau_{name}": tau, f"tau_{name}_se": se, f"tau_exp_{name}": exponential(x)}
        found |= {f"n_eff_{name}": x.size / (2 * tau), f"r_hat_{name}": r_hat(x)}
    return xr.Dataset({n: ((), float(v)) for n, v in found.items()})
