"""All clusters at once."""

from typing import ClassVar, Literal

from .. import moves


class SwendsenWang(moves.Clustered):
    """Satisfied bonds are taken with probability 1 - exp(-2 beta |J|), and every cluster gets a spin of its own.

    Swendsen and Wang, Phys. Rev. Lett. 58, 86 (1987). Fields act through a ghost spin. Valid, but slow, where
    frustration makes clusters percolate.
    """

    cites: ClassVar = ("swendsen1987", "salmon2011")

    kind: Literal["swendsen-wang"]

    def sweeps(self) -> moves.Clusters:
        return moves.Clusters("swendsen-wang")
