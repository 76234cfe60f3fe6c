"""The variational information bottleneck, which is told the drives, fresh at every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ..ensemble import drives, each, learned, made_of
from ..errors import DataError, MeaningError
from ..graph import Promise, Stage, Task
from ..networks import Sets, Trainable, Trained, chunks, labelled, together, trained
from ..spec import Count, Listed, NonNegative

if TYPE_CHECKING:
    import xarray as xr

NAMED = "fitted with the names of the training trials' drives"


class Vib(Trained):
    """Supervised: it sees the names of the drives of the training trials, and learns to keep what tells them apart.

    Encoder N - hidden - latent, rectified linear units, to N(mu, sigma^2), of which a linear classifier names the
    drive; minimised is the cross entropy plus `beta` times the divergence from N(0, 1) (Alemi et al.,
    arXiv:1612.00410); Adam; Glorot-uniform start. No bottleneck that is blind to the drives can be compared with it
    as an equal: it is what could be kept. It never sees a held-out trial, nor the name of its drive, so its scores
    mean something on held-out trials only. Spins or real features, these standardised by the training trials. It
    has no `log_evidence`: it models the drive given a configuration, not the configuration.
    """

    supervised: ClassVar = True
    cites: ClassVar = ("alemi2016", "kingma2014adam", "glorot2010")

    kind: Literal["vib"]
    hidden: Annotated[tuple[Count, ...], Listed, Field(min_length=1)] = Field(
        description="sizes of the encoder's hidden layers"
    )
    beta: NonNegative = Field(description="weight of the divergence against the cross entropy")

    @model_validator(mode="after")
    def _fits(self) -> Vib:
        if self.drives is not None and len(self.drives) < 2:
            raise MeaningError("one drive alone cannot be told from others", "drives", hint="two drives or more")
        return self

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        if len(trajectory.coords.get("drive", ("", ""))) < 2:
            raise MeaningError("one drive alone cannot be told from others", "kind", hint="two drives or more")
        along, fits, mark = self.along(trajectory), (*self.many, *self.times), {"supervised": 1}
        gives = {
            "latent_mean": Promise(
                (*along, "latent"), "1", f"mean of the posterior of the latent variables, {NAMED}", "float32", mark
            ),
            "latent_std": Promise(
                (*along, "latent"), "1", f"standard deviation of that posterior, {NAMED}", "float32", mark, hidden=True
            ),
            "loss": Promise(
                (*fits, "epoch"), "nat", "mean cross entropy plus beta times divergence, during the epoch", "float32"
            ),
            "divergence": Promise(
                fits,
                "nat",
                "mean divergence of held-out trials, an upper bound of the information on a trial",
                "float32",
            ),
        }
        layers = (trajectory.size(made_of(trajectory)[1]), *self.hidden, 2 * self.latent)
        params = VibParams(self.training(name), self.hidden, self.beta)
        return (
            self.stage(
                name, trajectory, fit, params, gives, sum(a * b for a, b in pairwise(layers)), accelerated=True,
                
            ),
        )  # fmt: skip


@dataclass(frozen=True)
class VibParams(Trainable):
    """How networks are trained."""

    hidden: tuple[int, ...]
    beta: float


def fit(task: Task[VibParams], trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Train on the trials that are not held out and their drives, then encode all trials."""
    label, names = drives(trajectory)
    training = task.params.training
    present = np.unique(label[learned(training.drives, trajectory)])
    if len(present) < 2:
        raise DataError(f"all trials are of drive {names[present[0]]!r}, which cannot be told from others")

    def learn(sets: Sets) -> list[np.ndarray]:
        return classified(task, sets, label[sets.sample[sets.train]], len(names))

    mean, std, loss, divergence = trained(task, training, trajectory, split, learn, each=2)
    known = {"latent_mean": mean, "latent_std": std}
    return labelled(training, each(trajectory), known, {"loss": loss, "divergence": divergence})


def classified(task: Task[VibParams], sets: Sets, label: np.ndarray, classes: int) -> list[np.ndarray]:
    """Posterior mean and std of every configuration, training loss an epoch, divergence of those held out.

    From the label of each configuration trained on.
    """
    import torch

    from ..kernels import vae, vib

    params, training, done = task.params, task.params.training, []
    shape = vib.Shape(sets.x.shape[2], params.hidden, training.latent, classes=classes)
    for x, seeds, tick in together(task, sets):
        y = torch.from_numpy(label.astype(np.int64)).to(x.device)
        flat, loss = vib.train(
            shape, x[:, sets.train], y, seeds, training.epochs, training.batch, training.learning_rate, params.beta,
            tick,
        )  # fmt: skip
        with torch.no_grad():
            mean, std = chunks(x, lambda v, flat=flat: vae.encode(shape, flat, v))
        kept = vae.divergence(mean, std)[:, sets.test].mean(-1)
        done.append([v.cpu().numpy() for v in (mean, std, loss, kept)])
    return [np.concatenate(v) for v in zip(*done)]
