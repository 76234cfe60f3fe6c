"""The permutation p-value against full enumeration, and its size and power."""

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest

from spindsl.kernels.permutation import balanced, dealt, p_value

MANY = 20_000


def enumerated(label, cluster):
    """Every label vector that could have been dealt, each as often as there are ways to it; by hand, from the words."""
    own = {g: label[cluster == g] for g in np.unique(cluster)}
    whole = [g for g in own if len(set(own[g])) == 1]
    ways = [list(permutations([own[g][0] for g in whole]))]
    ways += [list(permutations(own[g])) for g in own if g not in whole]
    for first, *rest in product(*ways):
        out = label.copy()
        for g, value in zip(whole, first):
            out[cluster == g] = value
        for g, values in zip([g for g in own if g not in whole], rest):
            out[cluster == g] = values
        yield out


def score(guess, label):
    return round(float(np.mean([(guess[label == k] == k).mean() for k in np.unique(label)])), 9)


GUESS = np.array([0, 0, 1, 1, 1, 0, 2])
CASES = {
    "each alone": ([0, 0, 1, 1, 1, 2, 2], [3, 1, 4, 15, 9, 2, 6]),
    "whole clusters of unequal sizes": ([0, 0, 1, 1, 1, 2, 0], [0, 0, 1, 1, 1, 2, 3]),
    "one state under several drives": ([0, 1, 0, 1, 0, 1, 2], [7, 7, 5, 5, 2, 2, 2]),
    "both, interleaved": ([0, 1, 1, 0, 1, 2, 0], [0, 1, 0, 1, 2, 3, 2]),
}


@pytest.mark.parametrize("case", CASES)
def test_permuted_scores_are_those_of_full_enumeration(case):
    """No score beyond those possible, and each as often as it should be: 20,000 draws, every share within 5.7 standard
    errors sqrt(f (1 - f) / 20,000); at most 30 shares a case, false alarm 4e-7."""
    label, cluster = map(np.array, CASES[case])
    exact = Counter(score(GUESS, v) for v in enumerated(label, cluster))
    drawn = dealt(label, cluster, np.random.default_rng(3), MANY)
    found = Counter(balanced(GUESS, drawn, label.max() + 1).round(9).tolist())
    assert set(found) <= set(exact)
    for value, ways in exact.items():
        f = ways / exact.total()
        assert abs(found[value] / MANY - f) <= 5.7 * np.sqrt(f * (1 - f) / MANY)


@pytest.mark.parametrize("case", CASES)
def test_p_value_is_the_share_of_orders_that_score_as_high(case):
    """Within 5.7 standard errors of the enumerated share (false alarm 1e-8)."""
    label, cluster = map(np.array, CASES[case])
    scores = np.array([score(GUESS, v) for v in enumerated(label, cluster)])
    f = (scores >= score(GUESS, label)).mean()
    found = p_value(GUESS, label, cluster, np.random.default_rng(4), MANY - 1)
    assert abs(found - f) <= 5.7 * np.sqrt(f * (1 - f) / MANY) + 1 / MANY


def test_the_trial_itself_counts_as_one_of_the_orders():
    """Perfect guesses of 50 trials: no permuted score is as high (probability 1e-11), p = 1 / (1 + 99) and not 0."""
    label = np.arange(50) % 5
    assert p_value(label, label, np.arange(50), np.random.default_rng(0), 99) == 1 / 100


def test_a_blind_guess_has_p_one():
    """All guesses alike score one over the number of classes under every order, rounding notwithstanding."""
    label = np.repeat([0, 1, 2], [7, 11, 31])
    assert p_value(np.zeros(49, int), label, np.arange(49), np.random.default_rng(0), 199) == 1.0


def test_classes_that_are_not_asked_do_not_matter():
    """Guesses of a class without scored trials are wrong, whatever the numbers of the classes."""
    label, guess = np.repeat([2, 7], 20), np.repeat([2, 7, 5, 0], [15, 15, 5, 5])
    same = p_value(np.where(guess == 2, 0, np.where(guess == 7, 1, -1)), label == 7, np.arange(40), rng(), 999)
    assert p_value(guess, label, np.arange(40), rng(), 999) == same


def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("how", ["alone", "whole", "shared"])
def test_size_under_the_null(how):
    """P(p <= u) <= u where guesses depend on the cluster alone: 2,000 data sets, 99 permutations, u = .05, .2 and .5.
    Excess above 5.1 standard errors sqrt(u (1 - u) / 2,000) has probability < 2e-7 each, < 1e-6 together."""
    draw, sets = np.random.default_rng(8), 2000
    cluster = np.arange(40) if how == "alone" else np.repeat(np.arange(10), 4)
    p = np.empty(sets)
    for k in range(sets):
        label = np.tile([0, 1], 20) if how != "whole" else draw.permutation(np.repeat([0, 1], 5))[cluster]
        guess = draw.integers(0, 2, 40)[cluster]
        p[k] = p_value(guess, label, cluster, draw, 99)
    for u in (0.05, 0.2, 0.5):
        assert (p <= u).mean() <= u + 5.1 * np.sqrt(u * (1 - u) / sets)


def test_clusters_that_are_ignored_raise_false_alarms():
    """The guess is a matter of the cluster alone, and so is the label: orders of single trials call more than 0.2 of
    noise significant at 0.05, orders of whole clusters do not."""
    draw, cluster = np.random.default_rng(9), np.repeat(np.arange(10), 8)
    p = []
    for _ in range(300):
        label = draw.permutation(np.repeat([0, 1], 5))[cluster]
        guess = draw.integers(0, 2, 10)[cluster]
        p.append([p_value(guess, label, c, draw, 99) for c in (cluster, np.arange(80))])
    honest, naive = (np.array(p) <= 0.05).mean(axis=0)
    assert naive > 0.2
    assert honest <= 0.05 + 5.1 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize("how", ["alone", "whole", "shared"])
def test_power(how):
    """Guesses right with probability 0.8 in 200 trials of two classes (5 a cluster, 100 pairs): the score stands
    >= 5 standard errors above chance, p <= 0.05 always (a score below 0.65 has probability 3e-7)."""
    draw = np.random.default_rng(10)
    cluster = {"alone": np.arange(200), "whole": np.repeat(np.arange(40), 5), "shared": np.repeat(np.arange(100), 2)}[
        how
    ]
    label = cluster % 2 if how != "shared" else np.tile([0, 1], 100)
    guess = np.where(draw.random(200) < 0.8, label, 1 - label)
    assert p_value(guess, label, cluster, draw, 999) == 1 / 1000
