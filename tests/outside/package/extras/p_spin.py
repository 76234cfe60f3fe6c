"""The p-spin glass: random products of p spins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from spindsl import factors
from spindsl.errors import MeaningError
from spindsl.factors import FactorGraph
from spindsl.graph import Promise, Stage, Task
from spindsl.hamiltonian import Matter
from spindsl.seeds import generator
from spindsl.spec import Count, NonNegative, Positive, Words

if TYPE_CHECKING:
    import xarray as xr

    from spindsl.report.markup import Html
    from spindsl.report.questions import Asked, Part


class Normal(Words):
    """Couplings drawn independently from a normal distribution."""

    kind: Literal["normal"]
    mean: float = Field(default=0.0, description="mean coupling, J")
    std: NonNegative = Field(description="standard deviation, J")


class PlusMinus(Words):
    """Couplings +J and -J, each as likely as the other."""

    kind: Literal["plus-minus"]
    J: Positive = Field(description="strength, J")


DERRIDA = """\
@article{derrida1981,
  author = {Derrida, Bernard},
  title = {Random-energy model: An exactly solvable model of disordered systems},
  journal = {Physical Review B},
  volume = {24},
  pages = {2613--2626},
  year = {1981},
}
"""


class PSpin(Matter):
    """E = -sum_t J_t prod_{i in t} s_i, s_i = ±1: each tuple t is p different spins, drawn uniformly.

    Tuples are drawn independently, so that two may hold the same spins; their couplings then add up. Derrida,
    Phys. Rev. B 24, 2613 (1981).
    """

    title: ClassVar = "p-spin glass"
    cites: ClassVar = (DERRIDA,)

    kind: Literal["p-spin"]
    spins: Annotated[int, Field(ge=2)] = Field(description="number of spins N")
    order: Annotated[int, Field(ge=1)] = Field(description="spins of a product, p")
    tuples: Count | None = Field(default=None, description="number of products")
    density: Positive | None = Field(default=None, description="products a spin, in the place of tuples")
    couplings: Annotated[Normal | PlusMinus, Field(discriminator="kind")] = Field(description="law of J_t")

    @model_validator(mode="after")
    def _fits(self):
        if self.order > self.spins:
            raise MeaningError(f"{self.spins} spins have no product of {self.order}", "order", code="E203")
        if (self.tuples is None) == (self.density is None):
            hint = "tuples = 100" if self.tuples is None else "drop one of them"
            raise MeaningError("give `tuples` or `density`", "tuples", code="E102", hint=hint)
        return self

    @classmethod
    def page(cls) -> Part:
        from spindsl.report.questions import Part

        return Part(sentences)

    @property
    def count(self) -> int:
        return self.spins

    @property
    def products(self) -> int:
        """Number of tuples."""
        return self.tuples or max(1, round((self.density or 0.0) * self.spins))

    def sized(self, files: Mapping[str, Path]) -> float:
        return float(self.products)

    def drawn(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Spins of each tuple, ascending, (tuple, place), and J, (tuple)."""
        rng = generator(seed, "system", "tuples")
        at = np.sort(rng.integers(0, self.spins, (self.products, self.order)), axis=1)
        while len(twice := np.flatnonzero((np.diff(at, axis=1) == 0).any(axis=1))):
            at[twice] = np.sort(rng.integers(0, self.spins, (len(twice), self.order)), axis=1)
        rng = generator(seed, "system", "couplings")
        match self.couplings:
            case Normal(mean=mean, std=std):
                return at, rng.normal(mean, std, self.products)
            case PlusMinus(J=J):
                return at, rng.choice([-J, J], self.products)

    def factor_graph(self, seed: int, files: Mapping[str, Path]) -> FactorGraph:
        at, J = self.drawn(seed)
        return factors.spins(self.spins, [(at, -J)])

    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        gives = {
            "sites": Promise(("tuple", "place"), "1", "spins of the product", "int32", label=True),
            "coupling": Promise(("tuple",), "J", "coupling of the product, E = - sum coupling prod s"),
        }
        return self.stage(draw, gives, disorder, data, tuple=self.products, place=self.order)


def draw(task: Task[PSpin]) -> xr.Dataset:
    """The energy, and the tuples with their couplings."""
    at, J = task.params.drawn(task.seed)
    found = factors.written(task.params.factor_graph(task.seed, task.files))
    return found.assign(sites=(("tuple", "place"), at.astype(np.int32)), coupling=("tuple", J))


def sentences(asked: Asked) -> Iterator[Html]:
    from spindsl.report.markup import text

    for data in asked.found.values():
        size = data.sizes
        std = float(data["coupling"].std())
        yield text(
            f"The glass has {size['tuple']} products of {size['place']} spins; their couplings spread by {std:.3g}."
        )
