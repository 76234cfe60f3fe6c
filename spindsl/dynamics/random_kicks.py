"""Displacements of discs at random."""

from typing import ClassVar, Literal

from pydantic import Field

from ..kinetics import Kicks
from ..spec import Dynamics, NonNegative, Positive


class RandomKicks(Dynamics):
    """After a cycle each active disc is displaced by a length uniform in [0, kick], in any direction alike.

    With noise every disc, active or not, is displaced besides, by a normal distribution in either coordinate; also
    in a cycle of rest. Corté et al. 2008; noise: Keim and Nagel, Physical Review Letters 107, 010603 (2011).
    """

    cites: ClassVar = ("corte2008", "keim2011", "salmon2011")

    kind: Literal["random-kicks"]
    kick: Positive = Field(description="largest length of a kick, diameters")
    noise: NonNegative = Field(description="standard deviation of the noise in x and in y, diameters a cycle")

    def cycling(self) -> Kicks:
        return Kicks(self.kick, self.noise)
