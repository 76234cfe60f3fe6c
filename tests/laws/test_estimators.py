"""Which trials a reader is fitted to and asked of, whatever it is."""

import numpy as np
import pytest

from spindsl.estimators import Folds, Gaussian, Histogram, Kde, Logistic, Reading, guesses, rounds

READERS = [
    Gaussian(kind="gaussian"), Kde(kind="kde"), Histogram(kind="histogram", bins=8), Logistic(kind="logistic", C=1.0)
]  # fmt: skip
HOW = ["held-out", "all", Folds(folds=4)]


@pytest.fixture
def trials():
    rng = np.random.default_rng(5)
    label = np.tile(np.arange(3), 40)
    x = label[:, None] + 0.6 * rng.normal(size=(120, 1))
    return x, label, rng.random(120) < 0.3, rng.permutation(120)


def ask(by, how, x, label, held, fold, classes=3, real=False):
    return guesses(Reading(by, how, real), x, label, held, fold, classes)


@pytest.mark.parametrize("by", READERS, ids=lambda by: by.kind)
@pytest.mark.parametrize("how", HOW, ids=["held-out", "all", "folds"])
def test_a_label_of_minus_one_is_neither_seen_nor_asked(by, how, trials):
    """Whatever stands in the features of such trials, NaN too, the others' guesses and credits keep their bits: they
    are those of the other trials by themselves."""
    x, label, held, fold = trials
    known = np.arange(120) % 4 != 1
    marks, odd = np.where(known, label, -1), np.where(known[:, None], x, np.nan)
    guess, credit = ask(by, how, odd, marks, held, fold)
    assert (guess[~known] == -1).all() and np.isnan(credit[~known]).all()
    alone = ask(by, how, x[known], label[known], held[known], fold[known])
    np.testing.assert_array_equal(guess[known], alone[0])
    np.testing.assert_array_equal(credit[known], alone[1])


@pytest.mark.parametrize("by", READERS, ids=lambda by: by.kind)
def test_a_class_absent_from_training_is_never_guessed(by, trials):
    """Class 1 of 0, 1, 2 is held out as a whole: its trials score 0, nobody is taken for it, and 2 stays 2."""
    x, label, held, fold = trials
    guess, credit = ask(by, "held-out", x, label, held | (label == 1), fold)
    asked = held | (label == 1)
    assert set(guess[asked]) == {0, 2}
    assert (credit[asked & (label == 1)] == 0).all()
    assert (guess[asked & (label == 2)] == 2).mean() > 0.8


@pytest.mark.parametrize("how", HOW, ids=["held-out", "all", "folds"])
def test_who_is_scored(how, trials):
    """Held-out trials alone, or all of them; every credit is of a guess, and credits are ties shared, classes alike."""
    x, label, held, fold = trials
    guess, credit = ask(READERS[0], how, x, label, held, fold)
    scored = held if how == "held-out" else np.ones(120, bool)
    np.testing.assert_array_equal(np.isfinite(credit), scored)
    np.testing.assert_array_equal(guess >= 0, scored)
    balanced = np.mean([(guess[scored & (label == d)] == d).mean() for d in range(3)])
    assert np.nanmean(credit) == pytest.approx(balanced, abs=1e-12)


def test_folds_hold_every_trial_out_once(trials):
    *_, held, fold = trials
    seen = list(rounds(Folds(folds=7), held, fold))
    assert len(seen) == 7
    np.testing.assert_array_equal(sum(test.astype(int) for _, test in seen), 1)
    for train, test in seen:
        np.testing.assert_array_equal(train, ~test)
        assert abs(test.sum() - 120 / 7) < 1


def test_a_fold_is_a_round_of_its_own(trials):
    """The guesses of fold k are those of a reader held out of fold k."""
    x, label, held, fold = trials
    guess, _ = ask(READERS[0], Folds(folds=4), x, label, held, fold)
    for k in range(4):
        mine = fold % 4 == k
        np.testing.assert_array_equal(guess[mine], ask(READERS[0], "held-out", x, label, mine, fold)[0][mine])


def test_all_is_fitted_to_what_it_is_asked(trials):
    """Cells so fine that each holds one trial: by `all` every guess is right, held out hardly one is."""
    x, label, held, fold = trials
    by = Histogram.model_construct(kind="histogram", bins=1_000_000)  # more than a file may say
    assert (ask(by, "all", x, label, held, fold)[1] == 1).all()
    assert np.nanmean(ask(by, "held-out", x, label, held, fold)[1]) < 0.5


def test_features_that_are_not_finite_are_not_read(trials):
    x, label, held, fold = trials
    x[3] = np.inf
    guess, credit = ask(READERS[0], "all", x, label, held, fold)
    assert (guess == -1).all() and np.isnan(credit).all()
