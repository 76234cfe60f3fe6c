"""Areas under the curve, their variance between states, exact bounds, and thresholds that were chosen beforehand."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, norm, rankdata
from sklearn.metrics import roc_auc_score, roc_curve

from spindsl.kernels import roc


def order(known, novel):
    """1 where the novel value of a pair is above the known one, 1/2 where they tie, (known, novel)."""
    x, y = np.asarray(known, float)[:, None], np.asarray(novel, float)[None]
    return (y > x) + 0.5 * (y == x)


@pytest.fixture
def tied():
    """Whole numbers, so that there are ties; 40 known and 25 novel values of 15 states, most of which have both."""
    rng = np.random.default_rng(3)
    return rng.integers(0, 9, 40), rng.integers(3, 12, 25), rng.integers(0, 12, 40), rng.integers(3, 15, 25)


def test_area_is_the_mean_over_all_pairs(tied):
    known, novel, *_ = tied
    pairs = order(known, novel)
    assert roc.auc(known, novel) == pytest.approx(pairs.mean(), abs=1e-14)
    assert roc.auc(known, novel) == pytest.approx(roc_auc_score([0] * 40 + [1] * 25, [*known, *novel]), abs=1e-14)
    assert roc.auc(novel, known) == pytest.approx(1 - pairs.mean(), abs=1e-14)
    above, below = roc.placements(known, novel)
    np.testing.assert_allclose(above, pairs.mean(axis=1), atol=1e-14)
    np.testing.assert_allclose(below, pairs.mean(axis=0), atol=1e-14)


def test_area_of_what_is_apart_or_alike_is_exact():
    assert roc.auc([1.0, 2.0], [3.0, np.inf]) == 1.0
    assert roc.auc([np.inf, 3.0], [1.0, 2.0]) == 0.0
    assert roc.auc([1.0] * 7, [1.0] * 5) == 0.5
    with pytest.raises(ValueError, match="NaN"):
        roc.auc([1.0, np.nan], [2.0])


def test_variance_of_single_values_is_delongs_and_the_jackknifes(tied):
    """S10 / m + S01 / n with the variances of the placements over m - 1 and n - 1 (DeLong et al. 1988), which is
    the sum of the jackknife variances over known and over novel values, exactly."""
    known, novel, *_ = tied
    pairs = order(known, novel)
    alone = np.arange(65)
    delong = pairs.mean(axis=1).var(ddof=1) / 40 + pairs.mean(axis=0).var(ddof=1) / 25
    assert roc.variance(known, novel, alone) == pytest.approx(delong, rel=1e-12)
    left = (
        [np.delete(pairs, i, axis=0).mean() for i in range(40)],
        [np.delete(pairs, j, axis=1).mean() for j in range(25)],
    )
    jackknife = sum((len(v) - 1) / len(v) * ((np.array(v) - pairs.mean()) ** 2).sum() for v in left)
    assert roc.variance(known, novel, alone) == pytest.approx(jackknife, rel=1e-12)


def test_clustered_variance_is_that_of_the_influence_of_each_state(tied):
    """With a weight w_c for all values of state c, A(w) = sum w w' order / (sum w sum w'); the infinitesimal jackknife
    I / (I - 1) sum_c (dA / dw_c)^2 is Obuchowski's where every state has both. By brute force."""
    known, novel = tied[0][:40], np.concatenate([tied[1], tied[1] + 1])[:40]
    c, d = np.arange(40) % 8, np.arange(40) // 5
    pairs = order(known, novel)

    def area(weight):
        u, v = weight[c], weight[d]
        return u @ pairs @ v / (u.sum() * v.sum())

    step = 1e-5 * np.eye(8)
    influence = np.array([(area(1 + e) - area(1 - e)) / 2e-5 for e in step])
    expected = 8 / 7 * (influence**2).sum()
    assert roc.variance(known, novel, np.concatenate([c, d])) == pytest.approx(expected, rel=1e-7)


def test_states_with_one_side_only_count_for_that_side():
    """Known values of states 0..3, two each, novel ones of single states: sums over a state count as one value."""
    known, novel = np.array([0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0]), np.array([0.5, 1.5, 2.5])
    pairs = order(known, novel)
    expected = pairs.mean(axis=1)[::2].var(ddof=1) / 4 + pairs.mean(axis=0).var(ddof=1) / 3
    assert roc.variance(known, novel, [0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6]) == pytest.approx(expected, rel=1e-12)
    assert np.isnan(roc.variance(known, novel, [0] * 8 + [1, 2, 3]))
    assert roc.interval(known, novel, [0] * 8 + [1, 2, 3]) == (0.0, 1.0)


