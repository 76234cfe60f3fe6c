"""Least squares, cross-validated: how much of y the columns of a design explain."""

import numpy as np


def designs(z: np.ndarray) -> dict[str, np.ndarray]:
    """Designs by name, from latent points z (sample, latent): a plane, the squared distance, all up to second order."""
    one = np.ones((len(z), 1))
    a, b = np.triu_indices(z.shape[1])
    return {
        "linear": np.hstack([one, z]),
        "radial": np.hstack([one, (z * z).sum(axis=1, keepdims=True)]),
        "quadratic": np.hstack([one, z, z[:, a] * z[:, b]]),
    }


def indicators(label: np.ndarray) -> np.ndarray:
    """The design of a mean for each label."""
    return (label[:, None] == np.unique(label)).astype(float)


def predicted(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Predictions of y (sample, column) from the design x, each fold from the fit to the others."""
    out = np.empty(y.shape)
    for k in np.unique(fold):
        mine = fold == k
        out[mine] = x[mine] @ np.linalg.lstsq(x[~mine], y[~mine], rcond=None)[0]
    return out


def nearest(z: np.ndarray, y: np.ndarray, fold: np.ndarray, count: int = 20) -> np.ndarray:
    """Predictions of y (sample, column): the mean over the `count` nearest points of the other folds, each variable of
    z in units of its standard deviation; ties by number."""
    from scipy.spatial import KDTree

    scale = z.std(axis=0)
    z = z / np.where(scale > 0, scale, 1.0)
    out = np.empty(y.shape)
    for k in np.unique(fold):
        mine = fold == k
        near = min(count, int(np.count_nonzero(~mine)))
        at = KDTree(z[~mine]).query(z[mine], near)[1].reshape(-1, near)
        out[mine] = y[~mine][at].mean(axis=1)
    return out


def explained(y: np.ndarray, guess: np.ndarray, baseline: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """R^2 = 1 - sum (y - guess)^2 / sum (y - baseline)^2, (column), or (resample, column) with weights of samples."""
    left, whole = (y - guess) ** 2, (y - baseline) ** 2
    if weight is None:
        return 1 - left.sum(axis=0) / whole.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # a resample whose values are all alike explains nothing
        return 1 - (weight @ left) / (weight @ whole)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r, NaN where one does not vary."""
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else np.nan


def fisher(r: np.ndarray, pairs: int, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a correlation of so many pairs, tanh(artanh r ± z / sqrt(pairs - 3))."""
    half, middle = z / np.sqrt(max(pairs - 3, 1)), np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    return np.tanh(middle - half), np.tanh(middle + half)


def estimated(x: np.ndarray, z: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean over the last axis, mean - z se, mean + z se, and the standard deviation."""
    mean, std = x.mean(axis=-1), x.std(axis=-1, ddof=1)
    half = z * std / np.sqrt(x.shape[-1])
    return mean, mean - half, mean + half, std
