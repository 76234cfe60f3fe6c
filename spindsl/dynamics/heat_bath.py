"""Spins drawn afresh from their conditional distribution."""

from typing import ClassVar, Literal

from pydantic import Field

from .. import moves


class HeatBath(moves.Swept):
    """A spin takes the value a with probability exp(-beta E(a)) / sum_b exp(-beta E(b)), the others held.

    Gibbs sampling. Creutz, Phys. Rev. D 21, 2308 (1980). At equilibrium; in continuous time it is `glauber`.
    """

    cites: ClassVar = ("creutz1980", "salmon2011")

    kind: Literal["heat-bath"]
    order: moves.Order = Field(description="in which order spins are tried: random, sequential or checkerboard")

    def sweeps(self) -> moves.Sweeps:
        return moves.SingleSite("heat-bath", self.order)
