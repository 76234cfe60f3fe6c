"""Laws of the directions that last."""

import numpy as np
import pytest
import xarray as xr

from spindsl.errors import DataError
from spindsl.graph import Task
from spindsl.kernels import persistence

WORD = {"kind": "tica", "latent": 2, "from": 1, "shrinkage": 0.0, "shuffles": 9}
BAR = 4.9  # standard errors: two-sided normal false alarm 1e-6


def process(
    trials: int, slow: tuple[float, ...], times: int, fast: int, seed: int, name: str = "features"
) -> xr.Dataset:
    """Stationary AR(1) sources of variance 1 and one-step correlation `slow`, and `fast` white ones, under a linear
    mixture, over a mean that drifts from time to time by more than trials differ."""
    rng = np.random.default_rng(seed)
    rho = np.array([*slow, *([0.0] * fast)])
    z = rng.normal(size=(trials, times, len(rho)))
    for t in range(1, times):
        z[:, t] = rho * z[:, t - 1] + np.sqrt(1 - rho**2) * z[:, t]
    x = z @ rng.normal(size=(len(rho), len(rho))) + 10.0 * rng.normal(size=(times, len(rho)))
    labels = {
        "drive": ("trial", np.where(np.arange(trials) % 2, "a", "b")),
        "switch": ("time", np.arange(1, times + 1)),
    }
    width = {"features": "feature", "spins": "spin"}[name]
    return xr.Dataset({name: (("trial", "time", width), x), "source": (("trial", "time", "sources"), z)}, labels)


def parted(trajectory: xr.Dataset) -> xr.Dataset:
    """Every fifth trial is held out."""
    test = (np.arange(trajectory.sizes["trial"]) % 5 == 0).astype(np.int8)
    return xr.Dataset({"split": ("trial", test)})


def fitted(trajectory: xr.Dataset, **changes) -> xr.Dataset:
    from spindsl.bottlenecks.tica import Tica, TicaParams, fit

    params = TicaParams(Tica.model_validate(WORD | changes), "b")
    return fit(Task(seed=3, params=params), trajectory=trajectory, split=parted(trajectory))


def spread(correlation: np.ndarray, trials: int) -> float:
    """Standard error of lambda = <z_t z_u over pairs> / <z_t^2>, of normal z with correlations (time, time).

    The ratio varies as z' M z does, M = [(1 - 1)/(T - 1) - lambda 1]/T: variance 2 tr (M C)^2 a trial.
    """
    times = len(correlation)
    both = (np.ones((times, times)) - np.eye(times)) / (times - 1)
    m = (both - (both * correlation).sum() / times * np.eye(times)) / times
    return np.sqrt(2 * np.trace(m @ correlation @ m @ correlation) / trials)


def test_the_slow_sources_are_found_with_their_autocorrelation():
    """Two AR(1) sources among six white ones, 3 times: lambda is the mean of rho, rho, rho^2 over the pairs of times.

    Bar: BAR standard errors, and for the choice of the largest of 8 a bias of less than 8/(n (1 - rho)).
    """
    slow, n = np.array([0.9, 0.6]), 20_000
    trajectory = process(n, tuple(slow), times=3, fast=6, seed=1)
    found, lag = fitted(trajectory), np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    for k, rho in enumerate(slow):
        expected, bias = (2 * rho + rho**2) / 3, 8 / (n * (1 - rho))
        assert abs(float(found["persistence"][k]) - expected) < BAR * spread(rho**lag, 0.8 * n) + bias
        assert abs(float(found["persistence_test"][k]) - expected) < BAR * spread(rho**lag, 0.2 * n) + bias
        z = trajectory["source"].values[..., k].ravel()
        assert abs(np.corrcoef(z, found["latent_mean"].values[..., k].ravel())[0, 1]) > 0.999
    assert (np.abs(found["spectrum"].values[2:]) < 2 * BAR * spread(np.eye(3), 0.8 * n)).all()


