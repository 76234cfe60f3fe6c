"""What a learned energy says of other temperatures and other sizes, beside what the true one says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import predicted, response, sampling, thermo
from ..factors import FactorGraph, read
from ..forms import FORMS
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of, in_units
from ..predicted import Prediction
from ..spec import Name

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part

CHANGE = ("energy_change",)
PREDICTED = (*thermo.SAMPLED, *CHANGE)


class Extrapolation(Prediction):
    """U, |M|, C, chi and the Binder cumulant at other temperatures, and on a lattice of other sides, by Monte Carlo.

    Chains of the learned and of the true energy have the same length and dynamics; each quantity comes with its
    standard error, in which that of the couplings is, where the bottleneck gives it, and with the distance of the two
    in combined standard errors; so does what the energy differs by from that of the first target. Sprague et al. 2021,
    Figs. 2, 3 and 5, Table A2.
    """

    title: ClassVar = "Other temperatures and sizes"
    cites: ClassVar = ("sprague2021",)

    kind: Literal["extrapolation"]
    of: Name = Field(description="the bottleneck whose energy is taken")

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.extrapolation import PART

        return PART

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        matter = self.matter(name, sources)
        (bottleneck, form), unit = self.learned(self.of, sources, matter), energy_of(matter).unit
        params = Extrapolated(self.plan(name), form.name, response.known(bottleneck))
        many = ("network",) if "network" in bottleneck.coords else ()
        front = ("beta", *many, "target")
        gives = thermo.promises(front) | thermo.promises(("beta", "target"), "true_")
        gives |= thermo.promises(front, "", CHANGE) | thermo.promises(("beta", "target"), "true_", CHANGE)
        for quantity in PREDICTED:
            told = f"(learned - true) / combined standard error of {thermo.QUANTITIES[quantity].name}"
            gives[f"{quantity}_z"] = Promise(front, "1", told)
            if params.errors:
                gives |= predicted.parts(quantity, front)
        coords = {k: bottleneck.coords[k] for k in ("beta", *many)} | {"target": self.betas}
        length = self.chains * (self.burn_in + self.samples * self.every) * len(self.betas)
        asked = Stage(
            f"analysis.{name}", predict, params, {n: in_units(p, unit) for n, p in gives.items()},
            (matter.name, bottleneck.name), group=f"/analysis/{name}",
            keywords={matter.name: "system", bottleneck.name: "learned"},
            coords=coords,
            seconds=1e-7 * energy_of(matter).sites * length, **sampling.Ensemble.of(sources["trajectory"]).how,
        )  # fmt: skip
        return (asked,) if matter.name == "system" else (matter, asked)


@dataclass(frozen=True)
class Extrapolated:
    """What decides the predictions."""

    chains: predicted.Chains
    form: str  # of the learned energy
    errors: bool  # whether its couplings have errors


def predict(task: Task[Extrapolated, sampling.Temperature], system: xr.Dataset, learned: xr.Dataset) -> xr.Dataset:
    """All targets from the energy learned at one temperature, and from the true one."""
    import xarray as xr

    betas, matter = task.params.chains.betas, read(system)
    several = (
        [learned.isel(network=k) for k in range(learned.sizes["network"])] if "network" in learned.dims else [learned]
    )
    each = [measured(task, matter, one, k) for k, one in enumerate(several)]
    true = changed([estimated(task, matter, b, "true", 0)[0] for b in betas])
    result, many = xr.Dataset(), ("network",) if "network" in learned.dims else ()
    for name in each[0][0]:
        values = np.array([[t[name] for t in one] for one in each])
        result[name] = ((*many, "target"), values if many else values[0])
    for name in true[0]:
        result[f"true_{name}"] = ("target", np.array([t[name] for t in true]))
    for name in PREDICTED:
        off = result[name] - result[f"true_{name}"]
        result[f"{name}_z"] = off / np.hypot(result[f"{name}_se"], result[f"true_{name}_se"])
    return result.assign_coords(target=list(betas))


def measured(
    task: Task[Extrapolated, sampling.Temperature], matter: FactorGraph, found: xr.Dataset, network: int
) -> list[dict[str, float]]:
    """Quantities, at every target, of what was learned at one temperature, with errors of the run, of the couplings
    and of both."""
    form, each, slopes = FORMS[task.params.form], [], []
    known = response.couplings(found, form, matter.lattice) if task.params.errors else response.NOTHING
    graph = form.factor_graph(found, matter.sites, matter.lattice)
    for beta in task.params.chains.betas:
        one, run = estimated(task, graph, beta, "learned", network, known.terms)
        each.append(one)
        slopes.append(response.moved(*run, beta, matter.sites))
    each, slope = changed(each), np.array(slopes)
    slope = np.concatenate([slope, slope[:, :1] - slope[0, 0]], axis=1)  # (target, quantity, coupling)
    if not task.params.errors:
        return each
    return [one | predicted.joined(one, response.error(g, known.covariance), PREDICTED) for one, g in zip(each, slope)]


def changed(each: list[dict[str, float]]) -> list[dict[str, float]]:
    """Quantities of every target with what its energy differs by from that of the first, which itself has no error."""
    first = each[0]
    se = [0.0, *(float(np.hypot(one["energy_se"], first["energy_se"])) for one in each[1:])]
    return [one | {"energy_change": one["energy"] - first["energy"], "energy_change_se": e} for one, e in zip(each, se)]


def estimated(
    task: Task[Extrapolated, sampling.Temperature], graph: FactorGraph, beta: float, which: str, network: int,
    terms: Sequence[np.ndarray] = (),
) -> tuple[dict[str, float], predicted.Run]:  # fmt: skip
    """Quantities of one energy at one temperature with the errors of the run, and its samples."""
    chains = task.params.chains
    run = predicted.sampled(task.seed, chains, graph, beta, (task.part, which, network), chains.samples, terms)
    return thermo.estimated(run.energy, run.m, beta, graph.sites), run
