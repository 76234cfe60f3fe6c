"""Laws of models trained by free energy, and of thermodynamics read off a model with and without weights."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import chi2, f

from spindsl.kernels.autoregressive.estimates import Drawn, drawn, mean, order, plain, weighted, weights
from spindsl.kernels.autoregressive.made import Made
from spindsl.kernels.autoregressive.models import evaluate, log_prob, model, sample
from spindsl.kernels.autoregressive.van import anneal, configurations, surrogate
from spindsl.kernels.unwrapping import raster

BETA, FALSE = 0.3, 1e-7
STATES = torch.tensor(list(itertools.product([0, 1], repeat=9)), dtype=torch.uint8)


def energy(s: np.ndarray) -> np.ndarray:
    """3 × 3 torus, J = 1, in a field of 0.2."""
    s = s.reshape(-1, 3, 3).astype(int)
    return -(s * np.roll(s, 1, 1) + s * np.roll(s, 1, 2)).sum((1, 2)) - 0.2 * s.sum((1, 2))


def exact() -> dict[str, float]:
    """F, U, S, m of P by enumeration."""
    s = configurations(STATES, 2)
    E, m = energy(s), np.abs(s.mean(1))
    p = np.exp(-BETA * E)
    Z = p.sum()
    p /= Z
    F, U = -np.log(Z) / BETA, p @ E
    return {"F": F, "U": U, "S": -(p @ np.log(p)), "m": p @ m}


def made_up(scale: float = 0.3, symmetric: bool = False):
    q, g = model(Made(9, 2, 2, 2), raster((9,)), 1, symmetric=symmetric), torch.Generator().manual_seed(2)
    return replace(q, weights={k: w + scale * torch.randn(w.shape, generator=g) for k, w in q.weights.items()})


def free_energy(q) -> float:
    """F_q over all states."""
    lnq = evaluate(q, STATES).numpy()
    return float(np.exp(lnq) @ (energy(configurations(STATES, 2)) + lnq / BETA))


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_gradient_of_the_samples_is_that_of_the_free_energy(symmetric):
    """Means of 300 batches of 40 against the gradient by enumeration; the squared z of the 30 largest entries,
    whitened by their sample covariance, is Hotelling's T^2 of 30 and 300: alarm 1e-7."""
    q, batch, batches = made_up(0.5, symmetric=symmetric), 40, 300
    for w in q.weights.values():
        w.requires_grad_(True)
    E = torch.from_numpy(energy(configurations(STATES, 2)))
    lnq = log_prob(q, STATES)
    true = flat(torch.autograd.grad((lnq.exp() * (lnq + BETA * E)).sum(), list(q.weights.values())))
    g, found = torch.Generator().manual_seed(3), []
    for _ in range(batches):
        x = sample(q, batch, g)
        loss = surrogate(log_prob(q, x), torch.from_numpy(energy(configurations(x, 2))), BETA)
        found.append(flat(torch.autograd.grad(loss, list(q.weights.values()))))
    largest = np.argsort(-np.abs(true))[:30]
    found, true = np.array(found)[:, largest], true[largest]
    off = found.mean(0) - true
    T2 = batches * off @ np.linalg.pinv(np.cov(found.T), rcond=1e-8) @ off
    assert (batches - 30) / (30 * (batches - 1)) * T2 < f.isf(FALSE, 30, batches - 30)


def flat(gradients) -> np.ndarray:
    return torch.cat([v.flatten() for v in gradients]).double().numpy()


def test_the_baseline_takes_no_gradient_away():
    """n/(n - 1): of two samples, by hand. R = (1, 4), b = 2.5, gradient of ln q_1 is -1.5 / 1, of ln q_2 1.5 / 1."""
    lnq = torch.tensor([-1.0, -2.0], requires_grad=True)
    surrogate(lnq, torch.tensor([4.0, 12.0]), 0.5).backward()
    assert lnq.grad.tolist() == [-1.5, 1.5]


def test_a_trained_network_comes_down_upon_the_free_energy():
    """F_q >= F for any q, and within 0.02 of -8.5 after 400 steps; the history at beta says so too, to 5 errors."""
    F, q = exact()["F"], made_up()
    assert free_energy(q) > F + 0.5
    q, history = anneal(q, energy, BETA, 400, 200, 4, learning_rate=1e-2, annealing=0.98, decay="cosine")
    assert F <= free_energy(q) < F + 0.02
    assert history.shape == (400, 2)
    assert abs(history[-1, 0] - free_energy(q)) < 5.4 * history[-1, 1]  # alarm 1e-7


