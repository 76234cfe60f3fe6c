"""Couplings of about one strength and either sign."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ..spec import Drawn, NonNegative


class SignedNormal(Drawn):
    """J = ± x with x normal and both signs equally likely, as in Gold and England's simulations of 64 spins."""

    cites: ClassVar = ("gold2019",)

    kind: Literal["signed-normal"]
    mean: float = Field(description="mean of x, in the unit of the system")
    std: NonNegative = Field(description="standard deviation of x, in the unit of the system")

    def draw(self, edges: int, rng: np.random.Generator) -> np.ndarray:
        return rng.choice([-1.0, 1.0], edges) * rng.normal(self.mean, self.std, edges)
