"""Laws of restricted Boltzmann machines, held by enumeration on machines of a few units."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from spindsl.bottlenecks.rbm import RbmParams
from spindsl.errors import DataError, SpecError
from spindsl.graph import Task
from spindsl.kernels import rbm
from spindsl.networks import Training

BAR = 4.9  # standard errors: two-sided normal false alarm 1e-6
EVERY = [(low, normal) for low in (-1, 0) for normal in (False, True)]
TRAINING = Training("b", None, latent=2, epochs=3, batch=10, learning_rate=0.05, fit="per-time", networks=1)


def machine(low: int, normal: bool, visible: int = 5, hidden: int = 3, seed: int = 0) -> rbm.Machine:
    rng = np.random.default_rng(seed)
    W, b, c = rng.normal(size=(visible, hidden)), rng.normal(size=visible), rng.normal(size=hidden)
    return rbm.Machine(0.7 * W, b, c, low, normal)


def energy(m: rbm.Machine, v, h) -> float:
    """Written out, independently of the kernel."""
    own = sum(x * x for x in h) / 2 if m.normal else 0.0
    pairs = sum(v[i] * m.W[i, k] * h[k] for i in range(len(v)) for k in range(len(h)))
    return own - pairs - sum(m.b * v) - sum(m.c * h)


def every(m: rbm.Machine) -> list[tuple[float, ...]]:
    return list(itertools.product((float(m.low), 1.0), repeat=len(m.b)))


@pytest.mark.parametrize("low", [-1, 0])
def test_free_energy_is_the_sum_over_hidden_states(low):
    """F(v) = -ln sum_h exp(-E(v, h)) of all configurations, to rounding."""
    m = machine(low, normal=False)
    for v in every(m):
        told = math.fsum(math.exp(-energy(m, v, h)) for h in itertools.product((0.0, 1.0), repeat=3))
        assert rbm.free_energy(m, np.array(v)) == pytest.approx(-math.log(told), abs=1e-12)


@pytest.mark.parametrize("low", [-1, 0])
def test_free_energy_is_the_integral_over_real_hidden_units(low):
    """F(v) = -ln of the integral of exp(-E(v, h)) dh, two hidden units, trapezoidal rule of a normal density."""
    m, axis = machine(low, normal=True, hidden=2), np.linspace(-20, 20, 401)
    h = np.array(np.meshgrid(axis, axis))
    for v in every(m)[::3]:
        a = np.array(v) @ m.W + m.c
        told = np.exp(-0.5 * (h**2).sum(0) + np.tensordot(a, h, 1)).sum() * 0.1**2 * np.exp(np.array(v) @ m.b)
        assert rbm.free_energy(m, np.array(v)) == pytest.approx(-math.log(told), abs=1e-10)


@pytest.mark.parametrize(("low", "normal"), EVERY)
@pytest.mark.parametrize(("visible", "hidden"), [(5, 3), (3, 5)])
def test_the_partition_sum_makes_it_a_distribution(low, normal, visible, hidden):
    """sum_v exp(-F(v) - ln Z) = 1, whichever layer is summed over."""
    m = machine(low, normal, visible, hidden)
    assert rbm.states(visible, low).tolist() == [list(v)[::-1] for v in every(m)]
    total = np.exp(-rbm.free_energy(m, rbm.states(visible, low)) - rbm.log_partition(m)).sum()
    assert total == pytest.approx(1, abs=1e-12)


def test_the_partition_sum_is_exact_where_it_is_said_to_be():
    """Up to 16 visible units, or hidden ones of two values."""
    assert rbm.summed(256, 16, False) and rbm.summed(16, 32, True) and rbm.summed(16, 32, False)
    assert not rbm.summed(256, 17, False) and not rbm.summed(256, 2, True)


@pytest.mark.parametrize(("low", "normal"), EVERY)
def test_the_gradient_is_that_of_the_exact_likelihood(low, normal):
    """<v h>, <v>, <h> of the data less those of the machine, against central differences of the mean ln p."""
    m, rng = machine(low, normal), np.random.default_rng(1)
    data, space = rng.choice([float(low), 1.0], (20, 5)), rbm.states(5, low)
    p = np.exp(-rbm.free_energy(m, space) - rbm.log_partition(m))
    seen, dreamt = rbm.statistics(m, data), rbm.statistics(m, space, p)
    for value, a, b in zip(m[:3], seen, dreamt):
        for at in np.ndindex(value.shape):
            kept, both = value[at], []
            for shift in (1e-5, -1e-5):
                value[at] = kept + shift
                both.append(-rbm.free_energy(m, data).mean() - rbm.log_partition(m))
            value[at] = kept
            assert (a - b)[at] == pytest.approx((both[0] - both[1]) / 2e-5, abs=1e-8)


@pytest.mark.parametrize("low", [-1, 0])
def test_a_gibbs_sweep_leaves_the_distribution_as_it_is(low):
    """sum_{v, h} p(v) P(h|v) P(v'|h) = p(v'), exact, from the conditional probabilities."""
    m, space, h = machine(low, normal=False), rbm.states(5, low), rbm.states(3, 0)
    p = np.exp(-rbm.free_energy(m, space) - rbm.log_partition(m))
    on, up = rbm.mean(m, space)[:, None], rbm.chance(m, h)[:, None]
    down = np.where(h > 0, on, 1 - on).prod(axis=2)  # (v, h)
    back = np.where(space > 0, up, 1 - up).prod(axis=2)  # (h, v)
    np.testing.assert_allclose(p @ down @ back, p, rtol=1e-12)


@pytest.mark.parametrize(("low", "normal"), EVERY)
def test_sampled_sweeps_have_the_machines_averages(low, normal):
    """100,000 draws of v from p, two sweeps each: means and products within BAR standard errors of the exact ones."""
    m, space, n = machine(low, normal), rbm.states(5, low), 100_000
    p, rng = np.exp(-rbm.free_energy(m, space) - rbm.log_partition(m)), np.random.default_rng(2)
    v = rbm.gibbs(m, space[rng.choice(32, size=n, p=p)], rng, 2)
    for f in (lambda x: x, lambda x: (x[:, :, None] * x[:, None]).reshape(len(x), -1)):
        exact = p @ f(space)
        error = np.sqrt(np.maximum(p @ f(space) ** 2 - exact**2, 0) / n)
        assert (np.abs(f(v).mean(axis=0) - exact) <= BAR * error + 1e-12).all()


@pytest.mark.parametrize(("low", "normal"), EVERY)
def test_pseudo_likelihood_is_the_conditional_probability(low, normal):
    """P(v_i | others) = p(v) / [p(v) + p(v with i turned)]."""
    m, space = machine(low, normal), rbm.states(5, low)
    for i in range(5):
        turned = space.copy()
        turned[:, i] = 1 + low - space[:, i]
        p, q = np.exp(-rbm.free_energy(m, space)), np.exp(-rbm.free_energy(m, turned))
        np.testing.assert_allclose(rbm.pseudo(m, space, np.full(32, i)), np.log(p / (p + q)), rtol=1e-9)


@pytest.mark.parametrize(("low", "normal"), EVERY)
def test_training_raises_the_exact_likelihood(low, normal):
    """Two opposite prototypes of six spins with 5 % flips: mean ln p rises from independent spins, -6 ln 2 = -4.16,
    three quarters of the way to minus the entropy of the mixture, or more, and never above the data's own."""
    rng = np.random.default_rng(3)
    x = (
        rng.choice([-1, 1], (2000, 1))
        * np.array([1, 1, -1, 1, -1, -1])
        * rng.choice([1, -1], (2000, 6), p=[0.95, 0.05])
    ) > 0
    rate = 0.02 if normal else 0.1
    m, loss = rbm.train(x.astype(np.uint8), low, normal, 2, np.random.default_rng(4), 60, 20, rate, 2, lambda f: None)
    found = -rbm.free_energy(m, np.where(x, 1.0, low)).mean() - rbm.log_partition(m)
    counts = np.unique(x, axis=0, return_counts=True)[1] / 2000
    best, blind = (counts * np.log(counts)).sum(), -6 * math.log(2)
    assert blind + 0.75 * (best - blind) < found < best
    assert loss[-1] < loss[0]
    assert loss[-1] == pytest.approx(
        -sum(rbm.pseudo(m, np.where(x, np.float32(1), np.float32(low)), np.full(2000, i)).mean() for i in range(6)),
        rel=0.1,
    )


