"""Couplings equally likely between two bounds."""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ..errors import MeaningError
from ..spec import Drawn


class Uniform(Drawn):
    """J drawn independently and uniformly from [low, high]; low = high gives a pure magnet."""

    kind: Literal["uniform"]
    low: float = Field(description="smallest J, in the unit and with the sign of the system")
    high: float = Field(description="largest J, in the unit and with the sign of the system")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.low > self.high:
            raise MeaningError(
                f"low {self.low:g} is above high {self.high:g}",
                "low",
                code="E203",
                hint="write a low that is not above high",
            )
        return self

    def draw(self, edges: int, rng: np.random.Generator) -> np.ndarray:
        return rng.uniform(self.low, self.high, edges)
