"""Class densities and readers: from features of known class to the log evidence of each class.

Each takes train (n, d), label (n) in 0..classes-1, test (m, d) and gives (m, classes). Equal evidence is a
tie, exactly, where classes look the same: ties are shared by whoever scores them.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numba import njit

from .floats import exp, log


def kde(train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int) -> np.ndarray:
    """Gaussian kernel density of each class with the class's own covariance C, by Scott's rule.

    ln p(z) = ln mean_i N(z; z_i, h^2 C), h = n^(-1/(d+4)), up to a constant common to the classes.
    """
    evidence = np.empty((len(test), classes))
    for k, (mine, root) in enumerate(spreads(train, label, classes, "a kernel density")):
        n, d = mine.shape
        root = n ** (-1.0 / (d + 4)) * root
        whiten = np.linalg.inv(root).T
        kernels = log_kernels((mine @ whiten).T.copy(), test @ whiten)
        evidence[:, k] = kernels - np.log(n) - np.log(np.diagonal(root)).sum()
    return evidence


def spreads(train: np.ndarray, label: np.ndarray, classes: int, what: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Training trials of each class and the Cholesky root of their covariance, held off singularity by 1e-9 of the
    largest variance of any feature; ValueError, of `what`, where they are too few."""
    floor = 1e-9 * max(train.var(axis=0).max(), 1e-30)
    for k in range(classes):
        mine = train[label == k]
        n, d = mine.shape
        if n <= d:
            raise ValueError(f"{what} of {d} features needs more than {d} training trials a class, found {n}")
        yield mine, np.linalg.cholesky(np.atleast_2d(np.cov(mine.T)) + floor * np.eye(d))


@njit(nogil=True, cache=True)
def log_kernels(centres: np.ndarray, points: np.ndarray) -> np.ndarray:
    """ln sum_i exp(-|z - z_i|^2 / 2) for centres (d, n) and each of the points (m, d)."""
    d, n = centres.shape
    half, found = np.empty(n), np.empty(len(points))
    for a in range(len(points)):
        half[:] = 0.0
        for k in range(d):
            for i in range(n):
                half[i] += 0.5 * (centres[k, i] - points[a, k]) ** 2
        nearest, total = half.min(), 0.0
        for i in range(n):
            half[i] = exp(nearest - half[i])
        for i in range(n):
            total += half[i]
        found[a] = log(total) - nearest
    return found


def gaussian(train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int) -> np.ndarray:
    """Gaussian naive Bayes: a normal of its own for each feature and class (scikit-learn's GaussianNB)."""
    from sklearn.naive_bayes import GaussianNB

    if not train.var(axis=0).any():
        return np.zeros((len(test), classes))
    model = GaussianNB(priors=np.full(classes, 1 / classes)).fit(train, label)
    return np.asarray(model.predict_joint_log_proba(test))


def histogram(train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int, bins: int) -> np.ndarray:
    """Joint histogram of the features on `bins` equal cells each, over the range of the training trials."""
    low, high = train.min(axis=0), train.max(axis=0)
    width = np.where(high > low, (high - low) / bins, 1.0)

    def cell(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = np.clip(((x - low) / width).astype(np.int64), 0, bins - 1)
        inside = ((x >= low) & (x <= high)).all(axis=1)
        return np.ravel_multi_index(place.T, (bins,) * x.shape[1]), inside

    count = np.zeros((bins ** train.shape[1], classes))
    np.add.at(count, (cell(train)[0], label), 1.0 / np.bincount(label, minlength=classes)[label])
    place, inside = cell(test)
    return np.where(inside[:, None], count[place], 0.0)


def logistic(train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int, C: float) -> np.ndarray:
    """Multinomial logistic regression with inverse penalty C on the weights, drives weighted alike
    (scikit-learn, lbfgs).

    In single precision, which is twice as fast and far finer than the tolerance of 1e-3 on the gradient.
    """
    from sklearn.linear_model import LogisticRegression

    if classes == 1:
        return np.zeros((len(test), 1))  # ln 1
    model = LogisticRegression(C=C, max_iter=500, tol=1e-3, class_weight="balanced").fit(
        train.astype(np.float32), label
    )
    return model.predict_log_proba(test.astype(np.float32))


def lda(
    train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int,
    shrinkage: float | Literal["ledoit-wolf"] | None = None,
) -> np.ndarray:  # fmt: skip
    """Linear discriminant analysis: ln N(z; mu_k, C) with one covariance C of all classes, equal priors (Fisher).

    C = sum_i (z_i - mu_k(i))(z_i - mu_k(i))^T / (n - classes), then (1 - a) C + a diag C: a is `shrinkage`, or that of
    Ledoit and Wolf for features in units of their standard deviations within classes (scikit-learn).
    """
    n, d = train.shape
    mean = np.stack([train[label == k].mean(axis=0) for k in range(classes)])
    within = train - mean[label]
    if n - classes < d and shrinkage is None:
        raise ValueError(f"a covariance of {d} features needs {d + classes} training trials, found {n}; give shrinkage")
    floor = 1e-9 * max(train.var(axis=0).max(), 1e-30)
    covariance = within.T @ within / max(n - classes, 1)
    towards = np.diag(np.diagonal(covariance))
    if shrinkage == "ledoit-wolf":
        shrinkage = ledoit_wolf(within)
    covariance = covariance + (shrinkage or 0.0) * (towards - covariance) + floor * np.eye(d)
    whiten = np.linalg.inv(np.linalg.cholesky(covariance)).T
    centres, points = mean @ whiten, test @ whiten
    return np.stack([-0.5 * ((points - c) ** 2).sum(axis=1) for c in centres], axis=1)


def ledoit_wolf(within: np.ndarray) -> float:
    """Shrinkage of Ledoit and Wolf for residuals (n, d), each feature in units of its standard deviation."""
    from sklearn.covariance import ledoit_wolf_shrinkage

    std = within.std(axis=0)
    return ledoit_wolf_shrinkage(within[:, std > 0] / std[std > 0], assume_centered=True) if (std > 0).any() else 0.0


def credit(evidence: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Share of the guess that is right: 1 / (number of classes tied at the top) if it is among them."""
    top = evidence == evidence.max(axis=1, keepdims=True)
    return top[np.arange(len(label)), label] / top.sum(axis=1)


def full_gaussian(train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int) -> np.ndarray:
    """A normal with its own mean and covariance C for each class: -((z - m) C^-1 (z - m) + ln |C|) / 2."""
    evidence = np.empty((len(test), classes))
    for k, (mine, root) in enumerate(spreads(train, label, classes, "a covariance")):
        away = np.linalg.solve(root, (test - mine.mean(axis=0)).T)
        evidence[:, k] = -0.5 * (away * away).sum(axis=0) - np.log(np.diagonal(root)).sum()
    return evidence


def bernoulli(train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int) -> np.ndarray:
    """Independent spins ±1 with means of each class, sum_i ln p_i(s_i); P(up) = (ups + 1/2) / (n + 1)."""
    up = np.array(
        [((train[label == k] > 0).sum(axis=0) + 0.5) / (np.count_nonzero(label == k) + 1) for k in range(classes)]
    )
    on = (test > 0).astype(float)
    return on @ np.log(up).T + (1 - on) @ np.log1p(-up).T
