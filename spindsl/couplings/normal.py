"""Gaussian couplings."""

from typing import Literal

import numpy as np
from pydantic import Field

from ..spec import Drawn, NonNegative


class Normal(Drawn):
    """J drawn independently from a normal distribution (Edwards and Anderson 1975)."""

    kind: Literal["normal"]
    mean: float = Field(description="mean of J, in the unit and with the sign of the system")
    std: NonNegative = Field(description="standard deviation of J, in the unit of the system")

    def draw(self, edges: int, rng: np.random.Generator) -> np.ndarray:
        return rng.normal(self.mean, self.std, edges)