def test_interval_is_normal_on_the_logit(tied):
    """t of 24 degrees of freedom, of 25 novel values: 2.0639."""
    known, novel, *_ = tied
    area, alone = roc.auc(known, novel), np.arange(65)
    low, high = roc.interval(known, novel, alone)
    logits = np.log(np.array([low, area, high]) / (1 - np.array([low, area, high])))
    error = np.sqrt(roc.variance(known, novel, alone)) / (area * (1 - area))
    np.testing.assert_allclose(np.diff(logits), 2.063898561628021 * error, rtol=1e-9)
    mirrored = roc.interval(novel, known, np.concatenate([np.arange(25), np.arange(25, 65)]))
    np.testing.assert_allclose(mirrored, (1 - high, 1 - low), atol=1e-12)


def test_interval_between_states_covers():
    """600 data sets of 30 states, each with 3 known and 3 novel values that share the state's shift: the true area is
    Phi(d / sqrt(2 (1 + s^2))). Expected coverage 0.95, standard error 0.009; below 0.90 has probability < 1e-6
    (binomial: 5.6 s.e.). Values taken as independent cover less than 0.84 of them."""
    rng = np.random.default_rng(11)
    shift, spread = 0.9, 1.0
    truth = norm.cdf(shift / np.sqrt(2 * (1 + spread**2)))
    states = np.tile(np.repeat(np.arange(30), 3), 2)
    held = {"states": 0, "values": 0}
    for _ in range(600):
        state = spread * rng.normal(size=30)  # a state that looks novel when known looks known when novel
        known, novel = (np.repeat(s, 3) + rng.normal(size=90) for s in (state, shift - state))
        for name, clusters in (("states", states), ("values", np.arange(180))):
            low, high = roc.interval(known, novel, clusters)
            held[name] += low <= truth <= high
    assert held["states"] / 600 > 0.90
    assert held["values"] / 600 < 0.84


def test_ranks_of_dealt_labels_give_the_area(tied):
    """Whatever the number of novel values."""
    values = np.concatenate(tied[:2])
    for label in ([0.0] * 40 + [1.0] * 25, [1.0] * 7 + [0.0] * 58):
        novel = np.array(label) == 1
        found = roc.ranked(rankdata(values), np.array([label]))[0]
        assert found == pytest.approx(roc.auc(values[~novel], values[novel]), abs=1e-14)


def test_bound_where_all_values_are_apart():
    """0.05^(1 / pairs): 10 single values a side are 10 pairs; 10 states with both are 5 pairs of two states."""
    known, novel = np.arange(10.0), np.arange(10.0) + 100
    assert roc.interval(known, novel, np.arange(20)) == (pytest.approx(0.05**0.1), 1.0)
    both = np.tile(np.arange(10), 2)
    assert roc.interval(known, novel, both) == (pytest.approx(0.05**0.2), 1.0)
    assert roc.interval(novel, known, both) == (0.0, pytest.approx(1 - 0.05**0.2))
    assert roc.interval(known[:1], novel[:1], [0, 0]) == (0.0, 1.0)


@pytest.mark.parametrize("shape", ["values", "states"])
def test_no_bound_is_better_than_that_one(shape):
    """An area of exactly the bound gives values that are all apart with probability 5 %, exactly, for the worst
    distribution: one known value and novel ones above or below it with probability A; or states that are (0, 1) with
    probability sqrt(A) and (2, -1) otherwise. By enumeration of all outcomes of 6."""
    n = 6
    clusters = np.arange(2 * n) if shape == "values" else np.tile(np.arange(n), 2)
    q = roc.bound(roc.pairs(clusters[:n], clusters[n:]))
    right = q if shape == "values" else np.sqrt(q)
    apart = mean = 0.0
    for good in product([False, True], repeat=n):
        good = np.array(good)
        chance = np.prod(np.where(good, right, 1 - right))
        known = np.zeros(n) if shape == "values" else np.where(good, 0.0, 2.0)
        pairs = order(known, np.where(good, 1.0, -1.0))
        apart += chance * (pairs == 1).all()
        mean += chance * (pairs.mean() if shape == "values" else pairs[~np.eye(n, dtype=bool)].mean())
    assert mean == pytest.approx(q, rel=1e-12)
    assert apart == pytest.approx(0.05, rel=1e-12)


def test_values_all_but_apart_say_no_more_than_values_apart():
    """300 states, one of whose novel values lies below one known value: the variance is 1e-10, the lower end no better
    than 0.05^(1 / 150)."""
    known, novel, states = np.arange(300.0), np.arange(300.0) + 299.5, np.tile(np.arange(300), 2)
    known[0], novel[0] = 299.7, 299.5
    assert 0 < roc.variance(known, novel, states) < 1e-8
    low, high = roc.interval(known, novel, states)
    assert low == pytest.approx(0.05 ** (1 / 150), rel=1e-12)
    assert roc.auc(known, novel) < high < 1
    assert roc.interval(novel, known, states)[1] == pytest.approx(1 - low, rel=1e-12)


