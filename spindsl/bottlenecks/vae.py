"""A variational autoencoder, fresh at every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..ensemble import configuration, each, held_out, learned, made_of, sample_dims, samples, shaped
from ..errors import MeaningError
from ..graph import Promise, Split, Stage, Task
from ..lines import Decode, stage, through, without
from ..seeds import integer
from ..spec import Bottleneck, Count, Listed, NonNegative, Positive

if TYPE_CHECKING:
    import xarray as xr

DRAWS = 8  # latent points a configuration, for its ELBO


class Vae(Bottleneck):
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
    latent: Count = Field(description="number of latent variables")
    epochs: Count = Field(description="passes over the training trials")
    batch: Count = Field(description="configurations a step")
    learning_rate: Positive = Field(default=1e-3, description="of Adam")
    kl_weight: NonNegative = Field(default=1.0, description="weight of the divergence in the ELBO")
    fit: Literal["per-time", "pooled"] = Field(default="per-time", description="a network a time, or one for all times")
    visible: Literal["bernoulli", "gaussian"] = Field(
        default="bernoulli", description="spins are bernoulli, real-valued features are gaussian"
    )
    networks: Count = Field(default=1, description="independent fits; more than one become a dimension")
    decode: Decode | None = Field(default=None, description="lines through latent space to decode along")

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        variable, width = made_of(trajectory)
        wanted = {"spins": "bernoulli", "features": "gaussian"}[variable]
        if self.visible != wanted:
            raise MeaningError(f"{variable} cannot be {self.visible}", "visible", hint=f'write visible = "{wanted}"')
        many = ("network",) if self.networks > 1 else ()
        along, time = (*many, *sample_dims(trajectory), "time"), ("time",) if self.fit == "per-time" else ()
        gives = {
            "latent_mean": Promise((*along, "latent"), "1", "mean of the posterior of the latent variables", "float32"),
            "latent_std": Promise(
                (*along, "latent"), "1", "standard deviation of that posterior", "float32", hidden=True
            ),
            "log_evidence": Promise(
                along, "nat", f"ELBO of the configuration, mean over {DRAWS} latent points of its posterior", "float32"
            ),
            "loss": Promise(
                (*many, *time, "epoch"), "nat", "mean -ELBO of the training trials, during the epoch", "float32"
            ),
            "loss_test": Promise((*many, *time), "nat", "mean -ELBO of the held-out trials, at the end", "float32"),
        }
        coords = {k: trajectory.coords[k] for k in ("drive", "trial", "switch", "time") if k in trajectory.coords}
        if many:
            coords["network"] = tuple(range(self.networks))
        times = len(coords["switch"])
        weights = sum(a * b for a, b in zip((trajectory.size(width), *self.hidden), (*self.hidden, 2 * self.latent)))
        work = 12 * weights * trajectory.size("drive") * trajectory.size("trial") * times * self.epochs * self.networks
        network = Stage(
            f"bottleneck.{name}", fit, without(self.said()) | {"name": name}, gives, ("trajectory", "split"),
            split=Split("switch", coords["switch"], 2) if time else None,
            code=("spindsl.kernels.vae", "spindsl.kernels.normal"), group=f"/bottleneck/{name}",
            sizes={"latent": self.latent, "epoch": self.epochs}, coords=coords,
            seconds=work / 5e10, accelerated=True, interpreted=True,
        )  # fmt: skip
        if self.decode is None:
            return (network,)
        return network, stage(network, self.decode, self.latent, trajectory, lines, pooled=not time)


def fit(task: Task, trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train on the trials that are not held out, then encode all of them."""
    import xarray as xr

    like = each(trajectory)
    mean, std, evidence, loss, loss_test, _ = trained(task, trajectory, split)
    if task.said["fit"] == "pooled":
        loss, loss_test = loss[:, 0], loss_test[:, 0]
    dims, code = ("network", "time")[: loss_test.ndim], ("network", *like.dims, "time", "latent")
    result = xr.Dataset({
        "latent_mean": (code, np.stack([shaped(m, like) for m in mean])),
        "latent_std": (code, np.stack([shaped(s, like) for s in std])),
        "log_evidence": (code[:-1], np.stack([shaped(e, like) for e in evidence])),
        "loss": ((*dims, "epoch"), loss),
        "loss_test": (dims, loss_test),
    })  # fmt: skip
    return result if task.said["networks"] > 1 else result.isel(network=0)


