"""A chain, or a ring if periodic."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..spec import Listed
from ._grid import Grid, Side


class Chain(Grid):
    """A chain, or a ring if periodic."""

    kind: Literal["chain"]
    sides: Annotated[tuple[Side], Listed] = Field(description="[L], number of spins")
