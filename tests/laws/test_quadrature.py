"""Gauss-Kronrod rules: their degree, what is known of them, and free energies that they integrate."""

import numpy as np
import pytest
from numpy.polynomial.legendre import Legendre, leggauss

from spindsl.kernels.exact.kaufman import torus
from spindsl.kernels.quadrature import kronrod


@pytest.mark.parametrize("n", [1, 2, 3, 7, 10, 15, 30])
def test_rules_have_their_degree(n):
    """Polynomials to degree 3n + 1 exactly, by Gauss's weights to 2n - 1, and no further: the next Legendre polynomial
    of even degree is not integrated to 0."""
    x, w, plain = kronrod(n)
    assert x.shape == w.shape == plain.shape == (2 * n + 1,)
    assert (np.diff(x) > 0).all() and (w > 0).all() and x[0] > 0 and x[-1] < 1
    for degree in range(1, 3 * n + 2):
        p = Legendre.basis(degree)(2 * x - 1)
        assert abs(w @ p) < 1e-14
        assert abs(plain @ p) < 1e-14 or degree >= 2 * n
    assert w.sum() == pytest.approx(1, abs=1e-14) and plain.sum() == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(2 * x[1::2] - 1, leggauss(n)[0], atol=1e-14)
    if n < 15:
        assert abs(plain @ Legendre.basis(2 * n)(2 * x - 1)) > 1e-3
        assert abs(w @ Legendre.basis(3 * n + 2 + n % 2)(2 * x - 1)) > 1e-4


def test_the_rule_of_seven_and_fifteen_is_the_published_one():
    """QUADPACK's first node and weights, to all digits given."""
    x, w, _ = kronrod(7)
    assert 2 * x[-1] - 1 == pytest.approx(0.991455371120812639206854697526329, abs=1e-15)
    assert 2 * w[-1] == pytest.approx(0.022935322010529224963732008058970, abs=1e-15)
    assert 2 * w[7] == pytest.approx(0.209482141084727828012999174891714, abs=1e-15)


@pytest.mark.parametrize(("L", "nodes", "most"), [(16, 5, 3e-6), (16, 7, 2e-7), (24, 7, 1e-6)])
def test_integrated_energies_are_the_free_energy(L, nodes, most):
    """F of Kaufman's torus at 0.4407 from its U at the nodes, J per spin; every other node is far worse."""
    beta, (x, w, plain) = 0.4407, kronrod(nodes)
    U = np.array([torus(L, L, 1.0, beta * b)[1] for b in x]) / L**2
    F = -torus(L, L, 1.0, beta)[0] / (beta * L**2)
    off, coarse = (-np.log(2) / beta + v @ U - F for v in (w, plain))
    assert abs(off) < most
    assert abs(coarse) > 30 * abs(off)
