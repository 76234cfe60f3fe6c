"""Random graphs with hubs."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ..errors import MeaningError
from ..spec import Count, Topology


class ScaleFree(Topology):
    """Grown by preferential attachment, P(degree k) ~ k^-3 (Barabási and Albert 1999).

    Every spin that is added is tied to `attach` earlier ones, chosen in proportion to their neighbours.
    """

    cites: ClassVar = ("barabasi1999", "hagberg2008")

    kind: Literal["scale-free"]
    attach: Count = Field(description="number of earlier spins that each new one is tied to")

    def degree(self, spins: int) -> float:
        if self.attach >= spins:
            raise MeaningError(
                f"{spins} spins cannot each be tied to {self.attach} earlier ones",
                "attach", code="E203", hint=f"at most {spins - 1}",
            )  # fmt: skip
        return 2 * self.attach * (spins - self.attach) / spins

    def edges(self, spins: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        import networkx as nx

        graph = nx.barabasi_albert_graph(spins, self.attach, seed=rng)
        pairs = np.array(sorted(map(sorted, graph.edges)), dtype=np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]
