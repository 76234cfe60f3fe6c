"""What a learned energy says of other temperatures and sizes: the keys of such questions, and chains of its samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, ValidationError

from . import response, sampling, thermo, truth
from .errors import MeaningError
from .factors import FactorGraph
from .forms import Form
from .graph import Promise, Stage
from .hamiltonian import Matter, energy_of
from .moves import Sweeps
from .outline import Outline
from .spec import Analysis, Betas, Count, Dynamics, Listed

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

    def sweeps(self) -> Sweeps:
        """How chains move; MeaningError where these are no single chains."""
        sweeps = self.dynamics.sweeps()
        if sweeps is None or sweeps.exchange:
            hint = "metropolis or heat-bath with an order, wolff, swendsen-wang"
            raise MeaningError("such a dynamics runs no single chains in sweeps", "dynamics", "kind", hint=hint)
        return sweeps

    def matter(self, name: str, sources: Mapping[str, Stage]) -> Stage:
        """The stage of the true matter on the lattice that is asked for: `system`, or one of its own."""
        system = sources["system"]
        outline = energy_of(system)
        if self.sides is not None:
            if not isinstance(system.params, Matter):
                raise MeaningError("the matter observed has no other sizes", "sides", hint="drop it")
            try:
                word = system.params.resized(self.sides)
            except ValidationError as error:
                raise MeaningError(f"no such lattice: {error.errors()[0]['msg']}", "sides", code="E203",
                                   hint="other sides") from error  # fmt: skip
            if system.files:
                self.fits(word, system)
            outline = word.outline(system.disorder, system.files)
            system = replace(system, name=f"analysis.{name}.matter", params=word, group="", energy=outline,
                             sizes={**system.sizes, **word.extents(outline.factors)})  # fmt: skip
        self.suits(outline)
        return system

    def fits(self, word: Matter, system: Stage) -> None:
        """MeaningError where an energy of a file cannot be put on the lattice that is asked for."""
        try:
            word.factor_graph(system.disorder, system.files)
        except ValueError as error:
            raise MeaningError(f"no such lattice: {error}", "sides", code="E203", hint="other sides") from error

    def suits(self, energy: Outline) -> None:
        """MeaningError where the chains cannot run an energy."""
        try:
            self.sweeps().refuse(energy)
        except MeaningError as error:
            raise MeaningError(str(error), "dynamics", *error.path, code=error.code, hint=error.hint) from error

    def learned(self, of: str, sources: Mapping[str, Stage], matter: Stage) -> tuple[Stage, Form]:
        """The stage of the bottleneck and the form of its energy; MeaningError where it has none that runs there."""
        bottleneck = sources.get(f"bottleneck.{of}")
        if bottleneck is None or bottleneck.form is None or bottleneck.energy is None:
            able = [n.partition(".")[2] for n, s in sources.items() if s.form is not None]
            hint = f"there are {', '.join(able)}" if able else "a bottleneck such as cluster-expansion"
            raise MeaningError(f"{of!r} has no energy that can be run", "of", code="E204", hint=hint)
        lattice = energy_of(matter).lattice
        if self.sides is not None and lattice is not None and (why := bottleneck.energy.misfit(lattice)):
            raise MeaningError(f"the energy of {of!r} cannot be put there: {why}", "sides", code="E203",
                               hint="larger sides, or drop it")  # fmt: skip
        self.suits(replace(bottleneck.energy, lattice=lattice))
        return bottleneck, bottleneck.form

    def plan(self, name: str) -> Chains:
        """How chains of the question run."""
        return Chains(
            name, self.sweeps(), self.betas, self.chains, self.initial, self.burn_in, self.samples, self.every
        )


@dataclass(frozen=True)
class Chains:
    """How chains run at every temperature that is asked for."""

    name: str
    sweeps: Sweeps
    betas: tuple[float, ...]
    chains: int
    initial: Literal["random", "ordered"]
    burn_in: int
    samples: int
    every: int


class Run(NamedTuple):
    """Samples (chain, sample) of one energy at one temperature: E, magnetization, and Phi of its couplings."""

    energy: np.ndarray
    m: np.ndarray
    phi: np.ndarray  # (chain, sample, coupling)


def sampled(
    seed: int, chains: Chains, graph: FactorGraph, beta: float, names: Sequence[str | int], samples: int,
    terms: Sequence[np.ndarray] = (),
) -> Run:  # fmt: skip
    """Chains of one energy at one temperature, of which `names` name the random numbers."""
    names, numbers = (chains.name, *names, f"{beta:.12g}"), tuple(range(chains.chains))
    s = sampling.begun(seed, names, numbers, graph, chains.initial)
    schedule, key = sampling.Schedule(chains.burn_in, chains.every), sampling.stream(seed, *names)
    step, parts = max(1, PORTION // s.size), []
    for first in range(0, samples, step):
        count = min(step, samples - first)
        spins, energy = sampling.run(
            graph, chains.sweeps, beta, s, numbers, key, schedule, first, count, lambda _: None
        )  # fmt: skip
        parts.append((energy, sampling.magnetization(graph, spins), response.products(spins, list(terms))))
    return Run(*(np.concatenate(v, axis=1) for v in zip(*parts)))


def reference(of: str, name: str, sources: Mapping[str, Stage], matter: Stage, betas: tuple[float, ...]) -> Stage:
    """The stage `analysis.NAME.exact`: the reference `of` of the file, asked of other matter at these temperatures."""
    found, _ = truth.against(of, sources, {})
    trajectory = replace(sources["trajectory"], coords={"beta": betas})
    try:
        (exact,) = found.params.word.stages(of, {**sources, "system": matter, "trajectory": trajectory})
    except MeaningError as error:
        message = f"{of!r} cannot be asked there: {error}"
        raise MeaningError(message, "against", code=error.code, hint=error.hint) from error
    return replace(
        exact, name=f"analysis.{name}.exact", group="", needs=(matter.name,), keywords={matter.name: "system"}
    )


def parts(quantity: str, front: tuple[str, ...]) -> dict[str, Promise]:
    """The two parts of a standard error."""
    error, found = thermo.QUANTITIES[quantity].error(front), {}
    for part, of in (("run", "the length of the run"), ("coupling", "those of the couplings")):
        found[f"{quantity}_{part}_se"] = replace(error, long_name=f"{error.long_name} from {of} alone")
    return found


def joined(found: Mapping[str, float], couplings: np.ndarray, quantities: Iterable[str]) -> dict[str, float]:
    """Standard errors of both kinds together, and each, from those of the run and of the couplings (quantity)."""
    errors = {}
    for name, more in zip(quantities, couplings):
        run = found[f"{name}_se"]
        errors |= {f"{name}_se": float(np.hypot(run, more)), f"{name}_run_se": run, f"{name}_coupling_se": float(more)}
    return errors
