"""Dynamics that always goes downhill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from .. import moves
from ..errors import MeaningError
from ..kinetics import Rates
from ..spec import Positive

if TYPE_CHECKING:
    import xarray as xr

    from ..kernels.rules import Rule


class Metropolis(moves.Swept):
    """Flips are taken with probability min(1, exp(-beta dE)); dE = -2 e_j for spin j of local energy e_j. Obeys
    detailed balance. Metropolis et al., J. Chem. Phys. 21, 1087 (1953).

    Under a drive in continuous time, min(1, exp(2 beta e_j)) a second; at equilibrium in sweeps of N attempts.
    """

    cites: ClassVar = ("metropolis1953", "gillespie1977", "bortz1975", "salmon2011")

    kind: Literal["metropolis"]
    beta: Positive | None = Field(
        default=None,
        description="inverse temperature, 1/K (k_B = 1), under a drive; at equilibrium in the protocol",
    )
    order: moves.Order | None = Field(
        default=None, description="at equilibrium, in which order spins are tried: random, sequential or checkerboard"
    )

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.beta is None) == (self.order is None):
            message = "give `beta` under a drive, or `order` at equilibrium"
            raise MeaningError(message, "order" if self.order else "beta", code="E102", hint="give one of the two")
        return self

    def sweeps(self) -> moves.Sweeps | None:
        return moves.SingleSite("metropolis", self.order) if self.order else None

    def rates(self) -> Rates | None:
        return None if self.beta is None else DownhillRates(self.kind, self.beta)


@dataclass(frozen=True)
class DownhillRates(Rates):
    """All spins alike."""

    def rule(self, dynamics: xr.Dataset) -> Rule:
        from ..kernels.rules import metropolis

        return metropolis.Metropolis(self.beta)
