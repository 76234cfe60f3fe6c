"""How near a learned energy is to the true one, over all energies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import levels, observations, sequences
from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..hamiltonian import energies, learned
from ..sampling import Ensemble
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
        if bottleneck is None or not (ENERGIES & set(bottleneck.gives) or labelling(bottleneck)):
            raise MeaningError(f"{self.of!r} has no energy", "of", code="E204")
        test = levels.stage(sources, self.each, self.bins)
        said = self.said() | {"attrs": sources["system"].said["attrs"], "observations": seen(bottleneck, trajectory)}
        how = {"code": levels.CODE, "seconds": 5.0}
        if labelling(bottleneck):
            said |= {"model": dict(bottleneck.said)}
            seconds = 2e-10 * bottleneck.bytes * bottleneck.said["sites"] * self.each * test.size("level")
            how = {"code": (*levels.CODE, *bottleneck.code), "seconds": seconds, "interpreted": True,
                   "accelerated": True}  # fmt: skip
        many = ("network",) if "network" in bottleneck.coords else ()
        paired = "edge" in bottleneck.gives.get("coupling", Promise((), "", "")).dims
        gives = promises(many) | (BONDS if paired else {})
        bonds = ("system", "trajectory") if paired else ()
        coords = {k: bottleneck.coords[k] for k in ("beta", *many)}
        return test, Stage(
            f"analysis.{name}", look, said, gives, (test.name, bottleneck.name, *bonds), group=f"/analysis/{name}",
            coords=coords, sizes={"level": test.size("level")}, **how, **Ensemble.of(trajectory).how,
        )  # fmt: skip


def labelling(bottleneck: Stage) -> bool:
    """Whether its energies are those of a sequence model, -ln q / beta."""
    return "weights" in bottleneck.gives and "form" in bottleneck.said


def seen(bottleneck: Stage, trajectory: Stage) -> int:
    """How many observations it learned from; 0 of one that was told the Hamiltonian."""
    said = bottleneck.said
    if said.get("observations") == 0 or (labelling(bottleneck) and said["train"] != "observations"):
        return 0
    return observations.admitted(trajectory, said.get("observations"), said.get("test", 0))


ENERGIES = {"coupling", "pattern_energy", "pair_energy"}

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


def look(task: Task, **inputs: xr.Dataset) -> xr.Dataset:
    """One temperature."""
    import xarray as xr

    said, beta = task.said, task.about["beta"]
    (test,) = (d for n, d in inputs.items() if n.startswith("levels"))
    (model,) = (d for n, d in inputs.items() if n.startswith("bottleneck"))
    true, spins = test["energy"].values, test["spins"].values
    found = [errors(true, one) for one in told(said, beta, model, spins)]
    joined = {n: np.stack([f[n] for f in found]) if "network" in model.dims else found[0][n] for n in found[0]}
    many = ("network",) if "network" in model.dims else ()
    result = xr.Dataset({n: ((*many, *(["level"] if v.ndim > len(many) else [])), v) for n, v in joined.items()})
    result["energy_true"], result["rmse_constant"] = ("level", true.mean(axis=1)), ((), true.std())
    if many:
        result["rmse_pooled"] = np.sqrt((result["rmse"] ** 2).mean("network"))
    if "trajectory" in inputs:
        result = result.assign(bonds(inputs["system"], inputs["trajectory"], model, beta))
    result["rmse_floor"] = ((), floor(beta, said["observations"], true, test["log_states"].values))
    return result


def told(said: Mapping[str, Any], beta: float, model: xr.Dataset, spins: np.ndarray) -> Iterator[np.ndarray]:
    """Energies of configurations as each network has learned them."""
    if "model" in said:
        for k in range(said["model"]["networks"]):
            yield sequences.labels(said["model"], model, spins, beta, k)
        return
    for one in [model.isel(network=k) for k in range(model.sizes["network"])] if "network" in model.dims else [model]:
        yield energies(learned(one, said["attrs"]), spins)


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


def bonds(system: xr.Dataset, trajectory: xr.Dataset, model: xr.Dataset, beta: float) -> dict[str, tuple]:
    """Errors of the couplings, and their floor: the trace of the inverse Fisher information beta^2 n cov(s_i s_j)."""
    spins = system.attrs["spins"]
    true, found, sure, chosen = np.zeros((4, spins, spins))
    i, j = system["i"].values, system["j"].values
    true[i, j] = system["coupling"].values
    for square, name in ((found, "coupling"), (sure, "as_bond"), (chosen, "selected")):
        square[model["i"].values, model["j"].values] = model[name].values
    s = trajectory["spins"].values.reshape(-1, spins)
    products = (s[:, i] * s[:, j]).astype(np.float32)
    information = np.cov(products, rowvar=False) * beta**2 * len(s)
    rmse, bare = (float(np.sqrt(((square - true)[i, j] ** 2).mean())) for square in (found, sure))
    least = float(np.sqrt(np.diag(np.linalg.inv(information)).mean()))
    spurious = int(((chosen != 0) & (true == 0)).sum())
    return {
        "coupling_rmse": ((), rmse), "coupling_floor": ((), least), "coupling_excess": ((), rmse / least),
        "as_bond_excess": ((), bare / least), "missed": ((), np.int32((chosen[i, j] == 0).sum())),
        "spurious": ((), np.int32(spurious)),
    }  # fmt: skip


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
