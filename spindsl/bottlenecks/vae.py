"""A variational autoencoder, fresh at every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..ensemble import sample_dims, samples, shaped
from ..graph import Promise, Split, Stage, Task
from ..seeds import integer
from ..spec import Bottleneck, Count, Listed, NonNegative, Positive

if TYPE_CHECKING:
    import xarray as xr


class Vae(Bottleneck):
    """Encoder N - hidden - latent, decoder mirrored, rectified linear units, Bernoulli spins.

    The objective is the ELBO of Kingma and Welling (arXiv:1312.6114) with the divergence weighted by
    `kl_weight`; Adam; Glorot-uniform start. It never sees a drive's name, nor a held-out trial.
    """

    cites: ClassVar = ("zhong2020", "kingma2013", "kingma2014adam", "glorot2010")

    kind: Literal["vae"]
    hidden: Annotated[tuple[Count, ...], Listed, Field(min_length=1)] = Field(description="sizes of the encoder's hidden layers")
    latent: Count = Field(description="number of latent variables")
    epochs: Count = Field(description="passes over the training trials")
    batch: Count = Field(description="configurations a step")
    learning_rate: Positive = Field(default=1e-3, description="of Adam")
    kl_weight: NonNegative = Field(default=1.0, description="weight of the divergence in the ELBO")
    fit: Literal["per-time", "pooled"] = Field(default="per-time", description="a network a time, or one for all times")
    networks: Count = Field(default=1, description="independent fits; more than one become a dimension")

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        many = ("network",) if self.networks > 1 else ()
        along, time = (*many, *sample_dims(trajectory), "time"), ("time",) if self.fit == "per-time" else ()
        gives = {
            "latent_mean": Promise((*along, "latent"), "1", "mean of the posterior of the latent variables", "float32"),
            "latent_std": Promise((*along, "latent"), "1", "standard deviation of that posterior", "float32", hidden=True),
            "loss": Promise((*many, *time, "epoch"), "nat", "mean -ELBO of the training trials, during the epoch", "float32"),
            "loss_test": Promise((*many, *time), "nat", "mean -ELBO of the held-out trials, at the end", "float32"),
        }
        coords = {k: trajectory.coords[k] for k in ("drive", "trial", "switch", "time") if k in trajectory.coords}
        if many:
            coords["network"] = tuple(range(self.networks))
        times = len(coords["switch"])
        weights = sum(a * b for a, b in zip((trajectory.size("spin"), *self.hidden), (*self.hidden, 2 * self.latent)))
        work = 12 * weights * trajectory.size("drive") * trajectory.size("trial") * times * self.epochs * self.networks
        return (Stage(
            f"bottleneck.{name}", fit, self.said() | {"name": name}, gives, ("trajectory", "split"),
            split=Split("switch", coords["switch"], 4) if time else None, code=("spindsl.kernels.vae",),
            group=f"/bottleneck/{name}", sizes={"latent": self.latent, "epoch": self.epochs}, coords=coords,
            seconds=work / 5e10,
        ),)  # fmt: skip


def fit(task: Task, trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train on the trials that are not held out, then encode all of them."""
    import torch
    import xarray as xr

    from ..kernels import vae

    said, spins = task.said, trajectory["spins"]
    like = spins.isel(time=0, spin=0, drop=True)
    held = samples(split["split"]) == 1
    ones = (samples(spins) > 0).astype(np.uint8)  # (sample, time, spin)
    if said["fit"] == "per-time":
        sets, names = ones.swapaxes(0, 1), [(k,) for k in task.labels]
    else:
        sets, names = ones.reshape(1, -1, ones.shape[2]), [()]
        held = np.repeat(held, ones.shape[1])
    shape = vae.Shape(ones.shape[2], tuple(said["hidden"]), said["latent"])
    jobs = [(s, n) for n in range(said["networks"]) for s in range(len(sets))]
    seeds = [integer(task.seed, "bottleneck", said["name"], *names[s], n) for s, n in jobs]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    together = len(jobs) if device.type == "cuda" else 1

    done = []
    for at in range(0, len(jobs), together):
        group, own = jobs[at : at + together], seeds[at : at + together]
        x = torch.stack([torch.from_numpy(sets[s]) for s, _ in group]).to(device)
        train, test = (x[:, torch.from_numpy(np.flatnonzero(k))] for k in (~held, held))
        flat, loss = vae.train(
            shape, train, own, said["epochs"], said["batch"], said["learning_rate"], said["kl_weight"],
            lambda fraction: task.tick((at + fraction * len(group)) / len(jobs)),  # noqa: B023
        )  # fmt: skip
        noise = [torch.randn(test.shape[1], said["latent"], generator=torch.Generator().manual_seed(s + 1)) for s in own]
        with torch.no_grad():
            mean, std = vae.encode(shape, flat, x.float())
            bound = vae.elbo(shape, flat, test.float(), torch.stack(noise).to(device), said["kl_weight"]).mean(-1)
        done.append([v.cpu().numpy() for v in (mean, std, loss, -bound)])

    networks, times = said["networks"], ones.shape[1]
    mean, std, loss, test_loss = (np.concatenate(v).reshape(networks, len(sets), *v[0].shape[1:]) for v in zip(*done))
    if said["fit"] == "per-time":
        mean, std = mean.swapaxes(1, 2), std.swapaxes(1, 2)  # (network, sample, time, latent)
        dims = ("network", "time")
    else:
        mean, std = (v.reshape(networks, -1, times, said["latent"]) for v in (mean, std))
        loss, test_loss, dims = loss[:, 0], test_loss[:, 0], ("network",)
    latent = ("network", *like.dims, "time", "latent")
    result = xr.Dataset({
        "latent_mean": (latent, np.stack([shaped(m, like) for m in mean])),
        "latent_std": (latent, np.stack([shaped(s, like) for s in std])),
        "loss": ((*dims, "epoch"), loss),
        "loss_test": (dims, test_loss),
    })  # fmt: skip
    return result if networks > 1 else result.isel(network=0)
