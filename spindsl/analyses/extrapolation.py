"""What a learned energy says of other temperatures and other sizes, beside what the true one says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import sampling, thermo
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..hamiltonian import restated
from ..spec import Analysis, Betas, Count, Dynamics, Listed, Name, System, word

if TYPE_CHECKING:
    import xarray as xr

Side = Annotated[int, Field(ge=2)]


class Extrapolation(Analysis):
    """U, |M|, C, chi and the Binder cumulant at other temperatures, and on a lattice of other sides, by Monte Carlo.

    Chains of the learned and of the true energy have the same length and dynamics; each quantity comes with its
    standard error, and with the distance of the two in combined standard errors. Sprague et al. 2021, Figs. 2, 3 and 5,
    Table A2.
    """

    watches: ClassVar = ("beta", "chain", "sample")
    cites: ClassVar = ("sprague2021",)

    kind: Literal["extrapolation"]
    of: Name = Field(description="the bottleneck whose energy is taken")
    betas: Betas = Field(description="inverse temperatures to predict, ascending, 1/J")
    sides: Annotated[tuple[Side, ...], Listed] | None = Field(
        default=None, description="of the lattice to predict; absent for that which was observed"
    )
    dynamics: Dynamics = Field(description="how both energies are run")
    chains: Count = Field(description="independent chains at each temperature")
    initial: Literal["random", "ordered"] = Field(description="every chain from spins of its own, or all spins alike")
    burn_in: Annotated[int, Field(ge=0)] = Field(description="sweeps before the first sample")
    samples: Count = Field(description="recorded configurations of each chain")
    every: Count = Field(description="sweeps from one sample to the next")

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        bottleneck, system = sources.get(f"bottleneck.{self.of}"), sources["system"]
        rule = self.dynamics.rule()
        if "move" not in rule or "exchange" in rule:
            hint = "metropolis or heat-bath with an order, wolff, swendsen-wang"
            raise MeaningError("such a dynamics runs no single chains in sweeps", "dynamics", "kind", hint=hint)
        if bottleneck is None or not {"coupling", "pattern_energy", "pair_energy"} & set(bottleneck.gives):
            raise MeaningError(f"{self.of!r} has no energy that can be run", "of", code="E204")
        said = {k: v for k, v in system.said.items() if k != "attrs"}
        if self.sides is not None:
            sides = system.said["attrs"].get("sides")
            if sides is None or len(sides) != len(self.sides):
                raise MeaningError("the matter observed is no lattice of so many dimensions", "sides", code="E203")
            if "edge" in bottleneck.gives.get("coupling", Promise((), "", "")).dims:
                raise MeaningError("couplings of single pairs are of one size only; drop it", "sides")
            said["graph"] = said["graph"] | {"sides": list(self.sides)}
        elsewhere = word(System, said)
        own = self.said() | {"name": name, "system": said, "attrs": elsewhere.attrs, "rule": rule}
        own.pop("dynamics")
        many = ("network",) if "network" in bottleneck.coords else ()
        front = ("beta", *many, "target")
        gives = thermo.promises(front) | thermo.promises(("beta", "target"), "true_")
        for quantity, (_, says) in thermo.QUANTITIES.items():
            told = f"(learned - true) / combined standard error of {says.split(',')[0]}"
            gives[f"{quantity}_z"] = Promise(front, "1", told)
        coords = {k: bottleneck.coords[k] for k in ("beta", *many)} | {"target": self.betas}
        return (Stage(
            f"analysis.{name}", predict, own, gives, ("system", bottleneck.name), group=f"/analysis/{name}",
            code=(*sampling.CODE, *thermo.CODE, system.run.__module__), coords=coords,
            seconds=1e-7 * elsewhere.count * self.chains * (self.burn_in + self.samples * self.every) * len(self.betas),
            **sampling.Ensemble.of(sources["trajectory"]).how,
        ),)  # fmt: skip


def predict(task: Task, system: xr.Dataset, **bottleneck: xr.Dataset) -> xr.Dataset:
    """All targets from the energy learned at one temperature, and from the true one."""
    import xarray as xr

    said = task.said
    (found,) = bottleneck.values()
    several = [found.isel(network=k) for k in range(found.sizes["network"])] if "network" in found.dims else [found]
    learned = [[measured(task, restated(one, said["attrs"]), b, "learned", k) for b in said["betas"]]
               for k, one in enumerate(several)]  # fmt: skip
    truth = [measured(task, elsewhere(task, system), b, "true", 0) for b in said["betas"]]
    result, many = xr.Dataset(), ("network",) if "network" in found.dims else ()
    for name in learned[0][0]:
        values = np.array([[t[name] for t in one] for one in learned])
        true = np.array([t[name] for t in truth])
        result[name] = ((*many, "target"), values if many else values[0])
        result[f"true_{name}"] = ("target", true)
    for name in thermo.QUANTITIES:
        off = result[name] - result[f"true_{name}"]
        result[f"{name}_z"] = off / np.hypot(result[f"{name}_se"], result[f"true_{name}_se"])
    return result.assign_coords(target=list(said["betas"]))


def elsewhere(task: Task, system: xr.Dataset) -> xr.Dataset:
    """The true energy, on the lattice that is asked for: what is drawn is that of the observed one."""
    if "sides" not in task.said:
        return system
    (stage,) = word(System, task.said["system"]).stages(task.disorder, Path())
    return stage.run(Task(task.disorder, stage.said, task.disorder))


def measured(task: Task, system: xr.Dataset, beta: float, which: str, network: int) -> dict[str, float]:
    """Quantities of one energy at one temperature."""
    said = task.said
    names, chains = (said["name"], task.part, which, network, f"{beta:.12g}"), tuple(range(said["chains"]))
    s = sampling.begun(task.seed, names, chains, system, said["initial"])
    schedule, key = sampling.Schedule(said["burn_in"], said["every"]), sampling.stream(task.seed, *names)
    spins, energy = sampling.run(
        system, said["rule"], beta, s, chains, key, schedule, 0, said["samples"], lambda _: None
    )
    return thermo.estimated(energy, sampling.magnetization(system, spins), beta, system.attrs["spins"])
