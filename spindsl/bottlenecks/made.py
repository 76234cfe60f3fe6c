"""A masked autoregressive network of configurations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .. import properties
from ..architectures import Architecture
from ..autoregressive import Unwrapped, opposed
from ..errors import MeaningError
from ..factors import FactorGraph, read
from ..outline import Outline
from ..spec import Count

if TYPE_CHECKING:
    import xarray as xr

    from ..kernels.autoregressive.models import Model, Shape


@dataclass(frozen=True)
class Layers(Architecture):
    """Masked layers; the skip of a primed network begins at 2 beta J."""

    kernel: ClassVar = "made"
    shared: ClassVar = False

    depth: int
    width: int
    skip: bool
    odd: bool
    primed: bool = False

    def shape(self) -> Shape:
        from ..kernels.autoregressive.made import Made as Kernel

        return Kernel(self.sites, self.colours, self.depth, self.width, self.skip, self.odd)

    @property
    def weights(self) -> int:
        channels = [1 if self.colours == 2 else self.colours, *[self.width] * (self.depth - 1), self.colours - 1]
        own = 0 if self.odd else self.sites * (2 * sum(channels[1:-1]) + channels[-1])
        skip = self.sites**2 * channels[0] * channels[-1] if self.skip else 0
        return self.sites**2 * sum(a * b for a, b in pairwise(channels)) + own + skip

    def begun(self, q: Model, system: xr.Dataset, beta: float) -> Model:
        from ..kernels.autoregressive.made import primed

        return primed(q, symmetric(read(system)), beta) if self.primed else q


class Made(Unwrapped):
    """q(s) = prod_t q(s_t | s_<t) by one network whose layers are masked, so that site t sees sites before it only.

    `depth` layers of weights with `width` channels a site, and a linear skip from what was read to the logits.
    Germain et al., arXiv:1502.03509, as laid out by Wu, Wang and Zhang, arXiv:1809.10606. Trained by free energy it
    is their variational network, which knows the Hamiltonian.
    """

    cites: ClassVar = ("germain2015",)

    kind: Literal["made"]
    depth: Count = Field(description="layers of weights")
    width: Count = Field(description="channels a site between layers")
    skip: bool = Field(default=True, description="logits see what was read directly too")
    odd: bool = Field(
        default=False,
        description="tanh without biases, l(-s) = -l(s): true of every conditional of spins without field",
    )
    primed: Literal[True] | None = Field(
        default=None,
        description="the skip begins at 2 beta J of the true Hamiltonian, not at 0: right to first order in beta",
    )

    def architecture(self, sites: int, sides: tuple[int, ...], colours: int) -> Layers:
        return Layers(sites, colours, self.depth, self.width, self.skip, self.odd, bool(self.primed))

    def asymmetric(self, energy: Outline) -> Iterator[MeaningError]:
        yield from super().asymmetric(energy)
        if self.odd and (why := opposed(energy)):
            yield MeaningError(why, "odd", hint="odd = false")
        if self.primed and (why := self.unprimed(energy)):
            yield MeaningError(why, "primed", hint="no such key")

    def unprimed(self, energy: Outline) -> str:
        """Why such a network of such matter cannot begin at the couplings; nothing where it can."""
        if not self.knows:
            return "what learns from observations is not told the Hamiltonian"
        if not self.skip:
            return "couplings go into the skip, which this network has not"
        if energy.domain != "spin" or energy.ask(properties.pairwise).no or energy.ask(properties.no_field).no:
            return "couplings of two spins ±1 go into the skip; this matter has more to it"
        return ""


def symmetric(graph: FactorGraph) -> np.ndarray:
    """J (site, site) of the pairs of E = -sum_{i<j} J_ij s_i s_j."""
    J, (at, c) = np.zeros((graph.sites, graph.sites)), graph.products.of_order(2)
    J[at[:, 0], at[:, 1]] = -c
    return J + J.T
