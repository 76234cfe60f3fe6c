"""How near a learned energy is to the true one, over all energies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import levels, observations, sequences
from ..errors import MeaningError
from ..factors import FactorGraph, energy, read
from ..forms import FORMS, Pairs
from ..graph import Promise, Stage, Task
from ..hamiltonian import energy_of, in_units
from ..sampling import Ensemble, Temperature
from ..spec import Analysis, Count, Name

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part


class Inversion(Analysis):
    """RMSE of E_learned - E_true - C over a test set with equal numbers of configurations at every energy level.

    C, which no observation at one temperature can tell, is the mean of the difference over the test set. A model that
    says how likely a configuration is has an energy too, E = -ln q / beta. Beside it the error of knowing nothing, that
    of a constant energy; and the floor of Cramér and Rao for a single unknown coupling J from so many independent
    observations: of an unbiased estimate sd(J) >= 1 / (beta sqrt(n var(E / J))), times the rms of the centred E / J
    over the same test set. Sprague et al. 2021, Sec. 5, Fig. 4 and Table 2.
    """

    title: ClassVar = "Learned energies"
    watches: ClassVar = ("beta", "chain", "sample")
    cites: ClassVar = ("sprague2021", "rao1945")

    kind: Literal["inversion"]
    of: Name = Field(description="the bottleneck whose energy is tested")
    each: Count = Field(description="test configurations at each level")
    bins: Annotated[int, Field(ge=2)] | None = Field(
        default=None, description="bins of energy in the place of levels, where couplings are no whole numbers"
    )

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.inversion import PART

        return PART

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        bottleneck, trajectory = sources.get(f"bottleneck.{self.of}"), sources["trajectory"]
        if bottleneck is None or not (bottleneck.form or isinstance(bottleneck.params, sequences.Fitted)):
            hint = "a bottleneck that learns an energy, such as cluster-expansion, or a sequence model"
            raise MeaningError(f"{self.of!r} has no energy", "of", code="E204", hint=hint)
        test, unit = levels.stage(sources, self.each, self.bins), energy_of(sources["system"]).unit
        model = bottleneck.params if isinstance(bottleneck.params, sequences.Fitted) else None
        params = Inverted(seen(bottleneck, trajectory), bottleneck.form.name if bottleneck.form else None, model)
        seconds = 5.0
        if model is not None:
            seconds = 2e-10 * bottleneck.bytes * model.sites * self.each * test.size("level")
        many = ("network",) if "network" in bottleneck.coords else ()
        paired = isinstance(bottleneck.form, Pairs)
        gives = {n: in_units(p, unit) for n, p in (promises(many) | (BONDS if paired else {})).items()}
        needs = {test.name: "levels", bottleneck.name: "learned", "system": "system"}
        needs |= {"trajectory": "trajectory"} if paired else {}
        return test, Stage(
            f"analysis.{name}", look, params, gives, tuple(needs), group=f"/analysis/{name}", keywords=needs,
            coords={k: bottleneck.coords[k] for k in ("beta", *many)}, sizes={"level": test.size("level")}, 
            seconds=seconds, interpreted=model is not None, accelerated=model is not None,
            **Ensemble.of(trajectory).how,
        )  # fmt: skip


@dataclass(frozen=True)
class Inverted:
    """What the errors depend on."""

    observations: int  # that the energy was learned from, 0 of one that was told the Hamiltonian
    form: str | None  # of the learned energy
    model: sequences.Fitted | None  # that says how likely a configuration is


def seen(bottleneck: Stage, trajectory: Stage) -> int:
    """How many observations it learned from; 0 of one that was told the Hamiltonian."""
    if not isinstance(bottleneck.params, observations.Learner) or (which := bottleneck.params.seen) is None:
        return 0
    return observations.admitted(trajectory, which.observations, which.test)


BONDS = {
    "coupling_rmse": Promise(("beta",), "J", "root mean square error of the couplings of the true bonds"),
    "coupling_floor": Promise(("beta",), "J", "least such error where the graph is known (Cramér, Rao)"),
    "coupling_excess": Promise(("beta",), "1", "error of the couplings over that floor"),
    "as_bond_excess": Promise(
        ("beta",), "1", "the same of what the true bonds would be were they known to be bonds, over that floor"
    ),
    "missed": Promise(("beta",), "1", "number of true bonds that were not selected", "int32"),
    "spurious": Promise(("beta",), "1", "number of pairs selected where there is no bond", "int32"),
}


def promises(many: tuple[str, ...]) -> dict[str, Promise]:
    """Of each temperature, and of each level."""
    one, each = ("beta", *many), ("beta", *many, "level")
    pooled = "root of the mean over networks of the mean square error, each network alike"
    return ({"rmse_pooled": Promise(("beta",), "J", pooled)} if many else {}) | {
        "rmse": Promise(one, "J", "root mean square error of the energy, equal numbers at every level"),
        "rmse_floor": Promise(("beta",), "J", "least such error of one unknown coupling (Cramér and Rao)"),
        "rmse_constant": Promise(("beta",), "J", "that error of a constant energy: the spread of the test energies"),
        "slope": Promise(one, "1", "slope of learned against true energy over the levels: 1 if it is right"),
        "energy_true": Promise(("beta", "level"), "J", "energy of the level; of a bin its mean"),
        "energy_learned": Promise(each, "J", "learned energy, mean over the level, after the constant"),
        "energy_spread": Promise(each, "J", "standard deviation of the learned minus the true energy within the level"),
        "rmse_level": Promise(each, "J", "root mean square error within the level"),
    }


def look(
    task: Task[Inverted, Temperature],
    levels: xr.Dataset,
    learned: xr.Dataset,
    system: xr.Dataset,
    trajectory: xr.Dataset | None = None,
) -> xr.Dataset:
    """One temperature."""
    import xarray as xr

    beta, graph = task.part_params.beta, read(system)
    true, spins = levels["energy"].values, levels["spins"].values
    found = [errors(true, one) for one in energies_of(task.params, beta, learned, graph, spins)]
    many = ("network",) if "network" in learned.dims else ()
    joined = {n: np.stack([f[n] for f in found]) if many else found[0][n] for n in found[0]}
    result = xr.Dataset({n: ((*many, *(["level"] if v.ndim > len(many) else [])), v) for n, v in joined.items()})
    result["energy_true"], result["rmse_constant"] = ("level", true.mean(axis=1)), ((), true.std())
    if many:
        result["rmse_pooled"] = np.sqrt((result["rmse"] ** 2).mean("network"))
    if trajectory is not None:
        result = result.assign(bonds(graph, trajectory["spins"].values, learned, beta))
    result["rmse_floor"] = ((), floor(beta, task.params.observations, true, levels["log_states"].values))
    return result


def energies_of(
    params: Inverted, beta: float, learned: xr.Dataset, graph: FactorGraph, spins: np.ndarray
) -> Iterator[np.ndarray]:
    """Energies of configurations as each network has learned them."""
    if params.model is not None:
        for k in range(params.model.networks):
            yield sequences.labels(params.model, learned, spins, beta, k)
    elif params.form is not None:
        form = FORMS[params.form]
        networks = range(learned.sizes["network"]) if "network" in learned.dims else None
        for one in [learned] if networks is None else [learned.isel(network=k) for k in networks]:
            yield energy(form.factor_graph(one, graph.sites, graph.lattice), spins)


def errors(true: np.ndarray, found: np.ndarray) -> dict[str, np.ndarray]:
    """Of energies (level, draw) J."""
    off = found - true
    off -= off.mean()
    centred = true - true.mean()
    return {
        "rmse": np.sqrt((off**2).mean()), "slope": 1 + (off * centred).sum() / (centred**2).sum(),
        "energy_learned": (true + off).mean(axis=1), "energy_spread": off.std(axis=1),
        "rmse_level": np.sqrt((off**2).mean(axis=1)),
    }  # fmt: skip


def bonds(graph: FactorGraph, spins: np.ndarray, learned: xr.Dataset, beta: float) -> dict[str, tuple]:
    """Errors of the couplings, and their floor: the trace of the inverse Fisher information beta^2 n cov(s_i s_j).

    `spins` are the observations (chain, sample, site). Where products never vary, the floor is not known: NaN.
    """
    true, found, sure, chosen = np.zeros((4, graph.sites, graph.sites))
    at, c = graph.products.of_order(2)
    i, j = at.T
    true[i, j] = -c
    for square, name in ((found, "coupling"), (sure, "as_bond"), (chosen, "selected")):
        square[learned["i"].values, learned["j"].values] = learned[name].values
    s = spins.reshape(-1, graph.sites)
    rmse, bare = (rms((square - true)[i, j]) for square in (found, sure))
    least = least_error((s[:, i] * s[:, j]).astype(np.float32), beta)
    spurious = int(((chosen != 0) & (true == 0)).sum())
    return {
        "coupling_rmse": ((), rmse), "coupling_floor": ((), least), "coupling_excess": ((), rmse / least),
        "as_bond_excess": ((), bare / least), "missed": ((), np.int32((chosen[i, j] == 0).sum())),
        "spurious": ((), np.int32(spurious)),
    }  # fmt: skip


def rms(x: np.ndarray) -> float:
    """Root of the mean square, NaN of nothing."""
    return float(np.sqrt((x**2).mean())) if x.size else float("nan")


def least_error(products: np.ndarray, beta: float) -> float:
    """Least rms error of couplings, from products s_i s_j (observation, bond); NaN where it is not known."""
    if not products.shape[1]:
        return float("nan")
    information = np.atleast_2d(np.cov(products, rowvar=False)) * beta**2 * len(products)
    try:
        mean = float(np.diag(np.linalg.inv(information)).mean())
        return float(np.sqrt(mean)) if mean >= 0 else float("nan")
    except np.linalg.LinAlgError:
        return float("nan")


def floor(beta: float, observations: int, true: np.ndarray, log_states: np.ndarray) -> float:
    """sd(J) / J >= 1 / (beta (n var E)^(1/2)) times the rms of the centred energies; NaN without density of states,
    or without observations."""
    if not observations:
        return np.nan
    level = true[:, 0]
    weight = log_states - beta * level
    p = np.exp(weight - weight.max()) if np.isfinite(weight).all() else np.full(len(level), np.nan)
    p /= p.sum()
    variance = p @ level**2 - (p @ level) ** 2
    return float(np.std(true) / (beta * np.sqrt(observations * variance)))
