"""Metropolis dynamics in continuous time."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from ..spec import Dynamics, Positive


class Metropolis(Dynamics):
    """Spin j flips at rate min(1, exp(2 beta e_j)) / s, with the local energy e_j = s_j (g_j + A_j).

    Every spin attempts one flip a second. Obeys detailed balance. Metropolis et al. 1953.
    """

    cites: ClassVar = ("metropolis1953", "gillespie1977", "bortz1975", "salmon2011")

    kind: Literal["metropolis"]
    beta: Positive = Field(description="inverse temperature, 1/K (k_B = 1)")

    def rule(self) -> dict[str, Any]:
        return {"rule": "spindsl.kernels.rules.metropolis:Metropolis", "beta": self.beta}
