"""How long something lasts, from its height at several times."""

import numpy as np

NOTHING = 1e-12  # a height that starts less above its floor than this has nothing to lose


def lifetime(time: np.ndarray, height: np.ndarray, floor: np.ndarray | float, start: np.ndarray | float) -> np.ndarray:
    """The time after the first at which the height falls to (start + floor) / 2; last axis is time.

    Linear in the logarithm of that time between neighbours, linear in time up to the first. The first fall counts.
    inf where it does not fall so far: it lasts longer than was looked; NaN where `start` is not above
    the floor, or the first height already below that level.
    """
    time, height, floor = (np.asarray(v, dtype=float) for v in (time, height, floor))
    above = np.asarray(start, dtype=float)[..., None] - floor
    level = np.broadcast_to(floor + above / 2, height.shape)
    below = height < level
    at = np.argmax(below, axis=-1)[..., None]
    before = np.maximum(at - 1, 0)
    high, low = (np.take_along_axis(height - level, k, -1)[..., 0] for k in (before, at))
    share = np.where(high > low, high / np.where(high > low, high - low, 1.0), 0.0)
    first, second = time[before[..., 0]] - time[0], time[at[..., 0]] - time[0]
    ratio = np.where(first > 0, second, 1.0) / np.where(first > 0, first, 1.0)
    found = np.where(first > 0, first * ratio**share, share * second)
    found = np.where(below.any(axis=-1), found, np.inf)
    return np.where(below[..., 0] | (above[..., 0] <= NOTHING), np.nan, found)
