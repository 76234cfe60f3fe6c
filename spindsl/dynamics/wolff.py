"""Single clusters, flipped as one."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from .. import moves
from ..errors import MeaningError
from ..graph import Stage
from ..spec import Dynamics


class Wolff(Dynamics):
    """A cluster grown from a random spin over satisfied bonds, each taken with 1 - exp(-2 beta |J|), is flipped.

    Wolff, Phys. Rev. Lett. 62, 361 (1989). One
    cluster is one sweep. Fields act through
    a ghost spin. Valid, but slow, where frustration makes clusters percolate.
    """

    cites: ClassVar = ("wolff1989", "salmon2011")

    kind: Literal["wolff"]

    def sweeps(self) -> moves.Sweeps:
        return moves.Clusters("wolff")

    def stages(self, system: Stage) -> tuple[Stage, ...]:
        moves.suited(self.sweeps(), system)
        return ()

    def doubts(self, stages: Mapping[str, Stage]) -> Iterator[MeaningError]:
        yield from moves.unchecked(self.sweeps(), stages["system"])
        if doubt := moves.percolating(stages["system"]):
            yield doubt
