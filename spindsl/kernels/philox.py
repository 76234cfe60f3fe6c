"""Philox 4x32, a counter-based generator: a random number is a function of its name alone.

Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. The key names a
stream (seed, stage, drive), the counter a place in it (event, switch, trial), so that no order of
computation, block or thread can change a draw. Words are 32 bits wide, held in uint64.
Ten rounds are the rule; seven, the fewest that pass BigCrush (their Table 2), make words of random digits.
"""

import numpy as np
from numba import njit

M0 = np.uint64(0xD2511F53)
M1 = np.uint64(0xCD9E8D57)
W0 = np.uint64(0x9E3779B9)
W1 = np.uint64(0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
TOP = np.uint64(12)
RULE, FEWEST = 10, 7  # rounds
TWO52 = 1.0 / 4503599627370496.0


@njit(inline="always")
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64, rounds: int = RULE
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Four 32-bit words out of a 128-bit counter and a 64-bit key; `rounds` are a constant of the caller."""
    for _ in range(rounds):
        a = M0 * c0
        b = M1 * c2
        c0, c1, c2, c3 = (b >> HALF) ^ c1 ^ k0, b & LOW, (a >> HALF) ^ c3 ^ k1, a & LOW
        k0 = (k0 + W0) & LOW
        k1 = (k1 + W1) & LOW
    return c0, c1, c2, c3


@njit(inline="always")
def uniforms(
    event: np.uint64, switch: np.uint64, trial: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[float, float]:
    """Two independent uniforms in (0, 1), never 0 and never 1: odd multiples of 2^-53.

    `event` is a 64-bit count, `switch` and `trial` 32-bit, all uint64; (k0, k1) is the stream's key.
    """
    a, b, c, d = philox(event & LOW, switch, trial, event >> HALF, k0, k1)
    u = (np.float64((a << HALF | b) >> TOP) + 0.5) * TWO52
    v = (np.float64((c << HALF | d) >> TOP) + 0.5) * TWO52
    return u, v
