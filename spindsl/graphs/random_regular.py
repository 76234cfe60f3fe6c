"""Random graphs on which every spin has as many neighbours as any other."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ..errors import MeaningError
from ..spec import Count, Topology


class RandomRegular(Topology):
    """Every spin has `degree` neighbours; else random, asymptotically uniform (Steger and Wormald 1999)."""

    cites: ClassVar = ("steger1999", "hagberg2008")

    kind: Literal["random-regular"]
    neighbours: Count = Field(description="number of neighbours of every spin")

    def degree(self, spins: int) -> float:
        if self.neighbours > spins - 1 or self.neighbours * spins % 2:
            raise MeaningError(
                f"no graph of {spins} spins has {self.neighbours} neighbours each",
                "neighbours", code="E203", hint=f"at most {spins - 1}, and spins times neighbours even",
            )  # fmt: skip
        return self.neighbours

    def edges(self, spins: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        import networkx as nx

        graph = nx.random_regular_graph(self.neighbours, spins, seed=rng)
        pairs = np.sort(np.array(sorted(map(sorted, graph.edges)), dtype=np.int64).reshape(-1, 2), axis=1)
        return pairs[:, 0], pairs[:, 1]
