"""Laws of the variational autoencoder, held in double precision on networks small enough to integrate."""

import math

import numpy as np
import pytest
import torch

from spindsl.kernels import normal, vae

SHAPE = vae.Shape(6, (5, 4), 2)


@pytest.fixture
def net():
    """Three networks of random weights and biases, float64, with configurations and noise."""
    g = torch.Generator().manual_seed(3)
    flat = vae.glorot(SHAPE, [torch.Generator().manual_seed(s) for s in range(3)]).double()
    flat += 0.3 * torch.randn(flat.shape, generator=g, dtype=torch.float64)
    x = (torch.rand(3, 7, 6, generator=g) < 0.5).double()
    eps = torch.randn(3, 7, 2, generator=g, dtype=torch.float64)
    return flat, x, eps


def test_divergence_is_the_closed_form():
    """KL[N(m, s^2) || N(0, 1)] against quadrature of p ln(p/q)."""
    m, s = 0.7, 1.6
    z = np.linspace(m - 14 * s, m + 14 * s, 200_001)
    p = np.exp(-0.5 * ((z - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))
    integral = np.trapezoid(p * (-0.5 * ((z - m) / s) ** 2 - math.log(s) + 0.5 * z * z), z)
    found = vae.divergence(torch.tensor([m], dtype=torch.float64), torch.tensor([s], dtype=torch.float64))
    assert float(found) == pytest.approx(integral, abs=1e-10)


def test_divergence_vanishes_for_the_prior():
    assert float(vae.divergence(torch.zeros(2), torch.ones(2))) == 0.0


def test_reconstruction_is_the_bernoulli_likelihood():
    o = torch.tensor([0.3, -2.0, 5.0], dtype=torch.float64)
    x = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    p = 1 / (1 + np.exp(-o.numpy()))
    expected = math.log(p[0]) + math.log(1 - p[1]) + math.log(p[2])
    assert float(vae.reconstruction(x, o)) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("kl_weight", [0.0, 0.4, 1.0, 3.0])
def test_the_written_gradient_is_that_of_autograd(net, kl_weight):
    """d(-ELBO averaged over the batch); every parameter of every network, to rounding."""
    flat, x, eps = net
    leaf = flat.clone().requires_grad_(True)
    (-vae.elbo(SHAPE, leaf, x, eps, kl_weight)).mean(1).sum().backward()
    grads = torch.zeros_like(flat)
    loss = vae.gradient(SHAPE, vae.views(SHAPE, flat), vae.views(SHAPE, grads), x, eps, kl_weight)
    assert torch.allclose(grads, leaf.grad, rtol=0, atol=1e-13)
    assert torch.allclose(loss, -vae.elbo(SHAPE, flat, x, eps, kl_weight).sum(1), rtol=1e-13)
    assert leaf.grad.abs().max() > 0.01


def likelihood(flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """ln p(x) = ln of the integral of p(x|z) N(z; 0, 1) over the plane, by quadrature."""
    axis = torch.linspace(-7, 7, 281, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    prior = -0.5 * (z * z).sum(-1) - math.log(2 * math.pi) + 2 * math.log(14 / 280)
    logits = vae.decode(SHAPE, flat, z.expand(len(flat), -1, -1))
    joint = torch.stack([vae.reconstruction(x[:, a, None], logits) for a in range(x.shape[1])], 1)
    return torch.logsumexp(joint + prior, -1)


def test_the_decoder_is_a_distribution(net):
    """p(x) sums to 1 over the 64 configurations."""
    flat, _, _ = net
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 6).expand(3, -1, -1)
    assert torch.allclose(likelihood(flat, x).exp().sum(1), torch.ones(3, dtype=torch.float64), atol=1e-9)


def test_elbo_is_a_lower_bound(net):
    """E_eps[ELBO] <= ln p(x) for every configuration, the expectation by Gauss-Hermite quadrature."""
    flat, x, _ = net
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    w = torch.from_numpy(np.outer(weights, weights).ravel() / (2 * math.pi))
    grid = torch.cartesian_prod(*[torch.from_numpy(nodes)] * 2)
    bound = sum(w[k] * vae.elbo(SHAPE, flat, x, grid[k].expand(3, 7, 2)) for k in range(len(grid)))
    gap = likelihood(flat, x) - bound
    assert gap.min() > 0
    assert gap.max() > 1e-3


def test_a_network_does_not_depend_on_its_neighbours():
    """The same seed gives the same network to 1e-5, alone or among others; on one core alone the same bits."""
    g = torch.Generator().manual_seed(0)
    x = (torch.rand(2, 60, 6, generator=g) < 0.5).to(torch.uint8)
    args = {"epochs": 3, "batch": 16, "rate": 1e-3, "kl_weight": 1.0, "tick": lambda f: None}
    both, _ = vae.train(SHAPE, x, [11, 12], **args)
    alone, history = vae.train(SHAPE, x[1:], [12], **args)
    again, _ = vae.train(SHAPE, x[1:], [12], **args)
    assert torch.equal(alone, again)
    assert torch.allclose(both[1], alone[0], atol=1e-5)
    assert history.shape == (1, 3)


def test_training_finds_what_spins_have_in_common():
    """Two prototypes with 2 % flips: -ELBO ends below the 2.97 nats of independent spins (4 ln 2 + 2 H(0.02)) and
    above the entropy of the mixture, ln 2 + 6 H(0.02) = 1.28 nats."""
    g = torch.Generator().manual_seed(1)
    proto = torch.tensor([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 0]], dtype=torch.uint8)
    x = proto[torch.randint(0, 2, (400,), generator=g)] ^ (torch.rand(400, 6, generator=g) < 0.02).to(torch.uint8)
    shape = vae.Shape(6, (24,), 2)
    _, history = vae.train(shape, x[None], [5], epochs=120, batch=20, rate=3e-3, kl_weight=1.0, tick=lambda f: None)
    assert 1.28 < history[0, -1] < 2.6 < history[0, 0]


def test_glorot_bounds():
    """Uniform in ±sqrt(6 / (in + out)), biases zero: Glorot and Bengio 2010."""
    shape = vae.Shape(256, (200,), 2)
    for weight, bias in vae.views(shape, vae.glorot(shape, [torch.Generator().manual_seed(0)])):
        bound = math.sqrt(6 / sum(weight.shape[1:]))
        assert bound * 0.95 < weight.abs().max() <= bound
        assert not bias.any()


# normal visible units

REAL = vae.Shape(6, (5, 4), 2, real=True)


@pytest.fixture
def real():
    """Three networks with normal visible units, float64, their sigmas between 0.4 and 1.3, with features and noise."""
    g = torch.Generator().manual_seed(4)
    flat = vae.glorot(REAL, [torch.Generator().manual_seed(s) for s in range(3)]).double()
    flat += 0.3 * torch.randn(flat.shape, generator=g, dtype=torch.float64)
    x = torch.randn(3, 7, 6, generator=g, dtype=torch.float64)
    return flat, x, torch.randn(3, 7, 2, generator=g, dtype=torch.float64)


def test_the_normal_likelihood_is_scipys():
    from scipy.stats import norm

    x, o, r = (torch.tensor(v, dtype=torch.float64)[None, None] for v in ([0.3, -2.0], [1.0, 0.5], [-1.0, 2.0]))
    sigma = 0.01 + np.log1p(np.exp([-1.0, 2.0]))
    expected = norm.logpdf([0.3, -2.0], [1.0, 0.5], sigma).sum()
    assert float(normal.likelihood(x, o, r)) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("kl_weight", [0.0, 1.0, 3.0])
def test_the_written_gradient_of_real_features_is_that_of_autograd(real, kl_weight):
    """Every parameter, the sigmas included, to rounding."""
    flat, x, eps = real
    leaf = flat.clone().requires_grad_(True)
    (-vae.elbo(REAL, leaf, x, eps, kl_weight)).mean(1).sum().backward()
    grads = torch.zeros_like(flat)
    noise = vae.raw(REAL, flat), vae.raw(REAL, grads)
    loss = vae.gradient(REAL, vae.views(REAL, flat), vae.views(REAL, grads), x, eps, kl_weight, noise)
    assert torch.allclose(grads, leaf.grad, rtol=0, atol=1e-12)
    assert torch.allclose(loss, -vae.elbo(REAL, flat, x, eps, kl_weight).sum(1), rtol=1e-13)
    assert leaf.grad[:, -6:].abs().min() > 1e-4


def linear() -> tuple[vae.Shape, torch.Tensor, torch.Tensor, torch.Tensor]:
    """x = b + w z + sigma noise, z one normal variable, without hidden layers: the encoder is left to the test.

    Its exact posterior is N(v w'(x - b)/sigma^2, v), v = 1 / (1 + |w/sigma|^2), and its marginal N(b, ww' + sigma^2).
    """
    shape = vae.Shape(4, (), 1, real=True)
    flat = torch.zeros(1, shape.parameters, dtype=torch.float64)
    w, b = torch.tensor([0.8, -0.5, 0.3, 1.1]).double(), torch.tensor([0.2, -0.1, 0.0, 0.4]).double()
    vae.raw(shape, flat)[:] = torch.tensor([0.1, -0.7, 0.5, -1.2]).double()
    (_, _), (weight, bias) = vae.views(shape, flat)
    weight[0, 0], bias[0, 0] = w, b
    return shape, flat, w, b


def bound(shape: vae.Shape, flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """E_eps[ELBO] by Gauss-Hermite quadrature, exact here, where it is quadratic in eps."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    eps = [torch.full((1, x.shape[1], 1), float(n), dtype=torch.float64) for n in nodes]
    return sum(float(c) * vae.elbo(shape, flat, x, e) for c, e in zip(weights / weights.sum(), eps))


def test_the_bound_is_the_exact_marginal_of_a_linear_model():
    """With the exact posterior as encoder E[ELBO] = ln p(x) to rounding; with any other it is less."""
    from scipy.stats import multivariate_normal

    shape, flat, w, b = linear()
    sigma = normal.spread(vae.raw(shape, flat))[0, 0]
    x = torch.randn(1, 9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    cov = torch.outer(w, w) + torch.diag(sigma**2)
    exact = multivariate_normal(b.numpy(), cov.numpy()).logpdf(x[0].numpy())
    v = 1 / (1 + ((w / sigma) ** 2).sum())
    (weight, bias), _ = vae.views(shape, flat)
    weight[0, :, 0], bias[0, 0, 0] = v * w / sigma**2, -v * (w / sigma**2) @ b
    bias[0, 0, 1] = torch.expm1(v.sqrt()).log()  # softplus of this is the posterior's deviation
    assert np.abs(bound(shape, flat, x)[0].numpy() - exact).max() < 1e-12
    weight[0, :, 0] *= 0.7
    bias[0, 0, 1] += 0.2
    gap = exact - bound(shape, flat, x)[0].numpy()
    assert gap.min() > 1e-4


def test_sigma_keeps_off_zero():
    """Constant features would let the density diverge; sigma stays above its floor, the loss finite."""
    x = torch.zeros(1, 50, 3)
    shape = vae.Shape(3, (4,), 1, real=True)
    flat, history = vae.train(shape, x, [1], epochs=200, batch=10, rate=0.1, kl_weight=1.0, tick=lambda f: None)
    sigma = normal.spread(vae.raw(shape, flat))
    assert normal.FLOOR <= sigma.min() <= sigma.max() < 0.1
    floor = 3 * (math.log(normal.FLOOR) + 0.5 * math.log(2 * math.pi))
    assert floor <= history[0, -1] < history[0, 0]


def test_training_finds_the_factor_and_the_noise():
    """Four features of one factor, loadings .9, noise variance 1 - .81: sigma ends near sqrt(.19) = .436, between
    that of the factor and 0.6, and -ELBO between the entropy of the marginal and that of independent features."""
    g = torch.Generator().manual_seed(2)
    z, e = torch.randn(1, 2000, 1, generator=g), torch.randn(1, 2000, 4, generator=g)
    x = 0.9 * z + math.sqrt(0.19) * e
    x = (x - x.mean(1)) / x.std(1)
    shape = vae.Shape(4, (8,), 1, real=True)
    flat, history = vae.train(shape, x, [3], epochs=60, batch=50, rate=3e-3, kl_weight=1.0, tick=lambda f: None)
    sigma = normal.spread(vae.raw(shape, flat))
    assert (sigma > 0.38).all()
    assert (sigma < 0.5).all()
    entropy = 0.5 * (4 * math.log(2 * math.pi * math.e) + math.log(0.19**3 * (0.19 + 4 * 0.81)))
    independent = 2 * math.log(2 * math.pi * math.e)
    assert entropy - 0.1 < history[0, -1] < 0.5 * (entropy + independent)


def test_features_are_standardised_by_those_trained_on():
    """Mean 0 and variance 1 in each set of the trials that are not held out; a constant feature is 0."""
    from spindsl.networks import standardised

    rng = np.random.default_rng(0)
    x = (rng.normal(size=(2, 30, 3)) * [1.0, 100.0, 0.0] + [5.0, -3.0, 2.0]).astype(np.float32)
    held = np.arange(30) < 10
    found = standardised(x, np.flatnonzero(~held))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, ~held].mean(axis=1), 0.0, atol=1e-6)
    np.testing.assert_allclose(found[:, ~held].std(axis=1), [[1, 1, 0]] * 2, atol=1e-6)
    mean, std = x[1, 10:, 1].mean(dtype=float), x[1, 10:, 1].std(dtype=float)
    np.testing.assert_allclose(found[1, 3, 1], (x[1, 3, 1] - mean) / std, rtol=1e-6)
