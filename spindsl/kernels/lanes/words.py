"""Philox 4x32-7: the fewest rounds that pass BigCrush (Salmon et al. 2011, Table 2), for words of random digits."""

import numpy as np
from numba import njit

from ..philox import HALF, LOW, M0, M1, W0, W1


@njit(inline="always")
def seven(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Four 32-bit words out of a 128-bit counter and a 64-bit key, uint64."""
    for _ in range(7):
        a = M0 * c0
        b = M1 * c2
        c0, c1, c2, c3 = (b >> HALF) ^ c1 ^ k0, b & LOW, (a >> HALF) ^ c3 ^ k1, a & LOW
        k0 = (k0 + W0) & LOW
        k1 = (k1 + W1) & LOW
    return c0, c1, c2, c3
