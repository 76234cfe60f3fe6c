"""The infinite square lattice. Onsager, Phys. Rev. 65, 117 (1944); M: Yang, Phys. Rev. 85, 808 (1952).

With K = beta |J|, kappa = 2 sinh 2K / cosh^2 2K, kappa' = 2 tanh^2 2K - 1, complete elliptic integrals F, E of kappa,

    ln Z / N = ln(2 cosh 2K) + 1/pi int_0^(pi/2) ln[(1 + (1 - kappa^2 sin^2 x)^(1/2)) / 2] dx
    u / |J|  = -coth 2K [1 + (2/pi) kappa' F]
    c        = (2/pi) (K coth 2K)^2 [2 F - 2 E - (1 - kappa') (pi/2 + kappa' F)]
    M        = (1 - sinh^-4 2K)^(1/8) below the transition, sinh 2K_c = 1.

An antiferromagnet has the same ln Z, u and c; its M is that of a sublattice.
"""

import numpy as np
from scipy.special import ellipe, ellipkm1

K_C = float(np.log1p(np.sqrt(2)) / 2)


def square(J: float, beta: float) -> tuple[float, float, float]:
    """(ln Z, <E>, var E) a site of E = -J sum s s'; var E is infinite at the transition."""
    K = beta * abs(J)
    if K == 0:
        return float(np.log(2)), 0.0, 2.0 * J**2
    tanh, sech = np.tanh(2 * K), 2 * np.exp(-2 * K) / (1 + np.exp(-4 * K))
    kappa, prime = 2 * tanh * sech, tanh**2 - sech**2
    root = lambda x: np.log1p(np.sqrt(prime**2 + (kappa * np.sin(x)) ** 2)) - np.log(2)
    log_z = 2 * K + np.log1p(np.exp(-4 * K)) + _integral(root) / np.pi
    if prime == 0:
        return float(log_z), float(-abs(J) / tanh), np.inf
    F, E = ellipkm1(prime**2), ellipe(kappa**2)
    u = -abs(J) / tanh * (1 + 2 / np.pi * prime * F)
    c = 2 / np.pi * (K / tanh) ** 2 * (2 * F - 2 * E - 2 * sech**2 * (np.pi / 2 + prime * F))
    return float(log_z), float(u), float(c / beta**2)


def _integral(f) -> float:
    """Over 0 … pi/2, of what may bend sharply near 0: Gauss and Legendre's rule on panels halved towards it."""
    x, w = np.polynomial.legendre.leggauss(24)
    right = np.pi / 2 * 0.5 ** np.arange(60)[:, None]
    left = np.where(right > right[-1], right / 2, 0.0)
    return float(((right - left) / 2 * w * f((right + left) / 2 + (right - left) / 2 * x)).sum())


def magnetization(J: float, beta: float) -> float:
    """Spontaneous |M| a site; 0 above the transition temperature."""
    K = beta * abs(J)
    return float((-np.expm1(-4 * np.log(np.sinh(2 * K)))) ** 0.125) if K > K_C else 0.0


def transition(Q: int) -> tuple[float, float]:
    """(beta J, u / J) where the square lattice's Potts model, E = -J sum delta, orders: ln(1 + Q^(1/2)) and, by
    duality, -(1 + Q^(-1/2)), beyond four colours the mean of both phases. Wu, Rev. Mod. Phys. 54, 235, section V."""
    return float(np.log1p(np.sqrt(Q))), float(-(1 + Q**-0.5))
