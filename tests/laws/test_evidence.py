"""What a bottleneck says of how likely a configuration is, and what it may look at while it is fitted."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal

from spindsl import coders
from spindsl.bottlenecks import autoencoder, pca, rbm, vae
from spindsl.bottlenecks.pca import PcaParams
from spindsl.graph import Task
from spindsl.networks import Training, trained

TRAINING = Training("b", None, latent=2, epochs=3, batch=10, learning_rate=1e-2, fit="per-time", networks=1)
FITS = {"pca": pca.fit, "vae": vae.fit, "rbm": rbm.fit, "autoencoder": autoencoder.fit}
PARAMS = {
    "pca": PcaParams("b", None, latent=2, fit="per-time"),
    "vae": coders.CoderParams(TRAINING, hidden=(8,), visible="bernoulli", kl_weight=1.0, noisy=True),
    "rbm": rbm.RbmParams(replace(TRAINING, learning_rate=0.05), hidden="bernoulli", states="plus-minus", sweeps=1),
    "autoencoder": coders.CoderParams(TRAINING, hidden=(8,), visible="bernoulli", kl_weight=0.0, noisy=False),
}


def matter(seed: int = 0, changed: bool = False) -> tuple[xr.Dataset, xr.Dataset]:
    """Two drives of 40 trials at 2 times, 6 spins; every fifth trial is held out."""
    spins = np.random.default_rng(seed).choice([-1, 1], (2, 40, 2, 6)).astype(np.int8)
    if changed:
        spins[1] *= -1
    split = np.tile(np.arange(40) % 5 == 0, (2, 1)).astype(np.int8)
    labels = {"drive": ["a", "b"], "switch": ("time", [1, 2])}
    trajectory = xr.Dataset({"spins": (("drive", "trial", "time", "spin"), spins)}, labels)
    return trajectory, xr.Dataset({"split": (("drive", "trial"), split)}, {"drive": ["a", "b"]})


def fitted(kind: str, trajectory: xr.Dataset, split: xr.Dataset, **changes) -> xr.Dataset:
    params = PARAMS[kind]
    untrained = isinstance(params, PcaParams)
    params = replace(params, **changes if untrained else {"training": replace(params.training, **changes)})
    return FITS[kind](Task(seed=3, params=params, labels=(1, 2)), trajectory=trajectory, split=split)


def test_the_evidence_of_principal_components_is_a_normal_density():
    """ln N(x; mean, V diag(l - s) V^T + s 1), s the mean of the variances left out, against scipy's."""
    from sklearn.decomposition import PCA

    from spindsl.bottlenecks.pca import likelihood

    x = np.random.default_rng(1).normal(size=(50, 5)) @ np.diag([3.0, 2.0, 1.0, 0.5, 0.2])
    model = PCA(2, svd_solver="covariance_eigh").fit(x)
    V, l, s = model.components_, model.explained_variance_, model.noise_variance_
    left = np.linalg.eigvalsh(np.cov(x.T))[:3].mean()
    assert s == pytest.approx(left, rel=1e-9)
    covariance = V.T @ np.diag(l - s) @ V + s * np.eye(5)
    np.testing.assert_allclose(likelihood(model, x), multivariate_normal(model.mean_, covariance).logpdf(x), rtol=1e-9)


@pytest.mark.parametrize("kind", PARAMS)
def test_a_bottleneck_sees_only_the_drives_it_is_given(kind):
    """With `drives` the model of drive a is the same bits whatever drive b did, yet encodes b too."""
    (one, split), (other, _) = matter(), matter(changed=True)
    first, second = (fitted(kind, t, split, drives=("a",)) for t in (one, other))
    for name in ("latent_mean", "log_evidence"):
        np.testing.assert_array_equal(first[name][0], second[name][0])
        assert (first[name][1] != second[name][1]).any()
    both = fitted(kind, one, split)
    assert (both["latent_mean"][0] != first["latent_mean"][0]).any()


@pytest.mark.parametrize("how", ["per-time", "pooled"])
@pytest.mark.parametrize("kind", PARAMS)
def test_a_bottleneck_sees_no_held_out_trial(kind, how):
    """Flipping the held-out trials changes nothing of the others."""
    one, split = matter()
    held = split["split"].values == 1
    other = one.copy(deep=True)
    other["spins"].values[held] *= -1
    first, second = (fitted(kind, t, split, fit=how) for t in (one, other))
    for name in ("latent_mean", "log_evidence"):
        np.testing.assert_array_equal(first[name].values[~held], second[name].values[~held])


def test_a_drive_that_is_not_there_is_named():
    from spindsl.errors import DataError

    with pytest.raises(DataError, match="no trial of drive 'c'; there are a, b"):
        fitted("pca", *matter(), drives=("c",))


def test_the_evidence_of_a_network_is_the_mean_elbo_over_its_posterior():
    """The mean of the kernel's ELBO over the very draws of the network's own stream."""
    import torch

    from spindsl.kernels import vae as kernel
    from spindsl.seeds import integer

    trajectory, split = matter()
    task = Task(seed=3, params=PARAMS["vae"], labels=(1, 2))
    teach = partial(coders.learn, task, PARAMS["vae"], vae.measure)
    _, _, evidence, _, _, weights = trained(task, TRAINING, trajectory, split, teach, each=3)
    x = torch.from_numpy((trajectory["spins"].values.reshape(80, 2, 6)[:, 0] > 0).astype(np.float32))[None]
    stream = torch.Generator().manual_seed(integer(3, "bottleneck", "b", 1, 0) + 2)
    draws = [torch.randn(80, 2, generator=stream)[None] for _ in range(vae.DRAWS)]
    shape, flat = kernel.Shape(6, (8,), 2), torch.from_numpy(weights[0, 0])[None]
    found = np.mean([kernel.elbo(shape, flat, x, eps)[0].numpy() for eps in draws], axis=0)
    np.testing.assert_allclose(evidence[0, :, 0], found, rtol=1e-5)
