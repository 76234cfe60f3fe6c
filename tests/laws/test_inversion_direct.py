"""Couplings read off configurations: exact moments in, exact couplings out; what chance does; what a bond costs.

Statistical bounds are 5.5 standard errors of a normal (false-alarm rate 4e-8) unless a test says otherwise.
"""

import numpy as np
import pytest

from spindsl.kernels.inversion.candidates import candidates, canonical
from spindsl.kernels.inversion.moments import features, sharpen, walk
from spindsl.kernels.inversion.pairs import fit_pairs, joint, numbered
from spindsl.kernels.inversion.potts import fit_potts, pool, shapes, slices
from spindsl.kernels.inversion.potts import gradients as potts_gradients
from spindsl.kernels.inversion.potts import refit as potts_refit
from spindsl.kernels.inversion.potts import slopes as potts_slopes
from spindsl.kernels.inversion.scores import sums, terms
from spindsl.kernels.inversion.templates import fit_templates, refit, runs, score_test, spread, threshold
from spindsl.kernels.translates import distinct

X, Y = ((0, 0), (0, 1)), ((0, 0), (1, 0))
TRIPLE, PLAQUETTE = ((0, 0), (0, 1), (1, 0)), ((0, 0), (0, 1), (1, 0), (1, 1))
KEY = np.array([11, 12], dtype=np.uint64)


def every(sites: int) -> np.ndarray:
    """All 2^sites configurations, ±1."""
    return (1 - 2 * ((np.arange(1 << sites)[:, None] >> np.arange(sites)) & 1)).astype(np.int8)


def weights(s, lists, K) -> np.ndarray:
    """Exact probabilities, the energy written out here."""
    log = sum(k * np.prod(s[:, p].astype(float), axis=2).sum(axis=1) for k, p in zip(K, lists))
    p = np.exp(log - log.max())
    return p / p.sum()


def drawn(sides, wanted, n, seed):
    """Independent configurations of a small lattice from its exact distribution, and it."""
    s = every(int(np.prod(sides)))
    p = weights(s, [distinct(t, sides) for t in wanted], wanted.values())
    return s[np.random.default_rng(seed).choice(len(s), size=n, p=p)]


def test_a_template_is_named_once_and_turns_are_not_identified():
    """On 8 x 8 the 63 displacements are 33 pairs (three are their own mirror image), and nothing is counted twice."""
    pool = candidates((8, 8), None, 4, 3)
    assert sum(len(t) == 2 for t in pool) == 33
    assert len({canonical(t, (8, 8)) for t in pool}) == len(pool)
    seen = [frozenset(map(tuple, distinct(t, (8, 8)))) for t in pool]
    assert len(set(seen)) == len(seen)
    assert {((0, 0), (1, -1)), ((0, 0), (1, 1))} <= set(pool)
    assert canonical(((0, 0), (0, -1)), (8, 8)) == X == canonical(((3, 2), (3, 3)), (8, 8))
    assert len(distinct(((0, 0), (0, 4)), (8, 8))) == 32  # a translation maps the pair onto itself
    assert len(distinct(X, (3, 4), periodic=False)) == 9


@pytest.mark.parametrize("sides", [(3, 3), (3, 4), (12,), (2, 2, 3)])
def test_exact_moments_in_exact_couplings_out(sides):
    """The pseudolikelihood of the whole distribution has its maximum at the true couplings, to 1e-8."""
    wanted = [t for t in candidates(sides, 1, 3, 2) if len(distinct(t, sides)) > 1][:6]
    lists, K = [distinct(t, sides) for t in wanted], np.array([0.1, 0.4, -0.3, 0.2, 0.15, -0.1])[: len(wanted)]
    s = every(int(np.prod(sides)))
    found = refit(s, lists, np.zeros(len(K)), runs(len(s), 4), weights(s, lists, K))
    np.testing.assert_allclose(found, K, atol=1e-8)


def test_gradient_and_hessian_are_the_derivatives():
    """Central differences of the value: agreement to 1e-6 of the gradient, 1e-5 of the Hessian (double precision)."""
    s = drawn((3, 4), {X: 0.3, Y: 0.2}, 500, 1)
    held, K, cuts = (
        terms([distinct(t, (3, 4)) for t in (((0, 0),), X, TRIPLE, PLAQUETTE)]),
        np.array([0.1, 0.2, 0.1, -0.2]),
        runs(500, 3),
    )
    here = sums(s, held, K, held, cuts, exact=True)
    for k, e in enumerate(np.eye(4) * 1e-5):
        up, down = sums(s, held, K + e, held, cuts, exact=True), sums(s, held, K - e, held, cuts, exact=True)
        np.testing.assert_allclose((up.value - down.value) / 2e-5, here.gradient[:, k], rtol=1e-6, atol=1e-5)
        np.testing.assert_allclose((down.gradient - up.gradient).sum(axis=0) / 2e-5, here.hessian[:, k], rtol=1e-5)


