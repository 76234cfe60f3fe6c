"""Laws of models that give a configuration one site after another."""

import itertools
from dataclasses import replace
from math import log

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from spindsl.kernels.autoregressive.fitting import DECAYS, fit, turned
from spindsl.kernels.autoregressive.gru import Gru
from spindsl.kernels.autoregressive.made import Made, primed
from spindsl.kernels.autoregressive.models import (
    code,
    evaluate,
    likelihood,
    log_prob,
    logits,
    model,
    sample,
)
from spindsl.kernels.autoregressive.pixelcnn import PixelCnn
from spindsl.kernels.unwrapping import raster

FALSE = 1e-7  # chance of a false alarm of each chi-squared test

SHAPES = [
    Made(9, 2, 1, 1),
    Made(9, 2, 3, 4),
    Made(9, 2, 2, 3, skip=False),
    Made(9, 2, 3, 2, odd=True),
    Made(6, 3, 3, 4),
    Gru(9, 2, 7),
    Gru(6, 3, 5),
    PixelCnn((3, 3), 2, 3, 4, 2),
    PixelCnn((2, 3), 3, 2, 4, 2),
]


def made_up(shape, seed: int = 1, symmetric: bool = False, scale: float = 0.5):
    """A model with random weights and a random order; of convolutions, the raster that they need."""
    sites = raster((shape.sites,))
    order = sites if isinstance(shape, PixelCnn) else np.random.default_rng(seed).permutation(sites)
    q, g = model(shape, order, seed, symmetric=symmetric), torch.Generator().manual_seed(seed)
    return replace(q, weights={k: w + scale * torch.randn(w.shape, generator=g) for k, w in q.weights.items()})


def states(sites: int, colours: int = 2) -> torch.Tensor:
    """All configurations, the first site the most significant digit."""
    return torch.tensor(list(itertools.product(range(colours), repeat=sites)), dtype=torch.uint8)


def all_states(q) -> torch.Tensor:
    return states(len(q.order), q.shape.colours)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_probabilities_sum_to_one(shape):
    """Over all 2^9 or 3^6 configurations, to the rounding of float32 logits."""
    q = made_up(shape)
    p = evaluate(q, all_states(q)).exp()
    assert abs(float(p.sum()) - 1) < 2e-6
    assert float(p.std() / p.mean()) > 0.3  # far from uniform, so that the sum says something


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_later_site_never_changes_an_earlier_conditional(shape):
    """And some earlier site changes every later one: logits are compared exactly, all sequences against all."""
    q = made_up(shape)
    y = all_states(q)[:: 7 if shape.colours == 2 else 11]
    with torch.no_grad():
        before = logits(q.shape, q.weights, y)
        for t in range(y.shape[1]):
            other = y.clone()
            other[:, t] = (other[:, t] + 1) % shape.colours
            after = logits(q.shape, q.weights, other)
            assert torch.equal(after[:, : t + 1], before[:, : t + 1])
            if t + 1 < y.shape[1]:
                assert (after[:, t + 1] != before[:, t + 1]).any()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("symmetric", [False, True])
def test_site_by_site_is_the_whole_network_at_every_site_to_the_bit(shape, symmetric):
    q = made_up(shape, symmetric=symmetric and shape.colours == 2)
    kept, anew = (sample(q, 300, torch.Generator().manual_seed(3), naive=naive) for naive in (False, True))
    assert torch.equal(kept, anew)
    assert len(kept.unique(dim=0)) > 30


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_sample_depends_on_its_own_randoms_only(shape):
    """The first sixty of a thousand are those of sixty."""
    q = made_up(shape)
    few, many = (sample(q, n, torch.Generator().manual_seed(5)) for n in (60, 1000))
    assert torch.equal(few, many[:60])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("symmetric", [False, True])
def test_samples_have_the_probabilities(shape, symmetric):
    """Chi-squared of 100,000 samples over all configurations of at least 8 expected, the others together."""
    n, q = 100_000, made_up(shape, symmetric=symmetric and shape.colours == 2)
    p = evaluate(q, all_states(q)).exp().numpy()
    Q, sites = shape.colours, len(q.order)
    x = sample(q, n, torch.Generator().manual_seed(7)).numpy().astype(int)
    counts = np.bincount(x @ Q ** np.arange(sites)[::-1], minlength=Q**sites)
    often = n * p >= 8
    seen, wanted = (np.append(v[often], v[~often].sum()) for v in (counts, n * p / p.sum()))
    keep = wanted > 0
    assert ((seen - wanted)[keep] ** 2 / wanted[keep]).sum() < chi2.isf(FALSE, keep.sum() - 1)


