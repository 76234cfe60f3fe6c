"""Every spin coupled with every other."""

from typing import ClassVar, Literal

import numpy as np

from ..spec import Topology


class Complete(Topology):
    """All pairs of spins: with couplings of std J / sqrt(N), Sherrington and Kirkpatrick's glass (1975)."""

    cites: ClassVar = ("sherrington1975",)

    kind: Literal["complete"]

    def degree(self, spins: int) -> float:
        return spins - 1

    def edges(self, spins: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return np.triu_indices(spins, 1)
