"""A variational autoencoder, fresh at every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..coders import Batch, Coder, CoderParams, decode_lines, fit_coder
from ..graph import Promise, Stage, Task
from ..lines import LineParams
from ..networks import chunks
from ..spec import NonNegative

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

DRAWS = 8  # latent points a configuration, for its ELBO
EACH = ("latent_mean", "latent_std", "log_evidence")


class Vae(Coder):
    """Encoder N - hidden - latent, decoder mirrored, rectified linear units; Bernoulli spins or normal features.

    The objective is the ELBO of Kingma and Welling (arXiv:1312.6114) with the divergence weighted by
    `kl_weight`; Adam; Glorot-uniform start. It never sees a drive's name, nor a held-out trial.
    With `visible = "gaussian"` the decoder gives p(x|z) = N(o(z), diag sigma^2) of features standardised
    by the training trials, with a learned sigma each, at least 0.01; losses are of standardised features.
    """

    cites: ClassVar = ("zhong2020", "kingma2013", "kingma2014adam", "glorot2010")

    kind: Literal["vae"]
    kl_weight: NonNegative = Field(default=1.0, description="weight of the divergence in the ELBO")

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        return self.coded(name, sources, fit, lines)

    def parameters(self, name: str) -> CoderParams:
        return CoderParams(self.training(name), self.hidden, self.visible, self.kl_weight, noisy=True)

    def promises(self, along: tuple[str, ...], fits: tuple[str, ...]) -> dict[str, Promise]:
        return {
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


def fit(task: Task[CoderParams], trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train on the trials that are not held out, then encode all of them."""
    return fit_coder(task, trajectory, split, measure, EACH)


def lines(task: Task[LineParams[CoderParams]], trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train the very networks of `fit` again and decode them along lines, in units of the prior."""
    return decode_lines(task, trajectory, split, measure, len(EACH), lambda mean: np.ones(mean.shape[2:]))


def measure(batch: Batch) -> tuple[list[Tensor], Tensor]:
    """Posterior mean, std and ELBO of every configuration, and the test loss, mean -ELBO with one draw."""
    from ..kernels import vae

    shape, flat, x, latent = batch.shape, batch.flat, batch.x, batch.shape.latent
    mean, std = chunks(x, lambda v: vae.encode(shape, flat, v))
    held = x[:, batch.test].float()
    noise = next(normal_numbers(batch.seeds, 1, (len(batch.test), latent), 1)).to(x.device)
    bound = vae.elbo(shape, flat, held, noise, batch.params.kl_weight)
    return [mean, std, elbo(batch)], -bound.mean(-1)


def normal_numbers(seeds: list[int], stream: int, shape: tuple[int, ...], times: int) -> Iterator[Tensor]:
    """Normal numbers (network, …) of each network's own stream, so many times."""
    import torch

    streams = [torch.Generator().manual_seed(s + stream) for s in seeds]
    for _ in range(times):
        yield torch.stack([torch.randn(shape, generator=g) for g in streams])


def elbo(batch: Batch) -> Tensor:
    """ELBO of every configuration, (network, configuration), nats: the mean over `DRAWS` points of its posterior."""
    import torch

    from ..kernels import vae

    x = batch.x
    total = torch.zeros(x.shape[:2], device=x.device)
    for eps in normal_numbers(batch.seeds, 2, (x.shape[1], batch.shape.latent), DRAWS):
        eps = eps.to(x.device)
        for k in range(0, x.shape[1], 8192):
            at = slice(k, k + 8192)
            total[:, at] += vae.elbo(batch.shape, batch.flat, x[:, at].float(), eps[:, at], batch.params.kl_weight)
    return total / DRAWS