def test_what_never_changes_lasts_as_much_as_it_stands_out():
    """x = s u + noise, s = ±1 kept for all times: lambda = |u|^2 / (|u|^2 + sigma^2 + r m), m = sigma^2 + |u|^2/width.

    BAR times (1 - lambda^2)/sqrt(n), the standard error of one pair of times; there are six.
    """
    rng, n, r, width = np.random.default_rng(2), 20_000, 0.5, 6
    u, sigma = np.array([2.0, 1.0, 0.0, -1.0, 0.0, 0.5]), 1.5
    s = rng.choice([-1.0, 1.0], n)
    x = s[:, None, None] * u + sigma * rng.normal(size=(n, 4, width))
    trajectory = xr.Dataset(
        {"spins": (("trial", "time", "spin"), x)}, {"drive": ("trial", ["a"] * n), "switch": ("time", [1, 2, 5, 9])}
    )
    found = fitted(trajectory, latent=1, shrinkage=r)
    power = u @ u
    expected = power / (power + sigma**2 + r * (sigma**2 + power / width))
    assert abs(float(found["persistence"][0]) - expected) < BAR * (1 - expected**2) / np.sqrt(0.8 * n)
    weights = found["component"].values[0].astype(float)
    np.testing.assert_allclose(weights / np.linalg.norm(weights), u / np.linalg.norm(u), atol=0.03)
    scale = np.sqrt(1 / (power + sigma**2))
    assert np.linalg.norm(weights) == pytest.approx(scale, rel=0.03)


def test_covariances_are_those_of_the_definition():
    """C_0 and C_tau against explicit sums over trials and pairs of different times."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4, 7, 3)) + np.arange(4)[:, None, None]
    mean = x.mean(axis=1)
    away = x - mean[:, None]
    own = sum(np.outer(away[t, a], away[t, a]) for t in range(4) for a in range(7)) / 28
    cross = sum(np.outer(away[t, a], away[u, a]) for t in range(4) for u in range(4) if t != u for a in range(7)) / 84
    np.testing.assert_allclose(persistence.within(x, mean), own, rtol=1e-12)
    found = persistence.between(persistence.totals(x, mean), own, 4)
    np.testing.assert_allclose(found, cross, rtol=1e-12, atol=1e-14)


def test_the_directions_solve_the_generalized_eigenproblem():
    """Against scipy's, with shrinkage r times the mean variance; W whitens, directions come largest first."""
    from scipy.linalg import eigh

    rng = np.random.default_rng(4)
    x = rng.normal(size=(5, 40, 6)) * np.array([3.0, 1, 1, 2, 0.1, 1]) + rng.normal(size=(40, 6))
    mean = x.mean(axis=1)
    own = persistence.within(x, mean)
    cross = persistence.between(persistence.totals(x, mean), own, 5)
    shrunk = own + 0.3 * np.trace(own) / 6 * np.eye(6)
    found, v = persistence.modes(cross, persistence.whitener(own, 0.3))
    values, u = eigh(cross, shrunk)
    np.testing.assert_allclose(found, values[::-1], rtol=1e-10)
    np.testing.assert_allclose(v.T @ shrunk @ v, np.eye(6), atol=1e-12)
    np.testing.assert_allclose(np.abs(v), np.abs(u[:, ::-1]), rtol=1e-7, atol=1e-9)
    assert (v[np.abs(v).argmax(axis=0), np.arange(6)] > 0).all()


def test_without_shrinkage_the_mixture_does_not_matter():
    """x -> A x leaves every latent variable, but for its sign, and every eigenvalue to rounding."""
    one = process(500, (0.8, 0.5), times=4, fast=3, seed=5)
    other = one.copy(deep=True)
    other["features"].values[:] = one["features"].values @ np.random.default_rng(6).normal(size=(5, 5)) + 3.0
    first, second = fitted(one), fitted(other)
    np.testing.assert_allclose(first["spectrum"], second["spectrum"], atol=1e-9)
    a, b = (v["latent_mean"].values for v in (first, second))
    np.testing.assert_allclose(a * np.sign((a * b).sum(axis=(0, 1))), b, atol=1e-4)


def test_features_in_other_units_are_the_same_features():
    """Features are standardised, so with shrinkage too a change of units and of zero changes nothing."""
    one = process(500, (0.8, 0.5), times=4, fast=3, seed=5)
    other = one.copy(deep=True)
    other["features"].values[:] = one["features"].values * np.array([1e3, 1.0, 1e-3, 7.0, 2.0]) + 5.0
    first, second = (fitted(t, shrinkage=0.5) for t in (one, other))
    np.testing.assert_allclose(first["spectrum"], second["spectrum"], atol=1e-9)
    a, b = (v["latent_mean"].values for v in (first, second))
    np.testing.assert_allclose(a * np.sign((a * b).sum(axis=(0, 1))), b, atol=1e-4)


