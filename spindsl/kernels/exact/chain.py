"""One dimension: rings and open chains of Ising spins, of Potts and clock colours. Ising, Z. Phys. 31, 253 (1925);
Baxter, Exactly Solved Models in Statistical Mechanics, chapter 2.

    ring        Z = tr T^N = l_+^N + l_-^N,   l_± = e^K cosh H ± (e^2K sinh^2 H + e^-2K)^(1/2),  K = beta J, H = beta h
    no field    Z = 2^N prod_b cosh K_b (1 + prod_b tanh K_b),   the last product only on a ring
    colours     Z = sum_k l_k^N,   l_k = sum_q e^(-beta e_q) cos(2 pi k q / Q);   Q l_0^(N-1) of an open chain

T^N is taken by squaring: all entries are positive, so that no digits are lost where eigenvalues all but cancel.
"""

import numpy as np

from .jets import Jet, exp, inverse, jet, linear, log, log1p


def ring(N: int, J: float, h: float, beta: float) -> tuple[float, float, float, float, float]:
    """(ln Z, <E>, var E, <M>, var M) of E = -J sum s s' - h sum s, M the sum of spins; chi = beta var M / N."""
    heat = _ring(N, linear(J, beta), linear(h, beta))
    pull = _ring(N, jet(beta * J), Jet(beta * h, 1.0, 0.0))
    return float(heat.f), float(-heat.d), float(heat.dd), float(pull.d), float(pull.dd)


def bonds(J: np.ndarray, closed: bool, beta: float) -> tuple[float, float, float]:
    """(ln Z, <E>, var E) without a field, of any couplings J (bond): N of a ring, N - 1 of an open chain."""
    spins = len(J) + (not closed)
    K = linear(np.abs(J), beta)
    u = exp(-2 * K)
    z = (K + log1p(u)).sum() + (spins - len(J)) * np.log(2)
    if closed and beta > 0 and np.all(J):
        y = (log(Jet(-np.expm1(-2 * K.f), -u.d, -u.dd)) - log1p(u)).sum()  # ln prod |tanh|
        e = exp(y)
        z = z + (log1p(e) if np.prod(np.sign(J)) > 0 else log(Jet(-np.expm1(y.f), -e.d, -e.dd)))
    return float(z.f), float(-z.d), float(z.dd)


def colours(N: int, energy: np.ndarray, closed: bool, beta: float) -> tuple[float, float, float]:
    """(ln Z, <E>, var E), neighbours of colours a, b having energy[a - b mod Q]: -J phi of Potts and clock models."""
    Q, low = len(energy), energy.min()
    e = (energy - low)[np.subtract.outer(np.arange(Q), np.arange(Q)) % Q]
    w = np.exp(-beta * e)
    T, count = Jet(w, -e * w, e**2 * w), N if closed else N - 1
    z = _trace(T, N) if closed else count * log(Jet(*(part[0].sum() for part in T))) + np.log(Q)
    return float(z.f - count * beta * low), float(count * low - z.d), float(z.dd)


def _ring(N: int, K: Jet, H: Jet) -> Jet:
    """ln tr T^N of spins."""
    most = abs(K.f) + abs(H.f)
    a, b, c = exp(K + H - most), exp(K - H - most), exp(-K - most)
    return N * most + _trace(Jet(*(np.array([[p, r], [r, q]]) for p, q, r in zip(a, b, c))), N)


def _trace(T: Jet, N: int) -> Jet:
    """ln tr T^N by squaring, traces split off as they come."""
    left, total, scale = N, jet(0.0), jet(0.0)  # T stands for e^scale T
    done = Jet(np.eye(len(T.f)), 0 * T.d, 0 * T.dd)
    while left:
        if left % 2:
            done, size = _split(_times(done, T))
            total = total + scale + size
        left //= 2
        T, size = _split(_times(T, T))
        scale = 2 * scale + size
    return total + log(Jet(*(np.trace(part) for part in done)))


def _split(T: Jet) -> tuple[Jet, Jet]:
    """A matrix over the sum of its entries, and the logarithm of that."""
    return T * inverse(T.sum()), log(T.sum())


def _times(A: Jet, B: Jet) -> Jet:
    """Matrix product."""
    return Jet(A.f @ B.f, A.d @ B.f + A.f @ B.d, A.dd @ B.f + 2 * A.d @ B.d + A.f @ B.dd)
