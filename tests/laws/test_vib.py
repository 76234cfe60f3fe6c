"""Laws of the variational information bottleneck."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

from spindsl.bottlenecks.vib import VibParams
from spindsl.errors import DataError
from spindsl.graph import Task
from spindsl.kernels import vae, vib
from spindsl.networks import Training

TRAINING = Training("b", None, latent=2, epochs=3, batch=10, learning_rate=1e-2, fit="per-time", networks=1)


def matter(trials: int = 60, told: float = 0.0, seed: int = 0, drives: int = 3) -> tuple[xr.Dataset, xr.Dataset]:
    """Trials of three drives in turn at 2 times, 6 spins of which two show the drive with a probability."""
    rng = np.random.default_rng(seed)
    x, label = rng.choice([-1, 1], (trials, 2, 6)), np.arange(trials) % drives
    shown = rng.random((trials, 2, 2)) < told
    x[..., :2] = np.where(shown, np.array([[1, 1], [1, -1], [-1, -1]])[label][:, None], x[..., :2])
    labels = {"drive": ("trial", np.array(["a", "b", "c"])[label]), "switch": ("time", [1, 2])}
    trajectory = xr.Dataset({"spins": (("trial", "time", "spin"), x.astype(np.int8))}, labels)
    return trajectory, xr.Dataset({"split": ("trial", (np.arange(trials) % 5 == 0).astype(np.int8))})


def fitted(trajectory: xr.Dataset, split: xr.Dataset, beta: float = 0.01, **training) -> xr.Dataset:
    from spindsl.bottlenecks.vib import fit

    params = VibParams(replace(TRAINING, **training), hidden=(8,), beta=beta)
    return fit(Task(seed=3, params=params, labels=(1, 2)), trajectory, split)


@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_the_loss_is_cross_entropy_and_weighted_divergence(beta):
    """Of each configuration, -ln softmax_y + beta sum_k (mu^2 + sigma^2 - 1 - 2 ln sigma)/2, written out in numpy."""
    shape, g = vib.Shape(5, (4,), 2, classes=3), torch.Generator().manual_seed(1)
    flat = vae.glorot(shape, [torch.Generator().manual_seed(s) for s in range(2)]).double()
    flat += 0.3 * torch.randn(flat.shape, generator=g, dtype=torch.float64)
    assert flat.shape == (2, 5 * 4 + 4 + 4 * 4 + 4 + 2 * 3 + 3)
    x, eps = (torch.randn(2, 7, n, generator=g, dtype=torch.float64) for n in (5, 2))
    y = torch.randint(3, (2, 7), generator=g)
    found = vib.loss(shape, flat, x, y, eps, beta).numpy()
    for k in range(2):
        (A, a), (B, b), (V, d) = ((w[k].numpy(), v[k].numpy()) for w, v in vae.views(shape, flat))
        code = np.maximum(x[k].numpy() @ A + a, 0) @ B + b
        mean, std = code[:, :2], np.log1p(np.exp(code[:, 2:]))
        logits = (mean + std * eps[k].numpy()) @ V + d
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        entropy = -np.log(p[np.arange(7), y[k].numpy()])
        kl = 0.5 * (mean**2 + std**2 - 1 - 2 * np.log(std)).sum(axis=1)
        np.testing.assert_allclose(found[k], entropy + beta * kl, rtol=1e-10)


def test_without_price_it_learns_the_drives_and_with_a_high_one_nothing():
    """Where two spins show the drive surely, the loss of beta = 1e-4 ends below a tenth of ln 3, and held-out trials
    lie nearest to their drive's mean; at beta = 10 the posterior is the prior and the loss is ln 3 of a blind guess."""
    (trajectory, split), said = matter(300, told=1.0), {"epochs": 40, "batch": 20}
    held, label = split["split"].values == 1, np.arange(300) % 3
    cheap, dear = (fitted(trajectory, split, beta=beta, **said) for beta in (1e-4, 10.0))
    assert cheap["loss"].values[:, -1].max() < 0.1 * math.log(3)
    z = cheap["latent_mean"].values[:, 0]
    middle = np.stack([z[~held & (label == d)].mean(axis=0) for d in range(3)])
    assert (((z[held][:, None] - middle) ** 2).sum(axis=2).argmin(axis=1) == label[held]).all()
    assert np.abs(dear["latent_mean"]).max() < 0.2
    assert np.abs(dear["latent_std"] - 1).max() < 0.2
    np.testing.assert_allclose(dear["loss"].values[:, -1], math.log(3), atol=0.05)
    assert 0 <= dear["divergence"].max() < 0.05 < math.log(3) * 0.9 < cheap["divergence"].min()