def test_the_value_is_that_of_the_conditionals():
    """ln p(s_i | rest) = w(s) - ln(w(s) + w(s with i turned)), summed over sites."""
    s = drawn((3, 3), {X: 0.3}, 20, 2)
    lists, K = [distinct(X, (3, 3)), distinct(TRIPLE, (3, 3))], [0.3, -0.2]
    log = lambda s: sum(k * np.prod(s[:, p].astype(float), axis=2).sum(axis=1) for k, p in zip(K, lists))
    total = np.zeros(len(s))
    for i in range(9):
        turned = s.copy()
        turned[:, i] *= -1
        total -= np.log1p(np.exp(log(turned) - log(s)))
    held = terms(lists)
    np.testing.assert_allclose(sums(s, held, K, held, runs(20, 20), exact=True).value, total, rtol=1e-12)


def test_estimates_and_selection_cover_what_they_promise():
    """400 data sets without any coupling but one: z of the estimate and of 30 absent terms are standard normal.

    The mean square of z over m data sets has standard error sqrt(2 / m), 10 % more for the tails of t of 100 blocks.
    Bounds 5.5 of them for one mean, 6.2 for the worst of 30: false-alarm rate below 1e-7.
    """
    sides, K = (3, 4), 0.25
    lists = [distinct(t, sides) for t in candidates(sides, None, 3, 2)]
    truth = next(k for k, p in enumerate(lists) if np.array_equal(p, distinct(X, sides)))
    others = [p for k, p in enumerate(lists) if k != truth and p.shape[1] < 4]
    fits, scores = [], []
    for seed in range(400):
        s, cuts = drawn(sides, {X: K}, 1000, seed), runs(1000, 100)
        found = refit(s, [lists[truth]], np.zeros(1), cuts)
        fits.append((found[0] - K) / np.sqrt(spread(s, [lists[truth]], found, cuts)[0][0, 0]))
        scores.append(score_test(s, [lists[truth]], found, others, cuts))
    fits, scores = np.array(fits), np.array(scores)
    t_square = 99 / 97
    assert abs((fits**2).mean() - t_square) < 5.5 * np.sqrt(2 / 400) * 1.1
    each = (scores**2).mean(axis=0)
    assert np.abs(each - t_square).max() < 6.2 * np.sqrt(2 / 400) * 1.1  # the worst of 30
    assert np.abs(scores).max() < threshold(1e-6, scores.size, 100)


def test_score_and_estimate_tell_the_same():
    """To first order z of a candidate's efficient score is z of its own estimate once it is in: here within 5 %.

    The fitted bonds are strong: without the projection on them the worst z would come out below 0.8 of what it is.
    """
    sides, n = (3, 4), 20_000
    s, cuts = drawn(sides, {X: 0.6, Y: 0.3}, n, 13), runs(n, 200)
    fitted = [distinct(X, sides), distinct(Y, sides)]
    K, raw = refit(s, fitted, np.array([0.6, 0.3]), cuts), []
    for t in (((0, 0), (1, 1)), ((0, 0), (0, 2)), PLAQUETTE):
        asked = distinct(t, sides)
        score = score_test(s, fitted, K, [asked], cuts)[0]
        wide = refit(s, [*fitted, asked], np.append(K, 0.0), cuts)
        estimate = wide[2] / np.sqrt(spread(s, [*fitted, asked], wide, cuts)[0][2, 2])
        assert score == pytest.approx(estimate, rel=0.05, abs=0.01)
        block = sums(s, terms(fitted), K, terms([asked]), cuts).gradient[:, 0]
        raw.append(block.sum() / (block.std(ddof=1) * np.sqrt(200)) / score)
    assert min(raw) < 0.8


