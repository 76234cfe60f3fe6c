"""The sum tree: sums that no history can spoil, and a search that never finds a leaf of weight 0."""

import math

import numpy as np
import pytest

from spindsl.kernels.tree import FAN, add16, fill, levels, lift, pick

SIZES = [1, 15, 16, 17, 100, 256, 257, 4096, 4097]


def grow(weights):
    starts = levels(len(weights))
    tree = np.zeros((starts[-1], FAN))
    tree.reshape(-1)[: len(weights)] = weights
    fill(tree, starts)
    return tree, starts


def total(tree, starts):
    return add16(tree, starts[-2])


def exponents(rng, size):
    return np.exp(rng.uniform(-20, 20, size))


@pytest.mark.parametrize("size", SIZES)
def test_total_is_the_sum_of_the_leaves(size):
    weights = exponents(np.random.default_rng(size), size)
    assert total(*grow(weights)) == pytest.approx(math.fsum(weights), rel=1e-14)


@pytest.mark.parametrize("size", SIZES)
def test_lifting_equals_filling_bit_for_bit(size):
    rng = np.random.default_rng(size)
    weights = exponents(rng, size)
    tree, starts = grow(weights)
    for leaf, weight in zip(rng.integers(size, size=10_000 // len(SIZES)), exponents(rng, 10_000)):
        weights[leaf] = weight
        tree[leaf >> 4, leaf & 15] = weight
        lift(tree, starts, leaf)
    assert tree.tobytes() == grow(weights)[0].tobytes()


def test_total_after_ten_thousand_driven_events(glass, stay):
    """Rates over e^±20 in one dwell: the total is a fresh sum of fresh rates to 1e-12."""
    matter = glass(600, seed=5, beta=3.0, barrier=(0.0, 3.0), field_std=3.0)
    s = np.sign(matter.A[0])
    before = np.log(stay(matter, s, matter.A[0]).rates)
    assert before.max() > 20 > -20 > before.min()
    after = stay(matter, s, matter.A[0], 10_000.0)
    assert after.flips >= 10_000
    fresh = matter.rates(after.s, matter.A[0])
    assert total(after.tree, after.starts) == pytest.approx(math.fsum(fresh), rel=1e-12)
    np.testing.assert_allclose(after.rates, fresh, rtol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_pick_gives_each_leaf_its_weight(size):
    """Whole weights, some 0: every x below the total, whole or half-way, falls on its leaf."""
    weights = np.random.default_rng(size).integers(0, 4, size)
    weights[0] = 2
    tree, starts = grow(weights)
    x = np.arange(2 * weights.sum()) / 2
    expected = np.searchsorted(np.cumsum(weights), x, side="right")
    assert [pick(tree, starts, v) for v in x] == expected.tolist()


@pytest.mark.parametrize("size", SIZES)
def test_a_leaf_of_weight_0_is_never_picked(size):
    """Nor the padding; at both ends, in the middle, and where rounding carries x past the end."""
    rng = np.random.default_rng(size)
    for density in (0.02, 0.2, 0.9):
        for _ in range(20):
            weights = exponents(rng, size) * (rng.random(size) < density)
            weights[rng.integers(size)] = 1.0
            tree, starts = grow(weights)
            end = total(tree, starts)
            fractions = [0.0, 2.0**-53, *rng.random(20), 1 - 2.0**-53, 1.0, 1 + 2.0**-52, 1 + 1e-12]
            assert all(weights[pick(tree, starts, x * end)] > 0 for x in fractions)


@pytest.mark.parametrize("size", [1, 16, 17, 256, 257])
def test_the_only_leaf_is_picked_wherever_it_is(size):
    for leaf in range(size):
        weights = np.zeros(size)
        weights[leaf] = 0.1
        tree, starts = grow(weights)
        assert {pick(tree, starts, x) for x in (0.0, 0.05, math.nextafter(0.1, 0), 0.1)} == {leaf}


def test_pick_follows_rates_over_forty_e_folds():
    """Each leaf is found at the middle of its interval, where the interval is wider than the rounding."""
    weights = exponents(np.random.default_rng(3), 257)
    tree, starts = grow(weights)
    upper = np.cumsum(weights)
    wide = np.flatnonzero(weights > 1e-12 * upper)
    assert len(wide) > 150
    assert [pick(tree, starts, upper[j] - 0.5 * weights[j]) for j in wide] == wide.tolist()
