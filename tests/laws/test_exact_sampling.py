"""Laws of exact sampling and counting: integers that sum to Q^N, draws against exact probabilities.

Draws are held by chi^2 against expected numbers, cells below 8 expected draws taken together. Keys are fixed, and each
test fails by chance with probability 1e-6 or less. Agreement of counts is of integers, and exact.
"""

import math

import numpy as np
import pytest
from scipy.stats import chi2
from states import density, spectrum

from spindsl.graphs.square import Square
from spindsl.kernels import energies
from spindsl.kernels.exact import levels, transfer
from spindsl.kernels.exact.strip import strip
from spindsl.seeds import philox_key

ALARM = 1e-6
LEVELS = {
    4: (2, 32, 64, 424, 1728, 6688, 13568, 20524),
    6: (2, 72, 144, 1620, 6048, 35148, 159840, 804078),
    8: (2, 128, 256, 4672, 17920, 145408, 712960, 4274576),
}
MIDDLE = {4: 20524, 6: 13172279424, 8: 2627978003957146636}


def edges(sides, periodic=True):
    return Square(kind="square", sides=sides, periodic=periodic).edges(math.prod(sides), None)


def glass(sides, draw, field=None, periodic=True):
    """Couplings and fields drawn by `draw(size)`."""
    (i, j), spins = edges(sides, periodic), math.prod(sides)
    return energies.coupled(spins, i, j, draw(len(i)), draw(spins) if field is None else field * np.ones(spins))


def signs(rng):
    return lambda size: rng.choice([-1.0, 1.0], size)


def potts(sides, phi, fields=None, periodic=True):
    (i, j), spins = edges(sides, periodic), math.prod(sides)
    return energies.colours(spins, i, j, np.zeros(len(i), dtype=int), -phi[None], fields)


def energy(model, s):
    return np.array([energies.energy(model, one) for one in s])


def number(model, s):
    """Numbers of configurations, as `states` counts them."""
    d = (s + 1) // 2 if isinstance(model, energies.Clusters) else s
    return d.astype(np.int64) @ energies.states(model) ** np.arange(model.sites - 1, -1, -1)


def unlikely(drawn, p):
    """chi^2 of draws (state numbers) under probabilities p: how improbable a larger one is."""
    expected, found = p * len(drawn), np.bincount(drawn, minlength=len(p))
    large = expected >= 8
    assert large.sum() > 50 or large.all()
    rest = np.array([[found[~large].sum(), expected[~large].sum()]])
    cells = np.concatenate([np.stack([found[large], expected[large]], axis=1), rest[rest[:, 1] >= 8]])
    assert abs(rest[0, 0] - rest[0, 1]) < 5 * math.sqrt(rest[0, 1]) + 8
    return chi2.sf(((cells[:, 0] - cells[:, 1]) ** 2 / cells[:, 1]).sum(), len(cells) - 1)


@pytest.mark.parametrize("L", [4, 6, 8])
def test_levels_of_the_ising_torus(L):
    model = glass((L, L), lambda size: -np.ones(size), 0.0)
    e, g = levels.density(strip(model, (L, L)))
    assert list(e[:8]) == [-2 * L * L + k for k in (0, 8, 12, 16, 20, 24, 28, 32)]
    assert tuple(g[:8]) == LEVELS[L] and dict(zip(e, g))[0] == MIDDLE[L]
    assert sum(g) == 2 ** (L * L) and g == g[::-1]
    assert len(g) == L * L - 1


def test_levels_of_potts_tori():
    for L, known, best in [(3, (3, 54, 144, 108, 810, 660), 18), (4, (3, 96, 192, 192, 1800, 1152), 32)]:
        e, g = levels.density(strip(potts((L, L), np.eye(3)), (L, L)))
        lost = (0, 4, 6, 7, 8, 9)
        assert [dict(zip(e, g))[k - best] for k in lost] == list(known)
        assert sum(g) == 3 ** (L * L) and g[-1] == {3: 12, 4: 2970}[L]


