"""Laws of the extensive network: what it can be, its table, its flips, its pseudolikelihood and its couplings."""

import numpy as np
import pytest
import torch

from spindsl.kernels import conditionals, ednn, energies, scoring, tables, walsh

SMALL = ednn.Shape(focus=2, context=1, hidden=(5, 4), dims=1)  # windows of 4 spins
RNG = np.random.default_rng(5)


def weights(shape: ednn.Shape, seed: int = 1) -> ednn.Weights:
    """Random weights and biases, float64."""
    g = torch.Generator().manual_seed(seed)
    return [(W.double(), torch.randn(len(b), generator=g, dtype=torch.float64)) for W, b in ednn.glorot(shape, g)]


def tabulated(weights: ednn.Weights) -> np.ndarray:
    """g of all patterns, float64 (2^bits)."""
    return ednn.network(weights, ednn.patterns(len(weights[0][0]), dtype=torch.float64)).numpy()


def spins(n: int, sites: int) -> np.ndarray:
    return RNG.choice(np.array([-1, 1], np.int8), (n, sites))


def ising(s: np.ndarray, side: int) -> np.ndarray:
    """-sum s s' over the bonds of a square torus."""
    x = s.reshape(-1, side, side).astype(int)
    return -(x * (np.roll(x, 1, 1) + np.roll(x, 1, 2))).sum((1, 2))


def halves() -> np.ndarray:
    """g = -1/2 sum over the four spins of the focus of s_i times its four neighbours."""
    x = ednn.patterns(16, dtype=torch.float64).numpy().reshape(-1, 4, 4)
    f, a, b = slice(1, 3), slice(0, 2), slice(2, 4)
    return -(x[:, f, f] * (x[:, a, f] + x[:, b, f] + x[:, f, a] + x[:, f, b])).sum((1, 2)) / 2


@pytest.mark.parametrize("side", [4, 6, 8])
def test_with_context_the_ising_energy_is_exact_at_every_size(side):
    window = ednn.windows(ednn.Shape(), (side, side))
    s = spins(50, side * side)
    assert (halves()[ednn.seen(window, s)].sum(1) == ising(s, side)).all()


def test_relu_makes_the_ising_energy_of_eight_hidden_units():
    """s h = |h + 4 s| - 4 for a spin s and the sum h of its four neighbours: 16 - 8 - 1, no error at all."""
    W, site = torch.zeros(16, 8, dtype=torch.float64), np.arange(16).reshape(4, 4)
    for k, (i, j) in enumerate([(1, 1), (1, 2), (2, 1), (2, 2)]):
        for other in (site[i - 1, j], site[i + 1, j], site[i, j - 1], site[i, j + 1]):
            W[other, 2 * k], W[other, 2 * k + 1] = 1, -1
        W[site[i, j], 2 * k], W[site[i, j], 2 * k + 1] = 4, -4
    last = (torch.full((8, 1), -0.5, dtype=torch.float64), torch.full((1,), 8.0, dtype=torch.float64))
    assert (tabulated([(W, torch.zeros(8, dtype=torch.float64)), last]) == halves()).all()


def test_without_context_the_ising_energy_is_not_representable():
    """The best sum of functions of 2x2 blocks leaves the bonds between blocks: half of their number, per spin 1."""
    window = ednn.windows(ednn.Shape(context=0), (4, 4))
    s = ((np.arange(1 << 16)[:, None] >> np.arange(16)) & 1).astype(np.int8) * 2 - 1
    counts = np.zeros((1 << 16, 16))
    np.add.at(counts, (np.arange(1 << 16)[:, None], ednn.seen(window, s)), 1.0)
    E = ising(s, 4)
    G, y = counts.T @ counts, counts.T @ E
    left = E - counts @ np.linalg.lstsq(G, y, rcond=None)[0]
    assert np.mean(left**2) == pytest.approx(16, abs=1e-9)


