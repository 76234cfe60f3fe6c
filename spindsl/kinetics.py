"""How a dynamics moves driven matter: rates of single spins in continuous time, or what a cycle does.

A drive asks a dynamics for the one that its matter needs, and refuses a dynamics that has none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

    from .kernels.rules import Rule


class Matter(StrEnum):
    """Matter that cycles of a strain or of an input drive."""

    DISCS = "discs"  # gives the side of a box
    HYSTERONS = "hysterons"  # gives two thresholds of each


@dataclass(frozen=True)
class Rates(ABC):
    """Rates of single spins in continuous time: a function of beta, 1/K, and of the spin's local energy."""

    kind: str  # of the dynamics, which tells rules with equal fields apart
    beta: float

    @abstractmethod
    def rule(self, dynamics: xr.Dataset) -> Rule:
        """The kernel's rule; `dynamics` has what differs between spins, and is empty where nothing does."""


@dataclass(frozen=True)
class Kicks:
    """What a cycle does to discs, see `kernels.discs.Kicks`; lengths in diameters."""

    kick: float
    noise: float


@dataclass(frozen=True)
class Ramps:
    """What a cycle does to hysterons: each flips just where its threshold is reached."""


Cycling = Kicks | Ramps
MOVED = {Matter.DISCS: Kicks, Matter.HYSTERONS: Ramps}  # by which each matter moves in cycles
