"""Keys of models that give a configuration one site after another, and the stages that such words lower to.

They learn from observations by maximum likelihood, and then know nothing of the Hamiltonian; or from the Hamiltonian
itself, by free energy and with no observation (Wu, Wang and Zhang 2019), which every variable says.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from . import observations, properties
from .architectures import Architecture, Decay, Fitted, FreeEnergy, Likelihood, Symmetry, Unwrapping
from .errors import MeaningError, together
from .graph import Promise, Stage
from .hamiltonian import energy_of
from .observations import Seen
from .outline import Outline
from .sampling import Ensemble
from .sequences import Estimates, estimated, fit, promises
from .spec import Bottleneck, Count, Listed, Positive, Unique

KNOWS = "trained by the free energy of the true Hamiltonian"
BLIND = "trained on observations alone"
LEFT = 0.01  # share of beta that annealing may leave undone


class Sequence(Bottleneck):
    """Keys of a model that gives a configuration one site after another."""

    watches: ClassVar = ("beta", "chain", "sample")
    neural: ClassVar = True
    normalized: ClassVar = True

    train: Literal["observations"] | FreeEnergy = Field(
        description="by maximum likelihood of observations, or by the free energy of the true Hamiltonian"
    )
    epochs: Count | None = Field(default=None, description="passes over the observations")
    batch: Count = Field(description="configurations a step")
    learning_rate: Positive = Field(description="of Adam")
    decay: Decay = Field(
        default="constant", description="of the learning rate: a cosine to 0, or tenths after a half and three quarters"
    )
    symmetric: bool = Field(default=False, description="q(s) = [q(s) + q(-s)] / 2, known beforehand")
    augment: Annotated[tuple[Symmetry, ...], Listed, Unique] = Field(
        default=(), description="symmetries known beforehand, by which observations are turned at random"
    )
    networks: Count = Field(default=1, description="independent fits; more than one become a dimension")
    observations: Count | None = Field(default=None, description="look at so many only; absent for all")
    test: Annotated[int, Field(ge=0)] = Field(default=0, description="last chains of the protocol, which no fit sees")
    drawn: Annotated[int, Field(ge=2)] = Field(default=10_000, description="samples of the model for its estimates")

    @abstractmethod
    def architecture(self, sites: int, sides: tuple[int, ...], colours: int) -> Architecture:
        """What the network is made of; colours Q >= 2, no sides where no lattice."""

    @property
    def order(self) -> Unwrapping:
        """In which sites are read."""
        return "raster"

    @property
    def knows(self) -> bool:
        """Whether it is told the Hamiltonian."""
        return isinstance(self.train, FreeEnergy)

    @property
    def many(self) -> tuple[str, ...]:
        """The dimension of independent fits, if there are several."""
        return ("network",) if self.networks > 1 else ()

    def cited(self) -> Iterator[str]:
        yield from super().cited()
        yield from ("kingma2014adam", *(("wu2019",) if self.knows else ()))

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, energy = sources["trajectory"], energy_of(sources["system"])
        sides = energy.lattice.sides if energy.lattice else ()
        together([*self.unfit(trajectory), *self.asymmetric(energy), *self.misread(sides)])
        model = self.fitted(name, self.architecture(energy.sites, sides, energy.states), sides)
        network, front, marks = model.architecture, ("beta", *self.many), {"hamiltonian": int(self.knows)}
        coords = {"beta": trajectory.coords["beta"]} | ({"network": tuple(range(self.networks))} if self.many else {})
        common = {
            "group": f"/bottleneck/{name}", "coords": coords, "interpreted": True, "accelerated": True,
            **Ensemble.of(trajectory).how,
        }  # fmt: skip
        loss, length, seen = self.schedule(front, trajectory, energy.unit)
        each = network.weights * (energy.sites if network.shared else 1) * self.networks * len(coords["beta"])
        each /= 1e10  # s a configuration
        how = KNOWS if self.knows else BLIND
        flat = Promise((*front, "weight"), "1", f"weights of the network, {how}", "float32", marks, hidden=True)
        fitted = Stage(
            f"bottleneck.{name}", fit, model, {"weights": flat, "loss": loss},
            ("system",) if self.knows else ("trajectory",), sizes={"weight": network.weights, loss.dims[-1]: length},
            seconds=6 * each * seen, **common,
        )  # fmt: skip
        about = f"of the model's own samples, with the true Hamiltonian; {how}"
        estimates = Stage(
            f"bottleneck.{name}.estimates", estimated, Estimates(model, self.drawn),
            promises(front, energy.unit, about, marks), (fitted.name, "system"), seconds=4 * each * self.drawn,
            **common,
        )  # fmt: skip
        return fitted, estimates

    def fitted(self, name: str, architecture: Architecture, sides: tuple[int, ...]) -> Fitted:
        """What decides the weights, but for the number of samples of its estimates."""
        train = self.train
        if not isinstance(train, FreeEnergy):
            train = Likelihood(self.epochs or 0, Seen(self.observations, self.test), self.augment)
        return Fitted(
            name, architecture, sides, train, self.batch, self.learning_rate, self.decay, self.order, self.symmetric,
            self.networks,
        )  # fmt: skip

    def schedule(self, front: tuple[str, ...], trajectory: Stage, unit: str) -> tuple[Promise, int, int]:
        """What the loss is, how many of it there are, and how many configurations are seen."""
        if isinstance(self.train, FreeEnergy):
            says = f"variational free energy per spin of the batch, {KNOWS}"
            loss = Promise((*front, "step"), unit, says, attrs={"hamiltonian": 1})
            return loss, self.train.steps, self.train.steps * self.batch
        loss = Promise((*front, "epoch"), "nat", "mean -ln q of an observation during the epoch")
        return loss, self.epochs or 0, (self.epochs or 0) * self.seen(trajectory)

    def seen(self, trajectory: Stage) -> int:
        """How many observations it is fitted to."""
        return observations.admitted(trajectory, self.observations, self.test)

    def unfit(self, trajectory: Stage) -> Iterator[MeaningError]:
        """Keys that do not go together with how it is trained."""
        if self.drives is not None:
            yield MeaningError("at equilibrium there are no drives", "drives", hint="drop it")
        if isinstance(self.train, FreeEnergy):
            given = {
                "epochs": self.epochs, "observations": self.observations, "test": self.test, "augment": self.augment,
            }  # fmt: skip
            for key in (k for k, value in given.items() if value):
                yield MeaningError("training by free energy reads no observations", key, key=True, hint="drop it")
            if self.batch < 2:
                yield MeaningError("a gradient needs two samples at least", "batch", code="E203", hint="at least 2")
            left = self.train.annealing**self.train.steps
            if left > LEFT:
                message = f"after {self.train.steps} steps annealing has come to {1 - left:.3g} of beta only"
                yield MeaningError(message, "train", "annealing", code="E203", hint="more steps, or less annealing")
            return
        if self.epochs is None:
            yield MeaningError("how many passes over the observations?", "epochs", code="E102", hint="epochs = 30")
        try:
            seen = self.seen(trajectory)
        except MeaningError as error:
            yield error
        else:
            if self.batch > seen:
                message = f"a batch of {self.batch} is more than the {seen} observations"
                yield MeaningError(message, "batch", code="E203", hint=f"at most {seen}")

    def asymmetric(self, energy: Outline) -> Iterator[MeaningError]:
        """Keys that take for a symmetry what is none, as far as that is known."""
        if self.symmetric and (why := opposed(energy)):
            yield MeaningError(why, "symmetric", hint="symmetric = false")
        for k, name in enumerate(self.augment):
            if why := opposed(energy) if name == "flips" else elsewhere(energy, name):
                yield MeaningError(why, "augment", k, hint="drop it")

    def misread(self, sides: tuple[int, ...]) -> Iterator[MeaningError]:
        """Where sites cannot be read in the order that is asked for."""
        return iter(())


class Unwrapped(Sequence):
    """Keys of a model that reads sites in any order."""

    unwrapping: Unwrapping = Field(description="sites row after row, or to and fro, or from the edge inwards")

    @property
    def order(self) -> Unwrapping:
        return self.unwrapping

    def misread(self, sides: tuple[int, ...]) -> Iterator[MeaningError]:
        if self.unwrapping != "raster" and not sides:
            yield MeaningError(f"only a lattice has a {self.unwrapping}", "unwrapping", hint='unwrapping = "raster"')
        elif self.unwrapping == "spiral" and len(sides) != 2:
            message = f"a spiral is of a plane; this lattice has {len(sides)} dimensions"
            yield MeaningError(message, "unwrapping", hint="raster or snake")


def elsewhere(energy: Outline, name: Literal["translations", "reflections"]) -> str:
    """Why translations or reflections are no symmetry of such an energy; nothing where they may be."""
    known = energy.ask(properties.translations if name == "translations" else properties.reflections)
    return known.why if known.no else ""


def opposed(energy: Outline) -> str:
    """Why s -> -s is no symmetry of such an energy; nothing where it may be one."""
    odd = energy.ask(properties.odd)
    return odd.why if odd.yes else ""
