"""Heat-bath dynamics in continuous time."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from ..spec import Dynamics, Positive


class Glauber(Dynamics):
    """Spin j flips at rate 1 / (1 + exp(-2 beta e_j)) / s, with the local energy e_j = s_j (g_j + A_j).

    Every spin is offered to the heat bath once a second. Obeys detailed balance. Glauber 1963, Eq. (26).
    """

    cites: ClassVar = ("glauber1963", "gillespie1977", "bortz1975", "salmon2011")

    kind: Literal["glauber"]
    beta: Positive = Field(description="inverse temperature, 1/K (k_B = 1)")

    def rule(self) -> dict[str, Any]:
        return {"rule": "spindsl.kernels.rules.glauber:Glauber", "beta": self.beta}
