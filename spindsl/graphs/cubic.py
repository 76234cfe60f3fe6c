"""The simple cubic lattice."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..spec import Listed
from ._grid import Grid, Side


class Cubic(Grid):
    """The simple cubic lattice."""

    kind: Literal["cubic"]
    sides: Annotated[tuple[Side, Side, Side], Listed] = Field(description="[L_x, L_y, L_z], spins along each axis")
