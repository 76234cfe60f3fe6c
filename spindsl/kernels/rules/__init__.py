"""Rules: the rate at which spin j flips, as a function of its local energy e_j. One file a rule.

Each obeys detailed balance, rate(e) / rate(-e) = exp(2 beta e), since the flip changes E by -2 e.
A rule is a NamedTuple with `beta` (1/K); its array fields (spin) are quenched properties of the spins.
"""

from functools import singledispatch
from importlib import import_module
from typing import Any

from numba.extending import overload


@singledispatch
def rate(rule, j, e):
    """Flips per second of spin j at local energy e."""
    raise TypeError(f"no rate for {type(rule).__name__}")


@overload(rate, inline="always")
def _rate(rule, j, e):
    return rate.dispatch(rule.instance_class)


def build(rule: str, **values: Any):
    """A rule from "module:NamedTuple" and its fields."""
    module, _, name = rule.partition(":")
    return getattr(import_module(module), name)(**values)


def admit(rule, energy: float) -> None:
    """ValueError if rates at local energies up to ±`energy` would leave float64, exp(±700)."""
    reach = rule.steepness * energy
    if reach > 700:
        raise ValueError(f"rates reach exp({reach:.0f}) at the largest local energy, float64 ends at exp(700)")
