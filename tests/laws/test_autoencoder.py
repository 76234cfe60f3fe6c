"""Laws of the autoencoder: the variational one's kernel without noise and without divergence."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import xarray as xr

from spindsl.coders import CoderParams, learn
from spindsl.graph import Task
from spindsl.kernels import normal, vae
from spindsl.lines import LineParams
from spindsl.networks import Training, trained

TRAINING = Training(
    "b", None, latent=2, epochs=3, batch=10, learning_rate=1e-2, fit="per-time", networks=1
)  # fmt: skip
PARAMS = CoderParams(TRAINING, hidden=(8,), visible="bernoulli", kl_weight=0.0, noisy=False)


@pytest.mark.parametrize("real", [False, True])
def test_the_written_gradient_is_that_of_autograd(real):
    """d(-ln p(x|z(x)) averaged over the batch); nothing flows to the sigmas, whatever they are, 0 included."""
    shape = vae.Shape(6, (5, 4), 2, real)
    g = torch.Generator().manual_seed(3)
    flat = vae.glorot(shape, [torch.Generator().manual_seed(1)]).double()
    flat += 0.3 * torch.randn(flat.shape, generator=g, dtype=torch.float64)
    bias = vae.views(shape, flat)[shape.middle][1]
    bias[..., 2] -= 2000.0  # softplus of it is 0
    x = torch.randn(1, 7, 6, generator=g).double() if real else (torch.rand(1, 7, 6, generator=g) < 0.5).double()
    leaf = flat.clone().requires_grad_(True)
    code = vae.encode(shape, leaf, x)[0]
    output = vae.decode(shape, leaf, code)
    told = normal.likelihood(x, output, vae.raw(shape, leaf)) if real else vae.reconstruction(x, output)
    (-told).mean(1).sum().backward()
    grads = torch.zeros_like(flat)
    noise = (vae.raw(shape, flat), vae.raw(shape, grads)) if real else None
    still = torch.zeros(1, 7, 2, dtype=torch.float64)
    loss = vae.gradient(shape, vae.views(shape, flat), vae.views(shape, grads), x, still, 0.0, noise)
    assert torch.allclose(grads, leaf.grad, rtol=0, atol=1e-13)
    assert torch.allclose(loss, -told.sum(1), rtol=1e-13)
    assert torch.allclose(vae.elbo(shape, flat, x, still, 0.0), told, rtol=1e-13)
    weight, bias = vae.views(shape, grads)[shape.middle]
    assert not weight[..., 2:].any() and not bias[..., 2:].any()


def spins(trials: int, flips: float, seed: int) -> np.ndarray:
    """Eight prototypes (three bits, each written on four spins), every spin flipped with a probability, (trial, 12)."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.choice([-1, 1], (trials, 3)), 4, axis=1) * rng.choice(
        [-1, 1], (trials, 12), p=[flips, 1 - flips]
    )


def matter(x: np.ndarray) -> tuple[xr.Dataset, xr.Dataset]:
    """Of x (trial, time, spin), every fifth trial held out."""
    drive = np.where(np.arange(len(x)) % 2, "a", "b")
    labels = {"drive": ("trial", drive), "switch": ("time", np.arange(1, x.shape[1] + 1))}
    trajectory = xr.Dataset({"spins": (("trial", "time", "spin"), x.astype(np.int8))}, labels)
    return trajectory, xr.Dataset({"split": ("trial", (np.arange(len(x)) % 5 == 0).astype(np.int8))})


def fitted(x: np.ndarray, hidden: tuple[int, ...] = (8,), **training) -> xr.Dataset:
    from spindsl.bottlenecks.autoencoder import fit

    params = replace(PARAMS, hidden=hidden, training=replace(TRAINING, **training))
    return fit(Task(seed=3, params=params, labels=tuple(range(1, x.shape[1] + 1))), *matter(x))


