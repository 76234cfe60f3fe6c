"""How many fields a drive may have and still be remembered, from scores at several numbers of fields."""

import numpy as np


def half_height(n: np.ndarray, score: np.ndarray, floor: np.ndarray | float) -> np.ndarray:
    """The n at which the score falls through (floor + 1) / 2, linear in ln n between neighbours; last axis is n.

    The last fall counts, so that a dip before it does not. inf where the score ends above, 0 where it never is above:
    the capacity is then more than the largest, or less than the smallest n.
    """
    n, score = np.asarray(n, dtype=float), np.asarray(score, dtype=float)
    level = (np.asarray(floor, dtype=float) + 1) / 2
    above = score >= level
    last = score.shape[-1] - 1 - np.argmax(above[..., ::-1], axis=-1)  # the largest n whose score is above
    at, after = last[..., None], np.minimum(last + 1, score.shape[-1] - 1)[..., None]
    level = np.broadcast_to(level, score.shape) if level.ndim else np.full(score.shape, level)
    high, low = np.take_along_axis(score, at, -1)[..., 0], np.take_along_axis(score, after, -1)[..., 0]
    first, second = (np.take_along_axis(level, k, -1)[..., 0] for k in (at, after))
    drop = (high - first) - (low - second)
    share = np.where(drop > 0, (high - first) / np.where(drop > 0, drop, 1.0), 0.0)
    found = np.exp(np.log(n[last]) + share * (np.log(n[after[..., 0]]) - np.log(n[last])))
    found = np.where(last == score.shape[-1] - 1, np.inf, found)
    return np.where(above.any(axis=-1), found, 0.0)


def detectable(
    n: np.ndarray, score: np.ndarray, error: np.ndarray, floor: np.ndarray | float, sigmas: float = 3.0
) -> np.ndarray:
    """The largest n up to which, from the smallest on, every score is above its floor by so many errors; 0 for none."""
    n = np.asarray(n)
    seen = np.cumprod(np.asarray(score) > np.asarray(floor) + sigmas * np.asarray(error), axis=-1).sum(axis=-1)
    return np.where(seen > 0, n[np.maximum(seen - 1, 0)], 0)