def test_the_masked_network_is_its_equation():
    """l_t = b + S read + network, written out in float64 of three sites of width 2, with depth 3."""
    q = made_up(Made(3, 2, 3, 2))
    w = {k: v.double().numpy() for k, v in q.weights.items()}
    for y in itertools.product([0, 1], repeat=3):
        s, found = 2 * np.array(y) - 1, logits(q.shape, q.weights, torch.tensor([y], dtype=torch.uint8))
        first, second = np.zeros((3, 2)), np.zeros((3, 2))
        for t in range(3):
            for c in range(2):
                v = w["b0"][2 * t + c] + sum(w["W0"][2 * t + c, r] * s[r] for r in range(t))
                first[t, c] = v if v > 0 else w["a0"][2 * t + c] * v
            for c in range(2):
                v = w["b1"][2 * t + c] + w["W1"][2 * t + c, : 2 * t + 2] @ first.ravel()[: 2 * t + 2]
                second[t, c] = v if v > 0 else w["a1"][2 * t + c] * v
            l = w["b2"][t] + w["W2"][t, : 2 * t + 2] @ second.ravel()[: 2 * t + 2] + w["S"][t, :t] @ s[:t]
            assert abs(float(found[0, t, 0]) - l) < 1e-5


def test_a_pixel_sees_no_farther_than_its_window():
    """One layer: the pixel above left within reach 1 is seen, the one two columns off is not."""
    q = made_up(PixelCnn((4, 5), 2, 1, 1, 1))
    y = torch.zeros(1, 20, dtype=torch.uint8)
    with torch.no_grad():
        before = logits(q.shape, q.weights, y)[0, :, 0]
        y[0, 1 * 5 + 2] = 1
        changed = (logits(q.shape, q.weights, y)[0, :, 0] != before).nonzero().ravel().tolist()
    assert changed == [8, 11, 12, 13]  # right neighbour, and the three below


def test_odd_networks_and_symmetrised_ones_know_no_up_from_down():
    """ln q(s) = ln q(-s): to the bit if odd; and q_sym(s) = [q(s) + q(-s)] / 2 of the same weights."""
    x = states(9)
    odd = evaluate(made_up(Made(9, 2, 3, 2, odd=True)), x)
    torch.testing.assert_close(odd, evaluate(made_up(Made(9, 2, 3, 2, odd=True)), 1 - x), rtol=0, atol=1e-5)
    plain, both = (evaluate(made_up(Made(9, 2, 3, 4), symmetric=s), x) for s in (False, True))
    torch.testing.assert_close(both.exp(), (plain.exp() + plain.flip(0).exp()) / 2, rtol=1e-5, atol=0)
    assert float((plain - plain.flip(0)).abs().max()) > 0.5


