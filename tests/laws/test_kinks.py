"""The read-out of amplitudes and the fit of a threshold, on curves whose answer is known."""

import numpy as np
import pytest
import xarray as xr

from spindsl.analyses import kinks, threshold
from spindsl.errors import DataError
from spindsl.graph import Task
from spindsl.kernels import onset, slopes

STEP, W = 0.1, 2
GRID = STEP * np.arange(1, 31)


def bent(at, change):
    """Slope that rises by `change` at `at`."""
    return change * np.maximum(0.0, GRID - at)


def test_the_strength_is_the_change_of_slope():
    """S = D at the kink of D max(0, x - a), -D/2 one w away, 0 from 2 w on; linear, and 0 for any cubic."""
    found = slopes.kink(bent(1.5, 0.7), W, STEP)
    at = np.argmin(abs(GRID - 1.5))
    assert np.isnan(found[: 2 * W]).all()
    assert np.isnan(found[-2 * W :]).all()
    np.testing.assert_allclose(
        found[[at, at - W, at + W, at - 2 * W, at + 2 * W]], [0.7, -0.35, -0.35, 0, 0], atol=1e-12
    )
    cubic = 0.3 - GRID + 2 * GRID**2 - 0.4 * GRID**3
    np.testing.assert_allclose(slopes.kink(cubic, W, STEP)[2 * W : -2 * W], 0, atol=1e-10)
    both = slopes.kink(cubic + 2 * bent(1.5, 0.7), W, STEP)
    np.testing.assert_allclose(both[2 * W : -2 * W], 2 * found[2 * W : -2 * W], atol=1e-10)


def test_peaks_are_apart_and_highest_first():
    height = np.array([0, 1, 0, 0, 5, 4, 4.5, 0, 0, 0, 2, 0.0])
    every = np.ones(12, dtype=bool)
    assert slopes.peaks(height, every, 1) == [4, 6, 10, 1]
    assert slopes.peaks(height, every, 3) == [4, 10, 1]
    assert slopes.peaks(height, height < 3, 3) == [10, 1]


def test_the_summit_of_a_parabola():
    x = np.arange(12.0)
    for top in (4.8, 5.0, 5.3):
        assert slopes.summit(-((x - top) ** 2), 5, 2) == pytest.approx(top, abs=1e-12)
    assert slopes.summit(-((x - 9.0) ** 2), 5, 2) == pytest.approx(7.5)  # held to the window and half a point


@pytest.fixture
def read():
    """The analysis of activity curves (drive, trial, time, feature), with amplitudes 1.0 and 2.0 declared."""

    def go(curves, find=2, level=5.0):
        data = xr.Dataset({"features": (("drive", "trial", "time", "feature"), curves.astype(np.float32))})
        word = kinks.Kinks(kind="kinks", of="features", width=W * STEP, find=find, level=level)
        return kinks.look(Task(3, kinks.KinksParams(word, "memory", STEP, W, amplitudes=(1.0, 2.0))), data)

    return go


def curves(rng, trials, strengths, noise=0.01):
    """Smooth background with kinks at 1.0 and 2.0, and noise that is independent on the grid."""
    mean = 0.4 * (1 - np.exp(-GRID)) + bent(1.0, strengths[0]) + bent(2.0, strengths[1])
    return mean + noise * rng.normal(size=(1, trials, 1, len(GRID)))


def test_two_memories_are_found_with_their_strengths(read):
    """Kinks within half a step; strengths within 5 s.e., and this that of the noise, within 5 of its own."""
    found = read(curves(np.random.default_rng(0), 400, (0.1, 0.2)))
    assert int(found.number[0, 0]) == 2
    np.testing.assert_allclose(found.kink.values[0, 0], [2.0, 1.0], atol=STEP / 2)
    assert (found.kink_low.values[0, 0] < [2.0, 1.0]).all()
    assert (found.kink_high.values[0, 0] > [2.0, 1.0]).all()
    se = 0.01 * np.sqrt((slopes.STENCIL**2).sum()) / (W * STEP) / 20
    background = slopes.kink(0.4 * (1 - np.exp(-GRID)), W, STEP)
    for k, (a, strength) in enumerate([(1.0, 0.1), (2.0, 0.2)]):
        expected = strength + background[np.argmin(abs(GRID - a))]
        assert abs(found.strength.values[0, 0, k] - expected) < 5 * se
        assert abs(found.strength_se.values[0, 0, k] / se - 1) < 5 / np.sqrt(2 * 399)
        low, high = found.strength_low.values[0, 0, k], found.strength_high.values[0, 0, k]
        assert (high - low) / 2 == pytest.approx(1.96 * se, rel=0.2)
        assert found.z.values[0, 0, k] == found.strength.values[0, 0, k] / found.strength_se.values[0, 0, k]