@pytest.mark.parametrize(("shape", "sides"), [(ednn.Shape(), (6, 8)), (SMALL, (8,)), (ednn.Shape(1, 1, (6,)), (5, 4))])
def test_network_table_look_up_and_flips_agree(shape, sides):
    W, window = weights(shape), ednn.windows(shape, sides)
    s = spins(4, int(np.prod(sides)))
    E = ednn.network(W, torch.as_tensor(s).double()[:, torch.as_tensor(window)]).sum(1).numpy()
    table = tabulated(W)
    model = energies.tiles(s.shape[1], window, table)
    assert np.abs(table[ednn.seen(window, s)].sum(1) - E).max() < 1e-12 * len(window)
    for x, known in zip(s, E):
        assert abs(energies.energy(model, x) - known) < 1e-11
        for i in range(len(x)):
            y = x.copy()
            y[i] *= -1
            change = energies.energy(model, y) - energies.energy(model, x)
            assert abs(energies.cost(model, x, i, -x[i]) - change) < 1e-12 * 4 * len(window)


def test_windows_stand_around_their_focus_in_c_order():
    window = ednn.windows(ednn.Shape(), (6, 4))
    assert window[0].tolist() == [23, 20, 21, 22, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10]
    assert len(window) == 6
    assert (np.bincount(window.ravel()) == 4).all()
    with pytest.raises(ValueError, match="multiple of 2"):
        ednn.windows(ednn.Shape(), (5, 4))
    with pytest.raises(ValueError, match="at least 4"):
        ednn.windows(ednn.Shape(), (2, 4))


def test_the_pseudolikelihood_is_that_of_enumerated_conditionals():
    """P(s_i | others) = e^{-beta E(s)} / (e^{-beta E(s)} + e^{-beta E(s with i flipped)}) on a ring of 8."""
    beta, window = 0.7, ednn.windows(SMALL, (8,))
    table, s = tabulated(weights(SMALL)), spins(20, 8)
    E = lambda x: table[ednn.seen(window, x)].sum(1)
    lost = 0.0
    for i in range(8):
        flipped = s.copy()
        flipped[:, i] *= -1
        a, b = np.exp(-beta * E(s)), np.exp(-beta * E(flipped))
        lost -= np.log(a / (a + b)).mean() / 8
    value, _ = conditionals.valued(
        torch.as_tensor(table), ednn.seen(window, s), window, conditionals.gathered(window, 8), beta
    )
    assert value == pytest.approx(lost, abs=1e-14)


@pytest.mark.parametrize(("shape", "sides"), [(SMALL, (8,)), (ednn.Shape(), (4, 4)), (ednn.Shape(3, 1, (3,), 1), (9,))])
def test_compiled_sweep_equals_plain_torch(shape, sides):
    """Also where spins stand in unequally many windows (focus 3, context 1)."""
    window = ednn.windows(shape, sides)
    sites = int(np.prod(sides))
    pattern, where = ednn.seen(window, spins(37, sites)), conditionals.gathered(window, sites)
    table = torch.as_tensor(RNG.normal(size=1 << shape.bits)).requires_grad_()
    plain = conditionals.loss(table, torch.as_tensor(pattern), torch.as_tensor(window), 0.4)
    plain.backward()
    value, gradient = conditionals.valued(table, pattern, window, where, 0.4)
    assert value == pytest.approx(plain.item(), abs=1e-13)
    assert (gradient - table.grad).abs().max() < 1e-14


