"""Thermally activated flips that no spin makes faster than a cap."""

from typing import NamedTuple

from spindsl.kernels.floats import exp
from spindsl.kernels.rules import rate


class Capped(NamedTuple):
    """rate = min(exp(beta (e - B)), cap min(1, exp(2 beta e))) per second: Arrhenius, or cap times Metropolis.

    Detailed balance asks for rate(e) / rate(-e) = exp(2 beta e), and both have it: exp(beta (e - B)) over
    exp(beta (-e - B)); and 1 over exp(-2 beta e) where e > 0, or its inverse where e < 0. Their quotient
    exp(beta (|e| - B)) / cap is even in e, so that the same one is the lesser at e and at -e: their minimum has that
    ratio, too. min(exp(beta (e - B)), cap) alone has it not.
    """

    beta: float  # 1/K
    barrier: float  # B, K
    cap: float  # 1/s

    @property
    def steepness(self) -> float:
        """Largest change of ln rate with the local energy, 1/K: that of Metropolis, where e is low."""
        return 2.0 * self.beta

    def at(self, beta: float) -> "Capped":
        """At another inverse temperature and without the barrier, for annealing; the cap stays."""
        return Capped(beta, 0.0, self.cap)


@rate.register(Capped)
def _(rule: Capped, j: int, e: float) -> float:
    free = exp(rule.beta * (e - rule.barrier))
    return min(free, rule.cap * exp(min(2.0 * rule.beta * e, 0.0)))
