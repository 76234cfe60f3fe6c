"""Drives with unequal numbers of trials count alike: noise scores one over their number, whoever reads it."""

import numpy as np
import pytest

from spindsl.conclusions import alike
from spindsl.estimators import Gaussian, Logistic, Reading, guesses


@pytest.mark.parametrize("by", [Logistic(kind="logistic", C=0.1), Gaussian(kind="gaussian")])
def test_noise_scores_chance(by):
    """Shares .8, .1, .1 of 6,000 trials of noise, half held out: a majority guess is right in 0.8 of the trials but
    scores 1/3. Standard error 0.5 / sqrt(n_eff), n_eff = 9 / sum 1/n_d = 1,271; 5 of them, false alarm 6e-7 each."""
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1, 2], [4800, 600, 600])
    x, held = rng.choice([-1.0, 1.0], (6000, 10)), rng.random(6000) < 0.5
    _, credit = guesses(Reading(by, "held-out"), x, label, held, np.arange(6000), 3)
    error = 0.5 / np.sqrt(alike(label[held]))
    assert abs(np.nanmean(credit) - 1 / 3) < 5 * error


def test_a_blind_guess_scores_one_third_exactly():
    label = np.repeat([0, 1, 2], [80, 10, 10])
    held = np.tile([True, False], 50)
    _, credit = guesses(Reading(Gaussian(kind="gaussian"), "held-out"), np.zeros((100, 1)), label, held, label, 3)
    assert np.nanmean(credit) == pytest.approx(1 / 3, abs=1e-15)


def test_equal_classes_are_not_touched():
    label = np.repeat(np.arange(5), 100)
    assert alike(label) == pytest.approx(500)
    _, credit = guesses(
        Reading(Gaussian(kind="gaussian"), "all"),
        np.arange(500.0)[:, None],
        label,
        label < 0,
        label,
        5,
    )
    assert set(np.unique(credit)) <= {0.0, 1.0}
