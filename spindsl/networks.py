"""Models trained step by step on configurations, afresh at every time or once for all times: what such words share.

A *set* is what one network is trained on: the configurations of one time, or of all times together. `networks`
independent fits of each set have seeds of their own and know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from .ensemble import configuration, held_out, learned, made_of, sample_dims, samples, shaped
from .errors import MeaningError
from .graph import Promise, Split, Stage, Task
from .seeds import integer
from .spec import Bottleneck, Count, Fitted, Positive

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

EACH = ("drive", "trial", "switch", "time")


class Trained(Bottleneck):
    """Keys of a model that is trained step by step."""

    neural: ClassVar = True

    latent: Count = Field(description="number of latent variables")
    epochs: Count = Field(description="passes over the training trials")
    batch: Count = Field(description="configurations a step")
    learning_rate: Positive = Field(default=1e-3, description="of Adam")
    fit: Literal["per-time", "pooled"] = Field(default="per-time", description="a network a time, or one for all times")
    networks: Count = Field(default=1, description="independent fits; more than one become a dimension")

    @property
    def many(self) -> tuple[str, ...]:
        """The dimension of independent fits, if there are several."""
        return ("network",) if self.networks > 1 else ()

    @property
    def times(self) -> tuple[str, ...]:
        """The dimension of fits of each time, if there are any."""
        return ("time",) if self.fit == "per-time" else ()

    def along(self, trajectory: Stage) -> tuple[str, ...]:
        """Dimensions of a number a configuration."""
        return (*self.many, *sample_dims(trajectory), "time")

    def training(self, name: str) -> Training:
        """How networks are trained, under the name of the bottleneck."""
        return Training(
            name, self.drives, self.latent, self.epochs, self.batch, self.learning_rate, self.fit, self.networks
        )

    def stage(
        self,
        name: str,
        trajectory: Stage,
        run: Callable[..., xr.Dataset],
        params: Trainable,
        gives: Mapping[str, Promise],
        weights: int,
        accelerated: bool = False,
    ) -> Stage:
        """The stage `bottleneck.NAME` of networks of so many weights."""
        coords = {k: trajectory.coords[k] for k in EACH if k in trajectory.coords}
        coords |= {"network": tuple(range(self.networks))} if self.many else {}
        size = trajectory.size("drive") * trajectory.size("trial") * len(coords["switch"])
        return Stage(
            f"bottleneck.{name}", run, params, gives, ("trajectory", "split"),
            split=Split("switch", coords["switch"], 2) if self.times else None, group=f"/bottleneck/{name}",
            sizes={"latent": self.latent, "epoch": self.epochs}, coords=coords, interpreted=True,
            seconds=12 * weights * size * self.epochs * self.networks / 5e10, accelerated=accelerated,
            
        )  # fmt: skip


@dataclass(frozen=True)
class Training:
    """How networks are trained step by step."""

    name: str  # of the bottleneck
    drives: tuple[str, ...] | None  # fitted to trials of these, None for all
    latent: int
    epochs: int
    batch: int
    learning_rate: float
    fit: Literal["per-time", "pooled"]
    networks: int

    @property
    def pooled(self) -> bool:
        """Whether one network is trained for all times."""
        return self.fit == "pooled"


@dataclass(frozen=True)
class Trainable(Fitted):
    """Parameters of any model that is trained so; each adds its own."""

    training: Training

    @property
    def fitted_to(self) -> tuple[str, ...] | None:
        return self.training.drives


def suits(visible: str, trajectory: Stage) -> None:
    """MeaningError unless visible units suit what configurations are made of."""
    variable = made_of(trajectory)[0]
    wanted = {"spins": "bernoulli", "features": "gaussian"}[variable]
    if visible != wanted:
        raise MeaningError(f"{variable} cannot be {visible}", "visible", hint=f'write visible = "{wanted}"')


@dataclass(frozen=True)
class Sets:
    """What networks are trained on."""

    x: np.ndarray  # (set, configuration, unit): spins as 0 and 1 in uint8, or standardised features in float32
    sample: np.ndarray  # of each configuration, the number of its sample
    train: np.ndarray  # numbers of the configurations trained on
    test: np.ndarray  # and of those held out
    which: list[int]  # of each network, the number of its set
    seeds: list[int]  # and its seed


def trained(
    task: Task,
    training: Training,
    trajectory: xr.Dataset,
    split: xr.Dataset,
    learn: Callable[[Sets], list[np.ndarray]],
    each: int,
) -> list[np.ndarray]:
    """What `learn` gives, network first: `each` numbers of every configuration, then numbers of the network.

    They come back as (network, sample, time, …) and (network, set, …).
    """
    look, held, networks = learned(training.drives, trajectory), held_out(split), training.networks
    x, real = samples(configuration(trajectory)), configuration(trajectory).name == "features"
    x = x if real else (x > 0).astype(np.uint8)
    times, pooled = x.shape[1], training.pooled
    sample = np.repeat(np.arange(len(x)), times) if pooled else np.arange(len(x))
    x = x.reshape(1, -1, x.shape[2]) if pooled else x.swapaxes(0, 1)
    train, test = (np.flatnonzero(v[sample]) for v in (look & ~held, look & held))
    x = standardised(x, train) if real else x
    names = [()] if pooled else [(k,) for k in task.labels]
    jobs = [(s, n) for n in range(networks) for s in range(len(x))]
    seeds = [integer(task.seed, "bottleneck", training.name, *names[s], n) for s, n in jobs]
    found = learn(Sets(x, sample, train, test, [s for s, _ in jobs], seeds))
    found = [v.reshape(networks, len(x), *v.shape[1:]) for v in found]
    shape = (networks, len(held), times)
    own = [v.reshape(*shape, *v.shape[3:]) if pooled else v.swapaxes(1, 2) for v in found[:each]]
    return [*own, *found[each:]]


def standardised(sets: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Features (set, configuration, feature) with mean 0 and variance 1 among those trained on; constant ones are 0."""
    seen = sets[:, train].astype(np.float64)
    std = seen.std(axis=1, keepdims=True)
    return ((sets - seen.mean(axis=1, keepdims=True)) / np.where(std > 0, std, 1.0)).astype(np.float32)


