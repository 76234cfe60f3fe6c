"""Laws of sheared discs: contacts on the way, affine shear, kicks, absorbing states. Lengths in diameters."""

import numpy as np
import pytest
from scipy import stats

from spindsl.kernels import discs
from spindsl.seeds import philox_key

FALSE_ALARM = 1e-6
SIDE = 17.3
KICKS, NOISE = philox_key(1, "kicks"), philox_key(1, "noise")


@pytest.fixture
def placed():
    """Discs anywhere: xy (trial, 2, disc)."""

    def go(trials, size, side=SIDE, seed=0):
        xy = np.empty((trials, 2, size))
        discs.scatter(side, np.arange(trials, dtype=np.uint64), philox_key(seed, "start"), xy)
        return xy

    return go


@pytest.fixture
def sheared():
    """`drive` with every switch recorded: share (trial, switch, strain), activity (trial, switch), the end."""

    def go(xy, amplitude, *, kick=0.5, noise=0.0, both=False, cycles=1, side=SIDE, switch=1, trials=None, strains=None):
        xy, amplitude = xy.copy(), np.array(amplitude, dtype=float)
        strains = np.linspace(0.25, 3.0, 12) if strains is None else strains
        trials = np.arange(len(xy), dtype=np.uint64) if trials is None else np.array(trials, dtype=np.uint64)
        out = np.empty((*amplitude.shape, len(strains)), np.float32), np.empty(amplitude.shape)
        many = np.full(amplitude.shape, cycles)
        rule, slot = discs.Kicks(kick, noise), np.arange(amplitude.shape[1])
        discs.drive(side, rule, amplitude, both, many, strains, slot, xy, trials, np.uint64(switch), KICKS, NOISE, out)
        return *out, xy

    return go


def onsets(x, y, limit, both=False, side=SIDE):
    found = np.empty(len(x))
    discs.onsets(x, y, side, limit, both, found)
    return found


def nearest(x, y, strain, side=SIDE):
    """Distance of each disc from the nearest other at a strain, over 7 x 3 sheared images: x -> x + strain y."""
    best = np.full(len(x), np.inf)
    for n in range(-3, 4):
        for m in (-1, 0, 1):
            dy = y[None] + m * side - y[:, None]
            dx = x[None] + n * side - x[:, None] + strain * dy
            d = np.hypot(dx, dy)
            if n == m == 0:
                np.fill_diagonal(d, np.inf)
            best = np.minimum(best, d.min(axis=1))
    return best


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_contacts_are_those_of_a_sampled_path(placed, both, seed):
    """At strains 0, 1/100, … the first at which a disc is nearer than 1 to any image of another, to one step."""
    x, y = placed(1, 75, seed=seed)[0]
    step, last = 0.01, 3.0
    first = np.full(75, np.inf)
    for k in range(round(last / step), -1, -1):
        near = nearest(x, y, k * step) < 1
        if both:
            near |= nearest(x, y, -k * step) < 1
        first[near] = k * step
    found = onsets(x, y, last, both)
    known = np.isfinite(first)
    assert known.sum() > 30
    assert (found[known] <= first[known]).all()
    late = first[known] - found[known] > step  # a pass so short that the samples on either side miss it
    for i in np.flatnonzero(known)[late]:
        signs = (1, -1) if both else (1,)
        assert min(nearest(x, y, sign * (found[i] + 1e-7))[i] for sign in signs) < 1
    assert late.sum() < 20
    missed = np.isfinite(found) & ~known  # likewise: they do touch
    for i in np.flatnonzero(missed):
        assert min(nearest(x, y, sign * (found[i] + 1e-7))[i] for sign in (1, -1)) < 1


