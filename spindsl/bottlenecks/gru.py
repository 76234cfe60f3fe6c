"""A recurrent network of configurations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ..architectures import Architecture
from ..autoregressive import Unwrapped
from ..errors import MeaningError
from ..graph import Stage
from ..spec import Count

if TYPE_CHECKING:
    from ..kernels.autoregressive.models import Shape


@dataclass(frozen=True)
class Units(Architecture):
    """One layer of gated units."""

    kernel: ClassVar = "gru"

    hidden: int
    dropout: float

    def shape(self) -> Shape:
        from ..kernels.autoregressive.gru import Gru as Kernel

        return Kernel(self.sites, self.colours, self.hidden, self.dropout)

    @property
    def weights(self) -> int:
        read = 1 if self.colours == 2 else self.colours
        return 3 * self.hidden * (read + self.hidden + 2) + (self.hidden + 1) * (self.colours - 1)


class Gru(Unwrapped):
    """q(s) = prod_t q(s_t | s_<t) by gated recurrent units that read a configuration as a sentence.

    One layer, Cho et al., arXiv:1406.1078, as in Sprague et al. 2021, appendix A. `dropout` is the share of units that
    is set to 0 while training.
    """

    cites: ClassVar = ("cho2014", "sprague2021")

    kind: Literal["gru"]
    hidden: Count = Field(description="units of the layer")
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.0, description="share of units set to 0 in training")

    def architecture(self, sites: int, sides: tuple[int, ...], colours: int) -> Units:
        return Units(sites, colours, self.hidden, self.dropout)

    def unfit(self, trajectory: Stage) -> Iterator[MeaningError]:
        yield from super().unfit(trajectory)
        if self.knows and self.dropout:
            message = "training by free energy draws from the network that it trains, with no unit left out"
            yield MeaningError(message, "dropout", hint="dropout = 0")
