"""Laws of Preisach ensembles, exact: return-point memory, wiping-out, congruency, the first law, loops' areas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spindsl.kernels import hysterons
from spindsl.seeds import philox_key

inputs = st.floats(-2.0, 2.0, width=32)
histories = st.lists(inputs, min_size=1, max_size=12)
seeds = st.integers(0, 2**16)


def ensemble(seed, size=60):
    """Thresholds lower < upper, some of them equal to inputs on a coarse grid, (spin)."""
    rng = np.random.default_rng(seed)
    pair = rng.normal(0.0, 1.0, (2, size))
    pair[:, ::5] = np.round(pair[:, ::5], 1) + np.array([[0.0], [0.05]])
    lower, upper = np.sort(pair, axis=0)
    return lower, upper


def state(seed, H, lower, upper):
    """Any state that can be at the input H, (spin) int8."""
    s = np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), len(lower))
    s[upper <= H], s[lower >= H] = 1, -1
    return s


def through(lower, upper, s, inputs):
    """States at the end of each of the inputs, (input, spin); work and heat of all."""
    s, states, total = s.copy(), [], np.zeros(2)
    for H in inputs:
        total += hysterons.ramp(lower, upper, s, H)
        states.append(s.copy())
    return np.array(states), total


@settings(deadline=None, derandomize=True)
@given(seeds, inputs, inputs, histories)
def test_return_point_memory(seed, H, top, within):
    """From a return point, any excursion that stays within [H, top] and comes back to top ends in the state of top.

    top is reached first from H, or H from top: whichever way the loop is turned.
    """
    lower, upper = ensemble(seed)
    low, high = sorted((H, top))
    inner = [min(max(x, low), high) for x in within]
    for start, turn in ((low, high), (high, low)):
        s = state(seed, start, lower, upper)
        states, _ = through(lower, upper, s, [turn, *inner, turn])
        assert (states[-1] == states[0]).all()


@settings(deadline=None, derandomize=True)
@given(seeds, histories, st.lists(st.floats(0.0, 1.0, width=32), min_size=2, max_size=10))
def test_nested_loops_return(seed, history, shrink):
    """Turning points H_0, H_1, …, each between the two before it: on the way back out, in opposite order, each loop
    closes in the state in which it was opened."""
    lower, upper = ensemble(seed)
    a, b = -2.0, 2.0
    points = []
    for k, x in enumerate(shrink):  # ever narrower intervals, their upper and lower ends in turn
        a, b = (a, a + (b - a) * x) if k % 2 == 0 else (a + (b - a) * x, b)
        points.append(b if k % 2 == 0 else a)
    s = through(lower, upper, state(seed, 0.0, lower, upper), [*history, -2.0])[0][-1]
    there, _ = through(lower, upper, s, points)
    for k in range(len(points)):
        inner = points[k + 1 :]
        back, _ = through(lower, upper, there[-1], [*inner[::-1], points[k]])
        assert (back[-1] == there[k]).all()


@settings(deadline=None, derandomize=True)
@given(seeds, inputs, inputs, histories)
def test_wiping_out(seed, H, there, between):
    """Whatever the input did between H and `there`, once it passes beyond, only the way from H to there counts."""
    lower, upper = ensemble(seed)
    low, high = sorted((H, there))
    s = state(seed, H, lower, upper)
    winding, _ = through(lower, upper, s, [*(min(max(x, low), high) for x in between), there])
    assert (winding[-1] == through(lower, upper, s, [there])[0][-1]).all()


@settings(deadline=None, derandomize=True)
@given(seeds, histories, histories, inputs, inputs)
def test_congruency(seed, one, other, a, b):
    """Minor loops between the same two inputs have the same shape whatever came before: the same spins flip."""
    lower, upper = ensemble(seed)
    low, high = sorted((a, b))
    flips = []
    for history in (one, other):
        s = state(len(history), 0.0, lower, upper)
        states, _ = through(lower, upper, s, [*history, low, high, low])
        middle = through(lower, upper, states[-1], np.linspace(low, high, 7))[0]
        flips.append(np.vstack([middle != states[-1], states[-1] != states[-2]]))
    assert (flips[0] == flips[1]).all()


@settings(deadline=None, derandomize=True)
@given(seeds, inputs, inputs)
def test_only_thresholds_that_are_passed_flip(seed, H, there):
    """Up those with upper in (H, there], down those with lower in [there, H), and no other; from states at H."""
    lower, upper = ensemble(seed)
    s = state(seed, H, lower, upper)
    after = through(lower, upper, s, [there])[0][0]
    expected = s.copy()
    expected[upper <= there] = 1
    expected[lower >= there] = -1
    assert (after == expected).all()
    assert (after >= s).all() if there > H else (after <= s).all()


@settings(deadline=None, derandomize=True)
@given(seeds, histories)
def test_first_law_and_dissipation(seed, history):
    """W = dU + Q with U = sum s (upper + lower) / 2, and W = sum H dM: the flips one by one, independently; Q >= 0."""
    lower, upper = ensemble(seed)
    s = state(seed, 0.0, lower, upper)
    states, (work, heat) = through(lower, upper, s, history)
    U = [(x * (upper + lower) / 2).sum() for x in (s, states[-1])]
    assert work == pytest.approx(U[1] - U[0] + heat, abs=1e-9)
    assert heat >= 0
    path = np.vstack([s, states]).astype(int)
    dM = np.diff(path, axis=0)
    assert work == pytest.approx((np.where(dM > 0, upper, lower) * dM).sum(), abs=1e-9)


def test_the_major_loop_loses_its_area():
    """Work over a loop from saturation to saturation: 2 sum (upper - lower), the area of N relays of height 2."""
    lower, upper = ensemble(3)
    s = -np.ones(60, np.int8)
    _, (work, heat) = through(lower, upper, s, [9.0, -9.0])
    assert work == pytest.approx(2 * (upper - lower).sum(), rel=1e-12)
    assert heat == pytest.approx(work, rel=1e-12)
    H = np.linspace(-9, 9, 200_001)
    up, down = ((x[:, None] <= H).sum(0) * 2.0 - 60 for x in (upper, lower))
    assert np.trapezoid(down - up, H) == pytest.approx(work, rel=1e-4)


@pytest.fixture
def driven():
    """`drive` with every switch recorded."""

    def go(lower, upper, s, amplitude, both=False, cycles=1, grid=None):
        amplitude, s = np.array(amplitude, dtype=float), s.copy()
        grid = np.linspace(0.1, 2.0, 20) if grid is None else grid
        shape = amplitude.shape
        out = np.empty((*shape, s.shape[1]), np.int8), np.empty((*shape, len(grid)), np.float32)
        out += tuple(np.empty(shape) for _ in range(4))
        slot, many = np.arange(shape[1]), np.full(shape, cycles)
        hysterons.drive(lower, upper, amplitude, both, many, grid, slot, s, out)
        return *out, s

    return go


def begun(lower, upper, trials, seed=0):
    s = np.empty((trials, len(lower)), np.int8)
    hysterons.scatter(lower, upper, np.arange(trials, dtype=np.uint64), philox_key(seed, "start"), s)
    return s


@pytest.mark.parametrize("both", [False, True])
def test_cycles_and_curves_are_ramps(driven, both):
    """A switch is ramp(g), ramp(-g) if two-way, ramp(0); the curve is what one more cycle would change."""
    lower, upper = ensemble(5, 200)
    s, grid = begun(lower, upper, 4), np.linspace(0.1, 2.0, 20)
    amplitude = np.random.default_rng(0).choice([0.0, 0.4, 1.3], (4, 9))
    spins, curve, activity, work, heat, energy, end = driven(lower, upper, s, amplitude, both, cycles=2)
    assert (spins[:, -1] == end).all()
    turns = (lambda g: [g, -g, 0.0]) if both else (lambda g: [g, 0.0])
    for a in range(4):
        x = s[a]
        for k, g in enumerate(amplitude[a]):
            changed, total = 0, np.zeros(2)
            for _ in range(2):
                states, worked = through(lower, upper, x, turns(g))
                changed, total, x = changed + (states[-1] != x).sum(), total + worked, states[-1]
            assert (spins[a, k] == x).all()
            assert activity[a, k] == changed / 400
            np.testing.assert_allclose((work[a, k], heat[a, k]), total / 200, atol=1e-12)
            assert energy[a, k] == pytest.approx((x * (upper + lower)).sum() / 400, abs=1e-12)
            told = [np.float32((through(lower, upper, x, turns(c))[0][-1] != x).mean()) for c in grid]
            assert curve[a, k].tolist() == told


@pytest.mark.parametrize("both", [False, True])
def test_training_is_over_after_one_cycle(driven, both):
    """The same cycle again changes nothing, one-way nor a smaller one: the curve is 0 up to the largest amplitude."""
    lower, upper = ensemble(6, 300)
    s, grid = begun(lower, upper, 3), np.linspace(0.1, 2.0, 20)
    spins, curve, activity, *_ = driven(lower, upper, s, [[1.2, 1.2, 0.5, 1.2]] * 3, both, grid=grid)
    assert (activity[:, 1] == 0).all()
    assert (spins[:, 3] == spins[:, 0]).all()
    if both:
        assert (curve[:, 0, np.isclose(grid, 1.2)] == 0).all()
        assert (curve[:, 0, grid < 1.0] > 0).any()
    else:
        assert (spins[:, 2] == spins[:, 0]).all()
        assert (curve[:, :, grid < 1.2 + 1e-9] == 0).all()
    assert (curve[:, 0, grid > 1.6] > 0).all()


def test_states_to_begin_with():
    """What is bistable at zero input is up or down alike, within 4.9 s.e.; what is not has no choice."""
    lower, upper = ensemble(7, 4000)
    s = begun(lower, upper, 20)
    assert (s[:, upper <= 0] == 1).all()
    assert (s[:, lower >= 0] == -1).all()
    free = s[:, (lower < 0) & (upper > 0)]
    assert abs(free.mean()) < 4.9 / np.sqrt(free.size)
    assert (begun(lower, upper, 3) == s[:3]).all()
