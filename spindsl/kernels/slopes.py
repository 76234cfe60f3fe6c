"""Kinks of a curve A(x) that is known on a regular grid: places where its slope changes at once."""

import numpy as np

STENCIL = np.array([-0.5, 2.0, -3.0, 2.0, -0.5])  # of x - 2w, x - w, x, x + w, x + 2w


def kink(curve: np.ndarray, w: int, step: float) -> np.ndarray:
    """Change of slope at each grid point beyond what the curve's own bending explains, (…, point), NaN at the ends.

    S(x) = K(x) - [K(x - w) + K(x + w)] / 2 with K(x) = [A(x + w) - 2 A(x) + A(x - w)] / w, for w grid points: D for
    A = D max(0, x - a) at x = a, and 0 for any cubic.
    """
    found = np.full(curve.shape, np.nan)
    size = curve.shape[-1]
    parts = [c * curve[..., k * w : size - (4 - k) * w] for k, c in enumerate(STENCIL)]
    found[..., 2 * w : size - 2 * w] = sum(parts) / (w * step)
    return found


def peaks(height: np.ndarray, worth: np.ndarray, apart: int) -> list[int]:
    """Grid points of local maxima of height (point) where `worth`, highest first, each `apart` from higher ones."""
    inner = np.arange(1, len(height) - 1)
    with np.errstate(invalid="ignore"):
        top = inner[(height[inner] >= height[inner - 1]) & (height[inner] > height[inner + 1]) & worth[inner]]
    kept = []
    for k in top[np.argsort(-height[top], kind="stable")]:
        if all(abs(k - other) >= apart for other in kept):
            kept.append(int(k))
    return kept


def summit(height: np.ndarray, k: int, reach: int) -> np.ndarray:
    """Place of the maximum of height (…, point) within `reach` of k, in grid points, by a parabola through three."""
    last = height.shape[-1] - 1
    first = max(k - reach, 1)
    window = height[..., first : min(k + reach, last - 1) + 1]
    at = np.nanargmax(np.where(np.isfinite(window), window, -np.inf), axis=-1) + first
    left, middle, right = (np.take_along_axis(height, at[..., None] + d, axis=-1)[..., 0] for d in (-1, 0, 1))
    bend = left - 2 * middle + right
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.where(bend < 0, 0.5 * (left - right) / bend, 0.0)
    return at + np.clip(np.nan_to_num(shift), -0.5, 0.5)