def test_training_gives_back_what_three_bits_determine():
    """-ln p(x|z(x)) of held-out trials ends below a tenth of the 12 ln 2 of blind guesses."""
    x = spins(1000, 0.0, seed=1)[:, None]
    found = fitted(x, hidden=(24,), latent=3, epochs=60, batch=20, learning_rate=5e-3)
    assert 0 < float(found["loss_test"][0]) < 0.1 * 12 * math.log(2)
    assert float(found["loss"][0, -1]) < float(found["loss"][0, 0])


def test_the_evidence_is_the_likelihood_at_the_latent_point():
    """Sum over spins of ln of the decoded probability, and of its network's own weights; held-out mean is loss_test."""
    from spindsl.bottlenecks import autoencoder
    from spindsl.seeds import integer

    x = spins(60, 0.1, seed=2)[:, None]
    found = fitted(x)
    task = Task(seed=3, params=PARAMS, labels=(1,))
    teach = partial(learn, task, PARAMS, autoencoder.measure)
    code, *_, weights = trained(task, TRAINING, *matter(x), teach, each=2)
    shape, flat = vae.Shape(12, (8,), 2), torch.from_numpy(weights[0, 0])[None]
    p = torch.sigmoid(vae.decode(shape, flat, torch.from_numpy(code[:, :, 0])))[0].numpy()
    expected = np.log(np.where(x[:, 0] > 0, p, 1 - p)).sum(axis=1)
    np.testing.assert_allclose(found["log_evidence"].values[:, 0], expected, rtol=1e-4)
    np.testing.assert_array_equal(found["latent_mean"].values[:, 0], code[0, :, 0])
    seen, seed = (
        torch.from_numpy((x[np.arange(60) % 5 > 0, 0] > 0).astype(np.uint8)),
        integer(3, "bottleneck", "b", 1, 0),
    )
    same, _ = vae.train(shape, seen[None], [seed], 3, 10, 1e-2, 0.0, lambda f: None, noisy=False)
    np.testing.assert_array_equal(same, flat)
    np.testing.assert_allclose(found["loss_test"].values, -expected[::5].mean(), rtol=1e-4)


def test_it_is_deterministic_and_draws_no_noise():
    """The same bits again; a pooled fit and other networks are other fits."""
    x = spins(60, 0.1, seed=2).reshape(30, 2, 12)
    np.testing.assert_array_equal(fitted(x)["latent_mean"], fitted(x)["latent_mean"])
    two = fitted(x, networks=2, fit="pooled")["latent_mean"]
    assert two.dims == ("network", "trial", "time", "latent")
    assert (two[0].values != two[1].values).any()
    shape, seen = vae.Shape(12, (8,), 2), torch.from_numpy((x[:, 0] > 0).astype(np.uint8))[None]
    quiet, _ = vae.train(shape, seen, [5], 2, 10, 1e-2, 0.0, lambda f: None, noisy=False)
    loud, _ = vae.train(shape, seen, [5], 2, 10, 1e-2, 0.0, lambda f: None)
    assert not torch.equal(quiet, loud)


def test_lines_are_in_standard_deviations_of_each_latent_variable():
    """Position p along z1 is p standard deviations of z1 over the training trials, in each network its own."""
    from spindsl.bottlenecks import autoencoder

    x = spins(60, 0.1, seed=2).reshape(30, 2, 12)
    params = replace(PARAMS, training=replace(TRAINING, networks=2))
    at = LineParams(params, directions=("z1", "z2"), position=(-1.0, 2.0))
    found = autoencoder.lines(Task(seed=3, params=at, labels=(1, 2)), *matter(x))
    code = autoencoder.fit(Task(seed=3, params=params, labels=(1, 2)), *matter(x))["latent_mean"].values[
        :, np.arange(30) % 5 > 0
    ]
    for n in range(2):
        for t in range(2):
            expected = np.outer([-1.0, 2.0], [code[n, :, t, 0].std(), 0.0])
            np.testing.assert_allclose(found["line"].values[n, t, 0], expected, rtol=1e-5)
