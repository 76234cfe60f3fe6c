"""No time, no temperature."""

from typing import Any, ClassVar, Literal

from ..spec import Dynamics


class Quasistatic(Dynamics):
    """The input changes so slowly, at zero temperature, that a hysteron flips just when its threshold is reached."""

    cites: ClassVar = ("preisach1935",)

    kind: Literal["quasistatic"]

    def rule(self) -> dict[str, Any]:
        return {"rule": "spindsl.kernels.hysterons:ramp"}
