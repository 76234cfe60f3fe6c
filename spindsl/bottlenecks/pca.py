"""Principal components, the plainest bottleneck there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, cast

import numpy as np
from pydantic import Field

from ..ensemble import configuration, each, held_out, learned, made_of, sample_dims, samples, shaped
from ..graph import Promise, Split, Stage, Task
from ..lines import Decode, LineParams, stage, through
from ..spec import Bottleneck, Count, Fitted

if TYPE_CHECKING:
    import xarray as xr


class Pca(Bottleneck):
    """Projection on the directions of largest variance of the training trials; features are taken as they are."""

    cites: ClassVar = ("pedregosa2011", "tipping1999")

    kind: Literal["pca"]
    latent: Count = Field(description="number of components kept")
    fit: Literal["per-time", "pooled"] = Field(
        default="per-time", description="components a time, or one set for all times"
    )
    decode: Decode | None = Field(default=None, description="lines through latent space to decode along")

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        trajectory = sources["trajectory"]
        width = made_of(trajectory)[1]
        time = ("time",) if self.fit == "per-time" else ()
        gives = {
            "latent_mean": Promise(
                (*sample_dims(trajectory), "time", "latent"), "1", "projection of the configuration", "float32"
            ),
            "log_evidence": Promise(
                (*sample_dims(trajectory), "time"),
                "nat",
                "log likelihood of the configuration in probabilistic PCA",
                "float32",
            ),
            "component": Promise((*time, "latent", width), "1", "unit vector of the component", "float32"),
            "explained": Promise((*time, "latent"), "1", "fraction of the variance along the component", "float32"),
        }
        coords = {k: trajectory.coords[k] for k in ("drive", "trial", "switch", "time") if k in trajectory.coords}
        components = Stage(
            f"bottleneck.{name}", fit, PcaParams(name, self.drives, self.latent, self.fit), gives,
            ("trajectory", "split"), split=Split("switch", coords["switch"], 25) if time else None,
            group=f"/bottleneck/{name}", sizes={"latent": self.latent, width: trajectory.size(width)}, coords=coords,
            seconds=0.05 * len(coords["switch"]),
        )  # fmt: skip
        if self.decode is None:
            return (components,)
        return components, stage(components, self.decode, self.latent, trajectory, lines, pooled=not time)


class Components(Protocol):
    """A fitted `sklearn.decomposition.PCA`, whose attributes have no types of their own."""

    components_: np.ndarray  # (latent, spin)
    explained_variance_: np.ndarray  # (latent)
    explained_variance_ratio_: np.ndarray  # (latent)
    mean_: np.ndarray  # (spin)
    noise_variance_: float

    def transform(self, X: np.ndarray) -> np.ndarray: ...
    def inverse_transform(self, X: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class PcaParams(Fitted):
    """How many components of which trials are kept."""

    name: str
    drives: tuple[str, ...] | None
    latent: int
    fit: Literal["per-time", "pooled"]

    @property
    def fitted_to(self) -> tuple[str, ...] | None:
        return self.drives


def fit(task: Task[PcaParams], trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Components of the trials that are not held out, and every trial projected on them."""
    import xarray as xr

    like, width = each(trajectory), configuration(trajectory).dims[-1]
    latent, evidence, models = fitted(task, task.params, trajectory, split)
    pooled = task.params.fit == "pooled"
    pick = (lambda v: v[0]) if pooled else np.stack
    time = () if pooled else ("time",)
    component, explained = [m.components_ for m in models], [m.explained_variance_ratio_ for m in models]
    return xr.Dataset({
        "latent_mean": ((*like.dims, "time", "latent"), shaped(latent, like).astype(np.float32)),
        "log_evidence": ((*like.dims, "time"), shaped(evidence, like).astype(np.float32)),
        "component": ((*time, "latent", width), pick(component).astype(np.float32)),
        "explained": ((*time, "latent"), pick(explained).astype(np.float32)),
    })  # fmt: skip


def lines(task: Task[LineParams[PcaParams]], trajectory: xr.Dataset, split: xr.Dataset) -> xr.Dataset:
    """Configurations along lines, mean + z . components held to [-1, 1], in standard deviations of each component."""
    params = task.params.bottleneck
    latent, _, models = fitted(task, params, trajectory, split)
    models = models * latent.shape[1] if len(models) == 1 else models
    units = np.sqrt([m.explained_variance_ for m in models])

    def decode(network: int, time: int, z: np.ndarray) -> np.ndarray:
        return np.clip(models[time].inverse_transform(z), -1, 1)

    return through(task, params.drives, trajectory, split, latent[None], units, decode)


def fitted(
    task: Task, params: PcaParams, trajectory: xr.Dataset, split: xr.Dataset
) -> tuple[np.ndarray, np.ndarray, list[Components]]:
    """Every trial's projection (sample, time, latent) and log likelihood (sample, time), and the models of the
    times, or the one of all."""
    from sklearn.decomposition import PCA

    x = samples(configuration(trajectory))  # (sample, time, spin)
    train = learned(params.drives, trajectory) & ~held_out(split)
    pooled = params.fit == "pooled"
    sets = [x.reshape(-1, x.shape[2])] if pooled else x.swapaxes(0, 1)
    train = np.repeat(train, x.shape[1]) if pooled else train
    projected, evidence = [], []
    models: list[Components] = []
    for k, one in enumerate(sets):
        task.tick(k / len(sets))
        with np.errstate(invalid="ignore"):  # configurations that are all alike have no variance to explain
            model = PCA(params.latent, svd_solver="covariance_eigh").fit(one[train].astype(np.float64))
        models.append(cast("Components", model))
        projected.append(models[-1].transform(one))
        evidence.append(likelihood(models[-1], one))
    if pooled:
        return projected[0].reshape(*x.shape[:2], -1), evidence[0].reshape(x.shape[:2]), models
    return np.stack(projected, axis=1), np.stack(evidence, axis=1), models


def likelihood(model: Components, x: np.ndarray) -> np.ndarray:
    """ln N(x; mean, V diag(l - s) V^T + s 1) s the mean variance left out, (n): Tipping and Bishop 1999, Eq. 6."""
    d, kept = x.shape[1], model.explained_variance_
    noise = max(model.noise_variance_, 1e-9 * kept.max(), 1e-30)
    away = x - model.mean_
    along = away @ model.components_.T
    rest = (away * away).sum(axis=1) - (along * along).sum(axis=1)
    kept = np.maximum(kept, noise)
    volume = np.log(kept).sum() + (d - len(kept)) * np.log(noise) + d * np.log(2 * np.pi)
    return -0.5 * ((along * along / kept).sum(axis=1) + rest / noise + volume)