def together(task: Task, sets: Sets) -> Iterator[tuple[Tensor, list[int], Callable[[float], None]]]:
    """Configurations (network, configuration, unit) on the device, seeds and progress of the networks trained side by
    side: all at once on a GPU, singly on a CPU."""
    import torch

    torch.set_num_threads(1)  # the runner gives every thread a task; more would be the same cores twice
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    total = len(sets.seeds)
    size = total if device.type == "cuda" else 1
    for at in range(0, total, size):
        x = torch.from_numpy(sets.x[sets.which[at : at + size]]).to(device)
        yield x, sets.seeds[at : at + size], lambda fraction, at=at: task.tick((at + fraction * size) / total)


def chunks(x: Tensor, function: Callable[[Tensor], tuple[Tensor, ...]], size: int = 8192) -> list[Tensor]:
    """What `function` gives of x (network, configuration, unit), float32, so many configurations at a time."""
    import torch

    found = [function(x[:, k : k + size].float()) for k in range(0, x.shape[1], size)]
    return [torch.cat(v, 1) for v in zip(*found)]


def labelled(
    training: Training, like: xr.DataArray, each: Mapping[str, np.ndarray], whole: Mapping[str, np.ndarray]
) -> xr.Dataset:
    """What was trained, as promised: numbers of each configuration, and of each network, some by epoch."""
    import xarray as xr

    result = xr.Dataset()
    for name, value in each.items():
        dims = ("network", *like.dims, "time", "latent")[: like.ndim + value.ndim - 1]
        result[name] = (dims, np.stack([shaped(v, like) for v in value]))
    for name, value in whole.items():
        value = value[:, 0] if training.pooled else value
        dims = ("network",) if training.pooled else ("network", "time")
        result[name] = ((*dims, "epoch")[: value.ndim], value)
    return result if training.networks > 1 else result.isel(network=0)
