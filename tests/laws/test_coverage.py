"""The stated 95 % intervals hold what is true in 91.5 to 97.9 % of 1,000 data sets, after the same steps as a score.

Truth is the score that the very same fitted readers would have on fresh trials: their features are put at the 400
quantiles (j + 1/2) / 400 of each class, so that it is known within 1/400 for the one or two bounds of a class.
If the coverage is 0.95, a count of 1,000 leaves 0.915 to 0.979 with probability 6e-7 + 1e-6 (binomial).
"""

import numpy as np
import pytest
from scipy.stats import norm

from spindsl import estimators
from spindsl.readout import interval, resampled, shuffled, worth

SETS, FRESH = 1000, 400
GRID = norm.ppf((np.arange(FRESH) + 0.5) / FRESH)
SAID = {"variable": "power", "by": {"kind": "gaussian"}, "score": "held-out"}


def inside(low, truth, high):
    return low <= truth <= high


def covered(hits, least=0.915, most=0.979):
    share = np.mean(hits)
    print(f"coverage {share:.3f}")
    return least <= share <= most


def read(x, label, held, mean):
    """Credits of the held-out trials, and the balanced score of the same fit on fresh trials N(mean_d, 1)."""
    k = len(mean)
    fresh = np.repeat(np.arange(k), FRESH)
    both = np.append(x, mean[fresh] + np.tile(GRID, k))[:, None]
    mark = np.append(np.where(held, -1, label), fresh)  # fresh trials in the place of those held out
    asked = np.append(held, np.ones(len(fresh), bool))
    _, credit = estimators.guesses(SAID, x[:, None], label, held, np.arange(len(x)), k)
    _, truth = estimators.guesses(SAID, both, mark, asked, np.arange(len(both)), k)
    return credit[held], np.nanmean(truth)


def drawn(rng, counts, mean):
    label = np.repeat(np.arange(len(counts)), counts)
    return mean[label] + rng.normal(size=len(label)), label


def test_held_out_score():
    """Two classes 1.4 apart, 100 trials to fit to, 100 held out."""
    rng, mean, hits = np.random.default_rng(11), np.array([0.0, 1.4]), []
    for _ in range(SETS):
        x, label = drawn(rng, [100, 100], mean)
        held = np.arange(200) % 2 == 1
        credit, truth = read(x, label, held, mean)
        low, high = interval(credit, worth(credit, label[held], np.arange(100)))
        hits.append(inside(low, truth, high))
    assert covered(hits)


def test_score_of_ten_folds():
    """Truth is the mean score of the ten readers that the folds fit, which share nine tenths of their trials."""
    rng, mean, hits = np.random.default_rng(12), np.array([0.0, 1.4]), []
    said = SAID | {"score": {"folds": 10}}
    for _ in range(SETS):
        x, label = drawn(rng, [60, 60], mean)
        fold = np.tile(rng.permutation(60), 2)
        _, credit = estimators.guesses(said, x[:, None], label, label < 0, fold, 2)
        truth = np.mean([read(x, label, fold % 10 == k, mean)[1] for k in range(10)])
        low, high = interval(credit, worth(credit, label, np.arange(120)))
        hits.append(inside(low, truth, high))
    assert covered(hits)


@pytest.mark.parametrize("drives", ["one drive a state", "drives mixed in a state"])
def test_trials_that_share_a_state(drives):
    """60 states of 5 trials whose features correlate by 0.5, half of the states held out. Without
    clusters the interval holds the truth in fewer than 88 %."""
    rng, mean, hits, naive = np.random.default_rng(13), np.array([0.0, 1.4]), [], []
    state = np.repeat(np.arange(60), 5)
    for _ in range(SETS):
        label = state % 2 if drives == "one drive a state" else rng.integers(0, 2, 300)
        held = state >= 30
        x = mean[label] + np.sqrt(0.5) * (rng.normal(size=60)[state] + rng.normal(size=300))
        credit, truth = read(x, label, held, mean)
        for found, cluster in ((hits, state[held]), (naive, np.arange(150))):
            low, high = interval(credit, worth(credit, label[held], cluster))
            found.append(inside(low, truth, high))
    assert covered(hits)
    assert not covered(naive, 0.88, 1.0)


@pytest.mark.parametrize("counts, mean", [((160, 40, 20), (0.0, 1.2, 2.4)), ((200, 100, 200, 20), (-9.0, 0.0, 9.0, 0.5))])
def test_balanced_score_of_unequal_classes(counts, mean):
    """As many trials held out as fitted to; in the second case nearly all errors are in the smaller classes."""
    rng, mean, hits = np.random.default_rng(14), np.array(mean), []
    for _ in range(SETS):
        x, label = drawn(rng, np.repeat(counts, 1) * 2, mean)
        held = np.arange(len(x)) % 2 == 1
        credit, truth = read(x, label, held, mean)
        low, high = interval(credit, worth(credit, label[held], np.arange(held.sum())))
        hits.append(inside(low, truth, high))
    assert covered(hits)


@pytest.mark.parametrize("score", ["held-out", {"folds": 5}])
def test_shuffled_labels_score_chance(score):
    """Every one of 1,000 data sets within chance +- 5.7 s.e., s.e. = 1 / (2 sqrt(n)) of n = 60 scored trials (binomial:
    7e-10 a set, 7e-7 all), and the mean of all within 5.7 s.e. / sqrt(1,000), though the true labels score 0.9."""
    rng, mean = np.random.default_rng(15), np.array([0.0, 2.6])
    total = 120 if score == "held-out" else 60
    blind, right = np.empty(SETS), np.empty(SETS)
    for k in range(SETS):
        x, label = drawn(rng, [total // 2, total // 2], mean)
        held, fold = np.arange(total) % 2 == 1, np.tile(rng.permutation(total // 2), 2)
        for out, marks in ((right, label), (blind, shuffled(label, rng.permutation(total)))):
            _, credit = estimators.guesses(SAID | {"score": score}, x[:, None], marks, held, fold, 2)
            out[k] = np.nanmean(credit)
    error = 0.5 / np.sqrt(60)
    print(np.abs(blind - 0.5).max() / error, (blind.mean() - 0.5) / error * np.sqrt(SETS))
    assert np.abs(blind - 0.5).max() <= 5.7 * error
    assert abs(blind.mean() - 0.5) <= 5.7 * error / np.sqrt(SETS)
    assert right.mean() > 0.85


def test_bootstrap_of_whole_clusters():
    """Mean of 40 clusters of 1 to 5 values that correlate by 0.5, by quantiles of the resamples."""
    rng, hits, naive = np.random.default_rng(16), [], []
    for _ in range(SETS):
        cluster = np.repeat(np.arange(40), rng.integers(1, 6, 40))
        value = rng.normal(size=40)[cluster] + rng.normal(size=len(cluster))
        for found, group in ((hits, cluster), (naive, np.arange(len(cluster)))):
            low, high = np.quantile(resampled(value, group, rng), [0.025, 0.975])
            found.append(inside(low, 0.0, high))
    assert covered(hits)
    assert not covered(naive, 0.88, 1.0)
