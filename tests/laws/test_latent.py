"""Laws of what is decoded: energies and work of configurations, their draws, fits, and steepest directions."""

import itertools
import math

import numpy as np
import pytest

from spindsl.kernels import fits, physics
from spindsl.lines import steepest


def drawing(spins=7, fields=3, seed=0):
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(spins, 1)
    return rng, i, j, rng.normal(size=len(i)), rng.normal(0, 3, (fields, spins))


def test_interaction_energy_by_brute_force():
    """Each pair once, over all 128 configurations."""
    _, i, j, J, _ = drawing()
    s = np.array(list(itertools.product([-1.0, 1.0], repeat=7)))
    matrix = np.zeros((7, 7))
    matrix[i, j] = J
    expected = [sum(matrix[a, b] * c[a] * c[b] for a in range(7) for b in range(a + 1, 7)) for c in s]
    np.testing.assert_allclose(physics.interaction(s, i, j, J), expected, atol=1e-12)


def test_field_energy_is_that_of_the_glass(glass):
    """E(s, A) - E(s, 0) of the independent reference: positive where spins follow the field, not halved."""
    system = glass(12, 1)
    s = np.random.default_rng(2).choice([-1.0, 1.0], (5, 12))
    expected = [[system.energy(c, A) - system.energy(c, 0 * A) for A in system.A] for c in s]
    np.testing.assert_allclose(physics.zeeman(s, system.A), expected, atol=1e-9)


def test_work_of_a_switch():
    """W = sum_j (A'_j - A_j) s_j, mean over the other fields; a trial that hates its field gains by leaving it."""
    rng, *_, A = drawing()
    s = rng.choice([-1.0, 1.0], (4, 7))
    found = physics.switching(physics.zeeman(s, A))
    for c, works in zip(s, found):
        for on, W in enumerate(works):
            each = [math.fsum((A[k] - A[on]) * c) for k in range(3) if k != on]
            assert abs(W - math.fsum(each) / 2) < 1e-12
    assert np.isnan(physics.switching(physics.zeeman(s, A[:1]))).all()


def test_the_work_is_what_the_kernel_books(glass, start, run):
    """Switch fields on a frozen configuration: the simulated work of each is that of `zeeman`."""
    system = glass(10, 3, barrier=(60.0, 61.0))
    s = start(1, 10, 4)
    record = run(system, [[0, 2, 1]], s, 1.0)
    assert record.flips.sum() == 0
    energy = physics.zeeman(s.astype(float), system.A)[0]
    assert record.work[0, 1] == pytest.approx(energy[2] - energy[0], abs=1e-9)
    assert record.work[0, 2] == pytest.approx(energy[1] - energy[2], abs=1e-9)
    assert record.interaction[0, 0] == pytest.approx(system.energy(s[0].astype(float), 0 * system.A[0]), abs=1e-9)


def test_saturated_means_are_configurations():
    mean = np.random.default_rng(0).choice([-1.0, 1.0], 300)
    drawn = physics.drawn(mean.astype(np.float32), 20, np.random.default_rng(1))
    assert drawn.dtype == np.int8
    assert (drawn == mean).all()


def test_independent_spins_average_to_the_energy_of_their_means():
    """E[J s s] = J m m and E[s] = m exactly; 5 standard errors of 20,000 draws, false alarm 6e-7 each."""
    rng, i, j, J, _ = drawing()
    m = rng.uniform(-0.9, 0.9, 7).astype(np.float32)
    J = np.abs(J) * np.sign(m[i] * m[j])  # so that the mean is far from 0 and a sign would show
    s = physics.drawn(m, 20_000, rng).astype(float)
    energy = physics.interaction(s, i, j, J)
    assert abs(energy.mean() - physics.interaction(m.astype(float), i, j, J)) < 5 * energy.std() / math.sqrt(20_000)
    assert (np.abs(s.mean(axis=0) - m) < 5.6 * np.sqrt((1 - m**2) / 20_000)).all()
    assert abs(energy.mean()) > 20 * energy.std() / math.sqrt(20_000)


def test_fits_find_what_they_can_express_and_nothing_else():
    """A plane, a paraboloid and a saddle: R^2 is 1 where the design holds them, near 0 where it cannot."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=(4000, 2))
    y = np.column_stack([z[:, 0] - 2 * z[:, 1] + 3, (z**2).sum(axis=1), z[:, 0] * z[:, 1]])
    fold = np.arange(4000) % 10
    mean = fits.predicted(np.ones((4000, 1)), y, fold)
    r2 = {k: fits.explained(y, fits.predicted(x, y, fold), mean) for k, x in fits.designs(z).items()}
    expected = {"linear": [1, 0, 0], "radial": [0, 1, 0], "quadratic": [1, 1, 1]}
    for kind, value in expected.items():
        np.testing.assert_allclose(
            r2[kind], value, atol=0.02
        )  # of pure noise R^2 is within 4 / 4,000 of 0, sd below 2e-3
    np.testing.assert_allclose(r2["quadratic"], 1, atol=1e-12)


def test_cross_validation_takes_each_fold_from_the_others():
    """Two folds of constants 0 and 1: each is predicted to be the other."""
    y = np.repeat([0.0, 1.0], 5)[:, None]
    found = fits.predicted(np.ones((10, 1)), y, np.repeat([0, 1], 5))
    np.testing.assert_allclose(found, 1 - y, atol=1e-12)


def test_correlation_and_its_interval():
    """r against numpy's; Fisher's interval of r = 0.5, n = 103: tanh(0.5493 ± 0.196)."""
    a, b = np.random.default_rng(0).normal(size=(2, 50))
    assert fits.correlation(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-12)
    assert math.isnan(fits.correlation(a, np.ones(50)))
    low, high = fits.fisher(np.array(0.5), 103, 1.96)
    assert (low, high) == pytest.approx((math.tanh(0.549306 - 0.196), math.tanh(0.549306 + 0.196)), abs=1e-6)


def test_the_steepest_direction_rises():
    """y = 3 z1 - 4 z2 rises along (0.6, -0.8), however z is correlated; a constant has no direction."""
    z = np.random.default_rng(1).normal(size=(100, 2)) @ [[1.0, 0.7], [0.0, 0.3]]
    np.testing.assert_allclose(steepest(z, 3 * z[:, 0] - 4 * z[:, 1] + 5), [0.6, -0.8], atol=1e-12)
    assert np.isnan(steepest(z, np.ones(100))).all()
