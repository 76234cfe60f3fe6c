"""Rules: the rate at which spin j flips, as a function of its local energy e_j. One file a rule.

Each obeys detailed balance, rate(e) / rate(-e) = exp(2 beta e), since the flip changes E by -2 e.
A rule is a NamedTuple with `beta` (1/K); its array fields (spin) are quenched properties of the spins.
"""

from functools import singledispatch
from typing import Protocol

from ..verbs import compiled


class Rule(Protocol):
    """What every rule has."""

    @property
    def beta(self) -> float:
        """Inverse temperature, 1/K."""
        ...

    @property
    def steepness(self) -> float:
        """Largest change of ln rate with the local energy, 1/K."""
        ...

    def at(self, beta: float) -> "Rule":
        """At another inverse temperature and without barriers, for annealing."""
        ...


@compiled(inline="always")
@singledispatch
def rate(rule: Rule, j: int, e: float) -> float:
    """Flips per second of spin j at local energy e."""
    raise TypeError(f"no rate for {type(rule).__name__}")


def admit(rule: Rule, energy: float) -> None:
    """ValueError if rates at local energies up to ±`energy` would leave float64, exp(±700)."""
    reach = rule.steepness * energy
    if reach > 700:
        raise ValueError(f"rates reach exp({reach:.0f}) at the largest local energy, float64 ends at exp(700)")
