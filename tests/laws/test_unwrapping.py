"""Laws of the orders in which a lattice is read."""

import numpy as np
import pytest

from spindsl.kernels.unwrapping import inverse, raster, snake, spiral


@pytest.mark.parametrize("order", [raster, snake])
@pytest.mark.parametrize("sides", [(1,), (5,), (3, 4), (4, 1), (1, 4), (2, 3, 4), (3, 3, 3)])
def test_every_site_is_read_once(order, sides):
    steps = order(sides)
    np.testing.assert_array_equal(np.sort(steps), np.arange(np.prod(sides)))
    x = np.random.default_rng(0).integers(2, size=(7, len(steps)))
    np.testing.assert_array_equal(x[:, steps][:, inverse(steps)], x)
    np.testing.assert_array_equal(inverse(steps)[steps], np.arange(len(steps)))


@pytest.mark.parametrize("sides", [(1, 1), (1, 5), (5, 1), (2, 2), (3, 4), (4, 3), (5, 5), (2, 7)])
def test_a_spiral_reads_every_site_once(sides):
    np.testing.assert_array_equal(np.sort(spiral(sides)), np.arange(sides[0] * sides[1]))


@pytest.mark.parametrize(
    ("order", "sides"), [(snake, (3, 4)), (snake, (2, 3, 4)), (snake, (3, 3, 3)), (spiral, (3, 4)), (spiral, (4, 3))]
)
def test_to_and_fro_and_inwards_no_step_is_longer_than_a_bond(order, sides):
    places = np.stack(np.unravel_index(order(sides), sides), 1)
    np.testing.assert_array_equal(np.abs(np.diff(places, axis=0)).sum(1), 1)


def test_orders_of_nine_sites_as_drawn():
    """Sprague et al. 2021, Fig. 1."""
    assert raster((3, 3)).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert snake((3, 3)).tolist() == [0, 1, 2, 5, 4, 3, 6, 7, 8]
    assert spiral((3, 3)).tolist() == [0, 1, 2, 5, 8, 7, 6, 3, 4]
    assert snake((2, 2, 3)).tolist() == [0, 1, 2, 5, 4, 3, 9, 10, 11, 8, 7, 6]