def test_onset_of_two_discs_in_closed_form():
    """An upper disc at (-d, h) passes to the right and touches at g = (d - sqrt(1 - h^2)) / h; one at (d, h) comes
    round the box or not at all; two that overlap touch at 0; two at one height never."""
    h, d, w = 0.6, 2.3, 0.8
    for x0 in (0.0, 8.0, 17.0):  # also across the boundaries
        for y0 in (3.0, 16.9):
            x = np.array([x0, (x0 - d) % SIDE])
            y = np.array([y0, (y0 + h) % SIDE])
            assert onsets(x, y, 9.0) == pytest.approx([(d - w) / h] * 2, rel=1e-12)
            assert onsets(x, y, (d - w) / h - 1e-9).tolist() == [np.inf] * 2
            assert onsets(np.array([x0, (x0 + d) % SIDE]), y, 9.0).tolist() == [np.inf] * 2
            assert onsets(np.array([x0, (x0 + d) % SIDE]), y, 9.0, True) == pytest.approx([(d - w) / h] * 2, rel=1e-12)
            far = onsets(np.array([x0, (x0 + d) % SIDE]), y, 90.0)
            assert far == pytest.approx([(SIDE - d - w) / h] * 2, rel=1e-12)
    assert onsets(np.array([1.0, 1.7]), np.array([2.0, 2.0]), 3.0).tolist() == [0.0, 0.0]
    assert onsets(np.array([1.0, 2.7]), np.array([2.0, 2.0]), 1e6).tolist() == [np.inf] * 2
    assert onsets(np.array([1.0, 1.0]), np.array([2.0, 3.1]), 1e6).tolist() == [np.inf] * 2


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(("size", "side", "limit"), [(300, 17.3, 2.0), (300, 34.4, 4.5), (40, 4.0, 7.0), (9, 5.0, 0.1)])
def test_cells_find_what_all_pairs_find(placed, both, size, side, limit):
    """Bit for bit the smallest `onset` over all N^2 pairs."""
    x, y = placed(1, size, side)[0]
    found = np.full(size, np.inf)
    for i in range(size):
        for j in range(size):
            dy = y[j] - y[i]
            dy -= side * np.floor(dy / side + 0.5)
            if i != j and 0 <= dy < 1:
                g = discs.onset(x[j] - x[i], dy, side, both)
                if g < limit:
                    found[i], found[j] = min(found[i], g), min(found[j], g)
    assert onsets(x, y, limit, both, side).tobytes() == found.tobytes()


