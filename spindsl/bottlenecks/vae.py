"""A variational autoencoder, fresh at every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..ensemble import each, made_of
from ..graph import Promise, Stage, Task
from ..lines import Decode, stage, through
from ..networks import Sets, Trained, chunks, suits, together, told, trained
from ..spec import Count, Listed, NonNegative

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from ..kernels.vae import Shape

DRAWS = 8  # latent points a configuration, for its ELBO


class Vae(Trained):
    """Encoder N - hidden - latent, decoder mirrored, rectified linear units; Bernoulli spins or normal features.

    The objective is the ELBO of Kingma and Welling (arXiv:1312.6114) with the divergence weighted by
    `kl_weight`; Adam; Glorot-uniform start. It never sees a drive's name, nor a held-out trial.
    With `visible = "gaussian"` the decoder gives p(x|z) = N(o(z), diag sigma^2) of features standardised
    by the training trials, with a learned sigma each, at least 0.01; losses are of standardised features.
    """

    cites: ClassVar = ("zhong2020", "kingma2013", "kingma2014adam", "glorot2010")

    kind: Literal["vae"]
    hidden: Annotated[tuple[Count, ...], Listed, Field(min_length=1)] = Field(
        description="sizes of the encoder's hidden layers"
    )
    kl_weight: NonNegative = Field(default=1.0, description="weight of the divergence in the ELBO")
    visible: Literal["bernoulli", "gaussian"] = Field(
        default="bernoulli", description="spins are bernoulli, real-valued features are gaussian"
    )
    decode: Decode | None = Field(default=None, description="lines through latent space to decode along")

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        suits(self.visible, trajectory)
        along, fits = self.along(trajectory), (*self.many, *self.times)
        gives = {
            "latent_mean": Promise((*along, "latent"), "1", "mean of the posterior of the latent variables", "float32"),
            "latent_std": Promise(
                (*along, "latent"), "1", "standard deviation of that posterior", "float32", hidden=True
            ),
            "log_evidence": Promise(
                along, "nat", f"ELBO of the configuration, mean over {DRAWS} latent points of its posterior", "float32"
            ),
            "loss": Promise((*fits, "epoch"), "nat", "mean -ELBO of the training trials, during the epoch", "float32"),
            "loss_test": Promise(fits, "nat", "mean -ELBO of the held-out trials, at the end", "float32"),
        }
        layers = (trajectory.size(made_of(trajectory)[1]), *self.hidden, 2 * self.latent)
        network = self.stage(
            name, trajectory, fit, gives, sum(a * b for a, b in pairwise(layers)), accelerated=True,
            code=("spindsl.kernels.vae", "spindsl.kernels.normal"),
        )  # fmt: skip
        if self.decode is None:
            return (network,)
        return network, stage(network, self.decode, self.latent, trajectory, lines, pooled=not self.times)


def fit(task: Task, trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train on the trials that are not held out, then encode all of them."""
    mean, std, evidence, loss, loss_test, _ = trained(task, trajectory, split, learn, each=3)
    known = {"latent_mean": mean, "latent_std": std, "log_evidence": evidence}
    return told(task, each(trajectory), known, {"loss": loss, "loss_test": loss_test})


def lines(task: Task, trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train the very networks of `fit` again, whose weights are not kept, and decode them along lines."""
    import torch

    from ..kernels import vae

    mean, *_, weights = trained(task, trajectory, split, learn, each=3)
    shape = vae.Shape(trajectory.sizes["spin"], tuple(task.said["hidden"]), task.said["latent"])

    def decode(network: int, time: int, z: np.ndarray) -> np.ndarray:
        flat = torch.from_numpy(weights[network, min(time, weights.shape[1] - 1)])
        with torch.no_grad():
            return torch.tanh(vae.decode(shape, flat[None], torch.from_numpy(z).float()[None])[0] / 2).numpy()

    return through(task, trajectory, split, mean, np.ones(mean.shape[2:]), decode)


def learn(task: Task, sets: Sets) -> list[np.ndarray]:
    """Posterior mean, std and ELBO of every configuration, training loss an epoch, test loss, weights."""
    import torch

    from ..kernels import vae

    said, done = task.said, []
    shape = vae.Shape(sets.x.shape[2], tuple(said["hidden"]), said["latent"], said["visible"] == "gaussian")
    for x, seeds, tick in together(task, sets):
        flat, loss = vae.train(
            shape,
            x[:, sets.train],
            seeds,
            said["epochs"],
            said["batch"],
            said["learning_rate"],
            said["kl_weight"],
            tick,
        )
        with torch.no_grad():
            mean, std = chunks(x, lambda v, flat=flat: vae.encode(shape, flat, v))
            held = x[:, sets.test].float()
            noise = next(drawn(seeds, 1, (len(sets.test), said["latent"]), 1)).to(x.device)
            bound = vae.elbo(shape, flat, held, noise, said["kl_weight"])
            evidence = elbo(task, shape, flat, x, seeds)
        done.append([v.cpu().numpy() for v in (mean, std, evidence, loss, -bound.mean(-1), flat)])
    return [np.concatenate(v) for v in zip(*done)]


def drawn(seeds: list[int], stream: int, shape: tuple[int, ...], times: int) -> Iterator[Tensor]:
    """Normal numbers (network, …) of each network's own stream, so many times."""
    import torch

    streams = [torch.Generator().manual_seed(s + stream) for s in seeds]
    for _ in range(times):
        yield torch.stack([torch.randn(shape, generator=g) for g in streams])


def elbo(task: Task, shape: Shape, flat: Tensor, x: Tensor, seeds: list[int]) -> Tensor:
    """ELBO of every configuration, (network, configuration), nats: the mean over `DRAWS` points of its posterior."""
    import torch

    from ..kernels import vae

    total = torch.zeros(x.shape[:2], device=x.device)
    for eps in drawn(seeds, 2, (x.shape[1], shape.latent), DRAWS):
        eps = eps.to(x.device)
        for k in range(0, x.shape[1], 8192):
            at = slice(k, k + 8192)
            total[:, at] += vae.elbo(shape, flat, x[:, at].float(), eps[:, at], task.said["kl_weight"])
    return total / DRAWS