def test_gradient_by_weights_and_skip_is_the_finite_difference():
    window, beta = ednn.windows(SMALL, (8,)), 0.5
    model = scoring.Table(SMALL.layers, np.array([0b1, 0b11, 0b1001]))
    flat = torch.randn(model.parameters, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    pattern, where = ednn.seen(window, spins(30, 8)), conditionals.gathered(window, 8)
    of = lambda x: conditionals.valued(model.values(x), pattern, window, where, beta)
    slope, h = model.pulled(flat, of(flat)[1]), 1e-6
    for k in range(model.parameters):
        step = torch.zeros_like(flat)
        step[k] = h
        assert abs((of(flat + step)[0] - of(flat - step)[0]) / (2 * h) - float(slope[k])) < 1e-8


def test_information_is_the_mean_square_of_the_score_of_flips():
    """Of one flip: beta^2 p (1 - p) d d^T with d = de/dtheta by autograd of the network on both configurations."""
    window, beta = ednn.windows(SMALL, (8,)), 0.5
    model = scoring.Table(SMALL.layers, np.array([0b1, 0b11, 0b1001]))
    flat = torch.randn(model.parameters, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    s, i = spins(1, 8), 3
    y = s.copy()
    y[0, i] *= -1
    pattern, where = ednn.seen(window, s), conditionals.gathered(window, 8)
    drawn = scoring.flips(*map(torch.as_tensor, (pattern, window, where)), torch.tensor([0]), torch.tensor([i]))
    theta = flat.clone().requires_grad_()
    g = model.values(theta)
    e = (g[ednn.seen(window, y)[0]] - g[pattern[0]]).sum()
    e.backward()
    p = torch.sigmoid(-beta * e.detach())
    expected = beta**2 * p * (1 - p) * torch.outer(theta.grad, theta.grad)
    assert (scoring.information(model, flat, drawn, beta) - expected).abs().max() < 1e-12


def test_walsh_is_its_inverse_and_gives_products_their_coefficients():
    g = torch.as_tensor(RNG.normal(size=(3, 64)))
    assert (walsh.summed(walsh.expanded(g)) - g).abs().max() < 1e-14
    x = ednn.patterns(6, dtype=torch.float64)
    assert (
        walsh.products(6, np.array([0b10, 0b100101])) == torch.stack([x[:, 1], x[:, 0] * x[:, 2] * x[:, 5]], 1).numpy()
    ).all()
    a = walsh.expanded(2.0 * x[:, 1] - 3.0 * x[:, 0] * x[:, 2] * x[:, 5] + 0.5)
    expected = torch.zeros(64, dtype=torch.float64)
    expected[0b10], expected[0b100101], expected[0] = 2.0, -3.0, 0.5
    assert (a - expected).abs().max() < 1e-14
    assert walsh.orders(6)[[0, 0b10, 0b100101]].tolist() == [0, 1, 3]


def test_couplings_of_the_ising_table_are_two_bonds_of_minus_one():
    clusters, J = walsh.couplings_of(halves(), 4, 2, 2)
    known = {0b11: -1.0, 0b10001: -1.0}
    assert np.abs(J - [known.get(S, 0.0) for S in clusters.tolist()]).max() < 1e-14


@pytest.mark.parametrize(("shape", "sides"), [(SMALL, (8,)), (ednn.Shape(1, 1, (6,)), (4, 5))])
def test_couplings_give_the_energy_back(shape, sides):
    """E = sum_S J_S sum over translations by the stride of prod s, the constant included; step = stride = focus."""
    table, window = tabulated(weights(shape)), ednn.windows(shape, sides)
    s = spins(10, int(np.prod(sides)))
    clusters, J = walsh.couplings_of(table, shape.side, shape.dims, shape.focus, shape.focus)
    held = (clusters[:, None] >> np.arange(shape.bits)) & 1
    E = sum(np.array([J @ np.where(held, x[w], 1).prod(1) for x in s]) for w in window)
    assert np.abs(E - table[ednn.seen(window, s)].sum(1)).max() < 1e-11


def test_translation_invariant_couplings_are_the_mean_over_translations():
    """The mean of E over the f translations of a ring is what couplings with step = 1 give."""
    table, window, s = tabulated(weights(SMALL)), ednn.windows(SMALL, (8,)), spins(10, 8)
    mean = sum(table[ednn.seen(window, np.roll(s, k, 1))].sum(1) for k in range(8)) / 8
    clusters, J = walsh.couplings_of(table, 4, 1, 2)
    held = ((clusters[:, None] >> np.arange(4)) & 1).astype(bool)
    E = sum(np.array([J @ np.where(held, np.roll(x, -k)[:4], 1).prod(1) for x in s]) for k in range(8))
    assert np.abs(E - mean).max() < 1e-12


def test_shrinking_keeps_what_was_seen_and_continues_it_to_the_rest():
    """A pair table with rubbish on patterns never seen comes back whole; spread 0 returns seen patterns as they are."""
    x = ednn.patterns(4, dtype=torch.float64).numpy()
    truth = 0.3 - x[:, 0] * x[:, 1] + 0.5 * x[:, 2]
    seen = np.where(np.arange(16) < 14, 100.0, 0.0)
    broken = truth + (seen == 0) * RNG.normal(size=16)
    terms = tables.few(4, 2)
    assert np.abs(walsh.shrunk(broken, seen, terms, 1.0) - truth).max() < 1e-6
    rough = truth + RNG.normal(size=16)
    kept = walsh.shrunk(rough, np.full(16, 50.0), terms, 50.0)
    far = walsh.shrunk(rough, np.full(16, 50.0), terms, 1e15)
    assert np.abs(kept - (rough + far) / 2).max() < 1e-9
    a = walsh.expanded(torch.as_tensor(far)).numpy()
    assert np.abs(a[walsh.orders(4) > 2]).max() < 1e-9


def test_regression_gradient_is_autograds():
    window, table = ednn.windows(SMALL, (8,)), torch.as_tensor(RNG.normal(size=16)).requires_grad_()
    pattern, labels = ednn.seen(window, spins(20, 8)), RNG.normal(size=20)
    plain = ((table[torch.as_tensor(pattern).long()].sum(1) - torch.as_tensor(labels)) ** 2).mean()
    plain.backward()
    value, gradient = conditionals.labelled(table, pattern, labels)
    assert value == pytest.approx(plain.item(), rel=1e-13)
    assert (gradient - table.grad).abs().max() < 1e-12


def test_regression_on_exact_labels_learns_a_ring():
    """E = -sum s s' of a ring of 8 from all 256 configurations, to 0.05 rms; the network can be exact."""
    window = ednn.windows(SMALL, (8,))
    s = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.int8) * 2 - 1
    labels, pattern = -(s * np.roll(s, 1, 1)).sum(1).astype(float), ednn.seen(window, s)
    shape = ednn.Shape(2, 1, (32, 64), 1)
    model, flat = tables.begun(shape, np.zeros(0, np.int64), torch.Generator().manual_seed(0))
    slope = lambda g, rows: conditionals.labelled(g, pattern[rows], labels[rows])
    flat = tables.descended(model, flat, tables.shuffled(256, 256, RNG), slope, 600, 1e-2, 1e-4)
    assert conditionals.labelled(model.values(flat), pattern, labels)[0] < 0.05**2


def test_scoring_a_skip_finds_the_greatest_pseudolikelihood():
    """All 256 configurations of a ring, as often as exp(-beta E) says, give both J back: to the whole copies, 1e-3."""
    beta, window = 0.3, ednn.windows(SMALL, (8,))
    s = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.int8) * 2 - 1
    E = -(s * np.roll(s, 1, 1)).sum(1) + 0.5 * (s * np.roll(s, 2, 1)).sum(1)
    copies = np.round(1e5 * np.exp(-beta * E) / np.exp(-beta * E).sum()).astype(int)
    model = scoring.Table([(4, 1)], tables.few(4, 2))
    flat = scoring.scored(
        model, torch.zeros(model.parameters), np.repeat(ednn.seen(window, s), copies, axis=0), window, 8, beta,
        scoring.Prior(1e-6, 0.0), torch.Generator().manual_seed(0), 12, 2000,
    )  # fmt: skip
    clusters, J = walsh.couplings_of(model.values(flat).double().numpy(), 4, 1, 2)
    known = {0: 0.0, 0b11: -1.0, 0b101: 0.5}
    wanted = np.array([known.get(S, 0.0) for S in clusters.tolist()])
    assert np.abs(J - wanted)[1:].max() < 2e-3
