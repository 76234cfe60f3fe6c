"""The square lattice."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..spec import Listed
from ._grid import Grid, Side


class Square(Grid):
    """The square lattice."""

    kind: Literal["square"]
    sides: Annotated[tuple[Side, Side], Listed] = Field(description="[L_x, L_y], number of spins along each axis")