def test_an_unknown_energy_is_found_term_by_term():
    """Field, bonds, a three-spin term and a plaquette, found among all; every coupling within 5.5 standard errors."""
    truth = {((0, 0),): 0.06, X: 0.2, Y: 0.12, TRIPLE: 0.06, PLAQUETTE: 0.1}
    s = drawn((4, 4), truth, 20_000, 3)
    for key in (None, KEY):
        fit = fit_templates(s, (4, 4), 0.5, reach=None, order=4, window=2, alarm=1e-6, blocks=100, key=key)
        assert set(fit.template) == set(truth)
        z = (fit.J - np.array([truth[t] for t in fit.template]) / 0.5) / fit.se
        assert np.abs(z).max() < 5.5
        assert fit.refused < fit.chance


def test_repeated_observations_are_worth_one():
    """Each configuration written 20 times: errors from blocks stay, naive ones shrink by sqrt(20).

    Relative error of an error from 200 blocks is sqrt(1 / 400) = 5 %; the bound is 30 %.
    """
    once = drawn((3, 4), {X: 0.3}, 2000, 4)
    lists, K = [distinct(X, (3, 4))], np.array([0.3])
    se, naive = spread(once, lists, K, runs(2000, 200))
    again, shrunk = spread(np.repeat(once, 20, axis=0), lists, K, runs(40_000, 200))
    assert again[0, 0] == pytest.approx(se[0, 0], rel=1e-9)
    assert 1 / 1.3 < shrunk[0] * np.sqrt(20) / naive[0] < 1.3


def cramer_rao(phi) -> np.ndarray:
    """Least standard errors of any unbiased K of p(s) ~ exp(sum_t K_t Phi_t(s)), (n cov Phi)^-1, from Phi (n, t)."""
    return np.sqrt(np.diag(np.linalg.inv(np.cov(phi.T))) / len(phi))


def test_chains_give_the_moments_and_the_step_reaches_the_floor():
    """Heat bath against enumeration within 5.5 standard errors; the step's naive error is Cramer and Rao's exactly.

    The step leads to the maximum of the likelihood: there <Phi> of enumeration equals <Phi> observed, within 5.5 of
    the chains' standard errors plus what the second order of the step leaves (dK^2, below 1e-3 here).
    """
    sides, wanted = (4, 4), {X: 0.35, Y: 0.3, TRIPLE: 0.05}
    lists, K = [distinct(t, sides) for t in wanted], np.array(list(wanted.values()))
    s, whole = drawn(sides, wanted, 20_000, 5), every(16)
    exact = weights(whole, lists, K) @ features(whole, lists)
    chains = np.ascontiguousarray(s[:256].T, dtype=np.float32)
    seen = walk(chains, terms(lists), K, 2000, KEY, 0)
    assert (np.abs(seen.mean(axis=1) - exact) < 5.5 * seen.std(axis=1) / 16).all()
    cuts = runs(len(s), 100)
    start = refit(s, lists, K, cuts) + np.array([0.01, -0.01, 0.005])  # off the maximum by some standard errors
    found, covariance, naive = sharpen(s, lists, start, cuts, key=KEY, share=0.01)
    np.testing.assert_allclose(naive, cramer_rao(features(s, lists)), rtol=1e-9)
    gap = features(s, lists).mean(axis=0) - weights(whole, lists, found) @ features(whole, lists)
    F = np.cov(features(s, lists).T)
    assert np.abs(np.linalg.solve(F, gap)).max() < 5.5 * 0.1 * naive.max() + 1e-3


def glass(seed):
    """Gaussian bonds on the 3 x 4 torus, a field on one site: exact draws, J and h."""
    rng = np.random.default_rng(seed)
    bonds = np.unique(np.concatenate([distinct(X, (3, 4)), distinct(Y, (3, 4))]), axis=0)
    J, h = np.zeros((12, 12)), np.zeros(12)
    J[tuple(bonds.T)] = rng.choice([-1, 1], len(bonds)) * rng.uniform(0.3, 1.2, len(bonds))
    h[5] = 0.3
    return J + J.T, h


def draws_of(J, h, beta, n, seed):
    s = every(12)
    log = beta * (np.einsum("ni,ij,nj->n", s, J, s, optimize=True) / 2 + s @ h)
    p = np.exp(log - log.max())
    return s[np.random.default_rng(seed).choice(len(s), size=n, p=p / p.sum())]


