"""Thermally activated flips over a barrier."""

from typing import NamedTuple

import numpy as np

from ..floats import exp
from . import rate


class Arrhenius(NamedTuple):
    """rate = exp(beta (e_j - B_j)) per second (Zhong et al. 2020, text after Eq. 1)."""

    beta: float  # 1/K
    B: np.ndarray  # barriers, K, (spin)

    @property
    def steepness(self) -> float:
        """Largest change of ln rate with the local energy, 1/K."""
        return self.beta

    def at(self, beta: float) -> "Arrhenius":
        """At another inverse temperature and without barriers, for annealing."""
        return Arrhenius(beta, np.zeros_like(self.B))


@rate.register(Arrhenius)
def _(rule: Arrhenius, j: int, e: float) -> float:
    return exp(rule.beta * (e - rule.B[j]))