def test_pairs_are_the_most_that_share_no_state():
    """Against a maximum matching over all states."""
    import networkx as nx

    rng = np.random.default_rng(0)
    for _ in range(50):
        known, novel = rng.integers(0, 9, rng.integers(1, 8)), rng.integers(3, 12, rng.integers(1, 8))
        graph = nx.Graph((a, b) for a, b in product(known.tolist(), novel.tolist()) if a != b)
        assert roc.pairs(known, novel) == len(nx.max_weight_matching(graph, maxcardinality=True))


def test_a_constant_score_is_a_coin():
    assert roc.interval(np.zeros(20), np.zeros(20), np.arange(40)) == (
        pytest.approx(0.5 * 0.05**0.05),
        pytest.approx(1 - 0.5 * 0.05**0.05),
    )


def test_curve_is_sklearns(tied):
    """At every false-alarm rate that occurs, the highest detection; between them a mixture of the two thresholds, so
    that the area beneath is the AUC."""
    known, novel, *_ = tied
    alarm, hit, _ = roc_curve([0] * 40 + [1] * 25, [*known, *novel], drop_intermediate=False)
    at = np.unique(alarm)
    highest = [hit[alarm == a].max() for a in at]
    np.testing.assert_allclose(roc.curve(known, novel, at), highest, atol=1e-14)
    fine = np.linspace(0, 1, 40 * 50 + 1)
    found = roc.curve(known, novel, fine)
    assert (np.diff(found) >= 0).all()
    middle = roc.curve(known, novel, (fine[1:] + fine[:-1]) / 2)
    assert middle.mean() == pytest.approx(roc.auc(known, novel), abs=1e-12)
    np.testing.assert_allclose(roc.curve(np.ones(2), np.ones(2), [0, 0.25, 1]), [0, 0.25, 1])


@pytest.mark.parametrize(("n", "level"), [(59, 0.05), (100, 0.1), (300, 0.01), (700, 0.2)])
def test_threshold_keeps_its_level(n, level):
    """Tong, Feng and Li 2018, Proposition 1: of uniform values the rate of false alarms above order statistic k is
    1 - Beta(k, n + 1 - k), above the level with probability at most 5 % = P(Binomial(n, 1 - level) >= k); the rank
    before would not do."""
    values = np.random.default_rng(0).permutation(np.arange(1.0, n + 1))
    k = int(roc.threshold(values, level))
    assert binom.sf(k - 1, n, 1 - level) <= 0.05 < binom.sf(k - 2, n, 1 - level)
    from scipy.stats import beta

    assert beta(k, n + 1 - k).cdf(1 - level) <= 0.05


def test_too_few_values_choose_no_threshold():
    """0.95^58 > 0.05 >= 0.95^59."""
    assert np.isnan(roc.threshold(np.arange(58.0), 0.05))
    assert roc.threshold(np.arange(59.0), 0.05) == 58.0
    assert np.isnan(roc.threshold(np.arange(298.0), 0.01))
    assert roc.threshold(np.arange(299.0), 0.01) == 298.0


def test_labels_are_dealt_within_states_that_have_both():
    rng = np.random.default_rng(0)
    label, states = np.array([0, 1, 1, 0, 0, 1, 1, 0.0]), np.array([0, 0, 0, 1, 1, 2, 2, 3])
    dealt = roc.dealt(label, states, rng, 500)
    assert (dealt[:, :3].sum(axis=1) == 2).all()
    assert (dealt[:, 3] == dealt[:, 4]).all()
    assert (dealt[:, 5] == dealt[:, 6]).all()
    assert (dealt[:, [3, 5, 7]].sum(axis=1) == 1).all()
    # each in a third of 500, standard error 0.021; 5.5 of them
    np.testing.assert_allclose(1 - dealt[:, :3].mean(axis=0), 1 / 3, atol=0.116)
    np.testing.assert_allclose(dealt[:, [3, 5, 7]].mean(axis=0), 1 / 3, atol=0.116)


def test_p_value_is_the_share_of_orders_that_do_as_well():
    """Of the 20 ways to call 3 of 6 values novel, 2 have an AUC of 8/9 or more: p near 2/20; 20,000 permutations,
    standard error 0.0021, 5 of them."""
    known, novel = np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0, 6.0])
    p = roc.p_value(known, novel, np.arange(6), np.random.default_rng(0), 20_000)
    assert abs(p - 2 / 20) < 5 * np.sqrt(0.1 * 0.9 / 20_000)
    assert roc.p_value(known, novel + 9, np.arange(6), np.random.default_rng(0), 99) >= 0.01


def test_a_state_that_is_asked_twice_is_no_more_evidence():
    """Two known and two novel states, ten values each: all apart, but 1 of 6 ways to deal the states does as well."""
    states = np.repeat([0, 1, 2, 3], 10)
    values = np.arange(40.0)
    p = roc.p_value(values[:20], values[20:], states, np.random.default_rng(0), 5000)
    assert abs(p - 1 / 6) < 5 * np.sqrt(5 / 36 / 5000)
