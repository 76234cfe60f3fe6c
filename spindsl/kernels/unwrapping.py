"""Orders in which a sequence model reads the sites of a lattice, whose numbers are in C order of `sides`.

`order[t]` is the site read at step t, so that the sequence is x[..., order], and a configuration comes back as
sequence[..., inverse(order)].
"""

import math

import numpy as np


def raster(sides: tuple[int, ...]) -> np.ndarray:
    """Row after row, each in the same direction: the numbers of the sites themselves."""
    return np.arange(math.prod(sides))


def snake(sides: tuple[int, ...]) -> np.ndarray:
    """Row after row, to and fro: consecutive sites are neighbours, in any number of dimensions."""
    order = np.arange(sides[-1])
    for side in reversed(sides[:-1]):
        layer = len(order)
        order = np.concatenate([k * layer + (order if k % 2 == 0 else order[::-1]) for k in range(side)])
    return order


def spiral(sides: tuple[int, ...]) -> np.ndarray:
    """From the corner of a plane along its edge and inwards, clockwise: consecutive sites are neighbours."""
    rows, columns = sides
    left = np.arange(rows * columns).reshape(rows, columns)
    order = []
    while left.size:
        order.append(left[0])
        left = left[1:].T[::-1]
    return np.concatenate(order)


def inverse(order: np.ndarray) -> np.ndarray:
    """The step at which each site is read: inverse(order)[order[t]] = t."""
    steps = np.empty_like(order)
    steps[order] = np.arange(len(order))
    return steps
