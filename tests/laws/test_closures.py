"""Couplings in closed form: exact where the closure is, right to first order elsewhere."""

import numpy as np
import pytest

from spindsl.kernels.inversion.closures import averaged, mean_field, pair
from spindsl.kernels.translates import distinct


def every(sites: int) -> np.ndarray:
    """All 2^sites configurations, ±1."""
    return (1 - 2 * ((np.arange(1 << sites)[:, None] >> np.arange(sites)) & 1)).astype(np.int8)


def correlations(bonds: dict) -> tuple[np.ndarray, np.ndarray]:
    """All configurations of four spins and their exact <s s'>, K of each bond given."""
    s = every(4)
    weight = np.exp(sum(K * s[:, i] * s[:, j] for (i, j), K in bonds.items()))
    return s, np.einsum("n,ni,nj->ij", weight / weight.sum(), s, s)


def test_a_pair_is_exact_on_a_tree_and_not_on_a_ring():
    """An open chain of four: K to 1e-12. Closed, with K = .3 everywhere, <s s'> = (t + t^3) / (1 + t^4): K comes out
    higher, artanh of that."""
    chain = {(0, 1): 0.4, (1, 2): -0.7, (2, 3): 0.2}
    _, c = correlations(chain)
    np.testing.assert_allclose([pair(c[b]) for b in chain], list(chain.values()), rtol=1e-12)
    _, c = correlations({(0, 1): 0.3, (1, 2): 0.3, (2, 3): 0.3, (0, 3): 0.3})
    t = np.tanh(0.3)
    assert float(pair(c[0, 1])) == pytest.approx(np.arctanh((t + t**3) / (1 + t**4)), rel=1e-12)
    assert np.isfinite(pair(np.array([1.0, -1.0]))).all()


def test_mean_field_is_right_to_first_order():
    """Spins that follow exact covariances: K = -C^-1 off the diagonal; at K = .01 the error is below K^2 = 1e-4."""
    bonds = {(0, 1): 0.01, (1, 2): -0.01, (2, 3): 0.01, (0, 3): 0.01}
    s, c = correlations(bonds)
    weight = np.exp(sum(K * s[:, i] * s[:, j] for (i, j), K in bonds.items()))
    many = np.repeat(s, np.rint(weight / weight.sum() * 1_000_000).astype(int), axis=0)  # rounding: 1e-5 in C
    K = mean_field(many)
    assert all(abs(K[b] - k) < 1.5e-4 for b, k in bonds.items())
    assert abs(K[0, 2]) < 1.5e-4 and not np.diag(K).any()
    np.testing.assert_allclose(K, -np.linalg.inv(np.cov(many.T)) * (1 - np.eye(4)), atol=1e-9)


def test_means_over_translations():
    """Of K_ij = i + j over the four bonds of a ring of four: (1 + 3 + 5 + 3) / 4."""
    K = np.add.outer(np.arange(4.0), np.arange(4.0))
    np.testing.assert_allclose(averaged(K, [distinct(((0,), (1,)), (4,))]), [3.0])
