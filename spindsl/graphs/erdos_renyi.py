"""Random graphs without structure."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ..errors import MeaningError
from ..spec import Positive, Topology


class ErdosRenyi(Topology):
    """Every pair of spins is coupled with probability p = mean_degree / (N - 1)."""

    cites: ClassVar = ("erdos1959", "batagelj2005")

    kind: Literal["erdos-renyi"]
    mean_degree: Positive = Field(description="mean number of neighbours of a spin")

    def degree(self, spins: int) -> float:
        if self.mean_degree > spins - 1:
            raise MeaningError(
                f"{spins} spins have at most {spins - 1} neighbours, found {self.mean_degree:g}",
                "mean_degree", code="E203", hint=f"at most {spins - 1}",
            )  # fmt: skip
        return self.mean_degree

    def edges(self, spins: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """In time linear in the number of edges.

        Pairs are numbered t = j(j-1)/2 + i, and the gaps between kept numbers are geometric (Batagelj and
        Brandes 2005).
        """
        p, total, kept, last = self.mean_degree / (spins - 1), spins * (spins - 1) // 2, [], -1
        while last < total:
            gaps = rng.geometric(p, size=int(total * p + 6 * np.sqrt(total * p) + 16))
            kept.append(last + np.cumsum(gaps))
            last = kept[-1][-1]
        t = np.concatenate(kept)
        t = t[t < total]
        j = ((1 + np.sqrt(1 + 8 * t.astype(np.float64))) / 2).astype(np.int64)
        j -= j * (j - 1) // 2 > t  # the root may be rounded either way
        j += j * (j + 1) // 2 <= t
        return t - j * (j - 1) // 2, j
