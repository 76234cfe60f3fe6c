"""A deterministic autoencoder, fresh at every time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..ensemble import each, held_out, learned, made_of
from ..graph import Promise, Stage, Task
from ..lines import Decode, stage, through
from ..networks import Sets, Trained, chunks, suits, together, told, trained
from ..spec import Count, Listed

if TYPE_CHECKING:
    import xarray as xr


class Autoencoder(Trained):
    """The layers of the variational autoencoder without noise and without prior: it only has to give back what it got.

    N - hidden - latent, decoder mirrored, rectified linear units but for the latent ones; maximised is ln p(x|z(x)) of
    Bernoulli spins, or of normal standardised features with a learned sigma each, at least 0.01; Adam, Glorot-uniform
    start. Nothing ties the scale of its latent variables. It never sees a drive's name, nor a held-out trial.
    `log_evidence` is the log likelihood of the configuration given its own latent point: no bound on any evidence.
    """

    cites: ClassVar = ("hinton2006", "kingma2014adam", "glorot2010")

    kind: Literal["autoencoder"]
    hidden: Annotated[tuple[Count, ...], Listed, Field(min_length=1)] = Field(
        description="sizes of the encoder's hidden layers"
    )
    visible: Literal["bernoulli", "gaussian"] = Field(
        default="bernoulli", description="spins are bernoulli, real-valued features are gaussian"
    )
    decode: Decode | None = Field(
        default=None, description="lines through latent space to decode along, in standard deviations of its variables"
    )

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        suits(self.visible, trajectory)
        along, fits = self.along(trajectory), (*self.many, *self.times)
        gives = {
            "latent_mean": Promise((*along, "latent"), "1", "latent variables of the configuration", "float32"),
            "log_evidence": Promise(
                along, "nat", "log likelihood of the configuration given its own latent point; no bound", "float32"
            ),
            "loss": Promise(
                (*fits, "epoch"), "nat", "mean -log likelihood of the training trials, during the epoch", "float32"
            ),
            "loss_test": Promise(fits, "nat", "mean -log likelihood of the held-out trials, at the end", "float32"),
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
    code, evidence, loss, loss_test, _ = trained(task, trajectory, split, learn, each=2)
    known = {"latent_mean": code, "log_evidence": evidence}
    return told(task, each(trajectory), known, {"loss": loss, "loss_test": loss_test})


def lines(task: Task, trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train the very networks of `fit` again, whose weights are not kept, and decode them along lines."""
    import torch

    from ..kernels import vae

    code, *_, weights = trained(task, trajectory, split, learn, each=2)
    shape = vae.Shape(trajectory.sizes["spin"], tuple(task.said["hidden"]), task.said["latent"])
    train = learned(task.said.get("drives"), trajectory) & ~held_out(split)
    units = code[:, train].std(axis=1)  # (network, time, latent)
    units = np.where(units > 0, units, 1.0)

    def decode(network: int, time: int, z: np.ndarray) -> np.ndarray:
        flat = torch.from_numpy(weights[network, min(time, weights.shape[1] - 1)])
        with torch.no_grad():
            return torch.tanh(vae.decode(shape, flat[None], torch.from_numpy(z).float()[None])[0] / 2).numpy()

    return through(task, trajectory, split, code, units, decode)


def learn(task: Task, sets: Sets) -> list[np.ndarray]:
    """Latent variables and log likelihood of every configuration, training loss an epoch, test loss, weights."""
    import torch

    from ..kernels import vae

    said, done = task.said, []
    shape = vae.Shape(sets.x.shape[2], tuple(said["hidden"]), said["latent"], said["visible"] == "gaussian")
    for x, seeds, tick in together(task, sets):
        flat, loss = vae.train(
            shape, x[:, sets.train], seeds, said["epochs"], said["batch"], said["learning_rate"], 0.0, tick, noisy=False
        )

        def seen(v: torch.Tensor, flat: torch.Tensor = flat) -> tuple[torch.Tensor, torch.Tensor]:
            code = vae.encode(shape, flat, v)[0]
            return code, vae.elbo(shape, flat, v, torch.zeros_like(code), 0.0)

        with torch.no_grad():
            code, evidence = chunks(x, seen)
        done.append([v.cpu().numpy() for v in (code, evidence, loss, -evidence[:, sets.test].mean(-1), flat)])
    return [np.concatenate(v) for v in zip(*done)]
