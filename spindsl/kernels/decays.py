"""How long something lasts, from its height at several times: where it is half gone, and by a stretched exponential.

    height(t) = floor + above exp(-(t / tau)^shape),   t since the first time, in its units

Kohlrausch 1854; plain for shape = 1. Many curves at once: the last axis is time.
"""

import numpy as np

NOTHING = 1e-12  # a height that starts less above its floor than this has nothing to lose
SOONEST, LATEST = 0.1, 100.0  # tau is sought from so much of the second time to so many times the last
SHAPES = (0.25, 3.0)  # shape is sought between
COARSE, FINE, ZOOMS = (201, 23), (-1.0, -0.5, 0.0, 0.5, 1.0), 40  # points of the grids, in ln tau and in ln shape


def lifetime(time, height, floor, start):
    """The time after the first at which the height falls to (start + floor) / 2; last axis is time.

    Linear in the logarithm of that time between neighbours, linear in time up to the first. The first fall counts.
    inf where it does not fall so far: it lasts longer than was looked; NaN where it does not start above its floor.
    """
    time, height, floor = (np.asarray(v, dtype=float) for v in (time, height, floor))
    above = np.asarray(start, dtype=float)[..., None] - floor
    level = floor + above / 2
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
    return np.where(below[..., 0] | (above[..., 0] <= NOTHING), np.nan, found)


def exponential(t, tau, above, shape=1.0):
    """above exp(-(t / tau)^shape), what is left above the floor; the parameters broadcast with t."""
    return above * np.exp(-((t / tau) ** shape))


def half(tau, shape=1.0):
    """The time after which half is left, tau (ln 2)^(1 / shape)."""
    return tau * np.log(2) ** (1 / shape)


def fit(time, height, floor, error=1.0, stretched=False):
    """tau, above and shape (…) of the least sum over time of [(height - floor - exponential) / error]^2, above >= 0.

    `above` solves the normal equation; the rest is a search for the greatest (y . e)^2 / e . e, with y the excess and e
    the exponential, on a grid that then narrows around its best point. Where tau would lie outside the limits of the
    search it is inf, longer than can be told, or 0, gone before the second time; NaN where nothing is above the floor.
    """
    height, error = np.asarray(height, dtype=float), np.asarray(error, dtype=float)
    t = np.asarray(time, dtype=float) - np.asarray(time, dtype=float)[0]
    scale = np.broadcast_to(1 / error, t.shape)
    y = ((height - floor) * scale).reshape(-1, len(t))
    low = np.log([SOONEST * t[1], SHAPES[0] if stretched else 1.0])
    high = np.log([LATEST * t[-1], SHAPES[1] if stretched else 1.0])
    counts = COARSE if stretched else (COARSE[0], 1)
    x, span = started(t, y, scale, low, high, counts), (high - low) / np.maximum(np.array(counts) - 1, 1)
    step = np.stack(np.meshgrid(FINE, FINE if stretched else [0.0], indexing="ij"), axis=-1).reshape(-1, 2)
    for k in range(ZOOMS):
        near = np.clip(x[:, None] + step * span * 0.6**k, low, high)
        best = gains(y[:, None], shapes(t, near) * scale)[0].argmax(axis=1)
        x = near[np.arange(len(x)), best]
    above = gains(y, shapes(t, x) * scale)[1]
    tau = np.where(x[:, 0] >= high[0] - 1e-6, np.inf, np.where(x[:, 0] <= low[0] + 1e-6, 0.0, np.exp(x[:, 0])))
    out = np.where(above > NOTHING, tau, np.nan), above, np.exp(x[:, 1])
    return tuple(v.reshape(height.shape[:-1]) for v in out)


def shapes(t, x):
    """exp(-(t / tau)^shape), (…, time), for x = (ln tau, ln shape), (…, 2)."""
    return exponential(t, np.exp(x[..., :1]), 1.0, np.exp(x[..., 1:]))


def gains(y, e):
    """Sum of squares that `above` = max(y . e, 0) / e . e explains, above^2 e . e; and `above`."""
    own = (e * e).sum(axis=-1)
    above = np.maximum((y * e).sum(axis=-1), 0.0) / own
    return above * above * own, above


def started(t, y, scale, low, high, counts):
    """The best point (curve, 2) of a grid."""
    grid = np.stack(np.meshgrid(*map(np.linspace, low, high, counts), indexing="ij"), axis=-1).reshape(-1, 2)
    e = shapes(t, grid) * scale
    return grid[(np.maximum(y @ e.T, 0.0) / np.sqrt((e * e).sum(axis=-1))).argmax(axis=1)]


def interval(found, level=0.95):
    """Percentile interval of bootstrapped times (resample, …) that may be censored.

    A resample without anything above its floor, NaN, says nothing of the time: it counts as 0 below and as inf above.
    """
    tail = int(np.floor((1 - level) / 2 * len(found) + 1e-9))
    low, high = (np.sort(np.where(np.isnan(found), end, found), axis=0) for end in (0.0, np.inf))
    return low[tail], high[len(found) - 1 - tail]
