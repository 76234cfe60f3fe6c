"""Thermally activated flips that no spin makes faster than a cap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from spindsl.kinetics import Rates
from spindsl.spec import Dynamics, NonNegative, Positive

if TYPE_CHECKING:
    import xarray as xr

    from spindsl.kernels.rules import Rule
    from spindsl.report.markup import Html
    from spindsl.report.questions import Asked, Part


class CappedArrhenius(Dynamics):
    """Spin j flips at rate min(exp(beta (e_j - B)), cap min(1, exp(2 beta e_j))) / s; obeys detailed balance."""

    kind: Literal["capped-arrhenius"]
    beta: Positive = Field(description="inverse temperature, 1/K (k_B = 1)")
    barrier: NonNegative = Field(description="height B of the barrier that a spin crosses to flip, K")
    cap: Positive = Field(description="largest rate, 1/s")

    @classmethod
    def page(cls) -> Part:
        from spindsl.report.questions import Part

        return Part(sentences)

    def rates(self) -> Rates:
        return CappedRates(self.kind, self.beta, self.barrier, self.cap)


@dataclass(frozen=True)
class CappedRates(Rates):
    """All spins alike."""

    barrier: float
    cap: float

    def rule(self, dynamics: xr.Dataset) -> Rule:
        from .capped_rule import Capped

        return Capped(self.beta, self.barrier, self.cap)


def sentences(asked: Asked) -> Iterator[Html]:
    from spindsl.report.markup import text

    for said in asked.said.values():
        yield text(f"No spin flips more often than {said['cap']:g} times a second.")
