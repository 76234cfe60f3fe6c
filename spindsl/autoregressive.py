"""Keys of models that give a configuration one site after another, and the stages that such words lower to.

They learn from observations by maximum likelihood, and then know nothing of the Hamiltonian; or from the Hamiltonian
itself, by free energy and with no observation (Wu, Wang and Zhang 2019), which every variable says.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from . import observations
from .errors import MeaningError, together
from .graph import Promise, Stage
from .sampling import Ensemble
from .sequences import CODE, estimated, fit, promises
from .spec import Bottleneck, Count, Listed, Positive, Unique, Words

KNOWS = "trained by the free energy of the true Hamiltonian"
Symmetry = Literal["translations", "reflections", "flips"]
BLIND = "trained on observations alone"
LEFT = 0.01  # share of beta that annealing may leave undone


class FreeEnergy(Words):
    """Variational training: q minimises E_q[E + ln q / beta] >= F with samples of its own."""

    by: Literal["free-energy"]
    steps: Count = Field(description="batches of samples of the model")
    annealing: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.998, description="step t is at beta (1 - annealing^t); 0 begins at beta"
    )
    clip: Positive = Field(default=1.0, description="largest norm of a gradient")


class Sequence(Bottleneck):
    """Keys of a model that gives a configuration one site after another."""

    watches: ClassVar = ("beta", "chain", "sample")
    neural: ClassVar = True
    normalized: ClassVar = True
    shared: ClassVar[bool] = True  # the same weights at every site

    train: Literal["observations"] | FreeEnergy = Field(
        description="by maximum likelihood of observations, or by the free energy of the true Hamiltonian"
    )
    epochs: Count | None = Field(default=None, description="passes over the observations")
    batch: Count = Field(description="configurations a step")
    learning_rate: Positive = Field(description="of Adam")
    decay: Literal["constant", "cosine", "step"] = Field(
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
    def architecture(self, sites: int, sides: tuple[int, ...], colours: int) -> tuple[str, dict[str, Any]]:
        """The kernel's architecture, "module:dataclass", and its fields; colours Q >= 2, no sides where no lattice."""

    @abstractmethod
    def weights(self, sites: int, colours: int) -> int:
        """How many there are."""

    @property
    def knows(self) -> bool:
        """Whether it is told the Hamiltonian."""
        return self.train != "observations"

    @property
    def many(self) -> tuple[str, ...]:
        """The dimension of independent fits, if there are several."""
        return ("network",) if self.networks > 1 else ()

    def cited(self) -> Iterator[str]:
        yield from super().cited()
        yield from ("kingma2014adam", *(("wu2019",) if self.knows else ()))

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory, system = sources["trajectory"], sources["system"]
        sites, colours = system.sizes["spin"], system.said.get("colours") or 2
        sides = tuple(system.said.get("attrs", {}).get("sides", ()))
        together([*self.unfit(trajectory), *self.asymmetric(system), *self.misread(sides)])
        form, shape = self.architecture(sites, sides, colours)
        made_of = {"name": name, "form": form, "shape": shape, "sides": sides, "sites": sites}
        said = {k: v for k, v in self.said().items() if k != "drawn"} | made_of
        front, marks, weights = ("beta", *self.many), {"hamiltonian": int(self.knows)}, self.weights(sites, colours)
        coords = {"beta": trajectory.coords["beta"]} | ({"network": tuple(range(self.networks))} if self.many else {})
        common = {
            "group": f"/bottleneck/{name}", "coords": coords, "interpreted": True, "accelerated": True,
            "code": (*CODE, f"spindsl.kernels.autoregressive.{form.partition(':')[0]}"), **Ensemble.of(trajectory).how,
        }  # fmt: skip
        loss, length, seen = self.schedule(front, trajectory)
        each = weights * (sites if self.shared else 1) * self.networks * len(coords["beta"]) / 1e10  # s a configuration
        how = KNOWS if self.knows else BLIND
        flat = Promise((*front, "weight"), "1", f"weights of the network, {how}", "float32", marks, hidden=True)
        fitted = Stage(
            f"bottleneck.{name}", fit, said, {"weights": flat, "loss": loss},
            ("system",) if self.knows else ("trajectory",), sizes={"weight": weights, loss.dims[-1]: length},
            seconds=6 * each * seen, **common,
        )  # fmt: skip
        about = f"of the model's own samples, with the true Hamiltonian; {how}"
        estimates = Stage(
            f"bottleneck.{name}.estimates", estimated, said | {"drawn": self.drawn}, promises(front, about, marks),
            (fitted.name, "system"), seconds=4 * each * self.drawn, **common,
        )  # fmt: skip
        return fitted, estimates

    def schedule(self, front: tuple[str, ...], trajectory: Stage) -> tuple[Promise, int, int]:
        """What the loss is, how many of it there are, and how many configurations are seen."""
        if isinstance(self.train, FreeEnergy):
            says = f"variational free energy per spin of the batch, {KNOWS}"
            loss = Promise((*front, "step"), "J", says, attrs={"hamiltonian": 1})
            return loss, self.train.steps, self.train.steps * self.batch
        loss = Promise((*front, "epoch"), "nat", "mean -ln q of an observation during the epoch")
        return loss, self.epochs or 0, (self.epochs or 0) * self.seen(trajectory)

    def seen(self, trajectory: Stage) -> int:
        """How many observations it is fitted to."""
        return observations.admitted(trajectory, self.observations, self.test)

    def unfit(self, trajectory: Stage) -> Iterator[MeaningError]:
        """Keys that do not go together with how it is trained."""
        if self.drives is not None:
            yield MeaningError("at equilibrium there are no drives", "drives")
        if isinstance(self.train, FreeEnergy):
            for key in ("epochs", "observations", "test", "augment"):
                if getattr(self, key):
                    yield MeaningError("training by free energy reads no observations", key, key=True)
            if self.batch < 2:
                yield MeaningError("a gradient needs two samples at least", "batch", code="E203")
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

    def asymmetric(self, system: Stage) -> Iterator[MeaningError]:
        """Keys that take s -> -s for a symmetry where it is none."""
        if self.symmetric and (why := opposed(system)):
            yield MeaningError(why, "symmetric", hint="symmetric = false")
        for k, name in enumerate(self.augment):
            if why := opposed(system) if name == "flips" else elsewhere(system, name):
                yield MeaningError(why, "augment", k)

    def misread(self, sides: tuple[int, ...]) -> Iterator[MeaningError]:
        """Where sites cannot be read in the order that is asked for."""
        return iter(())