def lines(task: Task, trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train the very networks of `fit` again, whose weights are not kept, and decode them along lines."""
    import torch

    from ..kernels import vae

    mean, *_, weights = trained(task, trajectory, split)
    shape = vae.Shape(trajectory.sizes["spin"], tuple(task.said["hidden"]), task.said["latent"])

    def decode(network: int, time: int, z: np.ndarray) -> np.ndarray:
        flat = torch.from_numpy(weights[network, min(time, weights.shape[1] - 1)])
        with torch.no_grad():
            return torch.tanh(vae.decode(shape, flat[None], torch.from_numpy(z).float()[None])[0] / 2).numpy()

    return through(task, trajectory, split, mean, np.ones(mean.shape[2:]), decode)


def trained(task: Task, trajectory: xr.Dataset, split: xr.Dataset) -> list[np.ndarray]:
    """Posterior mean and std (network, sample, time, latent), ELBO (network, sample, time), losses and weights
    (network, set, …)."""
    said = task.said
    look, held = learned(said, trajectory), held_out(split)
    found = samples(configuration(trajectory))  # (sample, time, spin or feature)
    real = said["visible"] == "gaussian"
    found = found if real else (found > 0).astype(np.uint8)
    times, latent = found.shape[1], said["latent"]
    pooled = said["fit"] == "pooled"
    sets = found.reshape(1, -1, found.shape[2]) if pooled else found.swapaxes(0, 1)  # (set, configuration, spin)
    train, test = (np.flatnonzero(np.repeat(v, times) if pooled else v) for v in (look & ~held, look & held))
    sets = standardised(sets, train) if real else sets
    names = [()] if pooled else [(k,) for k in task.labels]
    jobs = [(s, n) for n in range(said["networks"]) for s in range(len(sets))]
    seeds = [integer(task.seed, "bottleneck", said["name"], *names[s], n) for s, n in jobs]
    found = networks(task, sets, [s for s, _ in jobs], seeds, train, test)

    mean, std, evidence, *others = (v.reshape(said["networks"], len(sets), *v.shape[1:]) for v in found)
    if pooled:
        mean, std = (v.reshape(len(v), -1, times, latent) for v in (mean, std))
        evidence = evidence.reshape(len(evidence), -1, times)
    else:
        mean, std, evidence = (v.swapaxes(1, 2) for v in (mean, std, evidence))
    return [mean, std, evidence, *others]


def standardised(sets: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Features (set, configuration, feature) with mean 0 and variance 1 among those trained on; constant ones are 0."""
    seen = sets[:, train].astype(np.float64)
    std = seen.std(axis=1, keepdims=True)
    return ((sets - seen.mean(axis=1, keepdims=True)) / np.where(std > 0, std, 1.0)).astype(np.float32)


def networks(
    task: Task, sets: np.ndarray, which: list[int], seeds: list[int], train: np.ndarray, test: np.ndarray
) -> list[np.ndarray]:
    """Train one network a seed on the set that `which` names, all at once on a GPU, singly on a CPU.

    Returns, network first, posterior mean, std and ELBO of every configuration, training loss an epoch, test loss,
    weights.
    """
    import torch

    from ..kernels import vae

    torch.set_num_threads(1)  # the runner gives every thread a task; more would be the same cores twice
    said = task.said
    shape = vae.Shape(sets.shape[2], tuple(said["hidden"]), said["latent"], said["visible"] == "gaussian")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    together = len(seeds) if device.type == "cuda" else 1
    done = []
    for at in range(0, len(seeds), together):
        own, x = seeds[at : at + together], torch.from_numpy(sets[which[at : at + together]]).to(device)
        flat, loss = vae.train(
            shape, x[:, train], own, said["epochs"], said["batch"], said["learning_rate"], said["kl_weight"],
            lambda fraction, at=at: task.tick((at + fraction * together) / len(seeds)),
        )  # fmt: skip
        noise = [torch.randn(len(test), said["latent"], generator=torch.Generator().manual_seed(s + 1)) for s in own]
        with torch.no_grad():
            codes = [vae.encode(shape, flat, x[:, k : k + 8192].float()) for k in range(0, x.shape[1], 8192)]
            mean, std = (torch.cat(v, 1) for v in zip(*codes))
            evidence = told(task, shape, flat, x, own)
            bound = vae.elbo(shape, flat, x[:, test].float(), torch.stack(noise).to(device), said["kl_weight"])
        done.append([v.cpu().numpy() for v in (mean, std, evidence, loss, -bound.mean(-1), flat)])
    return [np.concatenate(v) for v in zip(*done)]


def told(task: Task, shape, flat, x, seeds: list[int]):
    """ELBO of every configuration, (network, configuration), nats: the mean over `DRAWS` points of its posterior."""
    import torch

    from ..kernels import vae

    size, total = (len(seeds), x.shape[1], shape.latent), torch.zeros(x.shape[:2], device=x.device)
    streams = [torch.Generator().manual_seed(s + 2) for s in seeds]
    for _ in range(DRAWS):
        eps = torch.stack([torch.randn(size[1:], generator=g) for g in streams]).to(x.device)
        for k in range(0, x.shape[1], 8192):
            at = slice(k, k + 8192)
            total[:, at] += vae.elbo(shape, flat, x[:, at].float(), eps[:, at], task.said["kl_weight"])
    return total / DRAWS
