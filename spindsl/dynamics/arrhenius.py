"""Thermally activated flips over a barrier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..hamiltonian import spins_of
from ..kinetics import Rates
from ..seeds import generator
from ..spec import Dynamics, NonNegative, Positive, Words

if TYPE_CHECKING:
    import xarray as xr

    from ..kernels.rules import Rule


class Spread(Words):
    """Barriers drawn for each spin, independently and uniformly from [low, high]."""

    kind: Literal["uniform"]
    low: float = Field(description="lowest barrier, K")
    high: float = Field(description="highest barrier, K")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.low > self.high:
            raise MeaningError(
                f"low {self.low:g} is above high {self.high:g}",
                "low",
                code="E203",
                hint="write a low that is not above high",
            )
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

    def rates(self) -> Rates:
        return ActivatedRates(self.kind, self.beta)

    def stages(self, system: Stage) -> tuple[Stage, ...]:
        energy = spins_of(system)
        gives = {"B": Promise(("spin",), energy.unit, "barrier that the spin crosses to flip")}
        sizes = {"spin": system.sizes["spin"]}
        params = Barriers(self.barrier, system.sizes["spin"])
        return (Stage("dynamics", barriers, params, gives, group="/dynamics", sizes=sizes, quenched=True),)


@dataclass(frozen=True)
class ActivatedRates(Rates):
    """Each spin over its own barrier."""

    def rule(self, dynamics: xr.Dataset) -> Rule:
        from ..kernels.rules import arrhenius

        return arrhenius.Arrhenius(self.beta, dynamics["B"].values)


@dataclass(frozen=True)
class Barriers:
    """Barriers of so many spins: one height, or a law."""

    barrier: float | Spread | Scattered
    spins: int


def barriers(task: Task[Barriers]) -> xr.Dataset:
    """B_j of every spin, K."""
    import xarray as xr

    N, rng = task.params.spins, generator(task.seed, "dynamics", "barrier")
    match task.params.barrier:
        case Spread(low=low, high=high):
            B = rng.uniform(low, high, N)
        case Scattered(mean=mean, std=std):
            B = rng.normal(mean, std, N)
        case height:
            B = np.full(N, height)
    return xr.Dataset({"B": ("spin", B)})
