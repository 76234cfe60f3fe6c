"""No time, no temperature."""

from typing import ClassVar, Literal

from ..kinetics import Ramps
from ..spec import Dynamics


class Quasistatic(Dynamics):
    """The input changes so slowly, at zero temperature, that a hysteron flips just when its threshold is reached."""

    cites: ClassVar = ("preisach1935",)

    kind: Literal["quasistatic"]

    def cycling(self) -> Ramps:
        return Ramps()
