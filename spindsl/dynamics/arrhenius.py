"""Thermally activated flips over a barrier."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from ..spec import Dynamics, NonNegative, Positive


class Arrhenius(Dynamics):
    """Spin j flips at rate exp(beta (e_j - B)) / s, with the local energy e_j = s_j (g_j + A_j).

    Obeys detailed balance; rates above 1/s are not cut off. Zhong et al. 2020, text after Eq. (1).
    """

    cites: ClassVar = ("zhong2020", "gillespie1977", "bortz1975", "salmon2011")

    kind: Literal["arrhenius"]
    beta: Positive = Field(description="inverse temperature, 1/K (k_B = 1)")
    barrier: NonNegative = Field(description="height B of the barrier that a spin crosses to flip, K")

    def rule(self) -> dict[str, Any]:
        return {"rule": "Arrhenius", "beta": self.beta, "barrier": self.barrier}
