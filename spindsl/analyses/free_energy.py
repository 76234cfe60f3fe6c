"""Free energy and entropy of a learned energy, beside those of the true one and the exact ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import hamiltonian, predicted, response, sampling
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..predicted import Prediction
from ..spec import Count, Name, Words

if TYPE_CHECKING:
    import xarray as xr

    from ..kernels.energies import Model
    from ..report.questions import Part

QUANTITIES = {
    "free_energy": ("J", "free energy per spin, F"),
    "energy": ("J", "energy per spin, U"),
    "entropy": ("1", "entropy per spin, S"),
    "abs_magnetization": ("1", "modulus of the magnetization, <|m|>"),
}


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
        own = self.asked(name, sources["system"])
        control, exact = self.control(name, sources, dict(own))
        if self.of is None:
            if self.constant is not None:
                raise MeaningError("the true energy has its own constant", "constant", key=True)
            return (control,)
        bottleneck = self.learned(self.of, sources)
        if self.constant is None:
            hint = 'constant = "mean-zero", or { ordered = -2.0 }'
            raise MeaningError("a learned energy has no constant", "constant", code="E102", hint=hint)
        own |= {"errors": response.known(bottleneck), "exact": exact}
        many = ("network",) if "network" in bottleneck.coords else ()
        front = ("beta", *many, "target")
        gives = promises(front, exact)
        for quantity, (unit, says) in QUANTITIES.items():
            told = f"(learned - true) / combined standard error of {says.split(',')[0]}"
            gives[f"{quantity}_control_z"] = Promise(front, "1", told)
            if own["errors"]:
                gives |= predicted.parts(quantity, front, unit, says)
        coords = {k: bottleneck.coords[k] for k in ("beta", *many)} | control.coords
        return control, Stage(
            f"analysis.{name}", predict, own, gives, (control.name, bottleneck.name), group=control.group,
            code=control.code, coords=coords, seconds=control.seconds * len(coords["beta"]),
            **sampling.Ensemble.of(sources["trajectory"]).how,
        )  # fmt: skip

    def control(self, name: str, sources: Mapping[str, Stage], own: dict[str, Any]) -> tuple[Stage, list[str]]:
        """The stage of the true energy, and which of the quantities a reference gives."""
        system, code, exact = sources["system"], (), []
        if self.against is not None:
            found = predicted.reference(self.against, sources, own["system"], self.betas)
            exact, code = [q for q in QUANTITIES if q in found.gives], (found.run.__module__, *found.code)
            own["reference"] = {"run": f"{found.run.__module__}:{found.run.__name__}", "said": dict(found.said)}
        own["exact"] = exact
        gives = promises(("target",), exact, "true_")
        gives |= {f"exact_{q}": Promise(("target",), *QUANTITIES[q]) for q in exact}
        nodes = (2 * self.integral.nodes + 1) * (self.burn_in + self.integral.samples * self.every)
        length = self.chains * len(self.betas) * (nodes + self.burn_in + self.samples * self.every)
        for key in ("of", "constant"):
            own.pop(key, None)
        code = (*predicted.CODE, "spindsl.kernels.quadrature", "spindsl.kernels.autocorrelation",
                system.run.__module__, *code)  # fmt: skip
        return Stage(
            f"analysis.{name}" + (".true" if self.of else ""), measure, own, gives, ("system",),
            group=f"/analysis/{name}", code=code, coords={"target": self.betas},
            seconds=5e-8 * own["attrs"]["spins"] * length,
        ), exact  # fmt: skip


def promises(front: tuple[str, ...], exact: list[str], prefix: str = "") -> dict[str, Promise]:
    """Each quantity with its standard error and, where there is an exact one, how far it is from that."""
    gives = {}
    for name, (unit, says) in QUANTITIES.items():
        of = says.split(",")[0]
        gives[prefix + name] = Promise(front, unit, says)
        gives[f"{prefix}{name}_se"] = Promise(front, unit, f"standard error of {of}")
        if name in exact:
            gives[f"{prefix}{name}_deviation"] = Promise(front, unit, f"measured - exact {of}")
            gives[f"{prefix}{name}_z"] = Promise(front, "1", f"(measured - exact) / standard error of {of}")
    told = "what the free energy per spin changes by with Gauss's nodes only"
    gives[f"{prefix}quadrature"] = Promise(front, "J", told)
    gives[f"{prefix}quadrature_se"] = Promise(front, "J", "standard error of that change")
    return gives


def measure(task: Task, system: xr.Dataset) -> xr.Dataset:
    """The true energy at all targets."""
    import xarray as xr

    said, matter = task.said, predicted.elsewhere(task, system)
    found = stacked(traced(task, matter, ("true",), (), 0.0, lambda run, beta: None, task.tick))
    result = xr.Dataset({f"true_{n}": ("target", v) for n, v in found.items()})
    if "reference" in said:
        module, _, name = said["reference"]["run"].partition(":")
        exact = getattr(import_module(module), name)(Task(task.seed, said["reference"]["said"]), matter)
        result = result.assign({f"exact_{q}": ("target", exact[q].values) for q in said["exact"]})
        result = compared(result, result, said["exact"], "true_")
    return result.assign_coords(target=list(said["betas"]))


def predict(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """All targets from the energy learned at one temperature."""
    import xarray as xr

    said, (control, found) = task.said, inputs.values()
    many = ("network",) if "network" in found.dims else ()
    several = [found.isel(network=k) for k in range(found.sizes["network"])] if many else [found]
    each = [learned(task, one, k, len(several)) for k, one in enumerate(several)]
    values = {n: np.array([one[n] for one in each]) for n in each[0]}
    result = xr.Dataset({n: ((*many, "target"), v if many else v[0]) for n, v in values.items()})
    for name in QUANTITIES:
        off = result[name] - control[f"true_{name}"]
        result[f"{name}_control_z"] = off / np.hypot(result[f"{name}_se"], control[f"true_{name}_se"])
    result = compared(result, control, said["exact"])
    return result.assign_coords(target=list(said["betas"]))


def compared(result: xr.Dataset, control: xr.Dataset, exact: list[str], prefix: str = "") -> xr.Dataset:
    """With the distance from what is exact, also in standard errors."""
    for name in exact:
        off = result[prefix + name] - control[f"exact_{name}"]
        result[f"{prefix}{name}_deviation"] = off
        result[f"{prefix}{name}_z"] = off / result[f"{prefix}{name}_se"]
    return result


def learned(task: Task, found: xr.Dataset, network: int, networks: int) -> dict[str, np.ndarray]:
    """Quantities (target) of what was learned at one temperature."""
    said, attrs = task.said, task.said["attrs"]
    system = hamiltonian.restated(found, attrs)
    shift = constant(hamiltonian.model(system), attrs, said["constant"])
    known = response.couplings(found, attrs) if said["errors"] else response.Couplings([], np.zeros((0, 0)))
    alike = response.products(np.ones((1, attrs["spins"]), dtype=np.int8), known.terms)
    fixed = alike if isinstance(said["constant"], Mapping) else 0.0

    def error(run: predicted.Run, beta: float) -> np.ndarray | None:
        slope = response.free(run.energy, run.m, run.phi - fixed, beta, attrs["spins"])
        return response.error(slope, known.covariance) if said["errors"] else None

    names = (task.part, "learned", network)
    return stacked(traced(task, system, names, known.terms, shift, error,
                          lambda done: task.tick((network + done) / networks)))  # fmt: skip


def constant(energy: Model, attrs: Mapping[str, Any], how: str | Mapping[str, float]) -> float:
    """J per spin to add to an energy so that it has the constant that is asked for."""
    from ..kernels.energies import Colours, Tiles

    spins = attrs["spins"]
    if isinstance(how, Mapping):
        alike = (np.zeros if isinstance(energy, Colours) else np.ones)((1, spins), dtype=np.int8)
        return how["ordered"] - float(hamiltonian.energies(energy, alike)[0]) / spins
    if isinstance(energy, Tiles):
        return -float(energy.table.mean()) * len(energy.window) / spins
    if isinstance(energy, Colours):  # every pair stands there twice
        return -float(energy.table.mean(axis=(1, 2))[energy.kind].sum() / 2 + energy.field.mean(axis=1).sum()) / spins
    return 0.0


def traced(
    task: Task, system: xr.Dataset, names: tuple, terms: Any, shift: float,
    error: Callable[[predicted.Run, float], np.ndarray | None], tick: Callable[[float], None],
) -> list[dict[str, float]]:  # fmt: skip
    """Quantities of one energy at every target: a panel of nodes, the target, the next panel."""
    from ..kernels.quadrature import kronrod

    said, spins, found = task.said, system.attrs["spins"], []
    x, w, plain = kronrod(said["integral"]["nodes"])
    area = np.array([-np.log(system.attrs.get("colours", 2)), 0.0])  # beta F per spin; with Gauss's nodes, the change
    variance, low, done = np.zeros(2), 0.0, 0
    for beta in said["betas"]:
        h = (beta - low) * np.stack([w, plain - w])
        for k, b in enumerate(low + (beta - low) * x):
            run = predicted.sampled(task, system, float(b), names, said["integral"]["samples"])
            U, se = predicted.averaged(run.energy / spins)
            area, variance, done = area + h[:, k] * U, variance + (h[:, k] * se) ** 2, done + 1
            tick(done / ((len(x) + 1) * len(said["betas"])))
        run = predicted.sampled(task, system, beta, names, said["samples"], terms)
        one = concluded(run, beta, spins, area / beta, np.sqrt(variance) / beta, shift)
        more = error(run, beta)
        found.append(one if more is None else one | predicted.joined(one, more, QUANTITIES))
        low = beta
    return found


def concluded(run: predicted.Run, beta: float, spins: int, F: np.ndarray, F_se: np.ndarray, shift: float):
    """Quantities at one target, of F and of what it changes by with fewer nodes, with errors of the run."""
    (U, U_se), (m, m_se) = predicted.averaged(run.energy / spins), predicted.averaged(np.abs(run.m))
    value = (F[0] + shift, U + shift, beta * (U - F[0]), m)
    se = (F_se[0], U_se, beta * np.hypot(U_se, F_se[0]), m_se)
    found = dict(zip(QUANTITIES, map(float, value))) | {f"{n}_se": float(v) for n, v in zip(QUANTITIES, se)}
    return found | {"quadrature": float(F[1]), "quadrature_se": float(F_se[1])}


def stacked(each: list[dict[str, float]]) -> dict[str, np.ndarray]:
    """Quantities (target)."""
    return {name: np.array([one[name] for one in each]) for name in each[0]}
