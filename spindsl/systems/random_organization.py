"""Discs that kick each other when they meet."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ..errors import MeaningError
from ..graph import Promise, Stage, Task
from ..kinetics import Matter
from ..spec import Fraction, System

if TYPE_CHECKING:
    import xarray as xr

NARROWEST = 4.0  # diameters: a disc meets no two images of another, and no image of itself


class RandomOrganization(System):
    """Discs of one diameter at area fraction phi = N pi / (4 L^2) in a periodic box of side L, sheared in cycles.

    They do not interact but for this: those that touch another on the way of a cycle are active, and are displaced
    at random. Corté, Chaikin, Gollub and Pine, Nature Physics 4, 420 (2008). A configuration is given to
    bottlenecks and analyses as its activity curve: the fraction of discs that a cycle of each amplitude of a grid
    would make active.
    """

    cites: ClassVar = ("corte2008", "lees1972")
    cyclic: ClassVar = Matter.DISCS

    kind: Literal["random-organization"]
    particles: Annotated[int, Field(ge=2)] = Field(description="number of discs N")
    area_fraction: Fraction = Field(description="area of the discs over that of the box, phi")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.side < NARROWEST:
            least = math.ceil(NARROWEST**2 * 4 * self.area_fraction / math.pi)
            message = f"the box is {self.side:.2g} diameters wide, at least {NARROWEST:g} are needed"
            raise MeaningError(message, "particles", code="E203", hint=f"at least {least}")
        return self

    @property
    def side(self) -> float:
        """L, diameters."""
        return math.sqrt(self.particles * math.pi / (4 * self.area_fraction))

    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        gives = {"side": Promise((), "1", "side of the periodic box, diameters of a disc")}
        sizes = {"particle": self.particles}
        return (Stage("system", box, self, gives, group="/system", sizes=sizes, quenched=True),)


def box(task: Task[RandomOrganization]) -> xr.Dataset:
    """The box, which is empty yet."""
    import xarray as xr

    return xr.Dataset({"side": ((), task.params.side)}, attrs={"particles": task.params.particles})
