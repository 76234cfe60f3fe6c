"""Networks that code configurations as latent variables and decode them again: what such bottlenecks share.

Encoder N - hidden - latent, decoder mirrored (`kernels/vae`). The words differ in whether there is noise and a prior,
and in what they tell of each configuration: they *measure* each network once it is trained.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from .ensemble import each, made_of
from .graph import Promise, Stage, Task
from .lines import Decode, LineParams, stage, through
from .networks import Sets, Trainable, Trained, labelled, suits, together, trained
from .spec import Count, Listed

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from .kernels.vae import Shape


class Coder(Trained, ABC):
    """Keys of a bottleneck that encodes and decodes."""

    hidden: Annotated[tuple[Count, ...], Listed, Field(min_length=1)] = Field(
        description="sizes of the encoder's hidden layers"
    )
    visible: Literal["bernoulli", "gaussian"] = Field(
        default="bernoulli", description="spins are bernoulli, real-valued features are gaussian"
    )
    decode: Decode | None = Field(default=None, description="lines through latent space to decode along")

    @abstractmethod
    def parameters(self, name: str) -> CoderParams:
        """What its stages are told."""

    @abstractmethod
    def promises(self, along: tuple[str, ...], fits: tuple[str, ...]) -> dict[str, Promise]:
        """What it gives, numbers of each configuration and numbers of each fit."""

    def coded(
        self, name: str, sources: Mapping[str, Stage], fit: Callable[..., xr.Dataset], lines: Callable[..., xr.Dataset]
    ) -> tuple[Stage, ...]:
        """The stage that trains networks, and the one that decodes along lines if there are any."""
        trajectory = sources["trajectory"]
        suits(self.visible, trajectory)
        gives = self.promises(self.along(trajectory), (*self.many, *self.times))
        layers = (trajectory.size(made_of(trajectory)[1]), *self.hidden, 2 * self.latent)
        weights = sum(a * b for a, b in pairwise(layers))
        network = self.stage(name, trajectory, fit, self.parameters(name), gives, weights, accelerated=True)
        if self.decode is None:
            return (network,)
        return network, stage(network, self.decode, self.latent, trajectory, lines, pooled=not self.times)


@dataclass(frozen=True)
class CoderParams(Trainable):
    """How networks that code are trained."""

    hidden: tuple[int, ...]
    visible: Literal["bernoulli", "gaussian"]
    kl_weight: float  # of the divergence from the prior, 0 without one
    noisy: bool  # the latent variables while training

    def shape(self, visible: int) -> Shape:
        """Layers for so many visible units."""
        from .kernels.vae import Shape

        return Shape(visible, self.hidden, self.training.latent, self.visible == "gaussian")


@dataclass(frozen=True)
class Batch:
    """Networks that were trained side by side, and what they are asked about."""

    params: CoderParams
    shape: Shape
    flat: Tensor  # (network, parameter)
    x: Tensor  # (network, configuration, unit)
    seeds: list[int]  # of each network
    test: np.ndarray  # numbers of the configurations held out


Measure = Callable[[Batch], tuple[list["Tensor"], "Tensor"]]  # numbers of each configuration, and the test loss


def learn(task: Task, params: CoderParams, measure: Measure, sets: Sets) -> list[np.ndarray]:
    """What `measure` tells of every configuration, then training loss an epoch, test loss, weights."""
    import torch

    from .kernels import vae

    shape, training, done = params.shape(sets.x.shape[2]), params.training, []
    for x, seeds, tick in together(task, sets):
        flat, loss = vae.train(
            shape, x[:, sets.train], seeds, training.epochs, training.batch, training.learning_rate,
            params.kl_weight, tick, noisy=params.noisy,
        )  # fmt: skip
        with torch.no_grad():
            known, loss_test = measure(Batch(params, shape, flat, x, seeds, sets.test))
        done.append([v.cpu().numpy() for v in (*known, loss, loss_test, flat)])
    return [np.concatenate(v) for v in zip(*done)]


def fit_coder(
    task: Task[CoderParams], trajectory: xr.Dataset, split: xr.Dataset, measure: Measure, names: tuple[str, ...]
) -> xr.Dataset:
    """Train on the trials that are not held out, then encode all of them: the numbers of those names, and losses."""
    params = task.params
    teach = partial(learn, task, params, measure)
    *known, loss, loss_test, _ = trained(task, params.training, trajectory, split, teach, each=len(names))
    losses = {"loss": loss, "loss_test": loss_test}
    return labelled(params.training, each(trajectory), dict(zip(names, known, strict=True)), losses)


def decode_lines(
    task: Task[LineParams[CoderParams]],
    trajectory: xr.Dataset,
    split: xr.Dataset,
    measure: Measure,
    count: int,
    units: Callable[[np.ndarray], np.ndarray],
) -> xr.Dataset:
    """Train the very networks of `fit_coder` again, whose weights are not kept, and decode them along lines.

    `measure` gives `count` numbers of each configuration, latent variables first; `units` their units (…, time,
    latent) from them (network, sample, time, latent).
    """
    import torch

    from .kernels import vae

    params = task.params.bottleneck
    teach = partial(learn, task, params, measure)
    mean, *_, weights = trained(task, params.training, trajectory, split, teach, each=count)
    shape = params.shape(trajectory.sizes["spin"])

    def decode(network: int, time: int, z: np.ndarray) -> np.ndarray:
        flat = torch.from_numpy(weights[network, min(time, weights.shape[1] - 1)])
        with torch.no_grad():
            return torch.tanh(vae.decode(shape, flat[None], torch.from_numpy(z).float()[None])[0] / 2).numpy()

    return through(task, params.training.drives, trajectory, split, mean, units(mean), decode)
