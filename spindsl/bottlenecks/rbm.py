"""A restricted Boltzmann machine, fresh at every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..ensemble import each, made_of
from ..errors import DataError, MeaningError
from ..graph import Promise, Stage, Task
from ..networks import Sets, Trainable, Trained, labelled, trained
from ..spec import Count, Positive

if TYPE_CHECKING:
    import xarray as xr


class Rbm(Trained):
    """p(v, h) = exp(b.v + v.W h + c.h) / Z with two-valued spins v and hidden units h in {0, 1}, or real ones with
    exp(-h.h / 2) besides, whose machine is a Hopfield network (Barra et al. 2012).

    Gradient ascent on ln p by persistent contrastive divergence (Tieleman 2008), `sweeps` Gibbs sweeps a step, one
    chain a configuration of the batch. It never sees a drive's name, nor a held-out trial. Latent variables are the
    means of the hidden units. `log_evidence` is ln p(v), normalised, where Z can be summed: with at most 16 hidden
    units in {0, 1}, or at most 16 spins. Otherwise it is -F(v), the logarithm of the unnormalised probability, which
    lacks a constant -ln Z that all configurations of a network have in common, and networks have not.
    """

    cites: ClassVar = ("smolensky1986", "hinton2002", "tieleman2008", "barra2012")

    kind: Literal["rbm"]
    hidden: Literal["bernoulli", "gaussian"] = Field(description="hidden units in {0, 1}, or real ones of variance 1")
    states: Literal["plus-minus", "zero-one"] = Field(
        default="plus-minus", description="the two values of a spin in the energy: -1 and 1, or 0 and 1"
    )
    learning_rate: Positive = Field(default=0.01, description="of gradient ascent, at the start; falls linearly to 0")
    sweeps: Count = Field(default=1, description="Gibbs sweeps of the chains a step")

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        from ..kernels.rbm import summed

        trajectory = sources["trajectory"]
        if made_of(trajectory)[0] != "spins":
            hint = 'kind = "pca", "autoencoder" or "vae" takes real-valued features'
            raise MeaningError("visible units of an rbm are two-valued spins, not real features", "kind", hint=hint)
        along, fits = self.along(trajectory), (*self.many, *self.times)
        normal, width = self.hidden == "gaussian", trajectory.size("spin")
        exact = summed(width, self.latent, normal)
        says = (
            "log likelihood of the configuration" if exact else "-free energy: log likelihood up to -ln Z, the same for"
        )
        says += "" if exact else " all configurations of a network"
        what = "mean of the hidden unit" if normal else "probability that the hidden unit is 1"
        gives = {
            "latent_mean": Promise((*along, "latent"), "1", f"{what}, given the configuration", "float32"),
            "log_evidence": Promise(along, "nat", says, "float32"),
            "loss": Promise(
                (*fits, "epoch"), "nat", "mean -log pseudo-likelihood of the training trials, after the epoch"
            ),
            "loss_test": Promise(fits, "nat", "mean -log pseudo-likelihood of the held-out trials, at the end"),
        }
        if normal:
            std = "standard deviation of the hidden unit, given the configuration"
            gives["latent_std"] = Promise((*along, "latent"), "1", std, "float32", hidden=True)
        if exact:
            gives["log_partition"] = Promise(fits, "nat", "ln Z of the machine")
        params = RbmParams(self.training(name), self.hidden, self.states, self.sweeps)
        weights = width * self.latent * (1 + self.sweeps)
        return (self.stage(name, trajectory, fit, params, gives, weights),)


@dataclass(frozen=True)
class RbmParams(Trainable):
    """How machines are trained."""

    hidden: Literal["bernoulli", "gaussian"]
    states: Literal["plus-minus", "zero-one"]
    sweeps: int


def fit(task: Task[RbmParams], trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train on the trials that are not held out, then tell the hidden units and the free energy of all of them."""
    params, teach = task.params, partial(learn, task)
    mean, evidence, loss, loss_test, log_z = trained(task, params.training, trajectory, split, teach, each=2)
    known, whole = {"latent_mean": mean, "log_evidence": evidence}, {"loss": loss, "loss_test": loss_test}
    if params.hidden == "gaussian":
        known["latent_std"] = np.ones_like(mean)
    if np.isfinite(log_z).all():
        whole["log_partition"] = log_z
    return labelled(params.training, each(trajectory), known, whole)


def learn(task: Task[RbmParams], sets: Sets) -> list[np.ndarray]:
    """Means of the hidden units and log likelihood of every configuration, losses, ln Z or NaN if unknown."""
    from ..kernels import rbm

    params, training, done = task.params, task.params.training, []
    low, normal = -1 if params.states == "plus-minus" else 0, params.hidden == "gaussian"
    for k, (which, seed) in enumerate(zip(sets.which, sets.seeds)):
        x, rng = sets.x[which], np.random.Generator(np.random.Philox(seed))
        m, loss = rbm.train(
            x[sets.train], low, normal, training.latent, rng, training.epochs, training.batch, training.learning_rate,
            params.sweeps, lambda fraction, k=k: task.tick((k + fraction) / len(sets.seeds)),
        )  # fmt: skip
        if not np.isfinite(loss).all():
            raise DataError(f"the machine runs away at learning_rate = {training.learning_rate:g}; take a smaller one")
        v = np.where(x > 0, np.float32(1), np.float32(low))
        width, latent = m.W.shape
        log_z = rbm.log_partition(m) if rbm.summed(width, latent, normal) else np.nan
        evidence = -rbm.free_energy(m, v) - (0.0 if np.isnan(log_z) else log_z)
        alone = [rbm.pseudo(m, v[sets.test], np.full(len(sets.test), i)) for i in range(v.shape[1])]
        done.append(
            (
                rbm.mean(m, v).astype(np.float32),
                evidence.astype(np.float32),
                loss,
                -np.sum(alone, 0).mean(dtype=float),
                log_z,
            )
        )
    return [np.array(v) for v in zip(*done)]
