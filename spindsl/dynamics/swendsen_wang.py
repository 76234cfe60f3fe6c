"""All clusters at once."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from .. import moves
from ..errors import MeaningError
from ..graph import Stage
from ..spec import Dynamics


class SwendsenWang(Dynamics):
    """Satisfied bonds are taken with probability 1 - exp(-2 beta |J|), and every cluster gets a spin of its own.

    Swendsen and Wang, Phys. Rev. Lett. 58, 86 (1987). Fields act through a ghost spin. Valid, but slow, where
    frustration makes clusters percolate.
    """

    cites: ClassVar = ("swendsen1987", "salmon2011")

    kind: Literal["swendsen-wang"]

    def sweeps(self) -> moves.Sweeps:
        return moves.Clusters("swendsen-wang")

    def stages(self, system: Stage) -> tuple[Stage, ...]:
        moves.suited(self.sweeps(), system)
        return ()

    def doubts(self, stages: Mapping[str, Stage]) -> Iterator[MeaningError]:
        yield from moves.unchecked(self.sweeps(), stages["system"])
        if doubt := moves.percolating(stages["system"]):
            yield doubt