def matter(trials: int = 50) -> tuple[xr.Dataset, xr.Dataset]:
    x = np.random.default_rng(5).choice([-1, 1], (trials, 2, 6)).astype(np.int8)
    labels = {"drive": ("trial", ["a"] * trials), "switch": ("time", [1, 2])}
    trajectory = xr.Dataset({"spins": (("trial", "time", "spin"), x)}, labels)
    return trajectory, xr.Dataset({"split": ("trial", (np.arange(trials) % 5 == 0).astype(np.int8))})


def fitted(
    trajectory: xr.Dataset, split: xr.Dataset, hidden: str = "bernoulli", states: str = "plus-minus", **training
) -> xr.Dataset:
    from spindsl.bottlenecks.rbm import fit

    params = RbmParams(replace(TRAINING, **training), hidden, states, sweeps=1)
    return fit(Task(seed=3, params=params, labels=(1, 2)), trajectory, split)


@pytest.mark.parametrize("hidden", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("states", ["plus-minus", "zero-one"])
def test_the_evidence_is_normalised_where_it_can_be(hidden, states):
    """All 64 configurations of six spins, among others: their probabilities add to 1."""
    trajectory, split = matter(64)
    trajectory["spins"].values[:] = rbm.states(6, -1)[:, None]
    found = fitted(trajectory, split, hidden=hidden, states=states, learning_rate=0.02)
    np.testing.assert_allclose(np.exp(found["log_evidence"].values.astype(float)).sum(axis=0), 1, rtol=1e-4)
    assert found["log_partition"].shape == (2,)
    assert ("latent_std" in found) == (hidden == "gaussian")


@pytest.mark.parametrize(("states", "low"), [("plus-minus", -1), ("zero-one", 0)])
def test_the_states_are_what_they_are_called(states, low):
    """The word's fit is the kernel's with that lower value and the time's own seed."""
    from spindsl.seeds import integer

    (trajectory, split), rng = matter(), np.random.Generator(np.random.Philox(integer(3, "bottleneck", "b", 2, 0)))
    x = (trajectory["spins"].values[np.arange(50) % 5 > 0, 1] > 0).astype(np.uint8)
    _, loss = rbm.train(x, low, False, 2, rng, 3, 10, 0.05, 1, lambda f: None)
    np.testing.assert_array_equal(fitted(trajectory, split, states=states)["loss"].values[1], loss)


def test_the_chains_go_on_from_step_to_step(monkeypatch):
    """Each step's sweeps start where those of the step before ended."""
    steps, sweep = [], rbm.gibbs

    def watched(m, v, rng, sweeps):
        steps.append((v.copy(), sweep(m, v, rng, sweeps)))
        return steps[-1][1]

    monkeypatch.setattr(rbm, "gibbs", watched)
    x = np.random.default_rng(0).integers(0, 2, (30, 6)).astype(np.uint8)
    rbm.train(x, -1, False, 2, np.random.default_rng(1), 2, 10, 0.1, 1, lambda f: None)
    assert len(steps) == 6
    for (_, end), (start, _) in itertools.pairwise(steps):
        np.testing.assert_array_equal(start, end)


def test_a_machine_that_runs_away_is_told_of():
    with pytest.raises(DataError, match="runs away at learning_rate = 100; take a smaller one"):
        fitted(*matter(), hidden="gaussian", learning_rate=100.0)


def test_it_takes_spins_only(recording, small, tmp_path):
    import tomllib

    import tomlkit

    from spindsl.experiment import loads
    from spindsl.lower import lower

    recording(tmp_path)
    table = tomllib.loads(small)
    reader = {"kind": "csv", "file": "recording.csv", "separator": ";"}
    table["system"] = {"kind": "recorded", "reader": reader, "variables": {"features": "x*", "trial": "run"}}
    del table["dynamics"], table["protocol"]
    table["bottleneck"] = {"b": {"kind": "rbm", "hidden": "bernoulli", "latent": 2, "epochs": 1, "batch": 10}}
    table["analysis"] = {"a": {"kind": "classification", "of": "b", "by": {"kind": "gaussian"}}}
    with pytest.raises(SpecError, match="two-valued spins, not real features"):
        lower(loads(tomlkit.dumps(table)), tmp_path)
