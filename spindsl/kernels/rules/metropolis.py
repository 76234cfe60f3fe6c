"""Flips that are always taken downhill."""

from typing import NamedTuple

from ..floats import exp
from . import rate


class Metropolis(NamedTuple):
    """rate = min(1, exp(2 beta e_j)) per second (Metropolis et al. 1953): the flip changes E by -2 e_j."""

    beta: float  # 1/K

    @property
    def steepness(self) -> float:
        """Largest change of ln rate with the local energy, 1/K."""
        return 2.0 * self.beta

    def at(self, beta: float) -> "Metropolis":
        """At another inverse temperature, for annealing."""
        return Metropolis(beta)


@rate.register(Metropolis)
def _(rule: Metropolis, j: int, e: float) -> float:
    return exp(min(2.0 * rule.beta * e, 0.0))
