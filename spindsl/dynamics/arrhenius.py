"""Thermally activated flips over a barrier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..seeds import generator
from ..spec import Dynamics, NonNegative, Positive, Words

if TYPE_CHECKING:
    import xarray as xr


class Spread(Words):
    """Barriers drawn for each spin, independently and uniformly from [low, high]."""

    kind: Literal["uniform"]
    low: float = Field(description="lowest barrier, K")
    high: float = Field(description="highest barrier, K")

    @model_validator(mode="after")
    def _fits(self):
        if self.low > self.high:
            raise MeaningError(f"low {self.low:g} is above high {self.high:g}", "low", code="E203")
        return self


class Scattered(Words):
    """Barriers drawn for each spin, independently and from a normal distribution."""

    kind: Literal["normal"]
    mean: float = Field(description="mean barrier, K")
    std: NonNegative = Field(description="standard deviation of the barriers, K")


class Arrhenius(Dynamics):
    """Spin j flips at rate exp(beta (e_j - B_j)) / s, with the local energy e_j = s_j (g_j + A_j).

    Obeys detailed balance; rates above 1/s are not cut off. Zhong et al. 2020, text after Eq. (1).
    """

    cites: ClassVar = ("zhong2020", "gillespie1977", "bortz1975", "salmon2011")

    kind: Literal["arrhenius"]
    beta: Positive = Field(description="inverse temperature, 1/K (k_B = 1)")
    barrier: NonNegative | Annotated[Spread | Scattered, Field(discriminator="kind")] = Field(
        description="height B of the barrier that a spin crosses to flip, K: of all, or drawn for each"
    )

    def rule(self) -> dict[str, Any]:
        return {"rule": "spindsl.kernels.rules.arrhenius:Arrhenius", "beta": self.beta}

    def stages(self, system: Stage) -> tuple[Stage, ...]:
        if "J" not in system.gives:
            raise MeaningError("barriers are crossed by spins with couplings; this system has none", "kind")
        gives = {"B": Promise(("spin",), "K", "barrier that the spin crosses to flip")}
        sizes = {"spin": system.sizes["spin"]}
        said = {"barrier": self.said()["barrier"]} | sizes
        return (Stage("dynamics", barriers, said, gives, group="/dynamics", sizes=sizes, quenched=True),)


def barriers(task: Task) -> xr.Dataset:
    """B_j of every spin, K."""
    import xarray as xr

    said, N, rng = task.said["barrier"], task.said["spin"], generator(task.seed, "dynamics", "barrier")
    if not isinstance(said, dict):
        B = np.full(N, said)
    elif said["kind"] == "uniform":
        B = rng.uniform(said["low"], said["high"], N)
    else:
        B = rng.normal(said["mean"], said["std"], N)
    return xr.Dataset({"B": ("spin", B)})