def test_the_graph_of_a_glass_is_found():
    """Every bond and the field, no other of the 78 candidates; z within 5.5, by both routes."""
    J, h = glass(6)
    s = draws_of(J, h, 0.5, 20_000, 7)
    for key in (None, KEY):
        fit = fit_pairs(s, 0.5, alarm=1e-6, prior=10.0, blocks=100, key=key)
        assert {tuple(b) for b in fit.bonds} == {tuple(b) for b in np.argwhere(np.triu(J))}
        assert fit.fields.tolist() == [5]
        i, j = fit.bonds.T
        assert np.abs((fit.J - J)[i, j] / fit.sd[i, j]).max() < 5.5
        assert np.abs((fit.estimate - J)[i, j] / fit.se[i, j]).max() < 5.5
        assert abs(fit.h[5] - 0.3) < 5.5 * fit.h_se[5]


def test_a_graph_and_templates_have_one_pseudolikelihood():
    """The symmetric pseudolikelihood of pairs.py equals that of scores.py, gradient and Hessian (single precision)."""
    s = draws_of(*glass(6), 0.5, 300, 8)
    index, pool = numbered(12, True)
    chosen, cuts = np.array([0, 3, 20, 66, 70]), runs(300, 4)
    K = np.array([0.3, -0.2, 0.4, 0.1, 0.2])
    held = terms([np.array([pool[k]]) for k in chosen])
    want = sums(s, held, K, held, cuts, exact=True)
    gradient, hessian, diagonal = joint(s.astype(np.float32), index, chosen, K, cuts, whole=False)
    np.testing.assert_allclose(gradient, want.gradient, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(hessian, want.hessian, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(diagonal, np.diag(hessian), rtol=1e-5)
    wide, _, all_of_it = joint(s.astype(np.float32), index, chosen, K, cuts, whole=True)
    np.testing.assert_allclose(wide[:, chosen], gradient, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(all_of_it[chosen], diagonal, rtol=1e-5)


def colours(sides, Q, tables, n, seed):
    """Draws of a small Potts torus from its exact distribution, tables {offset: (Q, Q)} times beta."""
    sites = int(np.prod(sides))
    q = (np.arange(Q**sites)[:, None] // Q ** np.arange(sites)) % Q
    log, grid = np.zeros(len(q)), q.reshape(-1, *sides)
    for offset, table in tables.items():
        log += table[grid, np.roll(grid, [-d for d in offset], (1, 2))].reshape(len(q), -1).sum(axis=1)
    p = np.exp(log - log.max())
    return q[np.random.default_rng(seed).choice(len(q), size=n, p=p / p.sum())].astype(np.int8)


def test_tables_of_colours_are_found_with_their_shape():
    """A cosine on one axis and a table of no symmetry on the other: found, told apart, within 5.5 standard errors."""
    cosine = shapes(3)["cosine"]
    odd = 0.4 * np.array([[0.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]])
    q = colours((3, 3), 3, {(0, 1): 0.3 * cosine, (1, 0): odd}, 6000, 9)
    fit = fit_potts(q, (3, 3), 3, 0.5, reach=None, alarm=1e-6, blocks=100, level=1e-4)
    assert dict(zip(fit.offset, fit.shape)) == {(0, 1): "cosine", (1, 0): "general"}
    for offset, table, se in zip(fit.offset, fit.table, fit.se):
        truth = 0.6 * cosine if offset == (0, 1) else odd / 0.5
        assert np.abs((table - truth) / se).max() < 5.5
    assert abs(fit.J[fit.offset.index((0, 1))] - 0.6) < 5.5 * np.nanmax(fit.J_se)


def test_gradients_of_colours_agree_and_vanish_at_the_truth():
    """Correlations of residuals give the features' gradient; the Hessian is its derivative (single precision)."""
    sides, Q = (3, 4), 3
    q = np.random.default_rng(10).integers(0, 3, (200, 12)).astype(np.int8)
    groups, cuts = pool(sides, None, Q), runs(200, 5)
    K = np.random.default_rng(11).normal(0, 0.1, slices(groups)[-1].stop)
    gradient, hessian = potts_slopes(q, sides, groups, Q, K, cuts)
    np.testing.assert_allclose(potts_gradients(q, sides, groups, groups, Q, K, cuts), gradient, rtol=2e-3, atol=2e-3)
    e = np.zeros(len(K))
    e[7] = 1e-2
    up, down = (potts_slopes(q, sides, groups, Q, K + d, cuts)[0].sum(axis=0) for d in (e, -e))
    np.testing.assert_allclose((down - up) / 2e-2, hessian[:, 7], rtol=2e-2, atol=0.2)
    found, covariance = potts_refit(colours((2, 3), 3, {}, 500, 12), (2, 3), groups[:1], Q, runs(500, 50))
    assert np.abs(found / np.sqrt(np.diag(covariance))).max() < 5.5
