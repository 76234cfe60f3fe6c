"""A recurrent network of configurations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..autoregressive import Unwrapped
from ..errors import MeaningError
from ..graph import Stage
from ..spec import Count


class Gru(Unwrapped):
    """q(s) = prod_t q(s_t | s_<t) by gated recurrent units that read a configuration as a sentence.

    One layer, Cho et al., arXiv:1406.1078, as in Sprague et al. 2021, appendix A. `dropout` is the share of units that
    is set to 0 while training.
    """

    cites: ClassVar = ("cho2014", "sprague2021")

    kind: Literal["gru"]
    hidden: Count = Field(description="units of the layer")
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.0, description="share of units set to 0 in training")

    def architecture(self, sites: int, sides: tuple[int, ...], colours: int) -> tuple[str, dict[str, Any]]:
        return "gru:Gru", {"sites": sites, "colours": colours, "hidden": self.hidden, "dropout": self.dropout}

    def weights(self, sites: int, colours: int) -> int:
        read = 1 if colours == 2 else colours
        return 3 * self.hidden * (read + self.hidden + 2) + (self.hidden + 1) * (colours - 1)

    def unfit(self, trajectory: Stage) -> Iterator[MeaningError]:
        yield from super().unfit(trajectory)
        if self.knows and self.dropout:
            message = "training by free energy draws from the network that it trains, with no unit left out"
            yield MeaningError(message, "dropout", hint="dropout = 0")