class Unwrapped(Sequence):
    """Keys of a model that reads sites in any order."""

    unwrapping: Literal["raster", "snake", "spiral"] = Field(
        description="sites row after row, or to and fro, or from the edge inwards"
    )

    def misread(self, sides: tuple[int, ...]) -> Iterator[MeaningError]:
        if self.unwrapping != "raster" and not sides:
            yield MeaningError(f"only a lattice has a {self.unwrapping}", "unwrapping", hint='unwrapping = "raster"')
        elif self.unwrapping == "spiral" and len(sides) != 2:
            message = f"a spiral is of a plane; this lattice has {len(sides)} dimensions"
            yield MeaningError(message, "unwrapping", hint="raster or snake")


def elsewhere(system: Stage, name: str) -> str:
    """Why translations or reflections are no symmetry of such matter; nothing where they may be."""
    said, attrs = system.said, system.said.get("attrs", {})
    if "sides" not in attrs:
        return f"only a lattice has {name}"
    if "couplings" in said:
        return f"couplings that differ from place to place have no {name}"
    if name == "translations" and not attrs["periodic"]:
        return "open ends are told apart from the middle"
    if name == "reflections" and said.get("terms"):
        return "further terms need not be the same in a mirror"
    return ""


def opposed(system: Stage) -> str:
    """Why s -> -s is no symmetry of such matter; nothing where it may be one."""
    if system.said.get("colours"):
        return "colours have no opposite"
    if system.said.get("field") or any(len(t["offsets"]) % 2 for t in system.said.get("terms", ())):
        return "a field, or a product of an odd number of spins, tells s from -s"
    return ""
