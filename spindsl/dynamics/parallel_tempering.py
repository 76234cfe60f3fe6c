"""Copies at all temperatures that exchange their configurations."""

from typing import ClassVar, Literal

from pydantic import Field

from .. import moves
from ..spec import Count


class ParallelTempering(moves.Swept):
    """Neighbouring temperatures exchange configurations with probability min(1, exp((beta_a - beta_b)(E_a - E_b))).

    Hukushima and Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). The ladder is that of the protocol's `betas`.
    """

    cites: ClassVar = ("hukushima1996", "salmon2011")

    kind: Literal["parallel-tempering"]
    move: Literal["metropolis", "heat-bath"] = Field(description="between exchanges")
    order: moves.Order = Field(description="in which order spins are tried: random, sequential or checkerboard")
    exchange: Count = Field(description="sweeps between exchanges")

    def sweeps(self) -> moves.Sweeps:
        return moves.SingleSite(self.move, self.order, self.exchange)
