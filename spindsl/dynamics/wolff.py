"""Single clusters, flipped as one."""

from typing import ClassVar, Literal

from .. import moves


class Wolff(moves.Clustered):
    """A cluster grown from a random spin over satisfied bonds, each taken with 1 - exp(-2 beta |J|), is flipped.

    Wolff, Phys. Rev. Lett. 62, 361 (1989). One
    cluster is one sweep. Fields act through
    a ghost spin. Valid, but slow, where frustration makes clusters percolate.
    """

    cites: ClassVar = ("wolff1989", "salmon2011")

    kind: Literal["wolff"]

    def sweeps(self) -> moves.Clusters:
        return moves.Clusters("wolff")
