"""Gauss-Kronrod quadrature: n Gauss nodes, and n + 1 between them that make a rule of degree 3n + 1 of all.

Nodes by the Jacobi-Kronrod matrix of D. P. Laurie, Math. Comp. 66, 1133 (1997), weights as Golub and Welsch 1969.
"""

import numpy as np


def kronrod(gauss: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """On [0, 1]: nodes (2n + 1) ascending, weights, and the weights of the Gauss rule, 0 at nodes that it has not."""
    off = np.sqrt(jacobi(gauss)[1:])
    x, v = np.linalg.eigh(np.diag(off, 1) + np.diag(off, -1))
    plain = np.zeros(2 * gauss + 1)
    plain[1::2] = np.polynomial.legendre.leggauss(gauss)[1] / 2
    return (1 + x) / 2, v[0] ** 2, plain


def jacobi(n: int) -> np.ndarray:
    """Squares of the off-diagonal of the Jacobi-Kronrod matrix of Legendre's weight, (2n + 1), of which [0] is 2."""
    b = np.zeros(2 * n + 1)
    j = np.arange(1, (3 * n + 1) // 2 + 1)
    b[0], b[j] = 2.0, j**2 / (4.0 * j**2 - 1)
    s, t = np.zeros(n // 2 + 2), np.zeros(n // 2 + 2)
    t[1] = b[n + 1] if n > 0 else 0.0
    for m in range(n - 1):
        k = np.arange((m + 1) // 2, -1, -1)
        s[k + 1] = np.cumsum(b[k + n + 1] * s[k] - b[m - k] * s[k + 1])
        s, t = t, s
    s[1:] = s[:-1].copy()
    for m in range(n - 1, 2 * n - 2):
        k = np.arange(m + 1 - n, (m - 1) // 2 + 1)
        j = n - 1 - m + k
        s[j + 1] = np.cumsum(b[m - k] * s[j + 2] - b[k + n + 1] * s[j + 1])
        if m % 2:
            j, k = j[-1], (m + 1) // 2
            b[k + n + 1] = s[j + 1] / s[j + 2]
        s, t = t, s
    return b
