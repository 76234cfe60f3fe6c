"""A masked convolutional network of configurations on a plane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ..architectures import Architecture
from ..autoregressive import Sequence
from ..errors import MeaningError
from ..spec import Count

if TYPE_CHECKING:
    from ..kernels.autoregressive.models import Shape


@dataclass(frozen=True)
class Convolutions(Architecture):
    """Layers of masked windows on a plane of rows and columns."""

    kernel: ClassVar = "pixelcnn"

    sides: tuple[int, int]
    depth: int
    width: int
    reach: int

    def shape(self) -> Shape:
        from ..kernels.autoregressive.pixelcnn import PixelCnn as Kernel

        return Kernel(self.sides, self.colours, self.depth, self.width, self.reach)

    @property
    def weights(self) -> int:
        channels = [1 if self.colours == 2 else self.colours, *[self.width] * (self.depth - 1), self.colours - 1]
        seen = 2 * self.reach * (self.reach + 1)  # and the site itself, but in the first layer
        own = 2 * sum(channels[1:-1]) + channels[-1]
        return sum(a * b * (seen + (k > 0)) for k, (a, b) in enumerate(pairwise(channels))) + own


class PixelCnn(Sequence):
    """q(s) = prod_t q(s_t | s_<t) by convolutions that see rows above, and what is to the left in their own.

    Sites are read row after row; `depth` layers of `width` channels with windows of side 2 `reach` + 1; beyond the edge
    all is 0. Van den Oord, Kalchbrenner and Kavukcuoglu, arXiv:1601.06759, as in Wu, Wang and Zhang, arXiv:1809.10606.
    """

    cites: ClassVar = ("oord2016",)

    kind: Literal["pixelcnn"]
    depth: Count = Field(description="layers")
    width: Count = Field(description="channels between layers")
    reach: Count = Field(description="sites that a window reaches to each side")

    def architecture(self, sites: int, sides: tuple[int, ...], colours: int) -> Convolutions:
        rows, columns = sides
        return Convolutions(sites, colours, (rows, columns), self.depth, self.width, self.reach)

    def misread(self, sides: tuple[int, ...]) -> Iterator[MeaningError]:
        if len(sides) != 2:
            found = f"a lattice of {len(sides)} dimensions" if sides else "a graph that is no lattice"
            hint = 'system.graph = { kind = "square", … }, or made or gru'
            yield MeaningError(f"windows need a plane; this is {found}", "kind", hint=hint)