def test_no_memory_is_found_where_there_is_none(read):
    """200 smooth curves of 30 trials at a level of 7: t(29) beyond 7 has 1e-7, over 22 points 2e-6 a curve. Of the two
    amplitudes the intervals hold the background in 95 %: 400 of them, within 4.9 s.e. either way."""
    rng, covered = np.random.default_rng(1), 0
    background = slopes.kink(0.4 * (1 - np.exp(-GRID)), W, STEP)[[9, 19]]
    for _ in range(200):
        found = read(curves(rng, 30, (0.0, 0.0)), level=7.0)
        assert int(found.number[0, 0]) == 0
        assert np.isnan(found.kink.values).all()
        low, high = found.strength_low.values[0, 0], found.strength_high.values[0, 0]
        covered += ((low <= background) & (background <= high)).sum()
    assert abs(covered - 400 * 0.95) < 4.9 * np.sqrt(400 * 0.95 * 0.05)


def test_matter_at_rest_has_no_strength(read):
    """A curve that is 0 in every trial: strength and z exactly 0, not NaN."""
    found = read(np.zeros((1, 5, 1, len(GRID))))
    assert (found.z.values == 0).all()
    assert (found.strength.values == 0).all()


def test_a_power_law_is_fitted_exactly():
    x = np.array([2.9, 3.0, 3.1, 3.3, 3.6])
    x0, C, b = onset.power(x, 0.5 * (x - 2.72) ** 0.64, np.full(5, 1e-3))
    assert (x0, C, b) == pytest.approx((2.72, 0.5, 0.64), rel=1e-4)


@pytest.fixture
def onsets():
    """The analysis of the activity (drive, trial, time) at amplitudes."""

    def go(activity, amplitude, last=5):
        data = xr.Dataset({"activity": (("drive", "trial", "time"), activity)})
        word = threshold.Threshold(kind="threshold", of="activity", last=last)
        return threshold.look(Task(3, threshold.ThresholdParams(word, "onset", tuple(amplitude))), data)

    return go


def active(rng, amplitude, drift=0.0):
    """A = 0.5 (g - 2.7)^0.64 with noise in 20 trials; below half of the trials rest, far below all."""
    mean = 0.5 * np.maximum(np.array(amplitude) - 2.7, 0.0) ** 0.64
    values = mean[:, None, None] + 0.01 * rng.normal(size=(len(amplitude), 20, 10))
    values += np.array(drift)[..., None, None] * (np.arange(10) < 5)
    values[mean == 0] = 0.0
    return values


def test_the_threshold_and_its_bracket(onsets):
    """In any order of the drives; the interval holds 2.7, within 4.9 standard errors (false alarm 1e-6)."""
    amplitude = [3.4, 2.5, 2.8, 2.6, 3.0, 3.2, 2.9]
    values = active(np.random.default_rng(2), amplitude)
    values[2, :8] = 0.0  # some trials at 2.8 rest
    found = onsets(values, amplitude)
    assert abs(float(found.threshold) - 2.7) < 4.9 * float(found.threshold_se)
    assert float(found.threshold_se) < 0.02
    assert float(found.threshold_low) < float(found.threshold) < float(found.threshold_high)
    assert (float(found.at_rest), float(found.all_active)) == (2.6, 2.9)
    assert found.settled.values.tolist() == [1, 0, 0, 0, 1, 1, 1]
    assert found.resting.values.tolist() == [0, 1, 0.4, 1, 0, 0, 0]


def test_what_still_decays_is_not_fitted(onsets):
    """A drive whose activity falls between the two windows is left out, with all below it; one that rises is not."""
    amplitude = [2.8, 2.9, 3.0, 3.1, 3.2, 3.3]
    rng = np.random.default_rng(5)
    found = onsets(active(rng, amplitude, [0, 0.05, 0, -0.05, 0, 0]), amplitude)
    assert found.settled.values.tolist() == [0, 0, 1, 1, 1, 1]
    with pytest.raises(DataError, match="3 amplitudes"):
        onsets(active(rng, amplitude, [0, 0, 0.05, 0, 0, 0]), amplitude)
