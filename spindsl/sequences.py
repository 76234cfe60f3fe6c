"""Models that give a configuration one site after another, so that its probability is known: what they are when run.

    q(s) = prod_t q(s_t | s_1 … s_{t-1})

`Fitted` and the weights make a model again, `rebuilt`; `log_q`, `labels` and `drawn` ask it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from . import observations, thermo
from .architectures import Fitted, FreeEnergy, Likelihood, Symmetry
from .errors import DataError, MeaningError
from .factors import energies, model, read
from .graph import Promise, Stage, Task
from .hamiltonian import in_units
from .sampling import Temperature
from .seeds import integer

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from .kernels.autoregressive.estimates import Drawn, Estimate
    from .kernels.autoregressive.models import Model

    Variables = dict[str, tuple[str | tuple[str, ...], np.ndarray | np.float64]]


@dataclass(frozen=True)
class Estimates:
    """How many samples of a model estimate its thermodynamics."""

    model: Fitted
    drawn: int


def promises(front: tuple[str, ...], unit: str, about: str, marks: Mapping[str, int]) -> dict[str, Promise]:
    """Free energy, energy, entropy and magnetization, each with its standard error; energies in this unit."""
    gives = {}
    for name, promise in thermo.promises(front, names=thermo.INTEGRATED).items():
        says = promise.long_name if name.endswith("_se") else f"{promise.long_name}, {about}"
        gives[name] = replace(in_units(promise, unit), long_name=says, attrs=marks)
    return gives


def sequence(of: str, sources: Mapping[str, Stage]) -> tuple[Stage, Fitted]:
    """The stage of a sequence model, and what it is; MeaningError for any other bottleneck or variable."""
    found = sources.get(f"bottleneck.{of}")
    if found is None or not isinstance(found.params, Fitted):
        known = [n.partition(".")[2] for n, s in sources.items() if isinstance(s.params, Fitted)]
        hint = f"there are {', '.join(known)}" if known else f'bottleneck.{of}.kind = "made", "gru" or "pixelcnn"'
        raise MeaningError(f"{of!r} does not say how likely a configuration is", "of", code="E204", hint=hint)
    return found, found.params


def order(params: Fitted) -> np.ndarray:
    """Sites in the order in which they are read, (site)."""
    from .kernels import unwrapping

    match params.unwrapping:
        case "raster":
            return unwrapping.raster((params.sites,))
        case "snake":
            return unwrapping.snake(params.sides)
        case "spiral":
            return unwrapping.spiral(params.sides)


def untrained(params: Fitted, seed: int = 0) -> Model:
    """The model before training, where torch computes."""
    import torch

    from .kernels.autoregressive import models

    torch.set_num_threads(1)  # the runner gives every thread a task; more would be the same cores twice
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return models.model(params.architecture.shape(), order(params), seed, device, params.symmetric)


def rebuilt(params: Fitted, found: xr.Dataset, network: int = 0) -> Model:
    """The model that a bottleneck has learned at one temperature, from its weights."""
    import torch

    flat, q = found["weights"].values, untrained(params)
    flat = torch.from_numpy(np.array(flat[network] if params.networks > 1 else flat))
    sizes = [w.numel() for w in q.weights.values()]
    parts = flat.to(next(iter(q.weights.values())).device).split(sizes)
    return replace(q, weights={k: v.view_as(w) for (k, w), v in zip(q.weights.items(), parts)})


def flattened(q: Model) -> np.ndarray:
    """All weights, (weight) float32."""
    return np.concatenate([w.cpu().numpy().ravel() for w in q.weights.values()]).astype(np.float32)


def coded(spins: np.ndarray) -> Tensor:
    """Configurations as models read them, uint8: s = ±1 as 0 and 1, colours as they are."""
    import torch

    return torch.from_numpy(np.maximum(spins, 0).astype(np.uint8))


def log_q(params: Fitted, found: xr.Dataset, spins: np.ndarray, network: int = 0) -> np.ndarray:
    """ln q of configurations (…, site) of one temperature, (…)."""
    from .kernels.autoregressive.models import evaluate

    flat = coded(spins.reshape(-1, spins.shape[-1]))
    return evaluate(rebuilt(params, found, network), flat).numpy().reshape(spins.shape[:-1])


def labels(params: Fitted, found: xr.Dataset, spins: np.ndarray, beta: float, network: int = 0) -> np.ndarray:
    """E = -ln q / beta of configurations (…, site), the whole system's but for the constant ln Z / beta, (…): what an
    energy model is fitted to. DataError where a label is not finite."""
    E = -log_q(params, found, spins, network) / beta
    if not np.isfinite(E).all():
        raise DataError(f"{(~np.isfinite(E)).sum()} of {E.size} configurations have probability 0 and so no energy")
    return E


def hamiltonian(system: xr.Dataset) -> Callable[[np.ndarray], np.ndarray]:
    """E of configurations (n, site) int8 as models give them: ±1 where there are two values."""
    graph = read(system)
    true, two = model(graph), graph.colours == 2
    return lambda s: energies(true, np.maximum(s, 0) if two else s)


def fit(
    task: Task[Fitted, Temperature], trajectory: xr.Dataset | None = None, system: xr.Dataset | None = None
) -> xr.Dataset:
    """The networks of one temperature, each from its own random weights."""
    params, beta, several = task.params, task.part_params.beta, []
    for n in range(params.networks):
        names = ("bottleneck", params.name, task.part, n)
        q, seed = untrained(params, integer(task.seed, *names, "start")), integer(task.seed, *names, "fit")
        tick: Callable[[float], None] = lambda done, n=n: task.tick((n + done) / params.networks)
        match params.train:
            case Likelihood() as train if trajectory is not None:
                (q, loss), along = likely(params, train, q, trajectory, seed, tick), "epoch"
            case FreeEnergy() as train if system is not None:
                (q, loss), along = annealed(params, train, q, system, beta, seed, tick), "step"
            case _:
                raise TypeError(f"{params.name} is trained by what it is not given")
        if not np.isfinite(flat := flattened(q)).all() or not np.isfinite(loss).all():
            raise DataError(f"at beta = {beta:g} training diverges; a smaller learning rate, or a larger batch")
        several.append({"weights": ("weight", flat), "loss": (along, loss)})
    return beside(params, several)


def likely(
    params: Fitted, train: Likelihood, q: Model, trajectory: xr.Dataset, seed: int, tick: Callable[[float], None]
) -> tuple[Model, np.ndarray]:
    """A model after training by likelihood, and -ln q of an observation, nat, (epoch)."""
    import torch

    from .kernels.autoregressive import fitting

    x = coded(observations.observed(trajectory, train.seen.observations, train.seen.test))
    turns = torch.from_numpy(mirrored(params.sides, train.augment)) if train.augment else None
    q, loss = fitting.fit(
        q, x, seed, train.epochs, params.batch, params.learning_rate, params.decay, turns,
        flips="flips" in train.augment, tick=tick,
    )  # fmt: skip
    return q, loss.numpy()


def annealed(
    params: Fitted, train: FreeEnergy, q: Model, system: xr.Dataset, beta: float, seed: int,
    tick: Callable[[float], None],
) -> tuple[Model, np.ndarray]:  # fmt: skip
    """A model after training by free energy, and its free energy a site, (step)."""
    from .kernels.autoregressive import van

    q, history = van.anneal(
        params.architecture.begun(q, system, beta), hamiltonian(system), beta, train.steps, params.batch, seed,
        params.learning_rate, train.annealing, train.clip, params.decay, tick,
    )  # fmt: skip
    return q, history[:, 0] / params.sites


def mirrored(sides: Sequence[int], which: Sequence[Symmetry]) -> np.ndarray:
    """Permutations of the sites of a lattice, translations and mirrors along its axes, (symmetry, site)."""
    several = [np.arange(np.prod(sides, dtype=int)).reshape(sides)]
    for axis, side in enumerate(sides):
        if "reflections" in which:
            several += [np.flip(v, axis) for v in several]
        if "translations" in which:
            several = [np.roll(v, k, axis) for v in several for k in range(side)]
    return np.stack([v.ravel() for v in several])


def beside(params: Fitted, several: Sequence[Variables]) -> xr.Dataset:
    """The numbers of each network, along a dimension if there are several."""
    import xarray as xr

    if params.networks == 1:
        return xr.Dataset(several[0])
    return xr.concat([xr.Dataset(one) for one in several], "network")


def drawn(
    task: Task, params: Fitted, found: xr.Dataset, system: xr.Dataset, count: int, *names: str
) -> Iterator[tuple[int, Drawn]]:
    """Of each network, its number and `count` samples with their ln q, E and |m|, drawn by these names."""
    from .kernels.autoregressive.estimates import drawn as draw

    energy = hamiltonian(system)
    for n in range(params.networks):
        yield n, draw(rebuilt(params, found, n), energy, count, integer(task.seed, *names, task.part, n))
        task.tick((n + 1) / (params.networks + 1))


def per_spin(estimates: Mapping[str, Estimate], sites: int) -> dict[str, float]:
    """What kernels say of the whole system, by the names of results."""
    found = {}
    for name, short in zip(thermo.INTEGRATED, ("F", "U", "S", "m")):
        share = 1 if short == "m" else sites
        found[name], found[f"{name}_se"] = estimates[short].value / share, estimates[short].error / share
    return found


def numbers(found: Mapping[str, float]) -> Variables:
    """Single numbers as variables."""
    return {name: ((), np.float64(v)) for name, v in found.items()}


def estimated(task: Task[Estimates, Temperature], system: xr.Dataset, **fitted: xr.Dataset) -> xr.Dataset:
    """Thermodynamics of the models themselves at one temperature (Sprague et al. 2021, Eqs. 10 and 11)."""
    from .kernels.autoregressive.estimates import plain

    params, (found,) = task.params.model, fitted.values()
    several = drawn(task, params, found, system, task.params.drawn, "bottleneck", params.name, "estimates")
    each = [per_spin(plain(some, task.part_params.beta), params.sites) for _, some in several]
    return beside(params, [numbers(one) for one in each])
