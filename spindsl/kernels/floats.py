"""One `exp` and one `log`, the same bits in compiled and in plain Python.

`math.exp` and `numpy.exp` differ in the last bit for some arguments, and so a compiled trajectory would
part from the plain one. These use only +, -, *, / of IEEE doubles, each rounded once (numba does not fuse
them), and the vectoriser can widen them. Both are within 2 units in the last place.
"""

import numpy as np
from numba import njit

LOG2E = 1.4426950408889634
LN2_HIGH = 0.6931471803691238  # ln 2 with 21 trailing zero bits: k * LN2_HIGH is exact for |k| < 2^21
LN2_LOW = 1.9082149292705877e-10  # ln 2 - LN2_HIGH
ROUND = 6755399441055744.0  # 1.5 * 2^52: adding and subtracting it rounds to the nearest integer
LARGEST = 708.0  # |x| beyond which exp(x) leaves the normal doubles
BIAS = np.int64(1023)
BITS = np.int64(52)
MANTISSA = np.int64(0x000FFFFFFFFFFFFF)
ONE = np.int64(0x3FF0000000000000)
SQRT2 = 1.4142135623730951


@njit(inline="always")
def exp(x: float) -> float:
    """e^x for |x| <= 708; arguments beyond are clipped there.

    x = k ln 2 + r with |r| <= ln 2 / 2, and e^r by its Taylor series to r^13 (remainder below 5e-18),
    summed pairwise so that the multiplications overlap.
    """
    x = min(max(x, -LARGEST), LARGEST)
    k = (x * LOG2E + ROUND) - ROUND
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    low = (1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0))
    mid = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5040.0))
    high = (1.0 / 40320.0 + r * (1.0 / 362880.0)) + r2 * (1.0 / 3628800.0 + r * (1.0 / 39916800.0))
    top = 1.0 / 479001600.0 + r * (1.0 / 6227020800.0)
    power = np.int64((np.int64(k) + BIAS) << BITS).view(np.float64)
    return power * (low + r4 * (mid + r4 * (high + r4 * top)))


@njit(inline="always")
def log(x: float) -> float:
    """ln x for a normal x > 0.

    x = 2^k m with m in [1/sqrt 2, sqrt 2), and ln m = 2 artanh s with s = (m - 1)/(m + 1), |s| < 0.172,
    by its series to s^23 (remainder below 1e-19 relative).
    """
    bits = np.float64(x).view(np.int64)
    k = (bits >> BITS) - BIAS
    m = np.int64((bits & MANTISSA) | ONE).view(np.float64)
    large = m > SQRT2
    m = 0.5 * m if large else m
    k = np.float64(k) + (1.0 if large else 0.0)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    low = z * (1.0 / 3.0 + z * (1.0 / 5.0)) + z2 * z * (1.0 / 7.0 + z * (1.0 / 9.0))
    high = (1.0 / 11.0 + z * (1.0 / 13.0)) + z2 * (1.0 / 15.0 + z * (1.0 / 17.0))
    top = (1.0 / 19.0 + z * (1.0 / 21.0)) + z2 * (1.0 / 23.0)
    tail = low + z4 * z * (high + z4 * top)
    return k * LN2_HIGH + (2.0 * s + (2.0 * s * tail + k * LN2_LOW))
