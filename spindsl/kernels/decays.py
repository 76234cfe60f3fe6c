"""How long something lasts, from its height at several times."""

import numpy as np


def lifetime(time, height, floor, start):
    """The time after the first at which the height falls to (start + floor) / 2; last axis is time.

    Linear in the logarithm of that time between neighbours, linear in time up to the first. The first fall counts.
    inf where it does not fall so far: it lasts longer than was looked; NaN where it begins below that level.
    """
    time, height = np.asarray(time, dtype=float), np.asarray(height, dtype=float)
    level = (np.asarray(start, dtype=float)[..., None] + np.asarray(floor, dtype=float)) / 2
    level = np.broadcast_to(level, height.shape)
    below = height < level
    at = np.argmax(below, axis=-1)[..., None]
    before = np.maximum(at - 1, 0)
    high, low = (np.take_along_axis(height - level, k, -1)[..., 0] for k in (before, at))
    share = np.where(high > low, high / np.where(high > low, high - low, 1.0), 0.0)
    first, second = time[before[..., 0]] - time[0], time[at[..., 0]] - time[0]
    with np.errstate(divide="ignore"):
        logarithmic = np.exp(
            (1 - share) * np.log(np.maximum(first, 1e-300)) + share * np.log(np.maximum(second, 1e-300))
        )
    found = np.where(first > 0, logarithmic, share * second)
    found = np.where(below.any(axis=-1), found, np.inf)
    return np.where(below[..., 0], np.nan, found)
