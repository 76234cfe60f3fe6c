"""Couplings of one strength and either sign."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ..spec import Drawn, NonNegative


class PlusMinus(Drawn):
    """J = +strength with probability `positive`, else -strength (Toulouse's ±J glass, 1977)."""

    kind: Literal["plus-minus"]
    strength: NonNegative = Field(description="|J|, in the unit of the system")
    positive: Annotated[float, Field(ge=0, le=1)] = Field(description="fraction of J > 0")

    def draw(self, edges: int, rng: np.random.Generator) -> np.ndarray:
        return np.where(rng.random(edges) < self.positive, self.strength, -self.strength)