def test_a_latent_variable_is_the_component_of_what_differs_from_the_mean():
    """latent = component . (x - mean over training trials at that time), variance 1 over those trials and times."""
    trajectory = process(400, (0.8, 0.5), times=4, fast=3, seed=7)
    found, train = fitted(trajectory, **{"from": 2}), parted(trajectory)["split"].values == 0
    x = trajectory["features"].values
    expected = (x - x[train].mean(axis=0)) @ found["component"].values.T
    np.testing.assert_allclose(found["latent_mean"], expected, atol=1e-4)
    np.testing.assert_allclose((found["latent_mean"].values[train][:, 1:] ** 2).mean(axis=(0, 1)), 1.0, atol=1e-4)
    y = found["latent_mean"].values[~train, 1:].astype(float)
    pairs = [(y[:, t] * y[:, u]).sum(axis=0) for t in range(3) for u in range(3) if t != u]
    np.testing.assert_allclose(found["persistence_test"], sum(pairs) / 2 / (y * y).sum(axis=(0, 1)), rtol=1e-4)


def test_it_sees_no_label_no_held_out_trial_and_no_earlier_switch():
    """Other drives' names, other held-out trials, other configurations before `from`: the same bits elsewhere."""
    one = process(200, (0.8, 0.5), times=4, fast=3, seed=8)
    held = parted(one)["split"].values == 1
    renamed = one.assign_coords(drive=("trial", one["drive"].values[::-1].copy()))
    changed, early = one.copy(deep=True), one.copy(deep=True)
    changed["features"].values[held] *= -3
    early["features"].values[:, 0] *= -3
    base = fitted(one, **{"from": 2})
    for other, rows in ((renamed, held | True), (changed, ~held), (early, held | True)):
        found = fitted(other, **{"from": 2})
        times = slice(1, None) if other is early else slice(None)
        a, b = (v["latent_mean"].values[rows][:, times] for v in (base, found))
        np.testing.assert_array_equal(a, b)
        for name in ("component", "persistence", "spectrum", "spectrum_control"):
            np.testing.assert_array_equal(base[name], found[name])


def test_a_configuration_is_encoded_by_itself_alone():
    """Another configuration of a held-out trial at one time leaves its latent variables at the other times."""
    one = process(200, (0.8, 0.5), times=4, fast=3, seed=8)
    other = one.copy(deep=True)
    other["features"].values[0, 2] *= -5
    first, second = (fitted(t)["latent_mean"].values for t in (one, other))
    rest = [0, 1, 3]
    np.testing.assert_array_equal(first[0, rest], second[0, rest])
    assert (first[0, 2] != second[0, 2]).all()


def test_shuffles_are_a_null_and_count_the_modes():
    """20 processes without memory: the largest eigenvalue is above all of 99 shuffles with probability 1/100 each,
    so more than 6 of 20 have false alarm C(20, 7) 1e-14 < 1e-8. With two slow sources the modes are two."""
    white = [int(fitted(process(200, (), times=3, fast=8, seed=s), shuffles=99)["modes"]) for s in range(20)]
    assert np.count_nonzero(white) <= 6
    found = fitted(process(5_000, (0.9, 0.6), times=3, fast=6, seed=9), shuffles=99)
    assert int(found["modes"]) == 2
    assert found["spectrum_control"].max() < 0.2 < found["persistence"].min()


def test_frozen_spins_are_no_direction():
    """Without shrinkage spins that never flip are left out; more directions than there are is an error."""
    trajectory = process(300, (0.8, 0.5), times=4, fast=1, seed=10, name="spins")
    spins = np.sign(trajectory["spins"].values - trajectory["spins"].values.mean(axis=0))
    spins[..., 0] = 1
    trajectory["spins"].values[:] = spins
    found = fitted(trajectory)
    assert np.isfinite(found["latent_mean"].values).all()
    assert (np.abs(found["component"].values[:, 0]) < 1e-6).all()
    with pytest.raises(DataError, match="vary along 2 directions; 3 cannot be kept"):
        fitted(trajectory, latent=3)


def test_mistakes_are_found_before_anything_runs(small):
    from spindsl.errors import SpecError
    from spindsl.experiment import loads
    from spindsl.lower import lower

    base = small.replace('kind = "pca"\nlatent = 2', 'kind = "tica"\nlatent = 2\nfrom = 6')
    with pytest.raises(SpecError, match="1 recorded switches from 6 on"):
        lower(loads(base), None)
    with pytest.raises(SpecError, match="more directions than there are"):
        lower(loads(base.replace("from = 6", "from = 1").replace('"tica"\nlatent = 2', '"tica"\nlatent = 25')), None)
