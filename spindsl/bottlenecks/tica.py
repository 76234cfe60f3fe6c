"""Time-lagged independent components: the directions along which a trial stays most like itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ..ensemble import configuration, each, held_out, learned, made_of, sample_dims, samples, shaped
from ..errors import DataError, MeaningError
from ..graph import Promise, Stage, Task
from ..seeds import generator
from ..spec import Bottleneck, Count, Fitted, NonNegative

if TYPE_CHECKING:
    import xarray as xr


class Tica(Bottleneck):
    """Projection on the directions that last: largest correlation of a trial with itself at another recorded time.

    C_tau v = lambda (C_0 + r s 1) v, with C_0 the covariance within a time, C_tau that between different times,
    averaged over all pairs of them at any lag, and s the mean variance; each time's mean over training trials is
    taken away. What differs between trials and does not between times is what is remembered: a drive, if there
    is a memory of it. A configuration is encoded by itself alone. Latent variables have variance 1 over the training
    trials and the times fitted to; there is one set for all times. Features are standardised by the training trials.
    It has no `log_evidence`: it says what lasts, not how likely a configuration is.
    """

    cites: ClassVar = ("molgedey1994", "perezhernandez2013")

    kind: Literal["tica"]
    latent: Count = Field(description="number of directions kept")
    from_: Count = Field(default=1, alias="from", description="fitted to the recorded switches from this one on")
    shrinkage: NonNegative = Field(
        default=0.1,
        description="r: variance added along every direction, in units of the mean variance, so that rare flips in a "
        "few trials do not pass for persistence; 0 makes the directions independent of the units",
    )
    shuffles: Count = Field(default=99, description="shuffles of the trials between times, each a null of the spectrum")

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        width = made_of(trajectory)[1]
        coords = {k: trajectory.coords[k] for k in ("drive", "trial", "switch", "time") if k in trajectory.coords}
        late = [k for k in coords["switch"] if k >= self.from_]
        if len(late) < 2:
            raise MeaningError(
                f"{len(late)} recorded switches from {self.from_} on; what lasts takes 2 or more", "from", code="E203",
                hint="a smaller `from`, or more switches recorded",
            )  # fmt: skip
        if self.latent > trajectory.size(width) > 1:
            hint = f"at most {trajectory.size(width)}"
            raise MeaningError("more directions than there are", "latent", code="E203", hint=hint)
        gives = {
            "latent_mean": Promise(
                (*sample_dims(trajectory), "time", "latent"), "1", "projection of the configuration", "float32"
            ),
            "component": Promise(
                ("latent", width), "1", "weights of the configuration less its mean in the latent variable", "float32"
            ),
            "persistence": Promise(("latent",), "1", "eigenvalue: correlation of a trial with itself at another time"),
            "persistence_test": Promise(
                ("latent",), "1", "correlation of held-out trials with themselves at another time, along the direction"
            ),
            "spectrum": Promise(("mode",), "1", "all eigenvalues, 0 where nothing varies"),
            "spectrum_control": Promise(
                ("shuffle",), "1", "largest eigenvalue with trials shuffled between times, once a shuffle"
            ),
            "modes": Promise((), "1", "number of eigenvalues above those of all shuffles", "int32"),
        }
        size = trajectory.size(width)
        work = len(late) * trajectory.size("drive") * trajectory.size("trial") * size * (size + 3 * self.shuffles)
        return (
            Stage(
                f"bottleneck.{name}", fit, TicaParams(self, name), gives, ("trajectory", "split"),
                group=f"/bottleneck/{name}",
                sizes={"latent": self.latent, width: size, "mode": size, "shuffle": self.shuffles}, coords=coords,
                seconds=work / 2e9,
            ),
        )  # fmt: skip


@dataclass(frozen=True)
class TicaParams(Fitted):
    """Which directions are kept of which trials."""

    word: Tica
    name: str

    @property
    def fitted_to(self) -> tuple[str, ...] | None:
        return self.word.drives


def fit(task: Task[TicaParams], trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Directions of the training trials, and every trial projected on them at every time."""
    import xarray as xr

    from ..kernels.persistence import autocorrelation

    like, found = each(trajectory), configuration(trajectory)
    look, held = learned(task.params.word.drives, trajectory), held_out(split)
    x, late = samples(found), trajectory["switch"].values >= task.params.word.from_
    seen = x[look & ~held]
    mean = seen.mean(axis=0, dtype=np.float64)  # (time, spin)
    v, spectrum, control = directions(task, seen[:, late], mean[late], real=found.name == "features")
    latent = np.stack([(x[:, k] - mean[k]) @ v for k in range(len(mean))], axis=1)
    return xr.Dataset({
        "latent_mean": ((*like.dims, "time", "latent"), shaped(latent, like).astype(np.float32)),
        "component": (("latent", found.dims[-1]), v.T.astype(np.float32)),
        "persistence": ("latent", spectrum[: v.shape[1]]),
        "persistence_test": ("latent", autocorrelation(latent[look & held][:, late])),
        "spectrum": ("mode", np.pad(spectrum, (0, x.shape[2] - len(spectrum)))),
        "spectrum_control": ("shuffle", control),
        "modes": ((), np.int32((spectrum > control.max()).sum())),
    })  # fmt: skip


def directions(
    task: Task[TicaParams], x: np.ndarray, mean: np.ndarray, real: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of x (trial, time, spin) the directions (spin, latent), all eigenvalues, and the largest of each shuffle."""
    from ..kernels import persistence

    word = task.params.word
    scale = deviations(x, mean) if real else np.ones(x.shape[2])
    x, mean = np.ascontiguousarray((x / scale if real else x).swapaxes(0, 1)), mean / scale
    own = persistence.within(x, mean)
    whitener = persistence.whitener(own, word.shrinkage)
    if whitener.shape[1] < word.latent:
        raise DataError(f"configurations vary along {whitener.shape[1]} directions; {word.latent} cannot be kept")
    spectrum, v = persistence.modes(persistence.between(persistence.totals(x, mean), own, len(x)), whitener)
    v = v[:, : word.latent]
    variance = ((own @ v) * v).sum(axis=0)
    rng = generator(task.seed, "bottleneck", task.params.name, "shuffle")
    control = np.empty(word.shuffles)
    for k in range(len(control)):
        task.tick(k / len(control))
        control[k] = persistence.shuffled(x, mean, own, whitener, rng)
    return v / np.sqrt(np.where(variance > 0, variance, 1.0)) / scale[:, None], spectrum, control


def deviations(x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Standard deviation of each feature about the means of its times, (feature); 1 of those that do not vary."""
    std = np.sqrt(((x - mean) ** 2).mean(axis=(0, 1)))
    return np.where(std > 0, std, 1.0)