def test_levels_beyond_64_bits_have_the_right_partition_sum():
    """sum g e^(-beta E) against the transfer matrix, ±J couplings, 2^72 and 3^45 configurations."""
    rng = np.random.default_rng(4)
    for model, sides in [
        (glass((6, 12), signs(rng), 0.0), (6, 12)),
        (potts((5, 9), np.eye(3), periodic=False), (5, 9)),
    ]:
        s = strip(model, sides)
        e, g = levels.density(s)
        assert sum(g) == energies.states(model) ** math.prod(sides) > 2**64
        for beta in (0.1, 1.0):
            x = [math.log(n) - beta * k for n, k in zip(g, e)]
            z = max(x) + math.log(math.fsum(math.exp(y - max(x)) for y in x))
            assert abs(z / transfer.log_z(s, beta)[0] - 1) < 1e-13


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("field", [None, 0.0])
def test_levels_are_those_of_all_states(periodic, field):
    rng = np.random.default_rng(2)
    tables = np.round(3 * rng.normal(size=(3, 3)))
    several = [
        (glass((3, 4), signs(rng), field, periodic), (3, 4), 1.0),
        (glass((4, 3), lambda size: 0.5 * rng.integers(-2, 3, size), field, periodic), (4, 3), 0.5),
        (potts((3, 3), tables, field if field is None else np.ones((9, 3)), periodic), (3, 3), 1.0),
    ]
    for model, sides, unit in several:
        e, g = levels.density(strip(model, sides), unit)
        written, count = density(model, unit)
        assert list(e) == list(written) and g == list(count)


def test_levels_need_integers():
    rng = np.random.default_rng(2)
    s = strip(glass((3, 3), lambda size: rng.normal(size=size)), (3, 3))
    with pytest.raises(ValueError, match="integer couplings"):
        levels.density(s)
    s = strip(glass((4, 4), lambda size: -np.ones(size), 0.0), (4, 4))
    for missing in (-28, -31, -40):
        with pytest.raises(ValueError, match="no configuration"):
            levels.draw(s, 1.0, np.array([missing]), 1, philox_key(1, "a"))


def test_a_draw_depends_on_its_number_alone():
    s = strip(glass((4, 4), lambda size: -np.ones(size), 0.0), (4, 4))
    e = np.array([-16.0, 0.0, 4.0])
    few, many = levels.draw(s, 1.0, e[1:], 5, philox_key(5, "x")), levels.draw(s, 1.0, e, 50, philox_key(5, "x"))
    assert np.array_equal(few, many[1:, :5])


@pytest.mark.parametrize("which", ["ferromagnet", "frustrated", "field", "open", "potts", "directed"])
def test_draws_at_a_level_are_uniform(which):
    rng = np.random.default_rng(8)
    model, sides = {
        "ferromagnet": (glass((4, 4), lambda size: -np.ones(size), 0.0), (4, 4)),
        "frustrated": (glass((3, 4), signs(rng), 0.0), (3, 4)),
        "field": (glass((3, 3), signs(rng)), (3, 3)),
        "open": (glass((3, 4), signs(rng), 1.0, False), (3, 4)),
        "potts": (potts((3, 3), np.eye(3)), (3, 3)),
        "directed": (potts((2, 4), np.round(2 * rng.normal(size=(3, 3))), None, False), (2, 4)),
    }[which]
    e, count = density(model)
    every, _ = spectrum(model)
    drawn = levels.draw(strip(model, sides), 1.0, e, 20_000, philox_key(3, "level"))
    assert drawn.shape == (len(e), 20_000, model.sites)
    improbable = []
    for level, g, some in zip(e, count, drawn):
        states = number(model, some)
        assert np.allclose(every[states], level)
        if g <= 2000:
            place = np.searchsorted(np.flatnonzero(np.isclose(every, level)), states)
            if g > 1:
                improbable.append(unlikely(place, np.full(g, 1 / g)))
    assert min(improbable) > ALARM / len(improbable)