def test_what_is_read_of_spins_and_of_colours():
    assert code(torch.tensor([0, 1]), 2).tolist() == [[-1.0], [1.0]]
    assert code(torch.tensor([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_two_colours_are_a_binary_softmax():
    """ln P summed by logsigmoid equals the softmax of (0, l)."""
    q = made_up(Made(9, 2, 3, 4))
    y = states(9)
    l = logits(q.shape, q.weights, y).detach()[..., 0].double().numpy()
    p = np.where(y.numpy() == 1, 1 / (1 + np.exp(-l)), 1 / (1 + np.exp(l)))
    np.testing.assert_allclose(likelihood(q, y).detach().double(), np.log(p).sum(1), rtol=1e-5)


def test_a_conditional_of_independent_spins_is_learned_to_its_error():
    """Free spins of fields h, beta = 1: after fitting a linear MADE, q is P; KL = p/(2n) of p = 15 parameters.

    n KL of a maximum-likelihood fit is half a chi-squared of 15 (Wilks): below isf(1e-7)/2 = 33; the slack
    for a fit that has not quite converged is none.
    """
    rng, h, n = np.random.default_rng(3), np.array([-1.0, -0.4, 0.0, 0.3, 0.8]), 40_000
    up = 1 / (1 + np.exp(-2 * h))
    x = torch.from_numpy((rng.random((n, 5)) < up).astype(np.uint8))
    q, history = fit(model(Made(5, 2, 1, 1), raster((5,)), 1), x, 2, 10, 500, 3e-2, "cosine")
    every = states(5)
    lnP = (every.numpy() * np.log(up) + (1 - every.numpy()) * np.log(1 - up)).sum(1)
    kl = (np.exp(lnP) * (lnP - evaluate(q, every).numpy())).sum()
    assert 0 < n * kl < chi2.isf(FALSE, 15) / 2
    assert len(history) == 10 and history[-1] < 5 * log(2)


@pytest.mark.parametrize(
    ("shape", "left"),
    [
        (Made(9, 2, 2, 4, odd=True), 0.01),
        (Made(9, 2, 2, 4), 0.01),
        (Gru(9, 2, 16), 0.1),
        (PixelCnn((3, 3), 2, 2, 8, 2), 0.1),
    ],
    ids=str,
)
def test_a_ferromagnet_is_learned_from_exact_observations(shape, left):
    """3 × 3 torus at beta = 0.4, 50,000 configurations: nats left of KL to the exact P, more than 1.5 untrained."""
    x, lnP = states(9), -0.4 * torus(2 * states(9).numpy().astype(int) - 1)
    lnP -= np.log(np.exp(lnP).sum())
    rows = np.random.default_rng(4).choice(len(x), 50_000, p=np.exp(lnP))
    q = model(shape, raster((9,)), 5)
    kl = lambda q: float((np.exp(lnP) * (lnP - evaluate(q, x).numpy())).sum())
    assert kl(q) > 1.5
    assert kl(fit(q, x[rows], 6, 8, 500, 1e-2, "cosine")[0]) < left


def torus(s: np.ndarray) -> np.ndarray:
    """E = -sum of neighbours' products on the 3 × 3 torus."""
    s = s.reshape(-1, 3, 3)
    return -(s * np.roll(s, 1, 1) + s * np.roll(s, 1, 2)).sum((1, 2))


def test_a_fit_is_its_seed():
    x = (torch.rand(500, 6, generator=torch.Generator().manual_seed(1)) < 0.3).to(torch.uint8)
    fits = [fit(model(Made(6, 2, 2, 2), raster((6,)), 1), x, seed, 2, 100, 1e-2)[0] for seed in (2, 2, 3)]
    a, b, c = (evaluate(q, x) for q in fits)
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_learning_rates_decay_as_said():
    assert [DECAYS["constant"](t) for t in (0, 0.5, 0.9)] == [1, 1, 1]
    assert [DECAYS["step"](t) for t in (0, 0.5, 0.9)] == [1, 0.1, 0.01]
    np.testing.assert_allclose([DECAYS["cosine"](t) for t in (0, 0.5, 1)], [1, 0.5, 0], atol=1e-12)


def test_symmetries_turn_a_slice_and_flips_a_configuration():
    """All rows under one of the permutations, each as it is or reversed; all twelve ways of each of 8 come up.

    In 300 draws a way of a row is missed with chance (11/12)^300 = 5e-12, any of 96 with less than 5e-10.
    """
    g, x = torch.Generator().manual_seed(1), (torch.rand(8, 6, generator=torch.Generator().manual_seed(2)) < 0.4).byte()
    shifts, ways = torch.stack([torch.arange(6).roll(k) for k in range(6)]), set()
    assert turned(x, None, False, g) is x
    for _ in range(300):
        found = turned(x, shifts, True, g)
        k = next(k for k, p in enumerate(shifts) if all(row_of(f, r[p]) for f, r in zip(found, x)))
        ways |= {(i, k, bool((f != r[shifts[k]]).any())) for i, (f, r) in enumerate(zip(found, x))}
    assert len(ways) == 8 * 12


def row_of(found: torch.Tensor, row: torch.Tensor) -> bool:
    """Whether it is the row or its reverse."""
    return torch.equal(found, row) or torch.equal(found, 1 - row)


def test_a_fit_learns_what_it_is_told_of_symmetries():
    """Of spins up only, told that flips leave the law alone, a few steps never prefer up; untold they do."""
    x, q = torch.ones(200, 4, dtype=torch.uint8), model(Made(4, 2, 1, 1), raster((4,)), 1)
    told, untold = (fit(q, x, 1, 5, 20, 1e-2, flips=flips)[0] for flips in (True, False))
    first = lambda q: float(q.weights["b0"][0])
    assert abs(first(told)) < 0.3 * first(untold)


def test_gradients_reach_every_weight_that_may_be_seen():
    """And none that is masked."""
    q = made_up(Made(5, 2, 3, 3))
    weights = {k: w.requires_grad_(True) for k, w in q.weights.items()}
    log_prob(q, states(5)).pow(2).sum().backward()
    for k, w in weights.items():
        if k[0] in "WS":
            into, out = w.shape[1] // 5, w.shape[0] // 5
            t, r = np.divmod(np.arange(5 * out), out)[0][:, None], np.divmod(np.arange(5 * into), into)[0]
            seen = (r < t) if k in ("W0", "S") else (r <= t)
            assert (w.grad.numpy()[~seen] == 0).all()
            rows = w.grad.numpy() != 0
            assert (rows & seen).mean() > 0.8 * seen.mean()


def test_couplings_prime_a_model_that_is_exact_on_a_chain():
    """Open chain of random J, read from either end: ln q(s) = beta sum J s s - ln Z, Z = 2 prod 2 cosh beta J."""
    J, beta = np.random.default_rng(2).normal(size=7), 0.7
    s = 2 * states(8).numpy().astype(float) - 1
    lnP = beta * (s[:, 1:] * s[:, :-1]) @ J - np.log(2) - np.log(2 * np.cosh(beta * J)).sum()
    for order in (np.arange(8), np.arange(8)[::-1].copy()):
        q = model(Made(8, 2, 1, 1, odd=True), order, 1)
        q = primed(replace(q, weights={k: 0 * w for k, w in q.weights.items()}), np.diag(J, 1) + np.diag(J, -1), beta)
        np.testing.assert_allclose(evaluate(q, states(8)), lnP, atol=2e-5)
