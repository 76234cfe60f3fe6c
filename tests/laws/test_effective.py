"""How many independent trials a score is worth."""

import numpy as np
import pytest
from scipy.stats import binom, norm, t

from spindsl.kernels.intervals import effective, stratified
from spindsl.readout import alike, interval, worth


def allowance(freedom):
    return (norm.ppf(0.975) / t.ppf(0.975, freedom)) ** 2


@pytest.mark.parametrize("score", [0.0, 0.37, 1.0])
def test_trials_alone_count_exactly(score):
    rng = np.random.default_rng(0)
    label, credit = np.arange(90) % 3, (rng.random(90) < score).astype(float)
    assert effective(credit, rng.permutation(90), label) == 90
    assert worth(credit, label, rng.permutation(90)) == alike(label)


def test_trials_that_agree_wholly_count_as_one():
    """40 clusters of 5, each right or wrong as one: 40 trials, by what 38 degrees of freedom allow. Exact, since the trial's
    worth that is added agrees wholly as well."""
    cluster = np.repeat(np.arange(40), 5)
    credit = (np.arange(40) % 8 < 4).astype(float)[cluster]
    assert effective(credit, cluster, cluster % 2) == pytest.approx(
        40 * allowance(38) / ratio(credit, cluster, cluster % 2), rel=1e-12
    )


def ratio(credit, cluster, label):
    """What the n_d - 1 in v_d adds where clusters agree: D / 5 by the sums written out, trial by trial."""
    e = credit - np.array([credit[label == d].mean() for d in label])
    above = sum(e[cluster == g].sum() ** 2 for g in set(cluster)) + 5
    below = 1.0
    for g in set(cluster):
        for d in set(label):
            m, n = ((cluster == g) & (label == d)).sum(), (label == d).sum()
            below += m * (1 - m / n) * e[label == d].var(ddof=1)
    return above / below / 5


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_score_of_0_or_1_counts_clusters(score):
    """No error says whether trials fail together: 30 clusters of 4 count as 30; of 2 and of 6, as 120^2 / (15 (4 + 36))."""
    label, cluster = np.arange(120) % 2, np.repeat(np.arange(30), 4)
    assert effective(np.full(120, score), cluster, label) == pytest.approx(30 * allowance(29))
    uneven = np.repeat(np.arange(30), [2, 6] * 15)
    assert effective(np.full(120, score), uneven, label) == pytest.approx(120**2 / 600 * allowance(29))


def test_trials_that_fail_in_turn_count_at_most_as_many_as_there_are():
    cluster, credit = np.repeat(np.arange(200), 2), np.tile([0.0, 1.0], 200)
    label = np.repeat([0, 1], 200)
    assert effective(credit, cluster, label) == pytest.approx(400 * allowance(198))


def test_classes_of_unlike_scores_are_not_clusters():
    """One class always right, the other at random: trials within states of one drive are independent, and count so within
    4 % and the allowance (the design effect of 400 clusters has standard error sqrt(2 / 400) = 0.07; here, median of 200
    data sets, s.e. 1.25 * 0.07 / 14 = 0.006, 5.3 of them)."""
    rng, cluster = np.random.default_rng(2), np.repeat(np.arange(400), 5)
    label, found = cluster % 2, []
    for _ in range(200):
        credit = np.where(label == 1, 1.0, rng.random(2000) < 0.5)
        found.append(effective(credit, cluster, label))
    assert 0.9 * 2000 < np.mean(found) <= 2000


def test_design_effect_is_kishs():
    """Trials of a cluster alike with probability r: correlation r, D = 1 + 4 r for clusters of 5, Kish 1965. Mean of 1 / n over
    400 data sets of 300 clusters; standard error by the data sets themselves, 5 of them (false alarm 6e-7), which leaves out
    D = 1 + 5 r and 1 + 3 r by far."""
    rng, cluster, r = np.random.default_rng(3), np.repeat(np.arange(300), 5), 0.4
    label, design = rng.integers(0, 2, 1500), []
    for _ in range(400):
        common, own = rng.random(300)[cluster] < 0.6, rng.random(1500) < 0.6
        credit = np.where(rng.random(1500) < np.sqrt(r), common, own).astype(float)
        weight = 1500 / (2 * np.bincount(label))[label]
        design.append(1500 / effective(credit * weight, cluster, label) * allowance(299))
    error = np.std(design) / np.sqrt(400)
    print(np.mean(design), error)
    assert abs(np.mean(design) - (1 + 4 * r)) < 5 * error + 0.01


def test_unequal_classes_with_the_errors_in_the_smallest():
    """Four classes of 200 always right, one of 20 right with probability 1/2: exact coverage by its 21 outcomes. Counting the
    trials of classes alone covers 0.88."""
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
