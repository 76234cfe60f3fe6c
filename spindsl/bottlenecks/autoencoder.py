"""A deterministic autoencoder, fresh at every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..coders import Batch, Coder, CoderParams, decode_lines, fit_coder
from ..ensemble import held_out, learned
from ..graph import Promise, Stage, Task
from ..lines import Decode, LineParams
from ..networks import chunks

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

EACH = ("latent_mean", "log_evidence")


class Autoencoder(Coder):
    """The layers of the variational autoencoder without noise and without prior: it only has to give back what it got.

    N - hidden - latent, decoder mirrored, rectified linear units but for the latent ones; maximised is ln p(x|z(x)) of
    Bernoulli spins, or of normal standardised features with a learned sigma each, at least 0.01; Adam, Glorot-uniform
    start. Nothing ties the scale of its latent variables. It never sees a drive's name, nor a held-out trial.
    `log_evidence` is the log likelihood of the configuration given its own latent point: no bound on any evidence.
    """

    cites: ClassVar = ("hinton2006", "kingma2014adam", "glorot2010")

    kind: Literal["autoencoder"]
    decode: Decode | None = Field(
        default=None, description="lines through latent space to decode along, in standard deviations of its variables"
    )

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        return self.coded(name, sources, fit, lines)

    def parameters(self, name: str) -> CoderParams:
        return CoderParams(self.training(name), self.hidden, self.visible, kl_weight=0.0, noisy=False)

    def promises(self, along: tuple[str, ...], fits: tuple[str, ...]) -> dict[str, Promise]:
        return {
            "latent_mean": Promise((*along, "latent"), "1", "latent variables of the configuration", "float32"),
            "log_evidence": Promise(
                along, "nat", "log likelihood of the configuration given its own latent point; no bound", "float32"
            ),
            "loss": Promise(
                (*fits, "epoch"), "nat", "mean -log likelihood of the training trials, during the epoch", "float32"
            ),
            "loss_test": Promise(fits, "nat", "mean -log likelihood of the held-out trials, at the end", "float32"),
        }


def fit(task: Task[CoderParams], trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train on the trials that are not held out, then encode all of them."""
    return fit_coder(task, trajectory, split, measure, EACH)


def lines(task: Task[LineParams[CoderParams]], trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train the very networks of `fit` again and decode them along lines, in standard deviations over trials."""
    train = learned(task.params.bottleneck.training.drives, trajectory) & ~held_out(split)

    def units(latent: np.ndarray) -> np.ndarray:
        found = latent[:, train].std(axis=1)  # (network, time, latent)
        return np.where(found > 0, found, 1.0)

    return decode_lines(task, trajectory, split, measure, len(EACH), units)


def measure(batch: Batch) -> tuple[list[Tensor], Tensor]:
    """Latent variables and log likelihood of every configuration, and the test loss, the mean of minus that."""
    import torch

    from ..kernels import vae

    def read(x: Tensor) -> tuple[Tensor, Tensor]:
        latent = vae.encode(batch.shape, batch.flat, x)[0]
        return latent, vae.elbo(batch.shape, batch.flat, x, torch.zeros_like(latent), 0.0)

    latent, evidence = chunks(batch.x, read)
    return [latent, evidence], -evidence[:, batch.test].mean(-1)
