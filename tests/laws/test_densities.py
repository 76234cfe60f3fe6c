"""Log densities that mean the same at every point, so that the most likely class says how likely the point is."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from spindsl.kernels import densities


@pytest.fixture
def cloud():
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(3), [200, 100, 50])
    x = rng.normal(size=(350, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]]) * (1 + label[:, None]) + label[:, None]
    return x, label, rng.normal(size=(50, 2)) * 4


def test_full_gaussian_is_the_normal_of_each_class(cloud):
    """ln N(z; m, C), C over n - 1, up to ln(2 pi) that all points and classes have in common."""
    x, label, test = cloud
    found = densities.full_gaussian(x, label, test, 3)
    for k in range(3):
        mine = x[label == k]
        expected = multivariate_normal(mine.mean(axis=0), np.cov(mine.T)).logpdf(test)
        np.testing.assert_allclose(found[:, k] - np.log(2 * np.pi), expected, rtol=1e-6)


def test_bernoulli_by_hand_and_over_all_states():
    """Class 0 saw 3 of 4 up in spin 0: p = 3.5 / 5. Over all 2^3 states probabilities add up to 1."""
    train = np.array([[1, -1, 1], [1, -1, -1], [1, -1, 1], [-1, -1, 1], [1, 1, 1], [-1, 1, 1.0]])
    label = np.array([0, 0, 0, 0, 1, 1])
    states = np.array(list(product([-1.0, 1.0], repeat=3)))
    found = densities.bernoulli(train, label, states, 2)
    p = {0: [3.5 / 5, 0.5 / 5, 3.5 / 5], 1: [1.5 / 3, 2.5 / 3, 2.5 / 3]}
    for k, up in p.items():
        expected = [sum(np.log(q if s > 0 else 1 - q) for q, s in zip(up, state)) for state in states]
        np.testing.assert_allclose(found[:, k], expected, rtol=1e-12)
    np.testing.assert_allclose(np.exp(found).sum(axis=0), 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("by", "whole"),
    [("kde", 2 * np.pi), ("full_gaussian", 2 * np.pi), ("gaussian", 1 / 3), ("histogram", None)],
)
def test_each_class_has_the_same_total(cloud, by, whole):
    """The integral over the plane of exp(evidence) is one and the same number for every class: what is left out is
    constant in space and common to the classes. A histogram gives probabilities of cells."""
    x, label, _ = cloud
    axis = np.linspace(-25, 29, 541)
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    if by == "histogram":
        low, high = x.min(axis=0), x.max(axis=0)
        middle = low + (np.array(list(product(range(5), repeat=2))) + 0.5) * (high - low) / 5
        np.testing.assert_allclose(densities.histogram(x, label, middle, 3, bins=5).sum(axis=0), 1, rtol=1e-12)
        return
    total = np.exp(getattr(densities, by)(x, label, plane, 3)).sum(axis=0) * 0.1**2
    np.testing.assert_allclose(total, whole, rtol=2e-3)


@pytest.mark.parametrize("by", ["kde", "full_gaussian"])
def test_too_few_trials_have_no_covariance(by):
    with pytest.raises(ValueError, match="needs more than 3 training trials"):
        getattr(densities, by)(np.eye(3), np.zeros(3, int), np.eye(3), 1)
