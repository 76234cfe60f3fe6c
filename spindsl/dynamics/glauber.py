"""Heat-bath dynamics in continuous time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ..kinetics import Rates
from ..spec import Dynamics, Positive

if TYPE_CHECKING:
    import xarray as xr

    from ..kernels.rules import Rule


class Glauber(Dynamics):
    """Spin j flips at rate 1 / (1 + exp(-2 beta e_j)) / s, with the local energy e_j = s_j (g_j + A_j).

    Every spin is offered to the heat bath once a second. Obeys detailed balance. Glauber 1963, Eq. (26).
    """

    cites: ClassVar = ("glauber1963", "gillespie1977", "bortz1975", "salmon2011")

    kind: Literal["glauber"]
    beta: Positive = Field(description="inverse temperature, 1/K (k_B = 1)")

    def rates(self) -> Rates:
        return HeatBathRates(self.kind, self.beta)


@dataclass(frozen=True)
class HeatBathRates(Rates):
    """All spins alike."""

    def rule(self, dynamics: xr.Dataset) -> Rule:
        from ..kernels.rules import glauber

        return glauber.Glauber(self.beta)
