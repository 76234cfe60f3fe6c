"""What a history of fields alone tells of the drive: exact values for Zhong et al.'s five 4-of-5 drives."""

import numpy as np
import pytest

from spindsl.kernels.orders import ORDERS, bayes_score, evidence, schedule

MEMBER = np.array([[k - (k > d) if k != d else -1 for k in range(5)] for d in range(5)])  # drive d lacks field d
KEY = np.array([1, 2], dtype=np.uint64)
TRIALS = np.arange(40_000, dtype=np.uint64)
NONE = np.full(40_000, -1)


def histories(order: str, switches: int) -> np.ndarray:
    """Fields 0..3 of the drive that lacks field 4."""
    return schedule(ORDERS.index(order), 4, TRIALS, switches, KEY, NONE)


def distinct(switches: int) -> np.ndarray:
    """P(D_t = k) of distinct fields among t, no repeats among 4: from k, the next is new with (4 - k)/3."""
    p = np.zeros((switches, 5))
    p[0, 1] = 1
    for t in range(1, switches):
        for k in range(1, 5):
            p[t, k] += p[t - 1, k] * (k - 1) / 3
            if k > 1:
                p[t, k] += p[t - 1, k - 1] * (5 - k) / 3
    return p


def test_exact_ceiling_has_the_published_values():
    """E[1/(5 - D_t)] at t = 1, 2, 3, 4, 5, 10, 20."""
    exact = distinct(20) @ np.array([0, 1 / 4, 1 / 3, 1 / 2, 1])
    np.testing.assert_allclose(
        exact[[0, 1, 2, 3, 4, 9, 19]], [0.250, 0.333, 0.444, 0.593, 0.716, 0.961, 0.999], atol=5e-4
    )


def test_ceiling_of_histories_is_the_exact_one():
    """Mean over 40,000 histories; 20 times at 5.7 standard errors each, false alarm 20 × 1.2e-8 = 2.4e-7."""
    score = bayes_score(evidence(0, histories("random", 20), MEMBER, NONE))
    exact = distinct(20) @ np.array([0, 1 / 4, 1 / 3, 1 / 2, 1])
    error = score.std(axis=0) / np.sqrt(len(score))
    assert (np.abs(score.mean(axis=0) - exact) <= 5.7 * error + 1e-12).all()


def test_random_never_repeats_and_is_uniform():
    """Lag-2 equality 1/3 for four fields; 3.9e6 switches, 5.2 standard errors, false alarm 2e-7 each."""
    row = histories("random", 100)
    assert not (row[:, 1:] == row[:, :-1]).any()
    lag2 = (row[:, 2:] == row[:, :-2]).mean()
    assert abs(lag2 - 1 / 3) < 5.2 * np.sqrt(2 / 9 / row[:, 2:].size)
    share = np.bincount(row[:, 0], minlength=4) / len(row)
    assert np.abs(share - 1 / 4).max() < 5.7 * np.sqrt(3 / 16 / len(row))


def test_with_repeats_repeats_a_quarter():
    row = histories("random-with-repeats", 50)
    repeats = (row[:, 1:] == row[:, :-1]).mean()
    assert abs(repeats - 1 / 4) < 5.2 * np.sqrt(3 / 16 / row[:, 1:].size)


def test_periodic_cycles():
    assert (histories("periodic", 9)[0] == [0, 1, 2, 3, 0, 1, 2, 3, 0]).all()


def test_longer_schedules_begin_alike():
    assert np.array_equal(histories("random", 30)[:, :10], histories("random", 10))


@pytest.mark.parametrize("order", ["random", "random-with-repeats"])
def test_present_field_alone_gives_a_quarter(order):
    """One field is missing from exactly one drive of five."""
    score = bayes_score(evidence(ORDERS.index(order), histories(order, 1), MEMBER, NONE))
    assert (score == 0.25).all()