def test_shear_is_affine_and_periodic(placed):
    """Moving all discs alike, also across the boundaries, or turning the box by 180 degrees changes no onset."""
    x, y = placed(1, 80)[0]
    found = onsets(x, y, 3.0)
    moved = onsets((x + 5.7) % SIDE, (y + 13.1) % SIDE, 3.0)
    turned = onsets((-x) % SIDE, (-y) % SIDE, 3.0)
    mirrored = onsets((-x) % SIDE, y, 3.0)
    np.testing.assert_allclose(moved, found, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(turned, found, rtol=1e-9, atol=1e-9)
    assert not np.allclose(mirrored, found)
    np.testing.assert_allclose(onsets((-x) % SIDE, y, 3.0, True), onsets(x, y, 3.0, True), rtol=1e-9, atol=1e-9)


def test_the_curve_counts_onsets(placed, sheared):
    """A(g) = share of discs with onset < g, at every strain of the grid; a cycle of g makes just these active."""
    xy = placed(3, 80)
    strains = np.linspace(0.25, 3.0, 12)
    for g in strains:
        shares, activity, _ = sheared(xy, np.full((3, 1), g), kick=1e-300)
        for a in range(3):
            onset = onsets(*xy[a], 3.0)
            assert activity[a, 0] == (onset < g).mean()
            assert shares[a, 0].tolist() == [np.float32((onset < s).mean()) for s in strains]


def test_a_permutation_of_the_discs_permutes_their_onsets(placed):
    x, y = placed(1, 200)[0]
    order = np.random.default_rng(0).permutation(200)
    assert onsets(x[order], y[order], 2.5).tobytes() == onsets(x, y, 2.5)[order].tobytes()


def test_kicks_are_uniform_in_length_and_direction(placed, sheared):
    """20,000 kicks of discs that overlap: Kolmogorov–Smirnov of length / kick and of the angle, and <cos> and <sin>
    within 4.9 s.e.; false alarm 1e-6 each."""
    xy = placed(1, 20_000, side=60.0)
    before, kick = xy[0], 0.3
    touched = onsets(*before, 1e-9, side=60.0) == 0
    assert touched.sum() > 19_000
    end = sheared(xy, [[1e-9]], kick=kick, side=60.0)[2][0]
    step = (end - before + 30.0) % 60.0 - 30.0
    assert (step[:, ~touched] == 0).all()
    length, angle = np.hypot(*step[:, touched]), np.arctan2(*step[:, touched])
    assert length.max() < kick
    assert stats.kstest(length / kick, "uniform").pvalue > FALSE_ALARM
    assert stats.kstest(angle / (2 * np.pi) + 0.5, "uniform").pvalue > FALSE_ALARM
    assert abs(np.corrcoef(length, np.cos(angle))[0, 1]) < 4.9 / np.sqrt(touched.sum())


def test_noise_is_normal_and_also_at_rest(placed, sheared):
    """40,000 coordinates after one cycle of rest: Kolmogorov–Smirnov against a normal of this standard deviation, the
    two coordinates uncorrelated; false alarm 1e-6. After 4 cycles the variance is fourfold, within 4.9 s.e."""
    xy, noise = placed(1, 20_000, side=60.0), 0.02
    shares, activity, end = sheared(xy, [[0.0]], noise=noise, side=60.0)
    step = (end[0] - xy[0] + 30.0) % 60.0 - 30.0
    assert activity[0, 0] == 0
    assert stats.kstest(step.ravel() / noise, "norm").pvalue > FALSE_ALARM
    assert abs(np.corrcoef(step)[0, 1]) < 4.9 / np.sqrt(20_000)
    end = sheared(xy, [[0.0]], noise=noise, side=60.0, cycles=4)[2]
    step = (end[0] - xy[0] + 30.0) % 60.0 - 30.0
    assert abs(step.var() / (4 * noise**2) - 1) < 4.9 * np.sqrt(2 / 40_000)


def test_noise_knows_nothing_of_kicks(placed, sheared):
    """20,000 kicked discs: kick and noise, the difference that it makes, are uncorrelated within 4.9 s.e."""
    xy = placed(1, 20_000, side=60.0)
    quiet, noisy = (sheared(xy, [[1e-9]], noise=n, side=60.0)[2][0] for n in (0.0, 0.02))
    kick, noise = ((b - a + 30.0) % 60.0 - 30.0 for a, b in ((xy[0], quiet), (quiet, noisy)))
    for k in range(2):
        assert abs(np.corrcoef(kick[k], noise[k])[0, 1]) < 4.9 / np.sqrt(20_000)


def test_nothing_moves_but_the_active(placed, sheared):
    xy = placed(2, 80)
    for g in (0.3, 1.5):
        active = np.array([onsets(*one, 3.0) < g for one in xy])
        end = sheared(xy, np.full((2, 1), g))[2]
        assert ((end != xy).any(axis=1) == active).all()


def test_an_absorbing_state_stays_absorbed(placed, sheared):
    """Once no disc is active at g nothing moves at g or less, and the curve is 0 up to g; a larger strain wakes it."""
    xy, g = placed(4, 60), 1.5  # phi = 0.16, far below the threshold
    shares, activity, end = sheared(xy, np.full((4, 3000), g))
    assert (activity[:, -1] == 0).all()
    for a in range(4):
        first = int(np.argmax(activity[a] == 0))
        assert (activity[a, first:] == 0).all()
        assert (shares[a, first:] == shares[a, -1]).all()
    strains = np.linspace(0.25, 3.0, 12)
    assert (shares[:, -1, strains <= g] == 0).all()
    assert (shares[:, -1, -1] > 0).all()
    again = sheared(end, np.tile([g, 0.7, 0.0, g], (4, 1)), switch=3001)
    assert again[2].tobytes() == end.tobytes()
    assert (sheared(end, np.full((4, 1), 3.0))[1] > 0).all()


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_the_same_bits_for_any_block_and_for_stop_and_go(placed, sheared, noise):
    """Trials together or alone, a schedule at once or in two: randomness is named by trial, switch, cycle and disc."""
    xy, amplitude = placed(5, 60), np.random.default_rng(3).choice([0.0, 0.8, 2.0], (5, 40))
    whole = sheared(xy, amplitude, noise=noise, cycles=2)
    for a in range(5):
        alone = sheared(xy[a : a + 1], amplitude[a : a + 1], noise=noise, cycles=2, trials=[a])
        assert all(x[a : a + 1].tobytes() == y.tobytes() for x, y in zip(whole, alone))
    first = sheared(xy, amplitude[:, :17], noise=noise, cycles=2)
    then = sheared(first[2], amplitude[:, 17:], noise=noise, cycles=2, switch=18)
    assert then[2].tobytes() == whole[2].tobytes()
    assert then[0].tobytes() == np.ascontiguousarray(whole[0][:, 17:]).tobytes()


def test_discs_begin_anywhere_alike(placed):
    """Both coordinates uniform over the box, Kolmogorov–Smirnov of 20,000 each, false alarm 1e-6; trials differ."""
    xy = placed(2, 20_000, side=60.0)
    assert (xy[0] != xy[1]).any(axis=0).all()
    for coordinate in xy[0]:
        assert stats.kstest(coordinate / 60.0, "uniform").pvalue > FALSE_ALARM
    assert abs(np.corrcoef(xy[0])[0, 1]) < 4.9 / np.sqrt(20_000)


def test_the_dilute_random_gas_has_the_curve_of_its_swept_area(placed, sheared):
    """Onset above g with probability exp(-n a(g)) of independent discs at density n: a(g) = pi + g.

    The centres that touch on the way lie in the unit disc, or in what it sweeps: above and below, the integral
    of g |y| over half its height each, g in all. 400 boxes of 60 discs at n = 0.1, within 4.9 s.e.; boxes are
    independent, and so the error is theirs.
    """
    side = np.sqrt(600.0)
    strains = np.array([1e-9, 0.5, 1.0, 2.0, 4.0])
    xy = placed(400, 60, side=side)
    shares = sheared(xy, np.zeros((400, 1)), side=side, strains=strains)[0][:, 0]
    expected = 1 - (1 - (np.pi + strains) / side**2) ** 59
    error = shares.std(axis=0) / np.sqrt(400)
    assert (np.abs(shares.mean(axis=0) - expected) < 4.9 * error).all()
