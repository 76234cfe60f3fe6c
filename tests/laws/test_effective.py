"""How many independent trials a score is worth."""

import numpy as np
import pytest
from scipy.stats import binom, norm, t

from spindsl.conclusions import alike, interval, worth
from spindsl.kernels.intervals import effective, stratified


def allowance(freedom):
    return (norm.ppf(0.975) / t.ppf(0.975, freedom)) ** 2


@pytest.mark.parametrize("score", [0.0, 0.37, 1.0])
def test_trials_alone_count_exactly(score):
    rng = np.random.default_rng(0)
    label, credit = np.arange(90) % 3, (rng.random(90) < score).astype(float)
    assert effective(credit, rng.permutation(90), label) == 90
    assert worth(credit, label, rng.permutation(90)) == alike(label)


@pytest.mark.parametrize("agree", [True, False])
def test_effective_is_its_sentence(agree):
    """n / D (z / t)^2 with every sum written out, for clusters of unequal sizes with mixed classes of unequal sizes,
    and for clusters that are right or wrong as one."""
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(40), 5) if agree else rng.integers(0, 40, 200)
    label = cluster % 2 if agree else (rng.random(200) < 0.3).astype(int)
    n, places = np.bincount(label), (np.arange(40) % 8 < 4)[cluster]
    weight = (200 / (2 * n))[label]
    credit = weight * (places if agree else rng.random(200) < 0.2 + 0.6 * places)
    e = credit - np.array([credit[label == d].mean() for d in label])
    above = sum(e[cluster == g].sum() ** 2 + weight[cluster == g].sum() ** 2 / 200 / 4 for g in range(40))
    below, freedom = (weight**2).mean() / 4, 0.0
    for g in range(40):
        for d in range(2):
            m = ((cluster == g) & (label == d)).sum()
            below += m * (1 - m / n[d]) * e[label == d].var(ddof=1)
            freedom += m / (cluster == g).sum() * (1 - m / n[d])
    assert above > below
    assert effective(credit, cluster, label) == pytest.approx(200 * below / above * allowance(freedom), rel=1e-12)
    assert not agree or freedom == pytest.approx(38)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_score_of_0_or_1_counts_clusters(score):
    """No error says whether trials fail together: 30 clusters of 4 count as 30, of 2 and 6 as 120^2 / (15 (4 + 36))."""
    label, cluster = np.arange(120) % 2, np.repeat(np.arange(30), 4)
    assert effective(np.full(120, score), cluster, label) == pytest.approx(30 * allowance(29))
    uneven = np.repeat(np.arange(30), [2, 6] * 15)
    assert effective(np.full(120, score), uneven, label) == pytest.approx(120**2 / 600 * allowance(29))


def test_trials_that_fail_in_turn_count_at_most_as_many_as_there_are():
    cluster, credit = np.repeat(np.arange(200), 2), np.tile([0.0, 1.0], 200)
    label = np.repeat([0, 1], 200)
    assert effective(credit, cluster, label) == pytest.approx(400 * allowance(198))


def test_classes_of_unlike_scores_are_not_clusters():
    """One class always right, the other at random, each state of one drive; trials are independent. D has mean 1
    and standard error sqrt(2 / 200) = 0.1 by the 200 states at random; held at n where D < 1, n / D is 0.96 n on
    average, and of 200 data sets with standard error 0.004. Deviations from the mean of all would give D = 2."""
    rng, cluster = np.random.default_rng(2), np.repeat(np.arange(400), 5)
    label, found = cluster % 2, []
    for _ in range(200):
        credit = np.where(label == 1, 1.0, rng.random(2000) < 0.5)
        found.append(effective(credit, cluster, label))
    assert 0.92 * 2000 < np.mean(found) <= 2000


def test_design_effect_is_kishs():
    """Trials of a cluster alike with probability r: correlation r, D = 1 + 4 r for clusters of 5, Kish 1965. Mean over
    400 data sets of 300 clusters, standard error 0.006 by the data sets themselves, 5 of them (false alarm 6e-7)."""
    rng, cluster, r = np.random.default_rng(3), np.repeat(np.arange(300), 5), 0.4
    label, design = rng.integers(0, 2, 1500), []
    for _ in range(400):
        common, own = rng.random(300)[cluster] < 0.6, rng.random(1500) < 0.6
        credit = np.where(rng.random(1500) < np.sqrt(r), common, own).astype(float)
        weight = 1500 / (2 * np.bincount(label))[label]
        design.append(1500 / effective(credit * weight, cluster, label) * allowance(299))
    error = np.std(design) / np.sqrt(400)
    assert abs(np.mean(design) - (1 + 4 * r)) < 5 * error


def test_unequal_classes_with_the_errors_in_the_smallest():
    """Four classes of 200 always right, one of 20 right with probability 1/2: exact coverage by its 21 outcomes.
    Counting the trials of classes alone covers 0.88."""
    label = np.repeat(np.arange(5), [200] * 4 + [20])
    held = {"worth": 0.0, "alike": 0.0}
    for right in range(21):
        credit = np.ones(820)
        credit[800 + right :] = 0
        credit *= (820 / (5 * np.bincount(label)))[label]
        for how, count in (("worth", worth(credit, label, np.arange(820))), ("alike", alike(label))):
            low, high = interval(credit, count)
            held[how] += binom.pmf(right, 20, 0.5) * (low <= 0.9 <= high)
    assert 0.915 < held["worth"] < 0.979
    assert held["alike"] < 0.89


def test_stratified_is_its_sentence():
    """S (1 - S) k^2 / sum_d S_d (1 - S_d) / n_d, S_d = (right + 1) / (n_d + 2), by hand: 8 of 10 and 2 of 4."""
    label, right = np.repeat([3, 5], [10, 4]), np.array([1.0] * 8 + [0, 0] + [1, 1, 0, 0])
    credit = right * (14 / (2 * np.array([10, 4])))[(label == 5).astype(int)]
    s = np.array([9 / 12, 3 / 6])
    assert stratified(credit, label) == pytest.approx(s.mean() * (1 - s.mean()) * 4 / (s * (1 - s) / [10, 4]).sum())
