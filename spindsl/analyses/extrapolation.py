"""What a learned energy says of other temperatures and other sizes, beside what the true one says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import predicted, response, sampling, thermo
from ..graph import Promise, Stage, Task
from ..hamiltonian import restated
from ..predicted import Prediction
from ..spec import Name

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part

CHANGE = {"energy_change": ("J", "energy per spin less that of the first target, U - U_1")}


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
        bottleneck, system = self.learned(self.of, sources), sources["system"]
        own = self.asked(name, system) | {"errors": response.known(bottleneck)}
        many = ("network",) if "network" in bottleneck.coords else ()
        front = ("beta", *many, "target")
        gives = thermo.promises(front) | thermo.promises(("beta", "target"), "true_")
        gives |= changes(front) | changes(("beta", "target"), "true_")
        for quantity, (unit, says) in (thermo.QUANTITIES | CHANGE).items():
            told = f"(learned - true) / combined standard error of {says.split(',')[0]}"
            gives[f"{quantity}_z"] = Promise(front, "1", told)
            if own["errors"]:
                gives |= predicted.parts(quantity, front, unit, says)
        coords = {k: bottleneck.coords[k] for k in ("beta", *many)} | {"target": self.betas}
        length = self.chains * (self.burn_in + self.samples * self.every) * len(self.betas)
        return (Stage(
            f"analysis.{name}", predict, own, gives, ("system", bottleneck.name), group=f"/analysis/{name}",
            code=(*predicted.CODE, *thermo.CODE, system.run.__module__), coords=coords,
            seconds=1e-7 * own["attrs"]["spins"] * length,
            **sampling.Ensemble.of(sources["trajectory"]).how,
        ),)  # fmt: skip


def predict(task: Task, system: xr.Dataset, **bottleneck: xr.Dataset) -> xr.Dataset:
    """All targets from the energy learned at one temperature, and from the true one."""
    import xarray as xr

    said = task.said
    (found,) = bottleneck.values()
    several = [found.isel(network=k) for k in range(found.sizes["network"])] if "network" in found.dims else [found]
    learned = [measured(task, one, k) for k, one in enumerate(several)]
    matter = predicted.elsewhere(task, system)
    truth = changed([estimated(task, matter, b, "true", 0)[0] for b in said["betas"]])
    result, many = xr.Dataset(), ("network",) if "network" in found.dims else ()
    for name in learned[0][0]:
        values = np.array([[t[name] for t in one] for one in learned])
        result[name] = ((*many, "target"), values if many else values[0])
    for name in truth[0]:
        result[f"true_{name}"] = ("target", np.array([t[name] for t in truth]))
    for name in (*thermo.QUANTITIES, *CHANGE):
        off = result[name] - result[f"true_{name}"]
        result[f"{name}_z"] = off / np.hypot(result[f"{name}_se"], result[f"true_{name}_se"])
    return result.assign_coords(target=list(said["betas"]))


def measured(task: Task, found: xr.Dataset, network: int) -> list[dict[str, float]]:
    """Quantities, at every target, of what was learned at one temperature, with errors of the run, of the couplings
    and of both."""
    said, each, slopes = task.said, [], []
    known = response.couplings(found, said["attrs"]) if said["errors"] else response.Couplings([], np.zeros((0, 0)))
    system = restated(found, said["attrs"])
    for beta in said["betas"]:
        one, run = estimated(task, system, beta, "learned", network, known.terms)
        each.append(one)
        slopes.append(response.moved(*run, beta, said["attrs"]["spins"]))
    each, slope = changed(each), np.array(slopes)
    slope = np.concatenate([slope, slope[:, :1] - slope[0, 0]], axis=1)  # (target, quantity, coupling)
    names = (*thermo.QUANTITIES, *CHANGE)
    if not said["errors"]:
        return each
    return [one | predicted.joined(one, response.error(g, known.covariance), names) for one, g in zip(each, slope)]


def changed(each: list[dict[str, float]]) -> list[dict[str, float]]:
    """Quantities of every target with what its energy differs by from that of the first, which itself has no error."""
    first = each[0]
    se = [0.0, *(float(np.hypot(one["energy_se"], first["energy_se"])) for one in each[1:])]
    return [one | {"energy_change": one["energy"] - first["energy"], "energy_change_se": e} for one, e in zip(each, se)]


def changes(front: tuple[str, ...], prefix: str = "") -> dict[str, Promise]:
    """What the energy differs by from that of the first target, with its standard error."""
    ((name, (unit, says)),) = CHANGE.items()
    told = f"standard error of {says.split(',')[0]}"
    return {prefix + name: Promise(front, unit, says), f"{prefix}{name}_se": Promise(front, unit, told)}


def estimated(task: Task, system: xr.Dataset, beta: float, which: str, network: int, terms=()):
    """Quantities of one energy at one temperature with the errors of the run, and its samples."""
    run = predicted.sampled(task, system, beta, (task.part, which, network), task.said["samples"], terms)
    return thermo.estimated(run.energy, run.m, beta, system.attrs["spins"]), run
