"""How long something lasts, from its height at several times."""

import numpy as np


def lifetime(time, height, floor, start):
    """The time after the first at which the height falls to (start + floor) / 2, linear between; last axis is time.

    The first fall counts. inf where it does not fall so far: it lasts longer than was looked; NaN where it does not
    begin above that level.
    """
    time, height = np.asarray(time, dtype=float), np.asarray(height, dtype=float)
    level = (np.asarray(start, dtype=float)[..., None] + np.asarray(floor, dtype=float)) / 2
    level = np.broadcast_to(level, height.shape)
    below = height < level
    at = np.argmax(below, axis=-1)[..., None]
    before = np.maximum(at - 1, 0)
    high, low = (np.take_along_axis(height - level, k, -1)[..., 0] for k in (before, at))
    share = np.where(high > low, high / np.where(high > low, high - low, 1.0), 0.0)
    found = time[before[..., 0]] + share * (time[at[..., 0]] - time[before[..., 0]]) - time[0]
    found = np.where(below.any(axis=-1), found, np.inf)
    return np.where(below[..., 0], np.nan, found)
