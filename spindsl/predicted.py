"""What a learned energy says of other temperatures and sizes: the keys of such questions, and chains of its samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from . import response, sampling, truth
from .errors import MeaningError
from .graph import Promise, Stage, Task
from .spec import Analysis, Betas, Count, Dynamics, Listed, Reference, System, word, words

if TYPE_CHECKING:
    import xarray as xr

CODE = ("spindsl.predicted", *sampling.CODE, *response.CODE)
PORTION = 2**26  # spins that are held at once
Side = Annotated[int, Field(ge=2)]


class Prediction(Analysis):
    """Keys of an analysis that runs chains of an energy at other temperatures, and on a lattice of other sides."""

    watches: ClassVar = ("beta", "chain", "sample")

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

    def rule(self) -> dict[str, Any]:
        """The kernel's rule; MeaningError where it runs no single chains."""
        rule = self.dynamics.rule()
        if "move" not in rule or "exchange" in rule:
            hint = "metropolis or heat-bath with an order, wolff, swendsen-wang"
            raise MeaningError("such a dynamics runs no single chains in sweeps", "dynamics", "kind", hint=hint)
        return rule

    def elsewhere(self, system: Stage) -> dict[str, Any]:
        """What the system says of itself with the sides that are asked for."""
        said = {k: v for k, v in system.said.items() if k != "attrs"}
        if self.sides is not None:
            sides = system.said["attrs"].get("sides")
            if sides is None or len(sides) != len(self.sides):
                raise MeaningError("the matter observed is no lattice of so many dimensions", "sides", code="E203")
            said["graph"] = said["graph"] | {"sides": list(self.sides)}
        return said

    def learned(self, of: str, sources: Mapping[str, Stage]) -> Stage:
        """The stage of the bottleneck; MeaningError where it has no energy that can be run there."""
        bottleneck = sources.get(f"bottleneck.{of}")
        if bottleneck is None or not {"coupling", "pattern_energy", "pair_energy"} & set(bottleneck.gives):
            raise MeaningError(f"{of!r} has no energy that can be run", "of", code="E204")
        if "pattern_energy" in bottleneck.gives and self.rule().get("whole"):
            message = f"clusters grow along pairs; the energy of {of!r} is a table of patterns"
            raise MeaningError(message, "dynamics", "kind", hint="metropolis or heat-bath")
        if self.sides is not None and "edge" in bottleneck.gives.get("coupling", Promise((), "", "")).dims:
            raise MeaningError("couplings of single pairs are of one size only; drop it", "sides")
        return bottleneck

    def asked(self, name: str, system: Stage) -> dict[str, Any]:
        """What a stage that runs such chains says of itself."""
        said = self.elsewhere(system)
        attrs = word(System, said).attrs | {k: said[k] for k in ("colours",) if k in said}
        own = self.said() | {"name": name, "system": said, "attrs": attrs, "rule": self.rule()}
        own.pop("dynamics")
        return own


class Run(NamedTuple):
    """Samples (chain, sample) of one energy at one temperature: E, magnetization, and Phi of its couplings."""

    energy: np.ndarray
    m: np.ndarray
    phi: np.ndarray  # (chain, sample, coupling)


def elsewhere(task: Task, system: xr.Dataset) -> xr.Dataset:
    """The true energy, on the lattice that is asked for: what is drawn is that of the observed one."""
    if "sides" not in task.said:
        return system
    (stage,) = word(System, task.said["system"]).stages(task.disorder, Path())
    return stage.run(Task(task.disorder, stage.said, task.disorder))


def sampled(
    task: Task, system: xr.Dataset, beta: float, names: Sequence[str | int], samples: int,
    terms: Sequence[np.ndarray] = (),
) -> Run:  # fmt: skip
    """Chains of one energy at one temperature, of which `names` name the random numbers."""
    said: Mapping[str, Any] = task.said
    names, chains = (said["name"], *names, f"{beta:.12g}"), tuple(range(said["chains"]))
    s = sampling.begun(task.seed, names, chains, system, said["initial"])
    schedule, key = sampling.Schedule(said["burn_in"], said["every"]), sampling.stream(task.seed, *names)
    step, parts = max(1, PORTION // s.size), []
    for first in range(0, samples, step):
        count = min(step, samples - first)
        spins, energy = sampling.run(
            system, said["rule"], beta, s, chains, key, schedule, first, count, lambda _: None
        )  # fmt: skip
        parts.append((energy, sampling.magnetization(system, spins), response.products(spins, list(terms))))
    return Run(*(np.concatenate(v, axis=1) for v in zip(*parts)))


def averaged(x: np.ndarray) -> tuple[float, float]:
    """Mean of samples (chain, sample) and its standard error, from chains or blocks of many correlation times."""
    from .kernels.autocorrelation import blocks, integrated

    part = blocks(x, integrated(x)[0])
    return float(x.mean()), float(part.std(ddof=1) / len(part) ** 0.5) if len(part) > 1 else float("nan")


def reference(name: str, sources: Mapping[str, Stage], said: Mapping[str, Any], betas: tuple[float, ...]) -> Stage:
    """A reference of the file, asked of matter that says `said` of itself, at these temperatures."""
    found, _ = truth.against(name, sources, {})
    form: Any = words(Reference)[found.said["kind"]]
    own = form.model_validate({k: v for k, v in found.said.items() if k in form.model_fields})
    here = sources["system"]
    if said != {k: v for k, v in here.said.items() if k != "attrs"}:
        (here,) = word(System, said).stages(0, Path())
    trajectory = replace(sources["trajectory"], coords={"beta": betas})
    (exact,) = own.stages(name, {**sources, "system": here, "trajectory": trajectory})
    return exact


def parts(quantity: str, front: tuple[str, ...], unit: str, says: str) -> dict[str, Promise]:
    """The two parts of a standard error."""
    of = says.split(",")[0]
    return {
        f"{quantity}_run_se": Promise(front, unit, f"standard error of {of} from the length of the run alone"),
        f"{quantity}_coupling_se": Promise(front, unit, f"standard error of {of} from those of the couplings alone"),
    }


def joined(found: Mapping[str, float], couplings: np.ndarray, quantities: Iterable[str]) -> dict[str, float]:
    """Standard errors of both kinds together, and each, from those of the run and of the couplings (quantity)."""
    errors = {}
    for name, more in zip(quantities, couplings):
        run = found[f"{name}_se"]
        errors |= {f"{name}_se": float(np.hypot(run, more)), f"{name}_run_se": run, f"{name}_coupling_se": float(more)}
    return errors
