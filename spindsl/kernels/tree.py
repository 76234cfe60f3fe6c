"""A sum tree of fan-out 16: find the child that holds a point of the cumulated weights in log N steps.

Leaves are non-negative weights padded with zeros; every node is the sum of its 16 children, always
re-added from them and never corrected by differences, because weights span e^±20 and a difference of
large numbers would leave a wreck of a small one. The tree is an array (row, 16): leaf j is
at (j // 16, j % 16), and the levels lie one after another.
"""

import numpy as np
from numba import njit

FAN = 16


@njit(cache=True)
def levels(leaves: int) -> np.ndarray:
    """The row where each level starts, leaves first, and the number of rows at the end."""
    size, count = leaves, 0
    while size > 1 or count == 0:
        size = (size + FAN - 1) // FAN
        count += 1
    starts = np.zeros(count + 1, dtype=np.int64)
    size = leaves
    for level in range(count):
        size = (size + FAN - 1) // FAN
        starts[level + 1] = starts[level] + size
    return starts


@njit(inline="always")
def add16(tree: np.ndarray, row: int) -> float:
    """Sum of a row in a fixed pairwise order that fits vector registers."""
    t0, t1 = tree[row, 0] + tree[row, 8], tree[row, 1] + tree[row, 9]
    t2, t3 = tree[row, 2] + tree[row, 10], tree[row, 3] + tree[row, 11]
    t4, t5 = tree[row, 4] + tree[row, 12], tree[row, 5] + tree[row, 13]
    t6, t7 = tree[row, 6] + tree[row, 14], tree[row, 7] + tree[row, 15]
    return ((t0 + t4) + (t2 + t6)) + ((t1 + t5) + (t3 + t7))


@njit
def fill(tree: np.ndarray, starts: np.ndarray) -> None:
    """Add up every level from the leaves, which are set."""
    for level in range(len(starts) - 2):
        low, high = starts[level], starts[level + 1]
        for block in range(high - low):
            tree[high + (block >> 4), block & 15] = add16(tree, low + block)


@njit(inline="always")
def lift(tree: np.ndarray, starts: np.ndarray, leaf: int) -> None:
    """Re-add the sums above a leaf that was set."""
    for level in range(len(starts) - 2):
        leaf = leaf >> 4
        tree[starts[level + 1] + (leaf >> 4), leaf & 15] = add16(tree, starts[level] + leaf)


@njit(inline="always")
def beyond(x: float, a: float, b: float, c: float) -> tuple[np.int64, float]:
    """How many of the points a <= b <= c lie at or below x, and the largest of them (0 if none)."""
    count = np.int64(x >= a) + np.int64(x >= b) + np.int64(x >= c)
    below = c if x >= c else (b if x >= b else (a if x >= a else 0.0))
    return count, below


@njit(inline="always")
def pick(tree: np.ndarray, starts: np.ndarray, x: float) -> int | np.int64:
    """The leaf at point x of the cumulated weights, 0 <= x < total, without a branch to mispredict.

    A row is searched as four groups of four. If rounding carries x past the end of a row, the last
    child of positive weight is taken.
    """
    child = 0
    for up in range(len(starts) - 1):
        row = starts[len(starts) - 2 - up] + child
        a = (tree[row, 0] + tree[row, 1]) + (tree[row, 2] + tree[row, 3])
        b = a + ((tree[row, 4] + tree[row, 5]) + (tree[row, 6] + tree[row, 7]))
        c = b + ((tree[row, 8] + tree[row, 9]) + (tree[row, 10] + tree[row, 11]))
        group, below = beyond(x, a, b, c)
        x -= below
        o = 4 * group
        a = tree[row, o]
        b = a + tree[row, o + 1]
        c = b + tree[row, o + 2]
        within, below = beyond(x, a, b, c)
        x -= below
        k = o + within
        while tree[row, k] == 0.0:
            k, x = (k - 1) & 15, 0.0
        child = FAN * child + k
    return child
