"""The infinite square lattice. Onsager, Phys. Rev. 65, 117 (1944); M: Yang, Phys. Rev. 85, 808 (1952).

With K = beta |J|, kappa = 2 sinh 2K / cosh^2 2K, kappa' = 2 tanh^2 2K - 1 = (1 - kappa^2)^(1/2) but for its sign,

    ln Z / N = ln(2 cosh 2K) + 1/pi int_0^(pi/2) ln[(1 + (kappa'^2 + kappa^2 sin^2 x)^(1/2)) / 2] dx
    M        = (1 - sinh^-4 2K)^(1/8) below the transition, sinh 2K_c = 1;

u and c are the derivatives under the integral. An antiferromagnet has the same; its M is that of a sublattice.
"""

import numpy as np

from .jets import Jet, exp, inverse, linear, log1p, sqrt

K_C = float(np.log1p(np.sqrt(2)) / 2)


def square(J: float, beta: float) -> tuple[float, float, float]:
    """(ln Z, <E>, var E) a site of E = -J sum s s'; var E is infinite at the transition."""
    K = linear(abs(J), beta)
    u = exp(-4 * K)
    over = inverse(1 + u)
    tanh, sech = Jet(-np.expm1(-4 * K.f), -u.d, -u.dd) * over, 2 * exp(-2 * K) * over
    kappa, prime = 2 * (tanh * sech), tanh * tanh - sech * sech
    x, w = _panels()
    root = sqrt(prime * prime + (kappa * kappa) * np.sin(x) ** 2)
    z = 2 * K + log1p(u) + (log1p(0.5 * (root - 1)) * (w / np.pi)).sum()
    return float(z.f), float(-z.d), float(z.dd) if abs(prime.f) > 1e-15 else np.inf


def _panels() -> tuple[np.ndarray, np.ndarray]:
    """Places and weights of an integral over 0 … pi/2 of what may bend sharply near 0: Gauss and Legendre's rule on
    panels halved towards it."""
    x, w = np.polynomial.legendre.leggauss(24)
    right = np.pi / 2 * 0.5 ** np.arange(60)[:, None]
    left = np.where(right > right[-1], right / 2, 0.0)
    return (right + left) / 2 + (right - left) / 2 * x, (right - left) / 2 * w


def magnetization(J: float, beta: float) -> float:
    """Spontaneous |M| a site; 0 above the transition temperature."""
    K = beta * abs(J)
    return float((-np.expm1(-4 * np.log(np.sinh(2 * K)))) ** 0.125) if K > K_C else 0.0
