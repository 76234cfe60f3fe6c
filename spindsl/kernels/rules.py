"""Rules: the rate at which spin j flips, as a function of its local energy e_j. One NamedTuple a rule.

Each obeys detailed balance, rate(e) / rate(-e) = exp(2 beta e), since the flip changes E by -2 e.
"""

from functools import singledispatch
from typing import NamedTuple

import numpy as np
from numba.extending import overload

from .floats import exp


class Arrhenius(NamedTuple):
    """rate = exp(beta (e_j - B_j)) per second (Zhong et al. 2020, text after Eq. 1)."""

    beta: float  # 1/K
    barrier: np.ndarray  # K, (spin)


@singledispatch
def rate(rule, j, e):
    """Flips per second of spin j at local energy e."""
    raise TypeError(f"no rate for {type(rule).__name__}")


@rate.register(Arrhenius)
def _(rule, j, e):
    return exp(rule.beta * (e - rule.barrier[j]))


@overload(rate, inline="always")
def _rate(rule, j, e):
    return rate.dispatch(rule.instance_class)


def build(spins: int, rule: str, **values: float):
    """A rule by name; its array fields are spread over the spins."""
    kind = globals()[rule]
    arrays = {k for k, type_ in kind.__annotations__.items() if type_ is np.ndarray}
    return kind(**{k: np.full(spins, float(v)) if k in arrays else float(v) for k, v in values.items()})


def unhindered(rule, beta: float):
    """The same rule at another inverse temperature and without barriers, for annealing."""
    return rule._replace(beta=beta, **({"barrier": np.zeros_like(rule.barrier)} if "barrier" in rule._fields else {}))


def admit(rule, energy: float) -> None:
    """ValueError if rates at local energies up to `energy` would leave float64: beta * energy <= 700."""
    if rule.beta * energy > 700:
        raise ValueError(
            f"beta times the largest local energy is {rule.beta * energy:.0f}, at most 700 can be told apart"
        )
