"""A masked autoregressive network of configurations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, ClassVar, Literal

from pydantic import Field

from ..autoregressive import Unwrapped, opposed
from ..errors import MeaningError
from ..graph import Stage
from ..spec import Count


class Made(Unwrapped):
    """q(s) = prod_t q(s_t | s_<t) by one network whose layers are masked, so that site t sees sites before it only.

    `depth` layers of weights with `width` channels a site, and a linear skip from what was read to the logits.
    Germain et al., arXiv:1502.03509, as laid out by Wu, Wang and Zhang, arXiv:1809.10606. Trained by free energy it
    is their variational network, which knows the Hamiltonian.
    """

    shared: ClassVar = False
    cites: ClassVar = ("germain2015",)

    kind: Literal["made"]
    depth: Count = Field(description="layers of weights")
    width: Count = Field(description="channels a site between layers")
    skip: bool = Field(default=True, description="logits see what was read directly too")
    odd: bool = Field(
        default=False,
        description="tanh without biases, l(-s) = -l(s): true of every conditional of spins without field",
    )

    def architecture(self, sites: int, sides: tuple[int, ...], colours: int) -> tuple[str, dict[str, Any]]:
        return "made:Made", {"sites": sites, "colours": colours} | {
            k: getattr(self, k) for k in ("depth", "width", "skip", "odd")
        }

    def weights(self, sites: int, colours: int) -> int:
        channels = [1 if colours == 2 else colours, *[self.width] * (self.depth - 1), colours - 1]
        own = 0 if self.odd else sites * (2 * sum(channels[1:-1]) + channels[-1])
        skip = sites**2 * channels[0] * channels[-1] if self.skip else 0
        return sites**2 * sum(a * b for a, b in pairwise(channels)) + own + skip

    def asymmetric(self, system: Stage) -> Iterator[MeaningError]:
        yield from super().asymmetric(system)
        if self.odd and (why := opposed(system)):
            yield MeaningError(why, "odd", hint="odd = false")
