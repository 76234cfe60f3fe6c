"""What a sequence model is: its architecture, how it is trained, and the order in which it reads sites."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from .observations import Learner, Seen
from .spec import Count, Positive, Words

if TYPE_CHECKING:
    import xarray as xr

    from .kernels.autoregressive.models import Model, Shape

Unwrapping = Literal["raster", "snake", "spiral"]
Decay = Literal["constant", "cosine", "step"]
Symmetry = Literal["translations", "reflections", "flips"]


@dataclass(frozen=True)
class Architecture(ABC):
    """What a network of so many sites and colours Q >= 2 is made of: what a task carries, as a kernel needs torch."""

    kernel: ClassVar[str]  # module of the kernel
    shared: ClassVar[bool] = True  # the same weights at every site

    sites: int
    colours: int

    @abstractmethod
    def shape(self) -> Shape:
        """The kernel's own architecture."""

    @property
    @abstractmethod
    def weights(self) -> int:
        """How many there are."""

    def begun(self, q: Model, system: xr.Dataset, beta: float) -> Model:
        """The model from which training by free energy begins, from one with random weights."""
        return q


@dataclass(frozen=True)
class Likelihood:
    """Training by maximum likelihood of observations, turned at random by symmetries that are known beforehand."""

    epochs: int
    seen: Seen
    augment: tuple[Symmetry, ...] = ()


class FreeEnergy(Words):
    """Variational training: q minimises E_q[E + ln q / beta] >= F with samples of its own."""

    by: Literal["free-energy"]
    steps: Count = Field(description="batches of samples of the model")
    annealing: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.998, description="step t is at beta (1 - annealing^t); 0 begins at beta"
    )
    clip: Positive = Field(default=1.0, description="largest norm of a gradient")


@dataclass(frozen=True)
class Fitted(Learner):
    """A sequence model: all that decides its weights. `sides` are those of the lattice, none of another graph."""

    name: str
    architecture: Architecture
    sides: tuple[int, ...]
    train: Likelihood | FreeEnergy
    batch: int
    learning_rate: float
    decay: Decay = "constant"
    unwrapping: Unwrapping = "raster"
    symmetric: bool = False
    networks: int = 1

    @property
    def sites(self) -> int:
        """Number of sites."""
        return self.architecture.sites

    @property
    def seen(self) -> Seen | None:
        return self.train.seen if isinstance(self.train, Likelihood) else None