def test_the_divergence_bounds_what_latent_space_knows():
    """It is the mean over held-out trials of KL from N(0, 1)."""
    trajectory, split = matter()
    found, held = fitted(trajectory, split), split["split"].values == 1
    m, s = (found[v].values[held].astype(float) for v in ("latent_mean", "latent_std"))
    expected = (0.5 * (m * m + s * s - 1 - 2 * np.log(s))).sum(axis=2).mean(axis=0)
    np.testing.assert_allclose(found["divergence"], expected, rtol=1e-4)


@pytest.mark.parametrize("how", ["per-time", "pooled"])
def test_no_held_out_trial_and_no_name_of_its_drive_is_seen(how):
    """Other names of the held-out trials' drives: the same bits everywhere. Other held-out configurations: the same
    bits of the others. Other names of trained ones: another network."""
    trajectory, split = matter()
    held, drive = split["split"].values == 1, trajectory["drive"].values
    first = fitted(trajectory, split, fit=how)
    turned = np.where(held, np.roll(drive, 1), drive)
    again = fitted(trajectory.assign_coords(drive=("trial", turned)), split, fit=how)
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    other = trajectory.copy(deep=True)
    other["spins"].values[held] *= -1
    np.testing.assert_array_equal(
        first["latent_mean"].values[~held], fitted(other, split, fit=how)["latent_mean"].values[~held]
    )
    turned = np.where(held, drive, np.roll(drive, 1))
    again = fitted(trajectory.assign_coords(drive=("trial", turned)), split, fit=how)
    assert (first["latent_mean"].values != again["latent_mean"].values).any()


def test_it_sees_only_the_drives_it_is_given():
    """With `drives` the model is the same bits whatever the configurations of the others, which it encodes too."""
    trajectory, split = matter()
    other, rest = trajectory.copy(deep=True), trajectory["drive"].values == "c"
    other["spins"].values[rest] *= -1
    first, second = (fitted(t, split, drives=["a", "b"])["latent_mean"].values for t in (trajectory, other))
    np.testing.assert_array_equal(first[~rest], second[~rest])
    assert (first[rest] != second[rest]).any()


def test_a_network_does_not_depend_on_its_neighbours():
    """The same seed gives the same network to 1e-5, alone or among others; alone again the same bits."""
    g = torch.Generator().manual_seed(0)
    x, y = (torch.rand(2, 60, 6, generator=g) < 0.5).to(torch.uint8), torch.randint(3, (60,), generator=g)
    shape, args = vib.Shape(6, (5,), 2, classes=3), (3, 16, 1e-3, 0.1, lambda f: None)
    both, _ = vib.train(shape, x, y, [11, 12], *args)
    alone, history = vib.train(shape, x[1:], y, [12], *args)
    again, _ = vib.train(shape, x[1:], y, [12], *args)
    assert torch.equal(alone, again)
    assert torch.allclose(both[1], alone[0], atol=1e-5)
    assert history.shape == (1, 3)


def test_it_says_that_it_was_told(small):
    """In the word, and in the result; one drive alone is a mistake."""
    from spindsl.bottlenecks.vib import Vib
    from spindsl.errors import SpecError
    from spindsl.experiment import loads
    from spindsl.lower import lower

    assert Vib.supervised
    text = small.replace('kind = "vae"\nhidden = [8]', 'kind = "vib"\nbeta = 0.1\nhidden = [8]')
    gives = lower(loads(text), None).stages["bottleneck.vae"].gives
    assert "log_evidence" not in gives
    for name in ("latent_mean", "latent_std"):
        assert "fitted with the names of the training trials' drives" in gives[name].long_name
        assert gives[name].attrs == {"supervised": 1}
    with pytest.raises(SpecError, match="one drive alone"):
        loads(text.replace("beta = 0.1", 'beta = 0.1\ndrives = ["AB"]'))
    with pytest.raises(DataError, match="all trials are of drive 'a'"):
        fitted(*matter(drives=1))
