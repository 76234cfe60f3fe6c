"""Heat-bath flips."""

from typing import NamedTuple

from ..floats import exp
from . import rate


class Glauber(NamedTuple):
    """rate = 1 / (1 + exp(-2 beta e_j)) per second (Glauber 1963, Eq. 26): the flip changes E by -2 e_j."""

    beta: float  # 1/K

    @property
    def steepness(self) -> float:
        """Largest change of ln rate with the local energy, 1/K."""
        return 2.0 * self.beta

    def at(self, beta: float) -> "Glauber":
        """At another inverse temperature, for annealing."""
        return Glauber(beta)


@rate.register(Glauber)
def _(rule: Glauber, j: int, e: float) -> float:
    return 1.0 / (1.0 + exp(-2.0 * rule.beta * e))
