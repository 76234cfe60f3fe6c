"""Models that give a configuration one site after another, so that its probability is known: what they are when run.

    q(s) = prod_t q(s_t | s_1 … s_{t-1})

What a stage said and its `weights` make a model again, `rebuilt`; `log_q`, `labels` and `drawn` ask it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import observations
from .errors import DataError, MeaningError
from .graph import Promise, Stage, Task
from .hamiltonian import CODE as HAMILTONIAN
from .hamiltonian import energies, model
from .seeds import integer

if TYPE_CHECKING:
    import xarray as xr

    from .kernels.autoregressive.estimates import Drawn
    from .kernels.autoregressive.models import Model

AUTOREGRESSIVE = ("models", "fitting", "van", "estimates")
KERNELS = ("unwrapping", "energies", "measures", "floats", *(f"autoregressive.{k}" for k in AUTOREGRESSIVE))
CODE = ("spindsl.sequences", *observations.CODE, *HAMILTONIAN, *(f"spindsl.kernels.{k}" for k in KERNELS))
QUANTITIES = {
    "free_energy": ("F", "J", "free energy per spin, F"),
    "energy": ("U", "J", "energy per spin, U"),
    "entropy": ("S", "1", "entropy per spin, S"),
    "abs_magnetization": ("m", "1", "modulus of the magnetization (of colours: order parameter), <|m|>"),
}


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
    import torch

    from .kernels.autoregressive import fitting, van

    said, beta, several = task.said, task.about["beta"], []
    how = {k: said[k] for k in ("batch", "learning_rate", "decay")}
    for n in range(said["networks"]):
        names = ("bottleneck", said["name"], task.part, n)
        q, seed = untrained(said, integer(task.seed, *names, "start")), integer(task.seed, *names, "fit")
        how["tick"] = lambda done, n=n: task.tick((n + done) / said["networks"])
        if system is None:
            x = coded(observations.observed(said, trajectory))
            turns = torch.from_numpy(mirrored(said["sides"], said["augment"])) if said["augment"] else None
            q, loss = fitting.fit(q, x, seed, said["epochs"], symmetries=turns, flips="flips" in said["augment"], **how)
            loss, along = loss.numpy(), "epoch"
        else:
            train = {k: said["train"][k] for k in ("steps", "annealing", "clip")}
            q, history = van.anneal(q, hamiltonian(system), beta, seed=seed, **train, **how)
            loss, along = history[:, 0] / said["sites"], "step"
        if not np.isfinite(flat := flattened(q)).all() or not np.isfinite(loss).all():
            raise DataError(f"at beta = {beta:g} training diverges; a smaller learning rate, or a larger batch")
        several.append({"weights": ("weight", flat), "loss": (along, loss)})
    return beside(said, several)


def mirrored(sides: Sequence[int], which: Sequence[str]) -> np.ndarray:
    """Permutations of the sites of a lattice, translations and mirrors along its axes, (symmetry, site)."""
    several = [np.arange(np.prod(sides, dtype=int)).reshape(sides)]
    for axis, side in enumerate(sides):
        if "reflections" in which:
            several += [np.flip(v, axis) for v in several]
        if "translations" in which:
            several = [np.roll(v, k, axis) for v in several for k in range(side)]
    return np.stack([v.ravel() for v in several])


def beside(said: Mapping[str, Any], several: list[dict[str, tuple]]) -> xr.Dataset:
    """The numbers of each network, along a dimension if there are several."""
    import xarray as xr

    if said["networks"] == 1:
        return xr.Dataset(several[0])
    return xr.concat([xr.Dataset(one) for one in several], "network")


def drawn(
    task: Task, said: Mapping[str, Any], found: xr.Dataset, system: xr.Dataset, count: int, *names: str
) -> Iterator[tuple[int, Drawn]]:
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