def test_annealing_begins_hot():
    """With annealing 1 beta_t is 0: the network is driven to ln 2 a site, whatever the energy."""
    q, _ = anneal(made_up(), energy, BETA, 300, 100, 4, learning_rate=1e-2, annealing=1.0)
    assert -float(evaluate(q, STATES).exp() @ evaluate(q, STATES)) > 9 * np.log(2) - 0.02


def test_clipping_bounds_the_first_step_of_a_plain_descent():
    """Adam forgets scale, so a bound of the norm leaves the first step and changes later ones."""
    runs = [anneal(made_up(), energy, 3.0, n, 50, 4, annealing=0.0, clip=c)[0] for n in (1, 3) for c in (1e-3, 1e9)]
    one, other, three, free = (evaluate(q, STATES) for q in runs)
    torch.testing.assert_close(one, other, rtol=0, atol=1e-3)
    assert not torch.equal(three, free)


def test_weighted_estimates_are_those_of_p_and_plain_ones_those_of_q():
    """Of a model off by 0.3 nats, 200,000 samples: each of four within 5.4 standard errors (alarm 7e-8), F biased by
    1e-6 only; and the plain ones of q are off P's by many."""
    q = made_up()
    found = drawn(q, energy, 200_000, 5)
    for name, value in exact().items():
        estimate = weighted(found, BETA)[name]
        assert abs(estimate.value - value) < 5.4 * estimate.error
        assert estimate.error < 0.05 * max(abs(value), 1)
    lnq, s = evaluate(q, STATES).numpy(), configurations(STATES, 2)
    p = np.exp(lnq)
    own = {"F": free_energy(q), "U": p @ energy(s), "S": -(p @ lnq), "m": p @ np.abs(s.mean(1))}
    for name, value in own.items():
        estimate = plain(found, BETA)[name]
        assert abs(estimate.value - value) < 5.4 * estimate.error
    assert plain(found, BETA)["F"].value - exact()["F"] > 50 * plain(found, BETA)["F"].error


def test_errors_are_honest():
    """z^2 of 200 independent runs of 2,000 samples, each of F, U, S, m: sum inside the chi-squared of 200 at 1e-7.

    That is 108 to 322; errors too small by a third would give 355, too large by a half 89. The model is trained
    a little: where weights are much more uneven, first-order errors are too small.
    """
    q, _ = anneal(made_up(), energy, BETA, 60, 200, 4, learning_rate=1e-2, annealing=0.0)
    found, truth = drawn(q, energy, 400_000, 6), exact()
    assert 0.5 < weights(found, BETA)[2] / 400_000 < 0.97
    runs = [weighted(Drawn(*(a[k::200] for a in found)), BETA) for k in range(200)]
    for name in truth:
        z2 = sum(((r[name].value - truth[name]) / r[name].error) ** 2 for r in runs)
        assert chi2.isf(1 - FALSE, 200) < z2 < chi2.isf(FALSE, 200)


def test_a_perfect_model_has_equal_weights():
    """q = P: F exact with no error, n_eff = n, S = beta (U - F) = -mean ln q."""
    rng = np.random.default_rng(1)
    E = rng.normal(size=500)
    found = Drawn(-BETA * E - 2.0, E, rng.random(500))
    F, U, S, m = (weighted(found, BETA)[k] for k in ("F", "U", "S", "m"))
    assert abs(F.value + 2.0 / BETA) < 1e-12 and F.error < 1e-12
    assert abs(weights(found, BETA)[2] - 500) < 1e-9
    assert abs(S.value - plain(found, BETA)["S"].value) < 1e-12
    assert abs(S.error / plain(found, BETA)["S"].error - 1) < 1e-9
    assert mean(found.m).value == pytest.approx(m.value)


def test_errors_are_those_of_leaving_one_out():
    """Influences of F, U, S, m to first order, signs and all, against the jackknife of the same 1,000 samples: 1 % of
    second order. F and U go together here: with the sign of one turned the error of S is another."""
    rng = np.random.default_rng(2)
    E = rng.normal(size=1000)
    found = Drawn(-0.4 * E + 0.2 * rng.normal(size=1000), E, rng.random(1000))
    left = [weighted(Drawn(*(np.delete(a, k) for a in found)), BETA) for k in range(1000)]
    for name, (_, error) in weighted(found, BETA).items():
        each = np.array([one[name].value for one in left])
        assert error == pytest.approx(np.sqrt(999 * each.var()), rel=0.01)


def test_effective_samples_by_hand():
    """Weights 1, 1, 2 in any scale: 16 / 6."""
    found = Drawn(-np.log([1.0, 1.0, 2.0]) + 700.0, np.zeros(3), np.zeros(3))
    assert weights(found, 1.0)[2] == pytest.approx(16 / 6)


def test_order_of_colours():
    assert order(np.array([[0, 0, 0], [0, 1, 2], [2, 2, 1]]), 3) == pytest.approx([1, 0, 0.5])
