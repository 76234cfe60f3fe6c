"""All clusters at once."""

from typing import Any, ClassVar, Literal

from .. import sampling
from ..graph import Stage
from ..spec import Dynamics


class SwendsenWang(Dynamics):
    """Satisfied bonds are taken with probability 1 - exp(-2 beta |J|), and every cluster gets a spin of its own.

    Swendsen and Wang, Phys. Rev. Lett. 58, 86 (1987). Fields act through a ghost spin. Valid, but slow, where
    frustration makes clusters percolate.
    """

    cites: ClassVar = ("swendsen1987", "salmon2011")

    kind: Literal["swendsen-wang"]

    def rule(self) -> dict[str, Any]:
        return {"move": "spindsl.kernels.clusters:swendsen_wang", "whole": True}

    def stages(self, system: Stage) -> tuple[Stage, ...]:
        sampling.clustered(system)
        return ()
