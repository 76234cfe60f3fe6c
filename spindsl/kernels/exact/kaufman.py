"""ln Z of the Ising model on a finite torus. Kaufman, Phys. Rev. 76, 1232 (1949); C: Ferdinand and Fisher,
Phys. Rev. 185, 832 (1969).

With K = beta J, bonds K_0 between and K_1 within rows of n spins, m rows, sinh 2K_0 sinh 2K_0* = 1,

    Z = 1/2 (2 sinh 2K_0)^(mn/2) [ prod 2 cosh(m g_k / 2) + prod 2 sinh(m g_k / 2)    k = 1, 3 … 2n - 1
                                 + prod 2 cosh(m g_k / 2) + prod 2 sinh(m g_k / 2) ]  k = 0, 2 … 2n - 2
    cosh g_k = cosh 2K_1 cosh 2K_0* - sinh 2K_1 sinh 2K_0* cos(pi k / n),   g_k > 0 but for g_0 = 2 (K_1 - K_0*).

It is computed without cancellation and without overflow, from u = e^(-2K), t = tanh K_0 = e^(-2K_0*) and

    eta_k = g_k - 2K_0* - 2K_1 = ln[ t u_1 + D + (D (D + 2 t u_1))^(1/2) ],
    D     = 1/2 (t - u_1)^2 + 1/2 (1 - u_1^2) (1 - t^2) sin^2(pi k / 2n),

and of g_0 only e^(±m g_0 / 2) is needed, so that no sign is taken and nothing is special at the transition.
"""

import numpy as np

from .jets import Jet, exp, inverse, linear, log, log1p, logsum, sqrt


def torus(m: int, n: int, J: float | tuple[float, float], beta: float) -> tuple[float, float, float]:
    """(ln Z, <E>, var E) of E = -J sum s s' on m × n spins, J also as (between rows, within rows).

    Antiferromagnets need even sides across which they alternate; ValueError otherwise. A side of 2 has its bonds twice.
    """
    pair = np.broadcast_to(np.asarray(J, dtype=np.float64), 2)
    for side, one in zip((m, n), pair):
        if side < 2:
            raise ValueError(f"a torus of {m} × {n}: sides begin at 2")
        if one < 0 and side % 2:
            raise ValueError(f"an antiferromagnet around an odd side, {m} × {n}: no formula here; enumerate")
    bonds = [m * n * one**2 * (2 if side == 2 else 1) for side, one in zip((m, n), pair)]
    if beta == 0 or not pair.all():
        return _apart(m, n, pair, beta) if beta else (m * n * np.log(2), 0.0, float(sum(bonds)))
    z = log_z(m, n, linear(abs(pair[0]), beta), linear(abs(pair[1]), beta))
    return float(z.f), float(-z.d), float(z.dd)


def log_z(m: int, n: int, K0: Jet, K1: Jet) -> Jet:
    """ln Z as a jet in beta, both K > 0."""
    u0, u1 = exp(-2 * K0), exp(-2 * K1)
    t = Jet(-np.expm1(-2 * K0.f), -u0.d, -u0.dd) * inverse(1 + u0)
    log_t = log(t)
    flat = 4 * u0 * inverse((1 + u0) * (1 + u0))  # 1 - t^2

    def mode(k: np.ndarray) -> tuple[Jet, Jet]:
        """eta_k and -m g_k."""
        D = 0.5 * ((t - u1) * (t - u1)) + 0.5 * ((1 - (u1 * u1)) * flat) * np.sin(np.pi * k / (2 * n)) ** 2
        eta = log(t * u1 + D + sqrt(D * (D + 2 * (t * u1))))
        return eta, m * (log_t - 2 * K1 - eta)

    odd, even = mode(np.arange(1, 2 * n, 2)), mode(np.arange(2, 2 * n, 2))

    def product(sign: float, eta: Jet, decay: Jet) -> Jet:
        """ln prod (1 ± e^(-m g)) e^(m eta / 2)."""
        return (0.5 * m * eta + log1p(sign * exp(decay))).sum()

    cosh, sinh = product(1.0, *even), product(-1.0, *even)
    up, down = m * log_t, -2 * m * K1  # g_0 = 2 (K_1 - K_0*): e^(±m g_0 / 2), less the same factor
    terms = [product(1.0, *odd), product(-1.0, *odd), cosh + up, cosh + down, sinh + up, sinh + down]
    stacked = Jet(*(np.array(part) for part in zip(*terms)))
    total = logsum(stacked, np.array([1.0, 1, 1, 1, 1, -1]))
    return m * n * (K0 + K1 + log1p(u0)) + total - np.log(2)


def _apart(m: int, n: int, pair: np.ndarray, beta: float) -> tuple[float, float, float]:
    """With one coupling zero: independent rings of Z = (2 cosh K)^L + (2 sinh K)^L."""
    if not pair.any():
        return m * n * np.log(2), 0.0, 0.0
    length, rings, J = (m, n, pair[0]) if pair[0] else (n, m, pair[1])
    K = linear(abs(J), beta)
    u = exp(-2 * K)
    both = [length * log1p(u), length * log(1 - u)]
    z = rings * (length * K + logsum(Jet(*(np.array(part) for part in zip(*both)))))
    return float(z.f), float(-z.d), float(z.dd)
