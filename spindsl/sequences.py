"""Models that give a configuration one site after another, so that its probability is known: what such words share.

    q(s) = prod_t q(s_t | s_1 … s_{t-1})

They learn from observations by maximum likelihood, and then know nothing of the Hamiltonian; or from the Hamiltonian
itself, by free energy and with no observation (Wu, Wang and Zhang 2019), which every variable says. Results hold
weights, from which `rebuilt` makes the model again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from . import observations
from .errors import DataError, MeaningError, together
from .graph import Promise, Stage, Task
from .hamiltonian import CODE as HAMILTONIAN
from .hamiltonian import energies, model
from .sampling import Ensemble
from .seeds import integer
from .spec import Bottleneck, Count, Positive, Words

if TYPE_CHECKING:
    import xarray as xr

    from .kernels.autoregressive.models import Model

KERNELS = (
    "unwrapping",
    "energies",
    "measures",
    *(f"autoregressive.{k}" for k in ("models", "fitting", "van", "estimates")),
)
CODE = ("spindsl.sequences", *observations.CODE, *HAMILTONIAN, *(f"spindsl.kernels.{k}" for k in KERNELS))
KNOWS = "trained by the free energy of the true Hamiltonian"
BLIND = "trained on observations alone"
LEFT = 0.01  # share of beta that annealing may leave undone
QUANTITIES = {
    "free_energy": ("F", "J", "free energy per spin, F"),
    "energy": ("U", "J", "energy per spin, U"),
    "entropy": ("S", "1", "entropy per spin, S"),
    "abs_magnetization": ("m", "1", "modulus of the magnetization (of colours: order parameter), <|m|>"),
}


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
        sites, colours = system.sizes["spin"], system.said.get("colours", 0)
        sides = tuple(system.said.get("attrs", {}).get("sides", ()))
        together([*self.unfit(trajectory), *self.asymmetric(system), *self.misread(sides)])
        form, shape = self.architecture(sites, sides, colours or 2)
        made_of = {"name": name, "form": form, "shape": shape, "sides": sides, "sites": sites}
        said = {k: v for k, v in self.said().items() if k != "drawn"} | made_of
        front, marks = ("beta", *self.many), {"hamiltonian": int(self.knows)}
        weights = self.weights(sites, colours or 2)
        loss = Promise((*front, "epoch"), "nat", "mean -ln q of an observation during the epoch", attrs=marks)
        if self.knows:
            loss = Promise(
                (*front, "step"), "J", f"variational free energy per spin of the batch; {KNOWS}", attrs=marks
            )
        how = KNOWS if self.knows else BLIND
        gives = {
            "weights": Promise(
                (*front, "weight"), "1", f"weights of the network, {how}", "float32", marks, hidden=True
            ),
            "loss": loss,
        }
        coords = {"beta": trajectory.coords["beta"]} | ({"network": tuple(range(self.networks))} if self.many else {})
        code = (*CODE, f"spindsl.kernels.autoregressive.{form.partition(':')[0]}")
        common = {
            "group": f"/bottleneck/{name}",
            "code": code,
            "coords": coords,
            "interpreted": True,
            "accelerated": True,
        }
        every = (
            weights * (sites if self.shared else 1) * self.networks * len(coords["beta"]) / 1e10
        )  # s a configuration
        seen = self.train.steps * self.batch if self.knows else self.epochs * self.seen(trajectory)
        needs = ("system",) if self.knows else ("trajectory",)
        length = {"step": self.train.steps} if self.knows else {"epoch": self.epochs}
        fitted = Stage(
            f"bottleneck.{name}", fit, said, gives, needs, sizes={"weight": weights, **length},
            seconds=6 * every * seen, **common, **Ensemble.of(trajectory).how,
        )  # fmt: skip
        about = f"of the model's own samples, with the true Hamiltonian; {how}"
        estimates = Stage(
            f"bottleneck.{name}.estimates", estimated, said | {"drawn": self.drawn}, promises(front, about, marks),
            (fitted.name, "system"), seconds=4 * every * self.drawn, **common, **Ensemble.of(trajectory).how,
        )  # fmt: skip
        return fitted, estimates

    def seen(self, trajectory: Stage) -> int:
        """How many observations it is fitted to."""
        return observations.admitted(trajectory, self.observations, self.test)

    def unfit(self, trajectory: Stage) -> Iterator[MeaningError]:
        """Keys that do not go together with how it is trained."""
        if self.drives is not None:
            yield MeaningError("at equilibrium there are no drives", "drives")
        if isinstance(self.train, FreeEnergy):
            for key in ("epochs", "observations", "test"):
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


def opposed(system: Stage) -> str:
    """Why s -> -s is no symmetry of such matter; nothing where it may be one."""
    if system.said.get("colours"):
        return "colours have no opposite"
    if system.said.get("field") or any(len(t["offsets"]) % 2 for t in system.said.get("terms", ())):
        return "a field, or a product of an odd number of spins, tells s from -s"
    return ""


def promises(front: tuple[str, ...], about: str, marks: Mapping[str, Any]) -> dict[str, Promise]:
    """Free energy, energy, entropy and magnetization, each with its standard error."""
    gives = {}
    for name, (_, unit, says) in QUANTITIES.items():
        gives[name] = Promise(front, unit, f"{says}, {about}", attrs=marks)
        gives[f"{name}_se"] = Promise(front, unit, f"standard error of {says.split(',')[0]}", attrs=marks)
    return gives


def sequence(of: str, sources: Mapping[str, Stage]) -> Stage:
    """The stage of a sequence model; MeaningError for any other bottleneck or variable."""
    found = sources.get(f"bottleneck.{of}")
    if found is None or "weights" not in found.gives or "form" not in found.said:
        known = [n.partition(".")[2] for n, s in sources.items() if n.count(".") == 1 and "form" in s.said]
        hint = f"there are {', '.join(known)}" if known else f'bottleneck.{of}.kind = "made", "gru" or "pixelcnn"'
        raise MeaningError(f"{of!r} does not say how likely a configuration is", "of", code="E204", hint=hint)
    return found


def untrained(said: Mapping[str, Any], seed: int = 0) -> Model:
    """The model before training, where torch computes."""
    from importlib import import_module

    import torch

    from .kernels import unwrapping
    from .kernels.autoregressive import models

    torch.set_num_threads(1)  # the runner gives every thread a task; more would be the same cores twice
    module, name = said["form"].split(":")
    shape = getattr(import_module(f"spindsl.kernels.autoregressive.{module}"), name)
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in said["shape"].items()}
    how = said.get("unwrapping", "raster")
    order = np.arange(said["sites"]) if how == "raster" else getattr(unwrapping, how)(tuple(said["sides"]))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return models.model(shape(**fields), order, seed, device, said["symmetric"])


def rebuilt(said: Mapping[str, Any], found: xr.Dataset, network: int = 0) -> Model:
    """The model that a bottleneck has learned at one temperature: what its stage said, and its weights."""
    import torch

    flat, q = found["weights"].values, untrained(said)
    flat = torch.from_numpy(np.array(flat[network] if said["networks"] > 1 else flat))
    sizes = [w.numel() for w in q.weights.values()]
    parts = flat.to(next(iter(q.weights.values())).device).split(sizes)
    return replace(q, weights={k: v.view_as(w) for (k, w), v in zip(q.weights.items(), parts)})


def flattened(q: Model) -> np.ndarray:
    """All weights, (weight) float32."""
    return np.concatenate([w.cpu().numpy().ravel() for w in q.weights.values()]).astype(np.float32)


def coded(spins: np.ndarray) -> Any:
    """Configurations as models read them, uint8: s = ±1 as 0 and 1, colours as they are."""
    import torch

    return torch.from_numpy(np.maximum(spins, 0).astype(np.uint8))


def log_q(said: Mapping[str, Any], found: xr.Dataset, spins: np.ndarray, network: int = 0) -> np.ndarray:
    """ln q of configurations (…, site) of one temperature, (…)."""
    from .kernels.autoregressive.models import evaluate

    flat = coded(spins.reshape(-1, spins.shape[-1]))
    return evaluate(rebuilt(said, found, network), flat).numpy().reshape(spins.shape[:-1])


def labels(said: Mapping[str, Any], found: xr.Dataset, spins: np.ndarray, beta: float, network: int = 0) -> np.ndarray:
    """E = -ln q / beta of configurations (…, site), the whole system's but for the constant ln Z / beta, (…): what an
    energy model is fitted to. DataError where a label is not finite."""
    E = -log_q(said, found, spins, network) / beta
    if not np.isfinite(E).all():
        raise DataError(f"{(~np.isfinite(E)).sum()} of {E.size} configurations have probability 0 and so no energy")
    return E


def hamiltonian(system: xr.Dataset) -> Callable[[np.ndarray], np.ndarray]:
    """E of configurations (n, site) int8 as models give them: ±1 where there are two values."""
    true, two = model(system), system.attrs.get("colours", 0) == 2
    return lambda s: energies(true, np.maximum(s, 0) if two else s)


def fit(task: Task, trajectory: xr.Dataset | None = None, system: xr.Dataset | None = None) -> xr.Dataset:
    """The networks of one temperature."""
    from .kernels.autoregressive import fitting, van

    said, beta, several = task.said, task.about["beta"], []
    how = {k: said[k] for k in ("batch", "learning_rate", "decay")}
    for n in range(said["networks"]):
        names = ("bottleneck", said["name"], task.part, n)
        q, seed = untrained(said, integer(task.seed, *names, "start")), integer(task.seed, *names, "fit")
        how["tick"] = lambda done, n=n: task.tick((n + done) / said["networks"])
        if system is None:
            x = coded(observations.observed(said, trajectory))
            q, loss = fitting.fit(q, x, seed, said["epochs"], **how)
            loss, along = loss.numpy(), "epoch"
        else:
            train = {k: said["train"][k] for k in ("steps", "annealing", "clip")}
            q, history = van.anneal(q, hamiltonian(system), beta, seed=seed, **train, **how)
            loss, along = history[:, 0] / said["sites"], "step"
        if not np.isfinite(flat := flattened(q)).all() or not np.isfinite(loss).all():
            raise DataError(f"at beta = {beta:g} training diverges; a smaller learning rate, or a larger batch")
        several.append({"weights": ("weight", flat), "loss": (along, loss)})
    return beside(said, several)


def beside(said: Mapping[str, Any], several: list[dict[str, tuple]]) -> xr.Dataset:
    """The numbers of each network, along a dimension if there are several."""
    import xarray as xr

    if said["networks"] == 1:
        return xr.Dataset(several[0])
    return xr.concat([xr.Dataset(one) for one in several], "network")


def drawn(
    task: Task, said: Mapping[str, Any], found: xr.Dataset, system: xr.Dataset, count: int, *names: str
) -> Iterator:
    """Of each network, its number and `count` samples with their ln q, E and |m|, drawn by these names."""
    from .kernels.autoregressive.estimates import drawn as draw

    energy = hamiltonian(system)
    for n in range(said["networks"]):
        yield n, draw(rebuilt(said, found, n), energy, count, integer(task.seed, *names, task.part, n))
        task.tick((n + 1) / (said["networks"] + 1))


def per_spin(estimates: Mapping[str, Any], sites: int) -> dict[str, float]:
    """What kernels say of the whole system, by the names of results."""
    found = {}
    for name, (short, _, _) in QUANTITIES.items():
        share = 1 if short == "m" else sites
        found[name], found[f"{name}_se"] = estimates[short].value / share, estimates[short].error / share
    return found


def estimated(task: Task, system: xr.Dataset, **fitted: xr.Dataset) -> xr.Dataset:
    """Thermodynamics of the models themselves at one temperature (Sprague et al. 2021, Eqs. 10 and 11)."""
    from .kernels.autoregressive.estimates import plain

    said, (found,) = task.said, fitted.values()
    several = drawn(task, said, found, system, said["drawn"], "bottleneck", said["name"], "estimates")
    each = [per_spin(plain(some, task.about["beta"]), said["sites"]) for _, some in several]
    return beside(said, [{n: ((), np.float64(v)) for n, v in one.items()} for one in each])
