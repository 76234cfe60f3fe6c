"""What couplings do to what is predicted, against enumeration.

3 × 3 torus at e^(4 beta) = 2: its energies are 4 apart, so that every Boltzmann weight is a whole number, and a list
that holds each state so many times is the ensemble itself.
"""

import numpy as np
import pytest
import xarray as xr
from states import configurations

from spindsl import response, thermo
from spindsl.factors import Lattice
from spindsl.forms import FORMS, NONE
from spindsl.kernels import energies
from spindsl.kernels.exact import enumeration
from spindsl.kernels.measures import energies_of, magnetization

BETA, N, STEP = np.log(2) / 4, 9, 1e-4
TEMPLATES = [[(0, 0), (0, 1)], [(0, 0), (1, 0)], [(0, 0), (1, 1)], [(0, 0), (0, 1), (1, 0), (1, 1)]]
J = np.array([1.0, 1.0, 0.0, 0.0])


def learned(J=J, covariance=None) -> xr.Dataset:
    """As a bottleneck says it."""
    offsets = np.full((4, 4, 2), NONE, dtype=np.int16)
    for k, t in enumerate(TEMPLATES):
        offsets[k, : len(t)] = t
    found = xr.Dataset({
        "offsets": (("template", "body", "axis"), offsets), "coupling": ("template", J + 1e-300),
        "coupling_se": ("template", np.array([0.1, 0.2, 0.3, 0.4])),
    })  # fmt: skip
    return found if covariance is None else found.assign(coupling_covariance=(("template", "other"), covariance))


FORM, TORUS = FORMS["templates"], Lattice((3, 3), True)
TERMS = response.couplings(learned(), FORM, TORUS).terms


def exact(J) -> np.ndarray:
    """U, <|m|>, C, chi, U_4, F, S by enumeration."""
    terms = [tuple(map(int, t)) for one in TERMS for t in one]
    c = np.repeat(-np.asarray(J), [len(one) for one in TERMS])
    found = enumeration.moments(energies.clusters(N, terms, c), np.array([BETA]))
    U, F = found.energy / N, -found.log_z / (BETA * N)
    heat, chi = BETA**2 * found.variance / N, BETA * N * (found.m2 - found.abs_m**2)
    return np.concatenate([U, found.abs_m, heat, chi, found.binder, F, BETA * (U - F)])


def slopes() -> np.ndarray:
    """Their derivatives by J_t, (quantity, coupling), by central differences: 1e-8 off."""
    return np.stack([(exact(J + d) - exact(J - d)) / (2 * STEP) for d in STEP * np.eye(4)], axis=1)


@pytest.fixture(scope="module")
def ensemble():
    """E, m and Phi of the list (1, state)."""
    every = configurations(N, 2, True)
    model = energies.clusters(N, [tuple(map(int, t)) for one in TERMS[:2] for t in one], -np.ones(18))
    E = energies_of(model, every)
    weight = 2.0 ** ((E.max() - E) / 4)
    assert (weight == np.rint(weight)).all() and len(np.unique(E)) > 3
    s = np.repeat(every, weight.astype(int), axis=0)
    return energies_of(model, s)[None], magnetization(s)[None], response.products(s, TERMS)[None]


def test_slopes_of_moments_are_those_of_enumeration(ensemble):
    """U, <|m|>, C, chi, U_4; values too, so that the list is the ensemble."""
    np.testing.assert_allclose(
        thermo.quantities(thermo.moments(*ensemble[:2], N).mean(axis=(0, 1)), BETA, N), exact(J)[:5], rtol=1e-10
    )
    np.testing.assert_allclose(response.moved(*ensemble, BETA, N), slopes()[:5], rtol=1e-6, atol=1e-7)


def test_slopes_of_the_free_energy_are_those_of_enumeration(ensemble):
    """F, U, S, <|m|>."""
    true = slopes()[[5, 0, 6, 1]]
    np.testing.assert_allclose(response.free(*ensemble, BETA, N), true, rtol=1e-6, atol=1e-7)
    assert np.abs(true).min(axis=1).max() > 0.01


def test_slopes_with_a_constant_of_the_ordered_state(ensemble):
    """E + 18 (J_1 + J_2) … of all spins alike held at 0: U and F move by its change less, S and |m| not at all."""
    E, m, phi = ensemble
    alike = response.products(np.ones((1, N), dtype=np.int8), TERMS)
    assert (alike == [[9, 9, 9, 9]]).all()
    found, plain = (response.free(E, m, p, BETA, N) for p in (phi - alike, phi))
    np.testing.assert_allclose(found - plain, np.array([[1.0], [1.0], [0.0], [0.0]]) * np.ones(4), atol=1e-12)


def test_errors_are_quadratic_forms_of_covariances():
    """sqrt(g C g'), with the covariance where it is given and the standard errors where it is not."""
    g = np.array([[1.0, -2.0, 0.5, 3.0]])
    own = response.couplings(learned(), FORM, TORUS)
    np.testing.assert_allclose(own.covariance, np.diag([0.01, 0.04, 0.09, 0.16]))
    np.testing.assert_allclose(response.error(g, own.covariance), np.sqrt(0.01 + 0.16 + 0.0225 + 1.44))
    C = np.diag([0.01, 0.04, 0.09, 0.16]) - 0.01 * (np.eye(4, k=1) + np.eye(4, k=-1))
    tied = response.couplings(learned(covariance=C), FORM, TORUS)
    np.testing.assert_allclose(tied.covariance, C)
    np.testing.assert_allclose(response.error(g, C), np.sqrt(1.6325 - 0.02 * (-2 - 1 + 1.5)))


def test_terms_left_out_have_no_slope():
    """A coupling of 0 is none; its NaN error goes nowhere."""
    found = learned(np.array([1.0, 0.5, 0.0, 0.0]) - 1e-300)
    found["coupling"].values[2:] = 0
    found["coupling_se"].values[2:] = np.nan
    some = response.couplings(found, FORM, Lattice((4, 6), True))
    assert [t.shape for t in some.terms] == [(24, 2), (24, 2)]
    np.testing.assert_allclose(some.covariance, np.diag([0.01, 0.04]))


def test_single_pairs_are_terms_of_their_own():
    found = xr.Dataset({
        "i": ("edge", [0, 0, 1]), "j": ("edge", [1, 2, 2]), "coupling": ("edge", [0.5, 0.0, -1.0]),
        "coupling_se": ("edge", [0.1, 0.2, 0.3]),
    })  # fmt: skip
    some = response.couplings(found, FORMS["pairs"], None)
    s = np.array([[1, 1, -1], [-1, 1, 1]], dtype=np.int8)
    assert response.products(s, some.terms).tolist() == [[1, -1], [-1, 1]]
    np.testing.assert_allclose(np.diag(some.covariance), [0.01, 0.09])
