"""Free energy and entropy of a learned energy, beside those of the true one and the exact ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import predicted, response, sampling
from ..errors import MeaningError
from ..factors import FactorGraph, energy, read
from ..forms import FORMS
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of, in_units
from ..predicted import Prediction
from ..spec import Count, Name, Words
from ..thermo import INTEGRATED, QUANTITIES

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part


class Ordered(Words):
    """The constant of an energy, by the energy of one state."""

    ordered: float = Field(description="energy per spin of all spins alike, J; of a ferromagnet the ground state")


class Integral(Words):
    """Where the energy is measured between one temperature and the next, beginning at beta = 0."""

    nodes: Annotated[int, Field(ge=1, le=100)] = Field(description="of Gauss, n; n + 1 of Kronrod's come between them")
    samples: Count = Field(description="recorded configurations of each chain at each node")


class FreeEnergy(Prediction):
    """F, U, S and |M| by thermodynamic integration: beta F = -N ln Q + int_0^beta U(b) db, S = beta (U - F).

    Of the learned energy and of the true one, with chains of the same length and dynamics. Errors are those of the
    integrand and, of what was learned, those of its couplings too; `quadrature` is what F changes by when only every
    other node is taken, which is far more than the error of all. Sprague et al. 2021, Tables 3 and A1.
    """

    title: ClassVar = "Free energy and entropy"
    cites: ClassVar = ("sprague2021", "laurie1997")

    kind: Literal["free-energy"]
    of: Name | None = Field(default=None, description="the bottleneck whose energy is taken; absent: the true one only")
    constant: Literal["mean-zero"] | Ordered | None = Field(
        default=None,
        description="of a learned energy, which observations do not tell: its mean over random states is 0, or all "
        "spins alike have { ordered = … } J per spin",
    )
    integral: Integral
    against: Name | None = Field(default=None, description="a reference of the file, asked at these temperatures")

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.free_energy import PART

        return PART

    def refers(self) -> str:
        return self.of or "energy"

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        matter = self.matter(name, sources)
        own = () if matter.name == "system" else (matter,)
        reference = predicted.reference(self.against, name, sources, matter, self.betas) if self.against else None
        exact = tuple(q for q in INTEGRATED if reference is not None and q in reference.gives)
        own += (reference,) if reference is not None else ()
        control = self.control(name, matter, reference, exact)
        if self.of is None:
            if self.constant is not None:
                raise MeaningError("the true energy has its own constant", "constant", key=True, hint="drop it")
            return (*own, control)
        bottleneck, form = self.learned(self.of, sources, matter)
        if self.constant is None:
            hint = 'constant = "mean-zero", or { ordered = -2.0 }'
            raise MeaningError("a learned energy has no constant", "constant", code="E102", hint=hint)
        unit, errors = energy_of(matter).unit, response.known(bottleneck)
        params = LearnedEnergy(self.plan(name), self.integral, form.name, self.constant, errors, exact)
        many = ("network",) if "network" in bottleneck.coords else ()
        front = ("beta", *many, "target")
        gives = promises(front, exact)
        for quantity in INTEGRATED:
            told = f"(learned - true) / combined standard error of {QUANTITIES[quantity].name}"
            gives[f"{quantity}_control_z"] = Promise(front, "1", told)
            if errors:
                gives |= predicted.parts(quantity, front)
        coords = {**{k: bottleneck.coords[k] for k in ("beta", *many)}, **control.coords}
        return *own, control, Stage(
            f"analysis.{name}", predict, params, {n: in_units(p, unit) for n, p in gives.items()},
            (control.name, bottleneck.name, matter.name), group=control.group,
            keywords={control.name: "control", bottleneck.name: "learned", matter.name: "system"},
            coords=coords, seconds=control.seconds * len(coords["beta"]),
            **sampling.Ensemble.of(sources["trajectory"]).how,
        )  # fmt: skip

    def control(self, name: str, matter: Stage, reference: Stage | None, exact: tuple[str, ...]) -> Stage:
        """The stage of the true energy, beside the quantities that a reference gives."""
        params, unit = TrueEnergy(self.plan(name), self.integral, exact), energy_of(matter).unit
        gives = promises(("target",), exact, "true_")
        gives |= {f"exact_{q}": QUANTITIES[q].promise(("target",)) for q in exact}
        nodes = (2 * self.integral.nodes + 1) * (self.burn_in + self.integral.samples * self.every)
        length = self.chains * len(self.betas) * (nodes + self.burn_in + self.samples * self.every)
        keywords = {matter.name: "system"} | ({reference.name: "reference"} if reference is not None else {})
        return Stage(
            f"analysis.{name}" + (".true" if self.of else ""), measure, params,
            {n: in_units(p, unit) for n, p in gives.items()}, tuple(keywords), keywords=keywords,
            group=f"/analysis/{name}", coords={"target": self.betas},
            seconds=5e-8 * energy_of(matter).sites * length,
        )  # fmt: skip


@dataclass(frozen=True)
class TrueEnergy:
    """What decides the numbers of the true energy."""

    chains: predicted.Chains
    integral: Integral
    exact: tuple[str, ...]  # quantities that a reference gives


@dataclass(frozen=True)
class LearnedEnergy:
    """What decides the numbers of a learned energy."""

    chains: predicted.Chains
    integral: Integral
    form: str
    constant: Literal["mean-zero"] | Ordered
    errors: bool  # whether its couplings have errors
    exact: tuple[str, ...]


def promises(front: tuple[str, ...], exact: tuple[str, ...], prefix: str = "") -> dict[str, Promise]:
    """Each quantity with its standard error and, where there is an exact one, how far it is from that."""
    gives = {}
    for name in INTEGRATED:
        told = QUANTITIES[name]
        gives |= {prefix + name: told.promise(front), f"{prefix}{name}_se": told.error(front)}
        if name in exact:
            gives[f"{prefix}{name}_deviation"] = Promise(front, told.units, f"measured - exact {told.name}")
            gives[f"{prefix}{name}_z"] = Promise(front, "1", f"(measured - exact) / standard error of {told.name}")
    told = "what the free energy per spin changes by with Gauss's nodes only"
    gives[f"{prefix}quadrature"] = Promise(front, "J", told)
    gives[f"{prefix}quadrature_se"] = Promise(front, "J", "standard error of that change")
    return gives


def measure(task: Task[TrueEnergy], system: xr.Dataset, reference: xr.Dataset | None = None) -> xr.Dataset:
    """The true energy at all targets."""
    import xarray as xr

    params = task.params
    plan = Traced(params.chains, params.integral, task.seed, ("true",), task.tick)
    found = stacked(traced(plan, read(system), 0.0))
    result = xr.Dataset({f"true_{n}": ("target", v) for n, v in found.items()})
    if reference is not None:
        result = result.assign({f"exact_{q}": ("target", reference[q].values) for q in params.exact})
        result = compared(result, result, params.exact, "true_")
    return result.assign_coords(target=list(params.chains.betas))


def predict(
    task: Task[LearnedEnergy, sampling.Temperature], control: xr.Dataset, learned: xr.Dataset, system: xr.Dataset
) -> xr.Dataset:
    """All targets from the energy learned at one temperature."""
    import xarray as xr

    many, matter = ("network",) if "network" in learned.dims else (), read(system)
    several = [learned.isel(network=k) for k in range(learned.sizes["network"])] if many else [learned]
    each = [estimated(task, matter, one, k, len(several)) for k, one in enumerate(several)]
    values = {n: np.array([one[n] for one in each]) for n in each[0]}
    result = xr.Dataset({n: ((*many, "target"), v if many else v[0]) for n, v in values.items()})
    for name in INTEGRATED:
        off = result[name] - control[f"true_{name}"]
        result[f"{name}_control_z"] = off / np.hypot(result[f"{name}_se"], control[f"true_{name}_se"])
    result = compared(result, control, task.params.exact)
    return result.assign_coords(target=list(task.params.chains.betas))


def compared(result: xr.Dataset, control: xr.Dataset, exact: tuple[str, ...], prefix: str = "") -> xr.Dataset:
    """With the distance from what is exact, also in standard errors."""
    for name in exact:
        off = result[prefix + name] - control[f"exact_{name}"]
        result[f"{prefix}{name}_deviation"] = off
        result[f"{prefix}{name}_z"] = off / result[f"{prefix}{name}_se"]
    return result


def estimated(
    task: Task[LearnedEnergy, sampling.Temperature], matter: FactorGraph, found: xr.Dataset, network: int, networks: int
) -> dict[str, np.ndarray]:
    """Quantities (target) of what was learned at one temperature."""
    params, form, spins = task.params, FORMS[task.params.form], matter.sites
    graph = form.factor_graph(found, spins, matter.lattice)
    known = response.couplings(found, form, matter.lattice) if params.errors else response.NOTHING
    alike = response.products(np.ones((1, spins), dtype=np.int8), known.terms)
    fixed = alike if isinstance(params.constant, Ordered) else 0.0

    def error(run: predicted.Run, beta: float) -> np.ndarray:
        return response.error(response.free(run.energy, run.m, run.phi - fixed, beta, spins), known.covariance)

    def tick(done: float) -> None:
        task.tick((network + done) / networks)

    names = (task.part, "learned", network)
    plan = Traced(params.chains, params.integral, task.seed, names, tick, known.terms, error if params.errors else None)
    return stacked(traced(plan, graph, constant(graph, params.constant)))


def constant(graph: FactorGraph, how: Literal["mean-zero"] | Ordered) -> float:
    """J per spin to add to an energy so that it has the constant that is asked for."""
    spins, tables = graph.sites, graph.tables
    if isinstance(how, Ordered):
        alike = (np.zeros if graph.colours else np.ones)((1, spins), dtype=np.int8)
        return how.ordered - float(energy(graph, alike)[0]) / spins
    mean = float(tables.energy.mean(axis=1)[tables.kind].sum())
    return -(mean + float(graph.field.mean(axis=1).sum()) if graph.colours else mean) / spins


@dataclass(frozen=True)
class Traced:
    """How the quantities of one energy are traced from beta = 0 on."""

    chains: predicted.Chains
    integral: Integral
    seed: int
    names: tuple[str | int, ...]  # of the random numbers
    tick: Callable[[float], None]
    terms: Sequence[np.ndarray] = ()
    error: Callable[[predicted.Run, float], np.ndarray] | None = None

    def sampled(self, graph: FactorGraph, beta: float, samples: int, terms: Sequence[np.ndarray] = ()) -> predicted.Run:
        """Chains at one temperature."""
        return predicted.sampled(self.seed, self.chains, graph, beta, self.names, samples, terms)


def traced(plan: Traced, graph: FactorGraph, shift: float) -> list[dict[str, float]]:
    """Quantities of one energy at every target: a panel of nodes, the target, the next panel."""
    from ..kernels.autocorrelation import averaged
    from ..kernels.quadrature import kronrod

    spins, found, betas = graph.sites, [], plan.chains.betas
    x, w, plain = kronrod(plan.integral.nodes)
    area = np.array([-np.log(graph.states), 0.0])  # beta F per spin; with Gauss's nodes, the change
    variance, low, done = np.zeros(2), 0.0, 0
    for beta in betas:
        h = (beta - low) * np.stack([w, plain - w])
        for k, b in enumerate(low + (beta - low) * x):
            run = plan.sampled(graph, float(b), plan.integral.samples)
            U, se = averaged(run.energy / spins)
            area, variance, done = area + h[:, k] * U, variance + (h[:, k] * se) ** 2, done + 1
            plan.tick(done / ((len(x) + 1) * len(betas)))
        run = plan.sampled(graph, beta, plan.chains.samples, plan.terms)
        one = concluded(run, beta, spins, area / beta, np.sqrt(variance) / beta, shift)
        more = plan.error(run, beta) if plan.error else None
        found.append(one if more is None else one | predicted.joined(one, more, INTEGRATED))
        low = beta
    return found


def concluded(
    run: predicted.Run, beta: float, spins: int, F: np.ndarray, F_se: np.ndarray, shift: float
) -> dict[str, float]:
    """Quantities at one target, of F and of what it changes by with fewer nodes, with errors of the run."""
    from ..kernels.autocorrelation import averaged

    (U, U_se), (m, m_se) = averaged(run.energy / spins), averaged(np.abs(run.m))
    value = (F[0] + shift, U + shift, beta * (U - F[0]), m)
    se = (F_se[0], U_se, beta * np.hypot(U_se, F_se[0]), m_se)
    found = dict(zip(INTEGRATED, map(float, value))) | {f"{n}_se": float(v) for n, v in zip(INTEGRATED, se)}
    return found | {"quadrature": float(F[1]), "quadrature_se": float(F_se[1])}


def stacked(each: list[dict[str, float]]) -> dict[str, np.ndarray]:
    """Quantities (target)."""
    return {name: np.array([one[name] for one in each]) for name in each[0]}
